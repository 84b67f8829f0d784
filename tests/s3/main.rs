//! The drivers of S3 on stores that nobody here wrote: `make test-s3`.
//!
//! Not part of `make test`. Without a store every test of one is a counted skip. What takes long on
//! the store in this process is here, too.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at the clock"
)]

mod answers;

use std::sync::Arc;

use catalog::ledger::S3Records;
use tests::{crowd, ledger_suite, require, s3_store::RealBucket, storage_suite};

mod whole_bucket {
    use super::*;

    storage_suite!({
        require!(s3 CASE);
        RealBucket::new("").await
    });
}

mod prefixed {
    use super::*;

    storage_suite!({
        require!(s3 CASE);
        RealBucket::new("odd prefix+%/é/").await
    });
}

mod versioned {
    use super::*;

    storage_suite!({
        require!(s3 CASE);
        require!(s3 "versions");
        RealBucket::new("").await.versioned().await
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_obeys_the_suite() {
    require!(s3);
    let bucket = RealBucket::new("evidence/").await;
    ledger_suite::obeys(Arc::new(S3Records::new(bucket.config()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_in_a_bucket_with_versions_obeys_the_suite() {
    require!(s3 "versions");
    let bucket = RealBucket::new("evidence/").await.versioned().await;
    ledger_suite::obeys(Arc::new(S3Records::new(bucket.config()))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_foreign_objects_cost_a_request_a_thousand_and_no_memory() {
    let program = env!("CARGO_BIN_EXE_exporter-under-test");
    let survey = crowd::survey(program, 1_000_500).await;
    assert_eq!((survey.lists, survey.others), (1_001, 0));
    assert!(survey.peak <= crowd::PEAK_MAX, "{survey:?}");
}
