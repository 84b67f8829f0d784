//! Library of both programs: it reads what lies in a repository and judges what that means.
//!
//! Storage is read, names are grouped into snapshots, bytes are inspected, evidence records are
//! chained, and everything is judged by pure functions. Nothing here ever writes to a repository or
//! deletes from it. Nothing here serves HTTP, and nothing knows of containers or the wall clock.
//!
//! Read in this order: [`model`], [`storage`], [`format`](mod@format), [`survey`], [`ledger`],
//! [`assess`].

pub mod assess;
pub mod config;
pub mod digest;
pub mod drill;
pub mod drivers;
pub mod fault;
pub mod format;
pub mod grouping;
pub mod layout;
pub mod ledger;
pub mod lineage;
pub mod manifest;
pub mod model;
pub mod recovery_point;
pub mod settle;
pub mod storage;
pub mod survey;
pub mod words;
