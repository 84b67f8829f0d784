//! Repositories that change under our hands, and times that cannot be.

use std::{
    fs,
    io::Write as _,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use serde_json::Value;
use tests::{rdb_bytes, require};

use crate::bench::{Bench, is_empty};

/// Which snapshot it was, how it ended, and what was counted.
fn told(records: &[Value]) -> (&str, &str, Option<&str>, Option<u64>) {
    let [record] = records else {
        panic!("one verification: {records:#?}")
    };
    (
        record["snapshot"]["id"].as_str().unwrap(),
        record["verdict"].as_str().unwrap(),
        record["reason"].as_str(),
        record["items"]["keys"].as_u64(),
    )
}

#[test]
fn a_snapshot_deleted_before_it_is_read_makes_room_for_the_next_newest() {
    require!(redis);
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    let newest = bench.put(2, &rdb_bytes::with_keys(&[("a", "1")]));
    let (code, records) = bench.verify_while(|| fs::remove_file(newest).unwrap());
    assert_eq!(code, 0, "{records:#?}");
    assert_eq!(told(&records), ("20261101-0100", "verified", None, Some(2)));
    bench
        .run(&["evidence", "check"])
        .ends(0, "1 record, unbroken");
}

#[test]
fn the_only_snapshot_deleted_before_it_is_read_has_vanished_and_is_not_bad() {
    require!(redis);
    let bench = Bench::new("process");
    let only = bench.put(1, &rdb_bytes::two_keys());
    let (code, records) = bench.verify_while(|| fs::remove_file(only).unwrap());
    assert_eq!(code, 3, "{records:#?}");
    let expected = ("20261101-0100", "inconclusive", Some("vanished"), None);
    assert_eq!(told(&records), expected);
    assert_eq!(bench.runs(), 0, "nothing is left behind");
}

#[test]
fn a_snapshot_replaced_before_it_is_read_is_judged_by_what_it_is_now() {
    require!(redis);
    let bench = Bench::new("process");
    bench.put(1, b"REDIS0010, and then the half of it");
    let now = rdb_bytes::with_keys(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let (code, records) = bench.verify_while(|| drop(bench.put(1, &now)));
    assert_eq!(code, 0, "{records:#?}");
    assert_eq!(told(&records), ("20261101-0100", "verified", None, Some(3)));
}

#[test]
fn a_file_that_still_grows_is_no_snapshot_yet() {
    let bench = patient();
    let path = bench.snapshot(1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| grow(&path, &done));
        let ran = bench.run(&["verify"]);
        let listed = bench.run(&["snapshots"]);
        done.store(true, Relaxed);
        ran.ends(3, "there is no complete snapshot");
        listed.ends(0, "in progress");
    });
    assert!(is_empty(&bench.path("evidence")), "nothing was tried");
}

/// One whose source has the default of `settle`.
fn patient() -> Bench {
    let bench = Bench::new("process");
    let text = fs::read_to_string(bench.path("backups.yaml")).unwrap();
    let text = text.replace("    settle: 0s\n", "");
    fs::write(bench.path("backups.yaml"), text).unwrap();
    bench
}

#[test]
fn what_is_cut_off_and_young_is_no_snapshot_and_no_damage() {
    let bench = patient();
    let whole = rdb_bytes::two_keys();
    let half = bench.put(1, &whole[..whole.len() - 1]);
    age(&half, Duration::ZERO);
    bench
        .run(&["verify"])
        .ends(3, "there is no complete snapshot");
    bench.run(&["snapshots"]).ends(0, "in progress");
    let key = "redis/20261101-0100.rdb";
    let named = bench.run(&["verify", "--snapshot", key, "--format", "json"]);
    assert_eq!(named.code, 3, "{named:?}");
    let records: Vec<Value> = serde_json::from_str(&named.out).unwrap();
    assert_eq!(told(&records).2, Some("unstable_read"), "{records:#?}");
    // An hour later nobody is writing it any more.
    age(&half, Duration::from_hours(1));
    let (code, records) = bench.verify();
    assert_eq!(code, 1, "{records:#?}");
    assert_eq!(told(&records).2, Some("damaged"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file is given a time that has passed"
)]
fn age(path: &Path, by: Duration) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - by).unwrap();
}

/// As a slow copy does.
fn grow(path: &Path, done: &AtomicBool) {
    while !done.load(Relaxed) {
        let mut file = fs::File::options().append(true).open(path).unwrap();
        file.write_all(b"more").unwrap();
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn of_two_files_for_one_time_the_newest_layout_is_verified() {
    require!(redis);
    let bench = Bench::new("process");
    let text = fs::read_to_string(bench.path("backups.yaml")).unwrap();
    let layouts = "path: [\"new/%Y%m%d-%H%M.rdb\", \"redis/%Y%m%d-%H%M.rdb\"]";
    let text = text.replace("path: \"redis/%Y%m%d-%H%M.rdb\"", layouts);
    fs::write(bench.path("backups.yaml"), text).unwrap();
    let old = bench.put(1, &rdb_bytes::two_keys());
    fs::create_dir(bench.path("repository/new")).unwrap();
    let new = bench.path("repository/new").join(old.file_name().unwrap());
    fs::write(new, rdb_bytes::with_keys(&[("a", "1")])).unwrap();
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    assert_eq!(told(&records), ("20261101-0100", "verified", None, Some(1)));
    let key = &records[0]["snapshot"]["artifacts"][0]["key"];
    assert_eq!(key, "new/20261101-0100.rdb");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a file is given a time that is to come"
)]
fn a_clock_in_the_future_is_not_believed_and_hinders_nothing() {
    require!(redis);
    let bench = Bench::new("process");
    let named = bench.put(1, &rdb_bytes::two_keys());
    let later = named.with_file_name("20991231-2300.rdb");
    fs::rename(&named, &later).unwrap();
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    let snapshot = &records[0]["snapshot"];
    assert_eq!(snapshot["taken_at_from"], "modified", "{snapshot:#}");
    // And where the storage's own clock is ahead, too.
    let file = fs::File::options().write(true).open(&later).unwrap();
    let ahead = SystemTime::now() + Duration::from_hours(48);
    file.set_modified(ahead).unwrap();
    assert_eq!(bench.verify().0, 0);
    bench.run(&["snapshots"]).ends(0, "verified");
    bench.run(&["plan", "--explain"]).ends(0, "cache");
    bench
        .run(&["evidence", "check"])
        .ends(0, "2 records, unbroken");
}

/// Names that forge, color, lead astray or end too early.
const TAILS: [&str; 6] = [
    "\n# HELP",
    "\u{1b}[31m",
    "🦀\0",
    "/../../etc",
    "\"}{|`",
    "<script>",
];

#[test]
fn a_million_keys_with_hostile_names_are_counted_and_restored() {
    require!(redis);
    let bench = Bench::new("process");
    let keys: Vec<_> = (0..1_000_000)
        .map(|number| format!("{number}{}", TAILS[number % TAILS.len()]))
        .collect();
    let path = bench.put(1, &rdb_bytes::with_names(&keys));
    let inspect = ["inspect", path.to_str().unwrap(), "--format", "json"];
    bench.run(&inspect).ends(0, "\"keys\":1000000");
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    let expected = ("20261101-0100", "verified", None, Some(1_000_000));
    assert_eq!(told(&records), expected);
    assert_eq!(records[0]["items"]["live_keys"], 1_000_000);
}
