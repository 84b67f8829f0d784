//! A source under a new name: the records of its former names are its past.

use std::path::Path;

use super::*;
use crate::{
    ledger::{BrokenBy, DirectoryRecords, Proofs, RecoveryPoints, fixtures::repair},
    model::SourceInventory,
};

/// A place of records: each entry is a name, and what was written under it.
fn place<const N: usize>(strands: [(&str, Vec<Draft>); N]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, drafts) in strands {
        let of_it = drafts.into_iter().map(|draft| named(draft, name));
        std::fs::create_dir(root.path().join(name)).unwrap();
        for (sequence, text) in (1..).zip(sealed(of_it)) {
            std::fs::write(record(root.path(), name, sequence), text).unwrap();
        }
    }
    root
}

fn record(root: &Path, name: &str, sequence: u64) -> std::path::PathBuf {
    root.join(format!("{name}/{sequence:08}.json"))
}

/// The same as it is written under another name.
fn named(mut draft: Draft, name: &str) -> Draft {
    let source = match &mut draft {
        Draft::Verification(it) => &mut it.source,
        Draft::Acceptance(it) => &mut it.source,
        Draft::Repair(it) => &mut it.source,
        Draft::Checkpoint(it) => &mut it.source,
        Draft::Unknown { .. } => unreachable!("no fixture is"),
    };
    *source = SourceName::new(name).unwrap();
    draft
}

fn names(names: &[&str]) -> Vec<SourceName> {
    names
        .iter()
        .map(|name| SourceName::new(name).unwrap())
        .collect()
}

async fn load(root: &tempfile::TempDir, formerly: &[&str]) -> Ledger {
    let mut ledger = Ledger::new(cache()).formerly(&names(formerly));
    let records = DirectoryRecords::new(root.path());
    ledger.refresh(&records).await.unwrap();
    ledger
}

/// The joined proofs, with the snapshots of these times lying there.
fn proofs(ledger: &Ledger, times: &[&str]) -> Proofs {
    let inventory = SourceInventory {
        snapshots: times.iter().map(|time| listed(at(time))).collect(),
        ..SourceInventory::default()
    };
    Proofs::new(ledger, &inventory, None, at("23:00:00"))
}

#[tokio::test]
async fn a_source_renamed_twice_has_one_past() {
    let root = place([
        (
            "kv",
            vec![run("01:00:00", None), measured("02:00:00", 500, 900)],
        ),
        ("store", vec![acceptance(at("03:00:00"), 7)]),
        ("cache", vec![run("05:00:00", Some(Reason::Killed))]),
    ]);
    // The order in which the names are written says nothing.
    for formerly in [["kv", "store"], ["store", "kv"]] {
        let ledger = load(&root, &formerly).await;
        let told = ledger
            .records()
            .map(|it| it.draft.source().unwrap().as_str());
        assert_eq!(told.collect::<Vec<_>>(), ["kv", "kv", "store", "cache"]);
        assert_eq!(ledger.first_break(), None);
        assert_eq!(
            (ledger.report().records, ledger.begun_at()),
            (1, Some(at("01:00:00")))
        );
        let past = past(&ledger);
        let baseline = |before| past.baseline(at(before)).map(|it| it.items[&"keys".into()]);
        assert_eq!(
            (baseline("05:00:00"), baseline("02:30:00")),
            (Some(7), Some(100))
        );
        let measured = past.measurements().map(|it| it.milliseconds);
        assert_eq!(measured.collect::<Vec<_>>(), [900, 2000]);
        assert!(past.is_verified(&listed(at("01:00:00"))));
        let points = RecoveryPoints::new([&ledger], at("23:00:00"));
        let object = &listed(at("01:00:00")).artifacts[0].meta;
        assert_eq!(points.of(&cache(), object), Some(at("01:00:00")));
    }
    let unknown = load(&root, &[]).await;
    assert!(!past(&unknown).is_verified(&listed(at("01:00:00"))));
}

