//! Neo4j: a snapshot in the next version, and one that the next version reads only when migrated.

use std::sync::Arc;

use catalog::{
    format::{Bounds, neo4j::Neo4jExpect},
    ledger::{Finding, Outcome, Reason, RehearsalRecord, Verdict, Verification},
};
use tests::{
    neo4j_workshop::{IMAGE, TURNS, subject},
    require,
    verifying::Subject,
};

use super::neo4j::{DATA, dump, dumps};

/// The next version, on the next Java.
const NEXT: &str = "neo4j:2026.08-community";

/// Everything of the movies graph is expected, in every version.
fn rehearsed_in(image: &str) -> Subject {
    let mut subject = subject();
    subject.rehearse = Some(image.into());
    let exactly = |count| Bounds {
        min: Some(count),
        max: Some(count),
    };
    subject.settings.expect = Arc::new(Neo4jExpect {
        nodes: exactly(171),
        relationships: exactly(253),
        ..Neo4jExpect::default()
    });
    subject
}

fn only(verification: &Verification) -> &RehearsalRecord {
    let record = serde_json::to_string(verification).expect("a record is JSON");
    assert!(!DATA.iter().any(|data| record.contains(data)), "{record}");
    match &verification.rehearsals[..] {
        [only] => only,
        other => panic!("one rehearsal: {other:#?}"),
    }
}

fn finding<'a>(rehearsal: &'a RehearsalRecord, check: &str) -> &'a Finding {
    let mut findings = rehearsal.findings.iter();
    let found = findings.find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("{check} is not in {rehearsal:#?}"))
}

/// Counted there, and what was counted is as expected.
fn is_whole(rehearsal: &RehearsalRecord) {
    assert_eq!(rehearsal.verdict, Verdict::Verified, "{rehearsal:#?}");
    assert!(rehearsal.recovery_milliseconds.is_some());
    for (check, count) in [("neo4j.nodes", "171"), ("neo4j.relationships", "253")] {
        let found = finding(rehearsal, check);
        assert_eq!(found.observed.as_deref(), Some(count), "{found:?}");
    }
    for check in ["neo4j.identity", "neo4j.consistency", "neo4j.sample"] {
        let found = finding(rehearsal, check);
        assert_eq!(found.outcome, Outcome::Passed, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_as_it_is_is_migrated_in_a_rehearsal_and_nowhere_else() {
    let _turn = TURNS.acquire().await.expect("never closed");
    require!(docker);
    require!(image IMAGE);
    require!(@ "foreign-corpus", dumps().map(drop));
    let verification = rehearsed_in(IMAGE).verify(dump("movies-43.dump")).await;
    assert_eq!(verification.reason, Some(Reason::MigrationRequired));
    let rehearsal = only(&verification);
    is_whole(rehearsal);
    let migration = finding(rehearsal, "neo4j.migration");
    let migrated = "migrated from record-aligned-0.1 to record-aligned-1.1";
    assert_eq!(migration.observed.as_deref(), Some(migrated));
    assert_eq!(migration.outcome, Outcome::Passed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_snapshot_is_restored_into_the_next_version_too() {
    let _turn = TURNS.acquire().await.expect("never closed");
    require!(docker);
    require!(image IMAGE);
    require!(image NEXT);
    require!(@ "foreign-corpus", dumps().map(drop));
    let verification = rehearsed_in(NEXT).verify(dump("movies-50.dump")).await;
    assert_eq!(verification.verdict, Verdict::Verified, "{verification:#?}");
    let rehearsal = only(&verification);
    is_whole(rehearsal);
    assert_eq!(rehearsal.image, NEXT);
    let server = &finding(rehearsal, "neo4j.server").observed;
    let server = server.as_deref().unwrap_or_default();
    assert!(server.contains("2026.08"), "{server}");
    let migration = finding(rehearsal, "neo4j.migration");
    let as_it_is = "record-aligned-1.1";
    assert_eq!(migration.observed.as_deref(), Some(as_it_is));
}
