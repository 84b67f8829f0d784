//! Differential backups of a repository: what belongs together, and what is missing.

use std::fs;

use tests::neo4j_archives::{Said, TAKEN_AT, archive, store};

use crate::bench::Bench;

/// With backups of these changes, one an hour; the one that begins with 1 is full.
fn with(changes: &[(i64, i64)]) -> Bench {
    let bench = Bench::new("process");
    let config = "schema: 1\n\
        repositories: [{ name: local, directory: repository }]\n\
        evidence: { repository: { directory: evidence } }\n\
        sources:\n  - name: graph\n    engine: neo4j\n    repository: local\n    \
        path: \"%Y%m%d-%H%M.backup\"\n    settle: 0s\n";
    fs::write(bench.path("backups.yaml"), config).unwrap();
    for (hour, indexes) in (1..).zip(changes) {
        let said = Said {
            full: indexes.0 == 1,
            indexes: *indexes,
            taken_at: TAKEN_AT + hour * 3600,
            ..Said::default()
        };
        let file = bench.path(&format!("repository/20261101-{hour:02}00.backup"));
        fs::write(file, archive("BZV1", &store(), &said)).unwrap();
    }
    bench
}

#[test]
fn all_that_a_differential_backup_continues_is_fetched_with_it() {
    let bench = with(&[(1, 10), (11, 20), (21, 30)]);
    let ran = bench.run(&["fetch", "--source", "graph", "--to", "to"]);
    ran.ends(0, "to was created");
    let fetched: Vec<_> = ran
        .out
        .lines()
        .filter_map(|it| it.split("  ").nth(1))
        .collect();
    let expected = [
        "to/20261101-0100.backup",
        "to/20261101-0200.backup",
        "to/20261101-0300.backup",
    ];
    assert_eq!(fetched, expected);
    let latest = bench.run(&["latest", "--source", "graph"]);
    latest.ends(0, "continues 2 others and is worth nothing without them");
}

#[test]
fn a_gap_is_named_and_what_is_behind_it_is_fetched_with_a_warning_only() {
    let bench = with(&[(1, 10), (11, 20), (25, 30)]);
    let listed = bench.run(&["snapshots", "--source", "graph"]);
    let gap = "partial: it begins with change 25, and what lies before it ends with change 20";
    assert!(listed.out.contains(gap), "{listed:?}");
    let latest = bench.run(&["latest", "--source", "graph"]);
    assert!(latest.out.ends_with("20261101-0200.backup\n"), "{latest:?}");
    let behind = [
        "fetch",
        "--source",
        "graph",
        "--snapshot",
        "20261101-0300",
        "--to",
        "to",
    ];
    let ran = bench.run(&behind);
    ran.ends(3, "continues is not known, and not fetched");
    assert!(ran.out.ends_with("  to/20261101-0300.backup\n"), "{ran:?}");
}