#[tokio::test]
async fn what_was_said_under_a_former_name_stands_until_it_is_answered() {
    let damaged = Some(Reason::Damaged);
    for (old, new, failed, verified) in [
        (run("04:00:00", damaged), None, Some("04:00:00"), None),
        (run("04:00:00", None), None, None, Some("04:00:00")),
        // The later word on one object is that under the new name, whatever its number.
        (
            run("04:00:00", damaged),
            Some(run("04:00:00", None)),
            None,
            Some("04:00:00"),
        ),
        (
            run("04:00:00", None),
            Some(run("04:00:00", damaged)),
            Some("04:00:00"),
            None,
        ),
        (
            run("04:00:00", damaged),
            Some(run("05:00:00", None)),
            None,
            Some("05:00:00"),
        ),
        (
            run("04:00:00", Some(Reason::Expectation)),
            Some(acceptance(at("04:00:00"), 7)),
            None,
            None,
        ),
    ] {
        let before = run("01:00:00", Some(Reason::Killed));
        let root = place([
            ("kv", vec![before, old]),
            ("cache", new.into_iter().collect()),
        ]);
        let ledger = load(&root, &["kv"]).await;
        let proofs = proofs(&ledger, &["05:00:00", "04:00:00"]);
        let of = |it: Option<&Verification>| it.map(|it| it.snapshot.taken_at);
        let found = (of(proofs.failed()), of(proofs.verified()));
        assert_eq!(found, (failed.map(at), verified.map(at)), "{ledger:#?}");
    }
}

#[tokio::test]
async fn inconclusive_runs_are_one_row_across_the_names() {
    let killed = Some(Reason::Killed);
    let root = place([
        (
            "kv",
            vec![
                run("01:00:00", None),
                run("02:00:00", killed),
                run("03:00:00", killed),
            ],
        ),
        ("cache", vec![run("04:00:00", killed)]),
    ]);
    let ledger = load(&root, &["kv"]).await;
    assert_eq!(past(&ledger).consecutive_inconclusive(), 3);
    let times = ["04:00:00", "03:00:00", "02:00:00", "01:00:00"];
    assert_eq!(proofs(&ledger, &times).row.runs, 3);
}

#[tokio::test]
async fn a_break_of_a_former_name_is_a_break_and_is_repaired_there() {
    let root = place([
        ("kv", vec![run("01:00:00", None), run("02:00:00", None)]),
        ("cache", vec![run("03:00:00", None)]),
    ]);
    let first = record(root.path(), "kv", 1);
    let text = std::fs::read_to_string(&first).unwrap();
    std::fs::write(&first, text.replace("verified", "failed")).unwrap();
    let mut ledger = load(&root, &["kv"]).await;
    let (name, found) = ledger.first_break().unwrap();
    assert_eq!((name.as_str(), found.sequence), ("kv", 1));
    assert_eq!(
        ledger.report().first_break,
        None,
        "the chain of the name itself"
    );

    let records = DirectoryRecords::new(root.path());
    let [kv]: [SourceName; 1] = names(&["kv"]).try_into().unwrap();
    let draft = named(repair(&found), "kv");
    crate::ledger::append(&records, &kv, draft).await.unwrap();
    ledger.refresh(&records).await.unwrap();
    assert_eq!((ledger.first_break(), ledger.repairs().count()), (None, 1));

    // Who remembers the head of a former name sees that it vanished.
    std::fs::remove_dir_all(root.path().join("kv")).unwrap();
    ledger.refresh(&records).await.unwrap();
    let (_, found) = ledger.first_break().unwrap();
    assert_eq!((found.sequence, found.what), (3, BrokenBy::Rewritten));
    // Without the name, nobody misses it.
    assert_eq!(ledger.formerly(&[]).first_break(), None);
}

#[tokio::test]
async fn a_former_name_without_records_says_nothing() {
    let root = place([("cache", vec![run("03:00:00", None)])]);
    let ledger = load(&root, &["kv"]).await;
    assert_eq!((ledger.first_break(), ledger.records().count()), (None, 1));
}

/// Nothing of a former name is removed, and its records hold up no pruning.
#[tokio::test]
async fn records_of_a_former_name_are_never_pruned() {
    let runs = || {
        ["01:00:00", "02:00:00", "03:00:00"]
            .map(|time| run(time, None))
            .to_vec()
    };
    let root = place([("kv", runs()), ("cache", runs())]);
    let ledger = load(&root, &["kv"]).await;
    let records = DirectoryRecords::new(root.path());
    let keep = Duration::from_hours(1);
    let later = "2027-01-01T00:00:00Z".parse().unwrap();
    let pruned = crate::ledger::prune(&records, &ledger, keep, later)
        .await
        .unwrap();
    assert_eq!(pruned, crate::ledger::Pruned::Removed(2));
    for (name, lies) in [("kv", true), ("cache", false)] {
        assert_eq!(record(root.path(), name, 1).exists(), lies, "{name}");
    }
}
