//! Drills as a user meets them: two Redis sources in their order, a report, and what goes wrong.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};
use tests::{rdb_bytes, require};

use crate::bench::{Bench, Nobody, Ran};

/// A second source and a drill of both: `cache` begins after `queue`.
const DRILL: &str = "  - name: queue
    engine: redis
    repository: local
    path: \"queue/%Y%m%d-%H%M.rdb\"
    settle: 0s
drills:
  - { name: full, schedule: \"@every 8760h\", sources: [cache, queue], after: { cache: [queue] },
      recovery_time: 1h }
";

/// A bench with both sources; `queue` has a snapshot only if told so.
fn bench(has_queue: bool) -> Bench {
    let bench = Bench::new("process");
    bench.configure(DRILL);
    bench.snapshot(1);
    fs::create_dir(bench.path("repository/queue")).unwrap();
    if has_queue {
        queue(&bench, 1, &rdb_bytes::two_keys());
    }
    bench
}

fn queue(bench: &Bench, hour: u32, bytes: &[u8]) {
    let path = bench.path(&format!("repository/queue/20261101-{hour:02}00.rdb"));
    fs::write(path, bytes).unwrap();
}

/// The files of the reports, by name.
fn reports(bench: &Bench) -> Vec<PathBuf> {
    let files = fs::read_dir(bench.path("evidence/.drills/full"));
    let files = files.into_iter().flatten().map(|it| it.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The values of a series that the exporter shows once.
fn metric(bench: &Bench, series: &str) -> Option<String> {
    let ran = Ran::of(&mut bench.exporter(&["--once"]));
    let mut lines = ran.out.lines();
    let line = lines.find(|it| it.starts_with(series))?;
    Some(line.rsplit(' ').next().unwrap().to_owned())
}

#[test]
fn a_drill_restores_its_sources_in_their_order_and_leaves_a_report_of_three_forms() {
    require!(redis);
    let bench = bench(true);
    let ran = bench.run(&["drill", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("queue: verified"), "{ran:?}");
    assert!(ran.err.contains("the report is .drills/full/"), "{ran:?}");
    let report = json_of(&ran);
    assert_eq!(report["result"], "verified", "{report:#}");
    assert_eq!(report["trigger"], "manual");
    assert_eq!(report["critical_path"], json!(["queue", "cache"]));
    assert_eq!(
        (&report["within"], &report["deviations"]),
        (&json!(true), &json!([]))
    );
    let of = |name: &str| {
        let sources = report["sources"].as_array().unwrap();
        sources.iter().find(|it| it["source"] == name).unwrap()
    };
    let (cache, queue) = (of("cache"), of("queue"));
    assert!(
        queue["ended_at"].as_str() <= cache["began_at"].as_str(),
        "{report:#}"
    );
    let recovery = |it: &Value| it["recovery_milliseconds"].as_u64().unwrap();
    assert_eq!(recovery(&report), recovery(cache) + recovery(queue));
    // The records say that they are part of a drill, and the report names them.
    let exported = bench.run(&["evidence", "export", "--source", "queue"]);
    let exported: Value = serde_json::from_str(&exported.out).unwrap();
    let record = &exported[0];
    assert_eq!(record["trigger"], "drill");
    assert_eq!(queue["record"]["digest"], record["digest"]);
    let files = reports(&bench);
    let endings: Vec<_> = files
        .iter()
        .map(|it| it.extension().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(endings, ["html", "json", "md"], "{files:?}");
    assert_eq!(fs::read_to_string(&files[1]).unwrap(), ran.out);
    let page = fs::read_to_string(&files[0]).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"), "{page}");
    bench.run(&["evidence", "check"]).ends(0, "unbroken");

    let ended = metric(
        &bench,
        "backup_drill_timestamp_seconds{drill=\"full\",verdict=\"verified\"}",
    );
    assert!(ended.is_some());
    for (concern, value) in [("overdue", "0"), ("over_time", "0"), ("failed", "0")] {
        let series = format!("backup_drill_concern{{concern=\"{concern}\",drill=\"full\"}}");
        assert_eq!(metric(&bench, &series).as_deref(), Some(value), "{concern}");
    }

    // The output of another one goes to a file, and the first report stays.
    let ran = bench.run(&[
        "drill",
        "full",
        "--format",
        "html",
        "--output",
        "report.html",
    ]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        fs::read_to_string(bench.path("report.html"))
            .unwrap()
            .contains("<svg")
    );
    assert_eq!(reports(&bench).len(), 6);
    bench
        .run(&["drill", "--output", "none/report"])
        .ends(2, "hint: Name a file in a directory");
}

#[test]
fn a_source_after_one_that_failed_is_restored_all_the_same() {
    require!(redis);
    let bench = bench(true);
    let mut damaged = rdb_bytes::two_keys();
    let at = damaged.len() / 2;
    damaged[at] ^= 0xff;
    queue(&bench, 2, &damaged);
    let ran = bench.run(&["drill"]);
    ran.ends(1, "✘ drill full  failed in ");
    ran.ends(1, "✔ cache  verified, recovery time");
    ran.ends(
        1,
        "! cache: it was restored although queue before it was not verified.",
    );
    ran.ends(1, "! queue: its snapshot was not verified: failed (");
    let failed = metric(
        &bench,
        "backup_drill_concern{concern=\"failed\",drill=\"full\"}",
    );
    assert_eq!(failed.as_deref(), Some("1"));
    // What was verified before that time is still there.
    bench
        .run(&[
            "verify",
            "--source",
            "queue",
            "--at",
            "2026-11-01T01:00:00Z",
        ])
        .ends(0, "VERIFIED");
    let ran = bench.run(&["drill", "--before", "2026-11-01T02:00:00Z"]);
    ran.ends(
        0,
        "! Not the newest snapshots were restored, but the last ones that were verified",
    );
    ran.ends(0, "the last verified snapshots before 2026-11-01 02:00 UTC");
}

#[test]
fn a_source_without_a_snapshot_is_told_with_what_to_do() {
    require!(redis);
    let bench = bench(false);
    let ran = bench.run(&["drill"]);
    ran.ends(3, "? drill full  inconclusive in ");
    ran.ends(3, "! queue: there is no complete snapshot");
    ran.ends(
        3,
        "hint: Make a snapshot of it first, or leave it out of the drill;",
    );
    ran.ends(3, "✔ cache  verified");
    let ran = bench.run(&["drill", "--before", "2026-10-01"]);
    ran.ends(
        3,
        "drill full: none of its sources has a snapshot to restore\n  cache: ",
    );
    assert_eq!(
        reports(&bench).len(),
        3,
        "nothing was restored, so there is no report"
    );
}

#[test]
fn a_drill_that_is_killed_half_way_leaves_no_report_and_the_next_one_works() {
    require!(redis);
    let bench = bench(true);
    let mut program = bench.program(&["drill"]);
    let output = program.env("FAULT_POINT", "probed:abort").output().unwrap();
    assert_eq!(output.status.code(), None, "{output:?}");
    assert_eq!(reports(&bench), Vec::<PathBuf>::new());
    bench.run(&["drill"]).ends(0, "✔ drill full  verified in ");
    assert_eq!(reports(&bench).len(), 3);
    assert_eq!(bench.runs(), 0);
}

#[test]
fn a_report_that_cannot_be_written_is_told_and_the_drill_is_not_fine() {
    require!(redis);
    let bench = bench(true);
    // A file where the directory of the reports would be.
    fs::write(bench.path("evidence/.drills"), "").unwrap();
    let ran = bench.run(&["drill"]);
    ran.ends(3, "✔ drill full  verified in ");
    ran.ends(3, "error: ");
    assert!(!ran.err.contains("the report is"), "{ran:?}");
    bench.run(&["evidence", "check"]).ends(0, "unbroken");
}

#[test]
fn evidence_that_may_only_be_read_lets_nothing_be_fine() {
    require!(redis);
    require!(root);
    let bench = bench(true);
    let nobody = Nobody::of(&bench);
    let evidence = bench.path("evidence");
    fs::write(evidence.join(".backup-evidence"), "").unwrap();
    fs::set_permissions(&evidence, fs::Permissions::from_mode(0o555)).unwrap();
    let ran = Ran::of(&mut nobody.program(&bench, &["drill"]));
    ran.ends(3, "error: ");
    assert_eq!(reports(&bench), Vec::<PathBuf>::new());
}
