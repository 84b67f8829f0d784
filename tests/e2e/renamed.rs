//! A source that got another name: what was proven before still counts, in both programs.

use std::fs;

use catalog::{
    ledger::{DirectoryRecords, Draft, append, fixtures},
    model::SourceName,
};
use tests::{rdb_bytes, require};

use crate::bench::{Bench, Ran};

/// Gives the source another name; the former ones, as written.
fn rename(bench: &Bench, from: &str, to: &str, formerly: &str) {
    let path = bench.path("backups.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.lines().filter(|line| !line.contains("formerly"));
    let text = text.collect::<Vec<_>>().join("\n") + "\n";
    let (old, new) = (
        format!("name: {from}\n"),
        format!("name: {to}\n    formerly: {formerly}\n"),
    );
    assert!(text.contains(&old), "{text}");
    fs::write(&path, text.replace(&old, &new)).unwrap();
}

fn exported(bench: &Bench) -> String {
    Ran::of(&mut bench.exporter(&["--once", "--once.format", "metrics"])).out
}

#[test]
fn a_renamed_source_is_not_verified_again_and_is_compared_with_its_past() {
    require!(redis);
    let bench = Bench::new("process");
    bench.configure("    verify: { expect: { change: { max_drop: 10% } } }\n");
    bench.put(1, &rdb_bytes::two_keys());
    assert_eq!(bench.verify().0, 0);
    rename(&bench, "cache", "store", "[cache]");
    bench.run(&["check"]).ends(0, "");
    bench.run(&["plan"]).ends(0, "nothing is due");
    let latest = ["latest", "--source", "store", "--verified"];
    bench.run(&latest).ends(0, "redis/20261101-0100.rdb");
    bench.run(&["evidence", "list"]).ends(0, "cache/00000001");
    let metrics = exported(&bench);
    for line in [
        "backup_source_formerly_info{engine=\"redis\",formerly=\"cache\",source=\"store\"} 1",
        "backup_evidence_sequence{engine=\"redis\",source=\"store\"} 0",
        "backup_evidence_records{engine=\"redis\",source=\"store\"} 1",
        "backup_evidence_intact{engine=\"redis\",source=\"store\"} 1",
        "backup_verification_status{engine=\"redis\",source=\"store\",verdict=\"verified\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }

    // Half of the keys are gone since the proof under the former name.
    bench.put(2, &rdb_bytes::with_keys(&[("a", "1")]));
    let (code, records) = bench.verify();
    assert_eq!(code, 1, "{records:?}");
    let record = &records[0];
    assert_eq!(record["reason"], "expectation", "{record:#}");
    assert_eq!(
        (&record["source"], &record["sequence"]),
        (&"store".into(), &1.into())
    );
    let findings = record["findings"].as_array().unwrap();
    let change = findings.iter().find(|it| it["check"] == "redis.change");
    assert_eq!(change.unwrap()["outcome"], "failed", "{record:#}");
    assert!(bench.path("evidence/store/00000001.json").exists());
    assert!(!bench.path("evidence/cache/00000002.json").exists());

    // Once more: what was found stands.
    rename(&bench, "store", "memory", "[cache, store]");
    bench.run(&["plan"]).ends(0, "nothing is due");
    bench
        .run(&["latest", "--source", "memory"])
        .ends(1, "is known to be bad");
}

#[tokio::test]
async fn a_break_under_a_former_name_is_told_and_repaired() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    let evidence = DirectoryRecords::new(bench.path("evidence"));
    for name in ["cache", "store"] {
        let source = SourceName::new(name).unwrap();
        let mut run = fixtures::verification(fixtures::at("01:00:00"), None);
        run.source = source.clone();
        let draft = Draft::Verification(Box::new(run));
        append(&evidence, &source, draft).await.unwrap();
    }
    rename(&bench, "cache", "store", "[cache]");
    let check = ["evidence", "check"];
    let both = bench.run(&check);
    both.ends(
        0,
        "✔ cache (now store): 1 record, unbroken\n✔ store: 1 record, unbroken",
    );
    let path = bench.path("evidence/cache/00000001.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"keys\": ", "\"keys\": 9", 1)).unwrap();
    bench
        .run(&check)
        .ends(1, "✘ cache (now store): 1 record, broken at 00000001");
    let broken = "backup_evidence_intact{engine=\"redis\",source=\"store\"} 0";
    assert!(exported(&bench).contains(broken));
    let repair = [
        "evidence",
        "repair",
        "--source",
        "store",
        "--reason",
        "an editor",
    ];
    bench
        .run(&repair)
        .ends(0, "✔ cache: record 00000001 was changed or torn");
    bench.run(&check).ends(
        0,
        "✔ cache (now store): 2 records, unbroken but for 1 repair",
    );
    let exported = bench.run(&["evidence", "export"]);
    exported.ends(0, "\"source\":\"cache\"");
    exported.ends(0, "\"source\":\"store\"");
}
