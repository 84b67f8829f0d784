//! Every check, with every outcome it can have.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    format::{
        Bounds, Change, Checksum, ChecksumRule, Detail, Inspection, InspectionState,
        neo4j::{Neo4jCanary, Query},
    },
    ledger::{ArtifactRecord, Baseline, Integrity, Outcome},
    manifest::Manifest,
};
use jiff::Timestamp;
use settings::{Located, Place};

use super::*;
use crate::engine::{Observation, Observed};
use Outcome::{Failed, NotApplicable, NotRun, Passed, Warning};

/// The snapshot that the checks are asked about, good until a test changes it.
struct World {
    archive: Archive,
    trailing_bytes: u64,
    integrity: Integrity,
    manifest: Option<Manifest>,
    previous: Option<Baseline>,
    expect: Neo4jExpect,
    own: Restore,
    seen: Vec<Observation>,
    recovery: (Option<u64>, Option<u64>),
}

fn located<T>(value: T) -> Located<T> {
    let place = Place::whole();
    Located { value, place }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("a time")
}

impl World {
    fn new() -> Self {
        let counted = [
            (observations::FILES, 83),
            (observations::BYTES, 1_189_511),
            (observations::LOADED_TRANSACTION, 32),
            (observations::NODES, 171),
            (observations::RELATIONSHIPS, 253),
            (observations::TYPED, 253),
            (observations::LABELS, 2),
            (observations::SAMPLED, 211),
            (observations::READ_NODES, 171),
            (observations::READ_RELATIONSHIPS, 253),
            (observations::INDEXES, 5),
            (observations::INDEXES_FAILED, 0),
            (observations::INDEXES_POPULATING, 0),
            (observations::CONSTRAINTS, 2),
        ];
        let told = [
            (observations::CHECKED, "full"),
            (observations::STORE_FORMAT, "record-aligned-1.1"),
            (observations::SERVER, "Neo4j 5.26.30 community"),
            (observations::DEFINED, "indexes"),
        ];
        let counted = counted.map(|(name, count)| observations::count(name, count));
        let told = told.map(|(name, word)| observations::word(name, word));
        Self {
            archive: Archive {
                kind: Some(Kind::DumpZstd),
                files: 83,
                bytes: 1_189_511,
                ..Archive::default()
            },
            trailing_bytes: 0,
            integrity: Integrity::File,
            manifest: None,
            previous: None,
            expect: Neo4jExpect::default(),
            own: Restore::default(),
            seen: counted.into_iter().chain(told).collect(),
            recovery: (Some(900), None),
        }
    }

    /// Replaces what was observed under this name; `None` removes it.
    fn see(&mut self, name: &str, value: Option<Observed>) {
        self.seen.retain(|it| it.name != name);
        self.seen.extend(value.map(|value| Observation {
            name: name.into(),
            value,
        }));
    }

    fn count(&mut self, name: &str, count: u64) {
        self.see(name, Some(Observed::Count(count)));
    }

    fn inspection(&self) -> Inspection {
        Inspection {
            format: "neo4j",
            truncated: false,
            state: InspectionState::Intact,
            version: Some(1),
            bytes: 1000,
            checksum: Checksum::Verified,
            trailing_bytes: self.trailing_bytes,
            taken_at: None,
            items: BTreeMap::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
            detail: Some(Detail::new(self.archive.clone())),
        }
    }

    fn answer(&self, check: &str) -> CheckResult {
        let inspection = self.inspection();
        let artifact = ArtifactRecord {
            key: "graph.dump".into(),
            version_id: None,
            etag: None,
            size_bytes: 1000,
            sha256: Some("ab".repeat(32)),
            modified_at: at(0),
            integrity: self.integrity,
        };
        let evidence = Case {
            inspection: &inspection,
            observations: &self.seen,
            artifact: &artifact,
            manifest: self.manifest.as_ref(),
            asked_at: at(61),
        };
        let case = Neo4jCase {
            evidence: &evidence,
            archive: &self.archive,
            expect: &self.expect,
            own: &self.own,
            seen: Neo4jObservations::of(&self.seen),
        };
        let whole = Whole {
            artifacts: std::slice::from_ref(&evidence),
            previous: self.previous.as_ref(),
            taken_at: at(0),
            recovery_milliseconds: self.recovery.0,
            recovery_milliseconds_max: self.recovery.1,
        };
        let mut answers = of_artifact(&case);
        answers.extend(of_snapshot(&whole, &case));
        let table = catalog::format::Format::checks(&catalog::format::neo4j::Neo4j);
        assert_eq!(answers.len(), table.len(), "every check is answered, once");
        let found = answers.into_iter().find(|it| it.finding.check == check);
        found.unwrap_or_else(|| panic!("{check} is answered"))
    }
}

