//! Restores snapshots into throwaway sandboxes and judges them: the proof.
//!
//! The verifier believes nothing: it lists the repository itself, reads every byte itself, and its
//! verdict comes from the engine's own server. It never connects to a source and never reads the
//! exporter.
//!
//! Read in this order: [`supervise`], [`stream`], [`engine`], [`runtime`], [`verdict`].

pub mod engine;
pub mod runtime;
pub mod stream;
pub mod supervise;
pub mod verdict;
