//! Evidence in memory and in a directory, and what survives a crash.

mod deleted;
mod pruning;
mod s3;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::Arc,
    time::{Duration, SystemTime},
};

use catalog::{
    ledger::{
        BrokenBy, DirectoryRecords, Ledger, LedgerError, MemoryFault, MemoryRecords, RecordReader,
        append, fixtures,
    },
    model::SourceName,
};

/// Every point of an append, in order; a record exists from `linked` on.
const POINTS: [&str; 6] = [
    "created", "written", "flushed", "linked", "unlinked", "synced",
];

#[tokio::test]
async fn evidence_in_memory_obeys_the_suite() {
    tests::ledger_suite::obeys(Arc::new(MemoryRecords::default())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_in_a_directory_obeys_the_suite() {
    let directory = tempfile::tempdir().unwrap();
    tests::ledger_suite::obeys(Arc::new(DirectoryRecords::new(directory.path()))).await;
}

#[tokio::test]
async fn an_append_that_dies_at_any_step_leaves_the_whole_record_or_none() {
    for fault in ["abort", "error"] {
        for (index, point) in POINTS.iter().enumerate() {
            let directory = tempfile::tempdir().unwrap();
            assert_eq!(append_in_child(directory.path(), None).stdout, b"1\n");
            let died =
                append_in_child(directory.path(), Some(&format!("evidence.{point}:{fault}")));
            assert!(!died.status.success(), "{point}:{fault} did not strike");

            let written = index >= 3;
            let report = load(directory.path()).await.report();
            let records = if written { 2 } else { 1 };
            assert_eq!(
                (report.records, report.first_break),
                (records, None),
                "{point}:{fault}"
            );
            let next = append_in_child(directory.path(), None);
            assert_eq!(
                next.stdout,
                format!("{}\n", records + 1).as_bytes(),
                "{point}:{fault}"
            );
            let report = load(directory.path()).await.report();
            assert_eq!((report.records, report.first_break), (records + 1, None));
        }
    }
}

#[tokio::test]
async fn the_very_first_append_may_die_too() {
    for point in POINTS {
        let directory = tempfile::tempdir().unwrap();
        append_in_child(directory.path(), Some(&format!("evidence.{point}:abort")));
        assert!(
            append_in_child(directory.path(), None).status.success(),
            "{point}"
        );
        assert_eq!(
            load(directory.path()).await.report().first_break,
            None,
            "{point}"
        );
    }
}

#[tokio::test]
async fn what_a_crash_left_is_removed_once_it_is_old() {
    let directory = tempfile::tempdir().unwrap();
    append_in_child(directory.path(), Some("evidence.written:abort"));
    let source = directory.path().join("cache");
    let leftover = only_temporary(&source).expect("a leftover");
    append_in_child(directory.path(), None);
    assert_eq!(
        only_temporary(&source).as_ref(),
        Some(&leftover),
        "it may still be written"
    );

    let old = SystemTime::now() - Duration::from_secs(3700);
    fs::File::options()
        .write(true)
        .open(&leftover)
        .unwrap()
        .set_modified(old)
        .unwrap();
    fs::write(source.join(".keep"), "reserved, but not ours").unwrap();
    append_in_child(directory.path(), None);
    assert_eq!(only_temporary(&source), None);
    assert!(source.join(".keep").exists());
    assert_eq!(load(directory.path()).await.report().records, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_append_at_once_are_both_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| {
            child(directory.path(), None)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let report = load(directory.path()).await.report();
    assert_eq!((report.records, report.first_break), (4, None));
}

#[tokio::test]
async fn a_record_edited_in_its_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        append_in_child(directory.path(), None);
    }
    let path = directory.path().join("cache/00000002.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"keys\": 100", "\"keys\": 101")).unwrap();
    let found = load(directory.path()).await.report().first_break.unwrap();
    assert!(matches!(found.what, BrokenBy::Contents(_)), "{found}");
    assert_eq!(found.sequence, 2);

    fs::write(&path, [0xff; 10]).unwrap();
    let found = load(directory.path()).await.report().first_break.unwrap();
    assert_eq!(
        found.to_string(),
        "record 00000002 was changed or torn: not UTF-8"
    );
    fs::write(&path, vec![b' '; 1024 * 1024 + 1]).unwrap();
    let found = load(directory.path()).await.report().first_break.unwrap();
    assert_eq!(
        found.to_string(),
        "record 00000002 was changed or torn: larger than 1 MiB"
    );
}

#[tokio::test]
async fn a_missing_evidence_directory_is_an_error_and_not_an_empty_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let source = fixtures::cache();
    // Whether it could be made, for it may be new.
    for (root, is_unmarked) in [("not-mounted", true), ("nothing/evidence", false)] {
        let evidence = DirectoryRecords::new(directory.path().join(root));
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        for asked in [
            evidence.is_marked().await.map(drop),
            evidence.list(&source, 0).await.map(drop),
            evidence.newest(&source).await.map(drop),
            append(&evidence, &source, draft).await.map(drop),
        ] {
            match asked.expect_err(root) {
                LedgerError::Unmarked { .. } => assert!(is_unmarked, "{root}"),
                LedgerError::Store { .. } => assert!(!is_unmarked, "{root}"),
                error => panic!("{root}: {error:?}"),
            }
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_read_again_stays_as_it_was() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    let draft = || fixtures::verified(fixtures::at("01:00:00"));
    append(&evidence, &source, draft()).await.unwrap();
    let mut ledger = Ledger::load(&evidence, &source).await.unwrap();
    append(&evidence, &source, draft()).await.unwrap();

    for fault in [MemoryFault::List, MemoryFault::Read] {
        evidence.script([fault]);
        ledger.refresh(&evidence).await.expect_err("scripted");
        assert_eq!(ledger.report().records, 1);
    }
    ledger.refresh(&evidence).await.unwrap();
    assert_eq!(
        (ledger.report().records, ledger.report().first_break),
        (2, None)
    );
}

#[tokio::test]
async fn the_repair_of_one_break_ends_no_other_that_is_remembered() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    let run = || fixtures::verified(fixtures::at("01:00:00"));
    for _ in 0..5 {
        append(&evidence, &source, run()).await.unwrap();
    }
    evidence.lose(&source, 2);
    let mut ledger = Ledger::load(&evidence, &source).await.unwrap();
    let missing = ledger.report().first_break.unwrap();
    let mut late = ledger.clone();
    evidence.lose(&source, 5);
    for _ in 0..2 {
        ledger.refresh(&evidence).await.unwrap();
        assert_eq!(ledger.report().first_break.as_ref(), Some(&missing));
    }
    append(&evidence, &source, fixtures::repair(&missing))
        .await
        .unwrap();
    for ledger in [&mut ledger, &mut late] {
        ledger.refresh(&evidence).await.unwrap();
        let gone = ledger.report().first_break.unwrap();
        assert_eq!((gone.sequence, gone.what), (5, BrokenBy::Rewritten));
    }
    let gone = ledger.report().first_break.unwrap();
    append(&evidence, &source, fixtures::repair(&gone))
        .await
        .unwrap();
    ledger.refresh(&evidence).await.unwrap();
    assert_eq!(ledger.report().first_break, None);
}

#[tokio::test]
async fn removing_the_newest_record_is_noticed_by_who_remembers_it() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    for _ in 0..3 {
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        append(&evidence, &source, draft).await.unwrap();
    }
    let mut ledger = Ledger::load(&evidence, &source).await.unwrap();
    evidence.lose(&source, 3);
    ledger.refresh(&evidence).await.unwrap();
    let report = ledger.report();
    assert_eq!((report.records, report.head.unwrap().sequence), (2, 2));
    assert_eq!(report.first_break.unwrap().what, BrokenBy::Rewritten);
    assert_eq!(
        Ledger::load(&evidence, &source)
            .await
            .unwrap()
            .report()
            .first_break,
        None
    );
}