/// One answer: its outcome, and the reason it gives unless it is harmless.
fn check(name: &str, outcome: Outcome, spoils: Option<Reason>, change: impl FnOnce(&mut World)) {
    let mut world = World::new();
    change(&mut world);
    let judged = world.answer(name);
    assert_eq!(
        (judged.finding.outcome, judged.spoils),
        (outcome, spoils),
        "{judged:?}"
    );
}

const INTERNAL: Option<Reason> = Some(Reason::Internal);
const EXPECTATION: Option<Reason> = Some(Reason::Expectation);

#[test]
fn what_vouches_for_the_bytes_and_what_lies_behind_them_is_told() {
    let name = "neo4j.checksum";
    check(name, Passed, None, |_| ());
    check(name, Failed, Some(Reason::NoChecksum), |world| {
        world.integrity = Integrity::None;
    });
    check(name, Warning, None, |world| {
        world.integrity = Integrity::None;
        world.expect.checksum = ChecksumRule::Optional;
    });
    check("neo4j.trailing_bytes", Passed, None, |_| ());
    check("neo4j.trailing_bytes", Warning, None, |world| {
        world.trailing_bytes = 9;
    });
    check("neo4j.chain", Passed, None, |_| ());
    check(
        "neo4j.chain",
        NotRun,
        Some(Reason::NeedsEnterprise),
        |world| {
            world.archive.kind = Some(Kind::Directory);
        },
    );
}

#[test]
fn what_answers_must_be_what_was_in_the_archive() {
    let name = "neo4j.identity";
    check(name, Passed, None, |_| ());
    check(name, Passed, None, |world| {
        world.count(observations::TRANSACTION, 33);
    });
    check(name, Failed, Some(Reason::Identity), |world| {
        world.count(observations::TRANSACTION, 31);
    });
    for (seen, count) in [
        (observations::FILES, 82),
        (observations::BYTES, 1),
        (observations::TYPED, 252),
    ] {
        check(name, NotRun, INTERNAL, |world| world.count(seen, count));
    }
    for seen in [
        observations::FILES,
        observations::BYTES,
        observations::NODES,
    ] {
        check(name, NotRun, INTERNAL, |world| world.see(seen, None));
    }
}

#[test]
fn files_are_checked_and_records_read() {
    check("neo4j.consistency", Passed, None, |_| ());
    check("neo4j.consistency", NotRun, INTERNAL, |world| {
        world.see(observations::CHECKED, None);
    });
    check("neo4j.consistency", NotApplicable, None, |world| {
        world.own.check.level = CheckLevel::None;
    });
    check("neo4j.migration", Passed, None, |_| ());
    check("neo4j.migration", NotRun, None, |world| {
        world.see(observations::STORE_FORMAT, None);
    });
    check("neo4j.migration", Passed, None, |world| {
        let served = Observed::Word("record-aligned-1.1".into());
        world.see(observations::STORE_FORMAT, None);
        world.see(observations::SERVED_FORMAT, Some(served));
    });
    check("neo4j.migration", Passed, None, |world| {
        let before = Observed::Word("record-aligned-0.1".into());
        world.see(observations::MIGRATED_FROM, Some(before));
    });
    check("neo4j.sample", Passed, None, |_| ());
    check("neo4j.sample", NotRun, INTERNAL, |world| {
        world.count(observations::SAMPLED, 0);
    });
    check("neo4j.sample", NotRun, INTERNAL, |world| {
        world.see(observations::SAMPLED, None);
    });
    for (name, count) in [
        (observations::READ_NODES, 170),
        (observations::READ_NODES, 172),
        (observations::READ_RELATIONSHIPS, 0),
    ] {
        check("neo4j.sample", NotRun, INTERNAL, |world| {
            world.count(name, count);
        });
    }
    check("neo4j.sample", Passed, None, |world| {
        world.count(observations::NODES, 4_000_000);
        world.count(observations::READ_NODES, observations::READ_MAX);
    });
    check("neo4j.sample", NotApplicable, None, |world| {
        world.count(observations::READ_NODES, 0);
        world.count(observations::SAMPLED, 0);
        world.count(observations::NODES, 0);
    });
}

