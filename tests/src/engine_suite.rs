//! What every engine must do, asked of each in the same words: the conformance suite of engines.
//!
//! It runs real verifications in a real runtime. It must not know an engine: what is good, damaged
//! and secret is told by whoever asks.

use std::{collections::BTreeSet, time::Duration};

use catalog::{
    ledger::{Outcome, Reason, Verdict, Verification},
    storage::memory::{Fault, Memory},
};

use crate::verifying::{KEY, Subject, finding};

/// An engine, and snapshots of it.
#[derive(Debug, Clone)]
pub struct Engined {
    /// The engine, where it runs.
    pub subject: Subject,
    /// Intact and whole; holds [`MARKER`] in its data.
    pub good: Vec<u8>,
    /// Shown to be damaged by its own bytes; holds [`MARKER`] in its data.
    pub damaged: Vec<u8>,
}

/// Stands in the data of every snapshot, and nowhere else.
pub const MARKER: &str = "zanzibar-marker";

/// Names are those of the tables, and nobody else's.
pub fn its_tables_agree(subject: &Subject) {
    let Subject { format, engine, .. } = subject;
    assert_eq!(format.engine(), engine.name());
    assert!(format.restorable());
    let checks: Vec<_> = format.checks().iter().map(|check| check.name).collect();
    let prefix = format!("{}.", engine.name());
    assert!(
        checks.iter().all(|check| check.starts_with(&prefix)),
        "{checks:?}"
    );
    assert_eq!(
        checks.iter().collect::<BTreeSet<_>>().len(),
        checks.len(),
        "{checks:?}"
    );
}

/// Verified, every check answered in the order of the table, everything counted declared.
pub async fn a_good_snapshot_is_verified(engined: Engined) {
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(verification.verdict, Verdict::Verified, "{verification:#?}");
    assert_eq!(verification.reason, None);
    let format = engined.subject.format;
    let table: Vec<_> = format.checks().iter().map(|check| check.name).collect();
    let prefix = format!("{}.", engined.subject.engine.name());
    let answered = verification
        .findings
        .iter()
        .map(|finding| finding.check.as_str());
    let answered: Vec<_> = answered
        .filter(|check| check.starts_with(&prefix))
        .collect();
    assert_eq!(answered, table);
    let undeclared = verification
        .items
        .keys()
        .find(|it| !format.items().contains(&&***it));
    assert_eq!(undeclared, None);
    assert!(
        verification.items.values().any(|count| *count > 0),
        "{:?}",
        verification.items
    );
    assert!(verification.recovery_milliseconds.is_some());
    assert!(verification.sandbox.is_some());
}

/// Failed as damaged, and never restored.
pub async fn a_damaged_snapshot_is_failed(engined: Engined) {
    let verification = engined.subject.verify(engined.damaged).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Damaged),
        "{verification:#?}"
    );
    assert_eq!(
        finding(&verification, "snapshot.intact").outcome,
        Outcome::Failed
    );
    assert_eq!(verification.recovery_milliseconds, None);
}

/// A tenth, a half, all but one byte: none of them is verified.
pub async fn a_truncated_snapshot_is_never_verified(engined: Engined) {
    let whole = engined.good.len();
    for length in [0, whole / 10, whole / 2, whole - 2] {
        let verification = engined
            .subject
            .verify(engined.good[..length].to_vec())
            .await;
        assert_ne!(
            verification.verdict,
            Verdict::Verified,
            "{length} of {whole} bytes"
        );
    }
}

/// Storage that breaks off shows nothing.
pub async fn a_stream_that_is_cut_is_inconclusive(engined: Engined) {
    let after = engined.good.len() / 2;
    let memory = Memory::default();
    memory.put(KEY, engined.good);
    memory.fail(Fault::Cut {
        key: KEY.into(),
        after,
    });
    let verification = engined.subject.verify_in(memory).await;
    assert_eq!(
        verification.reason,
        Some(Reason::UnstableRead),
        "{verification:#?}"
    );
}

/// Without a sandbox there is no proof, and no accusation.
pub async fn without_an_image_it_is_inconclusive(mut engined: Engined) {
    engined.subject.images = vec!["nothing-of-this-kind:0".into()];
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(
        verification.verdict,
        Verdict::Inconclusive,
        "{verification:#?}"
    );
}

/// The deadline ends it, and it says so.
pub async fn a_run_that_takes_too_long_is_inconclusive(mut engined: Engined) {
    engined.subject.deadline = Duration::from_millis(1);
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Deadline),
        "{verification:#?}"
    );
}

/// Being told to end ends it.
pub async fn an_interrupted_run_is_inconclusive(engined: Engined) {
    engined.subject.cancelled.cancel();
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Interrupted),
        "{verification:#?}"
    );
}

/// No name and no value of the data ever gets into a record.
pub async fn no_data_enters_a_record(engined: Engined) {
    let check = |verification: &Verification| {
        let record = serde_json::to_string(verification).expect("a record is JSON");
        assert!(!record.contains(MARKER), "{record}");
    };
    for bytes in [&engined.good, &engined.damaged] {
        let found = bytes
            .windows(MARKER.len())
            .any(|window| window == MARKER.as_bytes());
        assert!(found, "the snapshot does not hold the marker");
        check(&engined.subject.verify(bytes.clone()).await);
    }
}

/// Every case of the suite as a test of its own; `$engined` is an expression that makes an
/// [`Engined`], or returns from the test where the machine cannot.
#[macro_export]
macro_rules! engine_suite {
    ($engined:expr) => {
        $crate::engine_suite!(@ $engined;
            a_good_snapshot_is_verified,
            a_damaged_snapshot_is_failed,
            a_truncated_snapshot_is_never_verified,
            a_stream_that_is_cut_is_inconclusive,
            without_an_image_it_is_inconclusive,
            a_run_that_takes_too_long_is_inconclusive,
            an_interrupted_run_is_inconclusive,
            no_data_enters_a_record,
        );
    };
    (@ $engined:expr; $($case:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn its_tables_agree() {
            let engined = $engined;
            $crate::engine_suite::its_tables_agree(&engined.subject);
        }

        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let engined = $engined;
                $crate::engine_suite::$case(engined).await;
            }
        )+
    };
}
