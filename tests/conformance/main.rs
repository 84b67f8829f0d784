//! Everything exchangeable, against the one suite of its kind.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at the clock"
)]

mod engines;
mod images;
mod ledger;
mod runtimes;
mod storage;
mod storage_s3;