#[test]
fn indexes_and_constraints_are_held_against_those_before() {
    check("neo4j.indexes", Passed, None, |_| ());
    check("neo4j.indexes", NotRun, INTERNAL, |world| {
        world.see(observations::INDEXES, None);
    });
    check("neo4j.indexes", Warning, None, |world| {
        world.count(observations::INDEXES_FAILED, 1);
    });
    check("neo4j.indexes", Warning, None, |world| {
        world.count(observations::INDEXES_POPULATING, 1);
    });
    let before = |marks: &[&str]| {
        let marks = marks.iter().map(ToString::to_string).collect();
        let fingerprints = BTreeMap::from([("indexes".to_owned(), marks)]);
        Some(Baseline {
            fingerprints,
            ..Baseline::default()
        })
    };
    let name = "neo4j.schema";
    check(name, NotApplicable, None, |_| ());
    check(name, NotRun, None, |world| {
        world.see(observations::DEFINED, None);
    });
    check(name, Passed, None, |world| world.previous = before(&[]));
    check(name, Warning, None, |world| {
        world.previous = before(&["ab"]);
    });
    // A kind that became too many to be compared hides no loss of another kind.
    let untold = |world: &mut World| {
        let before = world.previous.as_mut().expect("set before");
        before
            .fingerprints
            .insert(observations::LABELS.into(), Arc::new([]));
    };
    check(name, NotRun, None, |world| {
        world.previous = before(&[]);
        untold(world);
    });
    check(name, Warning, None, |world| {
        world.previous = before(&["ab"]);
        untold(world);
    });
}

#[test]
fn counts_must_be_as_expected() {
    let bounds = |min, max| Bounds { min, max };
    let (nodes, relationships) = ("neo4j.nodes", "neo4j.relationships");
    check(nodes, NotApplicable, None, |_| ());
    check(nodes, NotRun, INTERNAL, |world| {
        world.see(observations::NODES, None);
    });
    check(nodes, Failed, EXPECTATION, |world| {
        world.count(observations::NODES, 0);
    });
    check(nodes, Passed, None, |world| {
        world.count(observations::NODES, 0);
        world.expect.nodes = bounds(Some(0), None);
    });
    check(nodes, Passed, None, |world| {
        world.expect.nodes = bounds(Some(171), Some(171));
    });
    check(nodes, Failed, EXPECTATION, |world| {
        world.expect.nodes = bounds(Some(172), None);
    });
    check(relationships, NotApplicable, None, |world| {
        world.count(observations::RELATIONSHIPS, 0);
    });
    check(relationships, Failed, EXPECTATION, |world| {
        world.expect.relationships = bounds(None, Some(252));
    });
    let label = |min| BTreeMap::from([("Person".to_owned(), bounds(Some(min), None))]);
    check("neo4j.labels", NotApplicable, None, |_| ());
    check("neo4j.labels", NotRun, INTERNAL, |world| {
        world.expect.labels = label(1);
    });
    for (min, outcome, spoils) in [(133, Passed, None), (134, Failed, EXPECTATION)] {
        check("neo4j.labels", outcome, spoils, |world| {
            world.expect.labels = label(min);
            world.count("labelled:0", 133);
        });
    }
}