#[tokio::test]
async fn what_was_broken_stays_broken_for_who_saw_it() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    for _ in 0..3 {
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        append(&evidence, &source, draft).await.unwrap();
    }
    let whole = evidence.read(&source, 2).await.unwrap();
    evidence.tamper(&source, 2, "{}");
    let mut ledger = Ledger::load(&evidence, &source).await.unwrap();
    evidence.tamper(&source, 2, whole);
    evidence.lose(&source, 3);
    ledger.refresh(&evidence).await.unwrap();
    let found = ledger.report().first_break.unwrap();
    assert!(matches!(found.what, BrokenBy::Contents(_)), "{found}");
}

#[tokio::test]
async fn an_append_behind_a_broken_record_is_written_and_the_break_stays_named() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    let draft = || fixtures::verified(fixtures::at("01:00:00"));
    append(&evidence, &source, draft()).await.unwrap();
    evidence.tamper(&source, 1, "{\"torn\":");
    let appended = append(&evidence, &source, draft()).await.unwrap();
    assert_eq!(appended.record.sequence, 2);
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(ledger.report().first_break.unwrap().sequence, 1);
    assert_eq!(ledger.verifications().count(), 1);
}

#[tokio::test]
async fn whoever_is_overtaken_tries_the_next_number_but_not_for_ever() {
    let evidence = MemoryRecords::default();
    let source = fixtures::cache();
    let draft = || fixtures::verified(fixtures::at("01:00:00"));
    let overtaken = || MemoryFault::Overtaken("another".into());
    evidence.script([overtaken(), overtaken()]);
    assert_eq!(
        append(&evidence, &source, draft())
            .await
            .unwrap()
            .record
            .sequence,
        3
    );

    evidence.script(std::iter::repeat_with(overtaken).take(16));
    let appended = append(&evidence, &source, draft()).await;
    assert!(
        matches!(appended, Err(LedgerError::Contended { .. })),
        "{appended:?}"
    );

    evidence.script([MemoryFault::Create]);
    let appended = append(&evidence, &source, draft()).await;
    assert!(
        matches!(appended, Err(LedgerError::Store { .. })),
        "{appended:?}"
    );
    let other = SourceName::new("other").unwrap();
    assert_eq!(
        append(&evidence, &other, draft())
            .await
            .unwrap()
            .record
            .sequence,
        1
    );
}

async fn load(directory: &Path) -> Ledger {
    let evidence = DirectoryRecords::new(directory);
    Ledger::load(&evidence, &fixtures::cache())
        .await
        .expect("load")
}

fn child(directory: &Path, fault: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_append-evidence"));
    command
        .arg(directory)
        .env_remove("FAULT_POINT")
        .envs(fault.map(|it| ("FAULT_POINT", it)));
    command
}

fn append_in_child(directory: &Path, fault: Option<&str>) -> Output {
    child(directory, fault).output().expect("the child runs")
}

fn only_temporary(source: &Path) -> Option<std::path::PathBuf> {
    let entries = fs::read_dir(source)
        .expect("the directory is readable")
        .map(|entry| entry.expect("the directory is readable").path());
    let mut temporary = entries.filter(|path| path.extension().is_some_and(|it| it == "tmp"));
    let first = temporary.next();
    assert_eq!(temporary.next(), None);
    first
}
