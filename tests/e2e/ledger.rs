//! Proof, baseline and tampering through the command line.

use std::{fs, os::unix::fs::PermissionsExt as _};

use catalog::ledger::{DirectoryRecords, Draft, append, fixtures};
use tests::{rdb_bytes, require};

use crate::bench::Bench;

#[test]
fn a_good_snapshot_is_verified_and_found_again() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    bench
        .run(&["latest", "--source", "cache", "--verified"])
        .ends(3, "whether a snapshot was verified is not known");
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:?}");
    let record = &records[0];
    assert_eq!(record["verdict"], "verified", "{record:#}");
    assert_eq!(record["items"]["keys"], 2);
    assert_eq!(record["snapshot"]["artifacts"][0]["integrity"], "file");
    bench
        .run(&["latest", "--source", "cache", "--verified"])
        .ends(0, "redis/20261101-0100.rdb");
    bench.run(&["snapshots"]).ends(0, "verified");
    bench.run(&["plan"]).ends(0, "nothing is due");
    bench.run(&["evidence", "list"]).ends(0, "cache/00000001");
    let written = fs::read_to_string(bench.path("evidence/cache/00000001.json")).unwrap();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(&written, record, "what is printed is what was written");
}

#[test]
fn one_changed_byte_is_failed_and_the_older_snapshot_stays_the_proof() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    assert_eq!(bench.verify().0, 0);
    let newest = bench.snapshot(2);
    let mut bytes = fs::read(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&newest, bytes).unwrap();
    bench.run(&["verify"]).ends(1, "FAILED (DAMAGED)");
    bench
        .run(&["latest", "--source", "cache", "--verified"])
        .ends(0, "redis/20261101-0100.rdb");
}

#[test]
fn a_proof_is_of_what_lies_there_unchanged() {
    require!(redis);
    let bench = Bench::new("process");
    let older = bench.snapshot(1);
    let newest = bench.snapshot(2);
    assert_eq!(bench.verify().0, 0);
    let latest = ["latest", "--source", "cache", "--verified"];
    bench.run(&latest).ends(0, "redis/20261101-0200.rdb");
    // Another status time: it may be another content by now, and is verified again.
    fs::set_permissions(&newest, fs::Permissions::from_mode(0o640)).unwrap();
    bench.run(&latest).ends(3, "no verified snapshot");
    bench
        .run(&["plan"])
        .ends(0, "was touched since it was tried");
    assert_eq!(bench.verify().0, 0);
    bench.run(&latest).ends(0, "redis/20261101-0200.rdb");
    // Gone: what is there is due at once.
    fs::remove_file(&newest).unwrap();
    bench.run(&latest).ends(3, "no verified snapshot");
    bench
        .run(&["plan"])
        .ends(0, "no snapshot that was verified lies there any more");
    let mut bytes = fs::read(&older).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&older, bytes).unwrap();
    assert_eq!(bench.verify().0, 1);
    let bad = bench.run(&["latest", "--source", "cache"]);
    bad.ends(1, "is known to be bad");
    assert!(
        bad.out.ends_with("redis/20261101-0100.rdb\n"),
        "{}",
        bad.out
    );
}

#[test]
fn a_record_edited_by_hand_is_named() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    assert_eq!(bench.verify().0, 0);
    assert_eq!(bench.verify().0, 0);
    bench
        .run(&["evidence", "check"])
        .ends(0, "✔ cache: 2 records, unbroken");
    let path = bench.path("evidence/cache/00000001.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("\"keys\":2", "\"keys\":3")
            .replace("\"keys\": 2", "\"keys\": 3"),
    )
    .unwrap();
    bench
        .run(&["evidence", "check"])
        .ends(1, "broken at 00000001");
}

