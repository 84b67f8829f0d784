//! Surveys repositories, joins what lies there with the proof, and publishes where they disagree.
//!
//! The exporter reads: repositories, evidence, its configuration. It restores nothing, writes to no
//! repository, and never asks the verifier. A scrape is answered from memory.
//!
//! Read in this order: [`program`], [`lifecycle`], [`surveyor`], [`state`], [`metrics`],
//! [`families`](mod@families), [`page`].

pub mod cli;
pub mod families;
pub mod lifecycle;
pub mod metrics;
pub mod page;
pub mod program;
pub mod state;
pub mod surveyor;
pub mod world;

#[cfg(test)]
mod fixtures;
