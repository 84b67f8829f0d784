//! A file without a checksum inside, and with something in it that may be damage: it is judged by
//! whatever else vouches for its bytes.

use std::fs;

use serde_json::{Value, json};
use tests::{rdb_bytes::odd_and_unsealed, require, s3_server::S3Server};

use crate::{
    bench::Bench,
    bucket::{bench_of, run, uploaded_sha256},
};

const OPTIONAL: &str = "    verify: { expect: { checksum: optional } }\n";

/// Bytes that lie behind the end of a file.
const TAIL: &[u8] = b"the tail of a longer file";

/// A bench with this file in it, and perhaps the manifest of other bytes or of its own.
fn bench(file: &[u8], described: Option<&[u8]>) -> Bench {
    let bench = Bench::new("process");
    let path = bench.put(1, file);
    if let Some(described) = described {
        let sha256 = catalog::digest::sha256(described);
        let sha256 = sha256.trim_start_matches("sha256:");
        let manifest = json!({ "schema": 1, "sha256": sha256 }).to_string();
        fs::write(path.with_extension("rdb.manifest.json"), manifest).unwrap();
    }
    bench
}

/// The outcome of a check and what was said.
fn answer<'a>(record: &'a Value, check: &str) -> (&'a str, &'a str) {
    let findings = record["findings"].as_array().unwrap();
    let found = findings.iter().find(|it| it["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{check} is not in {record:#?}"));
    (
        found["outcome"].as_str().unwrap(),
        found["message"].as_str().unwrap(),
    )
}

#[track_caller]
fn verified(bench: &Bench, integrity: &str, outcomes: [(&str, &str); 3]) {
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    told(&records[0], integrity, outcomes);
}

#[track_caller]
fn told(record: &Value, integrity: &str, outcomes: [(&str, &str); 3]) {
    assert_eq!(record["snapshot"]["artifacts"][0]["integrity"], integrity);
    for (check, outcome) in outcomes {
        assert_eq!(answer(record, check).0, outcome, "{record:#?}");
    }
}

#[test]
fn what_is_odd_is_judged_by_a_witness_beside_the_file_or_by_the_word_of_its_owner() {
    require!(redis);
    let file = odd_and_unsealed();
    let (code, records) = bench(&file, None).verify();
    assert_eq!(
        (code, &records[0]["reason"]),
        (3, &json!("no_checksum")),
        "{records:#?}"
    );
    let (outcome, said) = answer(&records[0], "redis.checksum");
    assert_eq!(outcome, "failed");
    assert!(said.contains("hint: Set rdbchecksum yes"), "{said}");
    assert_eq!(answer(&records[0], "redis.contents").0, "warning");

    let outcomes = |checksum| {
        [
            ("redis.contents", "warning"),
            ("redis.checksum", checksum),
            ("redis.identity", "passed"),
        ]
    };
    verified(&bench(&file, Some(&file)), "manifest", outcomes("passed"));
    let accepted = bench(&file, None);
    accepted.configure(OPTIONAL);
    verified(&accepted, "none", outcomes("warning"));
    let other = bench(&file, Some(b"other bytes"));
    other.run(&["verify"]).ends(1, "FAILED (INCONSISTENT)");
}

#[test]
fn bytes_behind_the_end_are_judged_by_a_witness_and_by_nobodys_word() {
    require!(redis);
    let mut file = odd_and_unsealed();
    file.extend(TAIL);
    let alone = bench(&file, None);
    alone.run(&["verify"]).ends(3, "INCONCLUSIVE (NO_CHECKSUM)");
    alone.configure(OPTIONAL);
    alone.run(&["verify"]).ends(3, "INCONCLUSIVE (NO_CHECKSUM)");
    let outcomes = [
        ("redis.trailing_bytes", "warning"),
        ("redis.contents", "warning"),
        ("redis.checksum", "passed"),
    ];
    verified(&bench(&file, Some(&file)), "manifest", outcomes);
}

#[tokio::test]
async fn what_is_odd_is_judged_by_the_checksum_of_its_upload() {
    require!(redis);
    let server = S3Server::start().await;
    let bench = bench_of(&server.yaml("prod/"));
    let file = odd_and_unsealed();
    server
        .world()
        .put_with("prod/redis/20261101-0100.rdb", file.clone(), |object| {
            object.checksum = Some(("sha256", uploaded_sha256(&file)));
        });
    let ran = run(&bench, &["verify", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let records: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let outcomes = [
        ("redis.contents", "warning"),
        ("redis.checksum", "passed"),
        ("redis.identity", "passed"),
    ];
    told(&records[0], "object", outcomes);
}

#[test]
fn inspect_does_not_decide_what_only_another_witness_can() {
    let bench = Bench::new("process");
    let path = bench.put(1, &odd_and_unsealed());
    let name = path.to_str().unwrap();
    let ran = bench.run(&["inspect", name]);
    ran.ends(3, "odd, and no checksum inside vouches for it");
    ran.ends(3, "⚠ at byte 16: a key holds a collection of nothing");
    let ran = bench.run(&["inspect", name, "--format", "json"]);
    ran.ends(3, "\"intact\":false");
    ran.ends(3, "\"empty_keys\":1");
}
