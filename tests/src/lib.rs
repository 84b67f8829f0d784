//! The harness that the conformance suites and the end-to-end tests are written with.
//!
//! It must not hold a rule of the product: what it knows, it knows of tests and of the machine.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at the clock"
)]

pub mod alertmanager_server;
pub mod corpus;
pub mod crowd;
#[allow(
    clippy::missing_panics_doc,
    reason = "a suite panics by design, and the names of its cases are their documentation"
)]
pub mod engine_suite;
pub mod hindered;
#[allow(
    clippy::missing_panics_doc,
    reason = "a law panics where it is broken, and its sentence is its documentation"
)]
pub mod laws;
pub mod ledger_suite;
mod listening;
pub mod message_receiver;
pub mod month;
pub mod neo4j_archives;
pub mod neo4j_workshop;
pub mod noop;
pub mod peak;
pub mod private_image;
pub mod prometheus_server;
pub mod proxy;
pub mod rdb_bytes;
pub mod redis_server;
pub mod redis_writer;
pub mod require;
pub mod rule_speed;
pub mod runbook;
#[allow(
    clippy::missing_panics_doc,
    reason = "a suite panics by design, and the names of its cases are their documentation"
)]
pub mod runtime_suite;
pub mod s3_server;
pub mod s3_store;
#[allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a suite panics by design, and the names of its cases are their documentation"
)]
pub mod storage_suite;
pub mod sts_server;
pub mod verifying;
pub mod volumes;