#[test]
fn a_drop_is_told_of_nodes_and_of_relationships() {
    let name = "neo4j.change";
    let before = |world: &mut World, seen: &str, count| {
        world.expect.change = Change {
            max_drop: Some("20%".parse().expect("a share")),
        };
        let previous = world.previous.get_or_insert_default();
        previous.items.insert(seen.into(), count);
    };
    check(name, NotApplicable, None, |_| ());
    check(name, Passed, None, |world| {
        before(world, observations::NODES, 200);
    });
    check(name, Failed, EXPECTATION, |world| {
        before(world, observations::NODES, 300);
    });
    check(name, Failed, EXPECTATION, |world| {
        before(world, observations::NODES, 171);
        before(world, observations::RELATIONSHIPS, 400);
    });
}

#[test]
fn questions_of_the_configuration_have_answers() {
    let name = "neo4j.queries";
    let query = || {
        let query = Query {
            name: "newest pass".into(),
            cypher: "MATCH (p:Pass) RETURN count(p)".into(),
            min: Some(1),
            max: None,
        };
        located(query)
    };
    check(name, NotApplicable, None, |_| ());
    check(name, NotRun, INTERNAL, |world| {
        world.expect.queries = vec![query()];
    });
    for (value, outcome, spoils) in [
        (Observed::Count(1), Passed, None),
        (Observed::Count(0), Failed, EXPECTATION),
        (Observed::Missing, NotRun, INTERNAL),
        (Observed::Word("Neo.ClientError".into()), NotRun, INTERNAL),
    ] {
        check(name, outcome, spoils, |world| {
            world.expect.queries = vec![query()];
            world.see("query:0", Some(value));
        });
    }
}

#[test]
fn the_newest_heartbeat_is_recent() {
    let name = "neo4j.canary";
    let ask = |world: &mut World, value| {
        let canary = Neo4jCanary {
            cypher: "MATCH (h:Heartbeat) RETURN max(h.at)".into(),
            max_age: Some("2h".parse().expect("a duration")),
        };
        world.expect.canary = Some(located(canary));
        world.see(observations::CANARY, value);
    };
    check(name, NotApplicable, None, |_| ());
    check(name, NotRun, INTERNAL, |world| ask(world, None));
    let refused = || Some(Observed::Word("Neo.ClientError".into()));
    check(name, NotRun, INTERNAL, |world| ask(world, refused()));
    check(name, Failed, EXPECTATION, |world| {
        ask(world, Some(Observed::Missing));
    });
    check(name, Passed, None, |world| {
        ask(world, Some(Observed::Time(at(-60))));
    });
    check(name, Failed, EXPECTATION, |world| {
        ask(world, Some(Observed::Time(at(-9000))));
    });
}

#[test]
fn what_a_dump_cannot_hold_and_how_long_it_took_is_told() {
    check("neo4j.roles", Warning, None, |_| ());
    check("neo4j.roles", NotApplicable, None, |world| {
        world.archive.kind = Some(Kind::BackupZstd(1));
    });
    check("neo4j.server", Passed, None, |_| ());
    check("neo4j.server", NotRun, None, |world| {
        world.see(observations::SERVER, None);
    });
    let name = "neo4j.recovery_time";
    check(name, NotApplicable, None, |_| ());
    check(name, Warning, None, |world| world.recovery.1 = Some(899));
    check("neo4j.manifest", NotApplicable, None, |_| ());
    let manifest = |nodes: u64| Manifest {
        schema: 1,
        size_bytes: Some(1000),
        sha256: None,
        taken_at: None,
        items: BTreeMap::from([(observations::NODES.to_owned(), nodes)]),
        producer: None,
        engine_version: None,
    };
    check("neo4j.manifest", Passed, None, |world| {
        world.manifest = Some(manifest(171));
    });
    check("neo4j.manifest", Warning, None, |world| {
        world.manifest = Some(manifest(170));
    });
    check(
        "neo4j.manifest",
        Failed,
        Some(Reason::Inconsistent),
        |world| {
            world.manifest = Some(Manifest {
                size_bytes: Some(999),
                ..manifest(171)
            });
        },
    );
}
