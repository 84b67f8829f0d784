//! The whole program as a user meets it: files, flags, exit codes, and what a kill leaves behind.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be set up ends the test there"
)]

mod bench;
mod inputs;
mod killed;
mod ledger;
mod source;
