//! Restores snapshots into throwaway sandboxes and judges them: the proof.
//!
//! The verifier believes nothing: it lists the repository itself, reads every byte itself, and its
//! verdict comes from the engine's own server. It never connects to a source and never reads the
//! exporter.
//!
//! Read in this order: [`supervise`], [`stream`], [`engine`], [`runtime`], [`verdict`], then
//! [`select`], [`plan`](mod@plan), [`report`], [`commands`], [`run`](mod@run).

mod carry_out;
pub mod cli;
pub mod commands;
pub mod console;
mod drill;
mod driller;
pub mod engine;
pub mod identity;
pub mod lease;
pub mod metrics;
pub mod notify;
pub mod plan;
mod progress;
pub mod report;
pub mod run;
pub mod runtime;
mod scheduler;
pub mod select;
#[cfg(any(test, feature = "testing"))]
pub mod simulated;
mod speaker;
pub mod stream;
pub mod supervise;
pub mod verdict;
pub mod world;

pub use run::run;
