//! What `evidence export` prints of a ledger, for programs, tables and people.

use std::fs;

use catalog::ledger::{DirectoryRecords, append, fixtures};

use crate::bench::Bench;

/// With a marker, and this many records of the 22nd of November.
async fn bench(records: u32) -> Bench {
    let bench = Bench::new("process");
    fs::write(bench.path("evidence/.backup-evidence"), "").unwrap();
    let evidence = DirectoryRecords::new(bench.path("evidence"));
    for hour in 0..records {
        let draft = fixtures::verified(fixtures::at(&format!("{hour:02}:00:00")));
        append(&evidence, &fixtures::cache(), draft).await.unwrap();
    }
    bench
}

fn lies_there(bench: &Bench, sequence: u32) -> serde_json::Value {
    let path = bench.path(&format!("evidence/cache/{sequence:08}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn json_is_a_list_of_the_records_as_they_lie_there() {
    let bench = bench(3).await;
    let list = |words: &[&str]| -> Vec<serde_json::Value> {
        let ran = bench.run(&[&["evidence", "export"], words].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    };
    let all: Vec<_> = (1..=3).map(|it| lies_there(&bench, it)).collect();
    assert_eq!(list(&[]), all);
    assert_eq!(list(&["--format", "json", "--source", "cache"]), all);
    assert_eq!(list(&["--since", "2026-11-22 02:30"]), all[2..]);
    assert_eq!(
        list(&["--since", "2099-01-01"]),
        [] as [serde_json::Value; 0]
    );
    bench
        .run(&["evidence", "export", "--since", "soon"])
        .ends(2, "a time is written as");
    bench
        .run(&["evidence", "export", "--source", "other"])
        .ends(2, "other");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told_and_the_others_are_exported() {
    let bench = bench(3).await;
    fs::write(bench.path("evidence/cache/00000002.json"), "torn {").unwrap();
    for format in ["json", "csv", "html"] {
        let ran = bench.run(&["evidence", "export", "--format", format]);
        ran.ends(3, "cache/00000002 cannot be read");
        assert!(ran.out.contains("20261122-0200"), "{ran:?}");
    }
    let page = bench.run(&["evidence", "export", "--format", "html"]).out;
    assert!(page.contains("broken at 00000002"), "{page}");
}

#[tokio::test]
async fn an_empty_ledger_is_an_empty_export() {
    let bench = bench(0).await;
    let export = |format| bench.run(&["evidence", "export", "--format", format]);
    assert_eq!(export("json").out, "[\n]\n");
    let csv = export("csv");
    assert_eq!((csv.code, csv.out.lines().count()), (0, 1), "{csv:?}");
    assert!(csv.out.starts_with("source,sequence,kind,"), "{csv:?}");
    export("html").ends(0, "Nothing was verified");
}
