//! The tree keeps its own rules: every rule of style that a machine can see is a test here.
//!
//! Each rule is a function from a file (or the whole tree) to complaints, tried on a bad example
//! beside it. What clippy can say is left to clippy (`clippy.toml`, the workspace lints): unwraps,
//! long functions, clocks and processes outside the edges.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at the clock"
)]

mod added;
mod crates;
mod engines;
mod floors;
mod imports;
mod names;
mod objects;
mod project;
mod source;
mod tree;
mod words;

/// What is wrong and where, as one line: `path:line: message`.
pub(crate) type Complaint = String;

/// Fails with every complaint at once.
#[track_caller]
pub(crate) fn clean(complaints: &[Complaint]) {
    assert!(
        complaints.is_empty(),
        "{} complaint(s):\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}