#[tokio::test]
async fn what_retention_no_longer_keeps_is_pruned_once_a_new_record_is_written() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let evidence = DirectoryRecords::new(bench.path("evidence"));
    for day in 1..=3 {
        let taken_at = format!("2020-01-0{day}T01:00:00Z").parse().unwrap();
        let run = fixtures::verification(taken_at, None);
        let draft = Draft::Verification(Box::new(run));
        append(&evidence, &fixtures::cache(), draft).await.unwrap();
    }
    assert_eq!(bench.verify().0, 0);
    bench
        .run(&["evidence", "check"])
        .ends(0, "4 records, unbroken");

    let path = bench.path("backups.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("evidence } }", "evidence }, retention: 400d }");
    fs::write(&path, text).unwrap();
    assert_eq!(bench.verify().0, 0);
    bench
        .run(&["evidence", "check"])
        .ends(0, "3 records, unbroken");
    let listed = bench.run(&["evidence", "list"]);
    listed.ends(0, "records up to 00000003 were pruned");
    let exported = bench.run(&["evidence", "export"]);
    let exported: Vec<serde_json::Value> = serde_json::from_str(&exported.out).unwrap();
    assert_eq!(exported.len(), 3, "{exported:?}");
    assert!(!bench.path("evidence/cache/00000003.json").exists());
}

#[test]
fn an_accepted_change_is_the_new_baseline() {
    require!(redis);
    let bench = Bench::new("process");
    bench.configure("    verify: { expect: { change: { max_drop: 20% } } }\n");
    bench.snapshot(1);
    assert_eq!(bench.verify().0, 0);
    let smaller = bench.snapshot(2);
    fs::write(&smaller, rdb_bytes::with_keys(&[("a", "1")])).unwrap();
    bench.run(&["verify"]).ends(1, "FAILED (EXPECTATION)");
    let accept = [
        "accept",
        "--source",
        "cache",
        "--snapshot",
        "20261101-0200",
        "--reason",
    ];
    bench
        .run(&[&accept[..], &[" "]].concat())
        .ends(2, "a reason has 1 to");
    bench
        .run(&[&accept[..], &["moved to another cache"]].concat())
        .ends(0, "the new baseline");
    bench.run(&["verify"]).ends(0, "VERIFIED");
    bench
        .run(&["evidence", "check"])
        .ends(0, "4 records, unbroken");
}

/// Two keys, without a checksum.
fn unsealed() -> Vec<u8> {
    let mut file = rdb_bytes::two_keys();
    let trailer = file.len() - 8;
    file[trailer..].fill(0);
    file
}

#[test]
fn what_only_configuration_can_mend_is_named_by_doctor() {
    require!(redis);
    let bench = Bench::new("process");
    bench.put(1, &unsealed());
    bench.run(&["verify"]).ends(3, "INCONCLUSIVE (NO_CHECKSUM)");
    bench.run(&["doctor"]).ends(
        0,
        "! source cache: its newest proof is inconclusive (no_checksum)",
    );
    bench.configure("    verify: { expect: { checksum: optional } }\n");
    bench.run(&["verify"]).ends(0, "VERIFIED");
    let ran = bench.run(&["doctor"]);
    assert!(!ran.out.contains("source cache"), "{ran:?}");
}

#[test]
fn a_snapshot_that_is_gone_leaves_no_doubt_and_a_later_verdict_none_for_check() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    assert_eq!(bench.verify().0, 0);
    let newest = bench.put(2, &unsealed());
    bench.run(&["verify"]).ends(3, "INCONCLUSIVE (NO_CHECKSUM)");
    let doubt = "its newest proof is inconclusive (no_checksum)";
    let told = || {
        ["doctor", "check"].map(|it| {
            let ran = bench.run(&[it]);
            format!("{}{}", ran.out, ran.err).contains(doubt)
        })
    };
    assert_eq!(told(), [true, true]);
    // What lies there is verified, and check reads no repository.
    fs::remove_file(newest).unwrap();
    assert_eq!(told(), [false, true]);
    assert_eq!(bench.verify().0, 0);
    assert_eq!(told(), [false, false]);
}
