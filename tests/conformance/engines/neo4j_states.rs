//! Neo4j: stores in every state that a backup may catch them in, each made by a real server.

use std::sync::Arc;

use catalog::{
    format::{
        Bounds,
        neo4j::{Check, CheckLevel, Neo4jExpect, Query, Restore},
    },
    ledger::{Outcome, Reason, Verification},
};
use settings::{Located, Place};
use tests::{
    neo4j_workshop::{DATA, IMAGE, INDEXES, NODES, RELATIONSHIPS, TURNS, subject, workshop},
    require,
    verifying::{Subject, finding},
};

macro_rules! archives {
    () => {{
        require!(docker);
        require!(image IMAGE);
        workshop().await
    }};
}

fn checking(level: CheckLevel) -> Subject {
    let mut subject = subject();
    subject.settings.own = Arc::new(Restore {
        check: Check {
            level,
            ..Check::default()
        },
        ..Restore::default()
    });
    subject
}

/// Nothing of the graph is in the record.
fn is_clean(verification: &Verification) {
    let record = serde_json::to_string(verification).expect("a record is JSON");
    let entered: Vec<_> = DATA.iter().filter(|data| record.contains(**data)).collect();
    assert!(entered.is_empty(), "{entered:?} in {record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_a_good_backup_where_that_is_expected() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let archives = archives!();
    let mut subject = subject();
    let none = Bounds {
        min: Some(0),
        max: Some(0),
    };
    subject.settings.expect = Arc::new(Neo4jExpect {
        nodes: none,
        relationships: none,
        ..Neo4jExpect::default()
    });
    let verification = subject.verify(archives.empty.clone()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    assert_eq!(verification.items[&"nodes".into()], 0);
    let sample = finding(&verification, "neo4j.sample");
    assert_eq!(sample.outcome, Outcome::NotApplicable);
}

/// Nothing of the graph was written where it belongs yet: only the logs have it.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_a_crash_left_is_recovered_then_checked_with_all_its_indexes() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let archives = archives!();
    let mut subject = checking(CheckLevel::Full);
    // Asked when the indexes are there.
    let online = Query {
        name: "online".into(),
        cypher: "SHOW INDEXES YIELD state WHERE state = 'ONLINE' RETURN count(*)".into(),
        min: Some(INDEXES),
        max: None,
    };
    let online = Located {
        value: online,
        place: Place::whole(),
    };
    subject.settings.expect = Arc::new(Neo4jExpect {
        queries: vec![online],
        ..Neo4jExpect::default()
    });
    let verification = subject.verify(archives.unclean.clone()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    let items = &verification.items;
    assert_eq!(
        (items[&"nodes".into()], items[&"relationships".into()]),
        (NODES, RELATIONSHIPS)
    );
    assert_eq!(
        (items[&"indexes".into()], items[&"constraints".into()]),
        (INDEXES, 1)
    );
    for check in [
        "neo4j.consistency",
        "neo4j.indexes",
        "neo4j.identity",
        "neo4j.queries",
    ] {
        let outcome = finding(&verification, check).outcome;
        assert_eq!(outcome, Outcome::Passed, "{check}");
    }
    let stages = verification.stages.iter().map(|it| it.stage.as_label());
    let at_rest: Vec<_> = stages
        .filter(|it| ["restore", "check"].contains(it))
        .collect();
    let told_by_the_check = ["restore", "check", "restore", "check"];
    assert_eq!(at_rest, told_by_the_check);
    is_clean(&verification);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intact_archive_of_records_that_contradict_is_inconsistent_shown_twice() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let archives = archives!();
    let verification = subject().verify(archives.inconsistent.clone()).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Inconsistent),
        "{verification:#?}"
    );
    for (check, outcome) in [
        ("snapshot.intact", Outcome::Passed),
        ("snapshot.restored", Outcome::Failed),
        ("snapshot.shown_twice", Outcome::Passed),
    ] {
        assert_eq!(finding(&verification, check).outcome, outcome, "{check}");
    }
    let told = &finding(&verification, "snapshot.restored").message;
    assert!(
        told.contains(" errors, ") && told.contains(" COUNTS"),
        "{told}"
    );
    is_clean(&verification);
}

/// Whoever leaves the check out is served as usual: then reading shows it.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_contradict_are_not_verified_without_the_check_either() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let archives = archives!();
    let verification = checking(CheckLevel::None)
        .verify(archives.inconsistent.clone())
        .await;
    assert_eq!(
        verification.reason,
        Some(Reason::Internal),
        "{verification:#?}"
    );
    assert_eq!(verification.items[&"nodes".into()], NODES);
    let sample = finding(&verification, "neo4j.sample");
    assert_eq!(sample.outcome, Outcome::NotRun);
    assert!(sample.message.contains("stored counts"), "{sample:?}");
    is_clean(&verification);
}
