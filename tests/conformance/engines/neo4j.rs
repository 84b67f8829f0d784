//! Neo4j: dumps that nobody in this project made, restored by a real server.
//!
//! The suite of engines is asked case by case: its marker cannot be seen in what is compressed, so
//! here the data itself is looked for in records.

use std::{collections::BTreeMap, env, fs, path::PathBuf, sync::Arc};

use catalog::{
    format::{
        Bounds,
        neo4j::{Check, CheckLevel, Neo4jCanary, Neo4jExpect, Query, Restore},
    },
    ledger::{Baseline, Outcome, Reason, Verdict},
};
use settings::{Located, Place};
use tests::{
    engine_suite::{self, Engined},
    neo4j_workshop::{IMAGE, TURNS, subject},
    require,
    verifying::finding,
};

/// Names and values of the movies graph: labels, types, keys, people, titles.
pub(super) const DATA: [&str; 6] = [
    "Movie",
    "ACTED_IN",
    "tagline",
    "Keanu",
    "Matrix",
    "Wachowski",
];

/// The directory of dumps of the movies graph.
pub(super) fn dumps() -> Result<PathBuf, String> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = env::var_os("FOREIGN_CORPUS").map_or_else(|| default.into(), PathBuf::from);
    let dumps = root.join("neo4j");
    if dumps.is_dir() {
        Ok(dumps)
    } else {
        Err("FOREIGN_CORPUS names no directory with dumps".into())
    }
}

pub(super) fn dump(name: &str) -> Vec<u8> {
    fs::read(dumps().expect("dumps").join(name)).expect("a dump")
}

/// A byte of a dump's frame is another one.
fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

macro_rules! engined {
    () => {{
        require!(docker);
        require!(image IMAGE);
        require!(@ "foreign-corpus", dumps().map(drop));
        let good = dump("movies-50.dump");
        Engined { subject: subject(), damaged: flipped(good.clone()), good }
    }};
}

fn located<T>(value: T) -> Located<T> {
    let place = Place::whole();
    Located { value, place }
}

/// Everything that can be asked: bounds, labels, a query, a canary, a whole check.
#[tokio::test(flavor = "multi_thread")]
async fn the_movies_are_verified_and_nothing_of_them_enters_the_record() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let mut engined = engined!();
    let exactly = |count| Bounds {
        min: Some(count),
        max: Some(count),
    };
    let query = Query {
        name: "who acted".into(),
        cypher: "MATCH (p:Person)-[:ACTED_IN]->() RETURN count(DISTINCT p)".into(),
        min: Some(102),
        max: Some(102),
    };
    let canary = Neo4jCanary {
        cypher: "RETURN datetime('2026-11-22T01:00:00Z')".into(),
        max_age: None,
    };
    engined.subject.settings.expect = Arc::new(Neo4jExpect {
        nodes: exactly(171),
        relationships: exactly(253),
        labels: BTreeMap::from([("Movie".to_owned(), exactly(38))]),
        queries: vec![located(query)],
        canary: Some(located(canary)),
        ..Neo4jExpect::default()
    });
    engined.subject.settings.own = Arc::new(Restore {
        check: Check {
            level: CheckLevel::Full,
            ..Check::default()
        },
        ..Restore::default()
    });
    // An index that nobody has is missed.
    let lost = Arc::from(["0123456789abcdef".to_owned()]);
    engined.subject.previous = Some(Baseline {
        fingerprints: BTreeMap::from([("indexes".to_owned(), lost)]),
        ..Baseline::default()
    });
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(verification.verdict, Verdict::Verified, "{verification:#?}");
    let schema = finding(&verification, "neo4j.schema");
    assert_eq!(schema.outcome, Outcome::Warning, "{schema:?}");
    let items = &verification.items;
    for kind in ["indexes", "constraints", "labels"] {
        let of_kind = verification.fingerprints[kind].len() as u64;
        assert_eq!(of_kind, items[&kind.into()], "{kind}");
    }
    // ACTED_IN, DIRECTED, FOLLOWS, PRODUCED, REVIEWED and WROTE.
    assert_eq!(verification.fingerprints["relationship_types"].len(), 6);
    assert_eq!(
        (items[&"nodes".into()], items[&"relationships".into()]),
        (171, 253)
    );
    assert_eq!(
        (items[&"labels".into()], items[&"constraints".into()]),
        (2, 2)
    );
    let at = verification.data_at.map(|at| at.to_string());
    assert_eq!(at.as_deref(), Some("2026-11-22T01:00:00Z"));
    for check in [
        "neo4j.consistency",
        "neo4j.sample",
        "neo4j.queries",
        "neo4j.indexes",
    ] {
        assert_eq!(
            finding(&verification, check).outcome,
            Outcome::Passed,
            "{check}"
        );
    }
    let record = serde_json::to_string(&verification).expect("a record is JSON");
    // The label is what the configuration expects.
    let entered = DATA.iter().filter(|data| record.contains(**data));
    assert_eq!(entered.collect::<Vec<_>>(), [&"Movie"], "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_is_failed_and_nothing_of_it_enters_the_record() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let engined = engined!();
    engine_suite::its_tables_agree(&engined.subject);
    let verification = engined.subject.verify(engined.damaged.clone()).await;
    let record = serde_json::to_string(&verification).expect("a record is JSON");
    assert!(!DATA.iter().any(|data| record.contains(data)), "{record}");
    engine_suite::a_damaged_snapshot_is_failed(engined).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_snapshot_is_never_verified() {
    let _turn = TURNS.acquire().await.expect("never closed");
    engine_suite::a_truncated_snapshot_is_never_verified(engined!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_run_early_is_inconclusive() {
    let _turn = TURNS.acquire().await.expect("never closed");
    engine_suite::a_stream_that_is_cut_is_inconclusive(engined!()).await;
    engine_suite::without_an_image_it_is_inconclusive(engined!()).await;
    engine_suite::a_run_that_takes_too_long_is_inconclusive(engined!()).await;
    engine_suite::an_interrupted_run_is_inconclusive(engined!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_this_server_does_not_open_is_not_called_bad() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let engined = engined!();
    for (name, reason) in [
        ("movies-43.dump", Reason::MigrationRequired),
        ("movies-35.dump", Reason::UnknownVersion),
    ] {
        let verification = engined.subject.verify(dump(name)).await;
        assert_eq!(
            verification.reason,
            Some(reason),
            "{name} {verification:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_nodes_fail_and_a_question_that_is_refused_does_not() {
    let _turn = TURNS.acquire().await.expect("never closed");
    let mut engined = engined!();
    let query = Query {
        name: "by a plugin".into(),
        cypher: "RETURN apoc.version()".into(),
        min: Some(1),
        max: None,
    };
    engined.subject.settings.expect = Arc::new(Neo4jExpect {
        nodes: Bounds {
            min: Some(172),
            max: None,
        },
        queries: vec![located(query)],
        ..Neo4jExpect::default()
    });
    let verification = engined.subject.verify(engined.good).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Expectation),
        "{verification:#?}"
    );
    let refused = finding(&verification, "neo4j.queries");
    assert_eq!(refused.outcome, Outcome::NotRun);
    assert!(
        refused.message.contains("Neo.ClientError."),
        "{}",
        refused.message
    );
}
