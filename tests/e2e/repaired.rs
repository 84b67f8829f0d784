//! A chain that is broken, repaired, pruned and broken again, through both programs; and evidence
//! that is not there.

use std::{
    fs,
    process::{Command, Stdio},
};

use catalog::ledger::{
    Break, BrokenBy, Checkpoint, DirectoryRecords, Draft, Repaired, append, fixtures,
};
use tests::s3_server::{Call, Effect, Fault, S3Server};

use crate::{
    bench::{Bench, Ran},
    bucket::bench_with_evidence,
};

/// With this many records, none of them young.
async fn bench(records: u32) -> Bench {
    let bench = Bench::new("process");
    bench.snapshot(1);
    fill(&bench, records).await;
    bench
}

async fn fill(bench: &Bench, records: u32) {
    let evidence = DirectoryRecords::new(bench.path("evidence"));
    for _ in 0..records {
        let draft = fixtures::verified(fixtures::at("01:00:00"));
        append(&evidence, &fixtures::cache(), draft).await.unwrap();
    }
}

/// What the exporter publishes of the evidence, and says of it.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is run as a user does"
)]
fn exported(bench: &Bench) -> (String, String) {
    let once = |format: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_exporter-under-test"));
        program
            .arg("--config.file")
            .arg(bench.path("backups.yaml"))
            .args(["--once", "--once.format", format])
            .current_dir(bench.path(""))
            .stdin(Stdio::null());
        Ran::of(&mut program).out
    };
    (once("metrics"), once("table"))
}

const REPAIR: [&str; 5] = ["evidence", "repair", "--source", "cache", "--reason"];

fn repair(bench: &Bench, reason: &str) -> Ran {
    bench.run(&[&REPAIR[..], &[reason]].concat())
}

fn edit(bench: &Bench, sequence: u32) {
    let path = bench.path(&format!("evidence/cache/{sequence:08}.json"));
    let text = fs::read_to_string(&path).unwrap();
    let edited = text.replacen("\"keys\": ", "\"keys\": 9", 1);
    assert_ne!(edited, text);
    fs::write(&path, edited).unwrap();
}

fn stands(bench: &Bench, stands: bool) {
    let (metrics, _) = exported(bench);
    let concern = r#"concern="evidence_broken",engine="redis",severity="critical",source="cache""#;
    let line = metrics.lines().find(|line| line.contains(concern));
    let expected = if stands { " 1" } else { " 0" };
    assert!(
        line.is_some_and(|line| line.ends_with(expected)),
        "{metrics}"
    );
    let intact = format!(
        "backup_evidence_intact{{engine=\"redis\",source=\"cache\"}} {}",
        u8::from(!stands)
    );
    assert!(metrics.contains(&intact), "{metrics}");
}

#[tokio::test]
async fn a_repair_ends_a_break_is_told_for_ever_and_hides_no_other() {
    let bench = bench(3).await;
    stands(&bench, false);
    repair(&bench, "why not").ends(2, "is not broken, so there is nothing to repair");
    edit(&bench, 2);
    bench
        .run(&["evidence", "check"])
        .ends(1, "broken at 00000002");
    stands(&bench, true);

    repair(&bench, " ").ends(2, "a reason has 1 to");
    let reason = "a <b>disk</b>\nwas\u{1b}[31m replaced";
    repair(&bench, reason).ends(0, "repaired by record 00000004");
    let told = "a <b>disk</b>";
    bench
        .run(&["evidence", "check"])
        .ends(0, "4 records, unbroken but for 1 repair");
    bench.run(&["evidence", "check"]).ends(0, told);
    bench.run(&["evidence", "list"]).ends(0, told);
    bench
        .run(&["evidence", "export"])
        .ends(0, "\"kind\":\"repair\"");
    stands(&bench, false);
    let (metrics, table) = exported(&bench);
    assert!(table.contains("Its evidence was repaired on "), "{table}");
    assert!(table.contains(told) && !table.contains('\u{1b}'), "{table}");
    assert!(
        metrics.contains("backup_evidence_sequence{engine=\"redis\",source=\"cache\"} 4"),
        "{metrics}"
    );

    // The same record once more, one that is gone, and both repaired at once.
    edit(&bench, 2);
    stands(&bench, true);
    fs::remove_file(bench.path("evidence/cache/00000003.json")).unwrap();
    fill(&bench, 1).await;
    bench
        .run(&["evidence", "check"])
        .ends(1, "broken at 00000002");
    let repaired = repair(&bench, "it was the same disk");
    repaired.ends(0, "record 00000003 is missing: repaired by record 00000007");
    bench
        .run(&["evidence", "check"])
        .ends(0, "6 records, unbroken but for 3 repairs");
    stands(&bench, false);
}

#[tokio::test]
async fn a_repair_that_was_pruned_is_told_by_the_checkpoint() {
    let bench = bench(1).await;
    let evidence = DirectoryRecords::new(bench.path("evidence"));
    let gone = Break {
        sequence: 3,
        what: BrokenBy::Missing,
        found: None,
    };
    let (Draft::Repair(repair), Draft::Checkpoint(checkpoint)) =
        (fixtures::repair(&gone), fixtures::checkpoint(0, ""))
    else {
        unreachable!("they are");
    };
    let repaired = Repaired {
        sequence: 7,
        repair: *repair,
    };
    let draft = Draft::Checkpoint(Box::new(Checkpoint {
        repairs: vec![repaired],
        ..*checkpoint
    }));
    append(&evidence, &fixtures::cache(), draft).await.unwrap();
    let told = bench.run(&["evidence", "check"]);
    told.ends(0, "2 records, unbroken but for 1 repair");
    told.ends(
        0,
        "in record 00000007: record 00000003 is missing: a disk was replaced",
    );
    bench.run(&["evidence", "list"]).ends(0, "cache/00000007");
    let exported = bench.run(&["evidence", "export"]);
    exported.ends(0, "\"repairs\":[{");
    exported.ends(0, "\"message\":\"a disk was replaced\"");
    let (_, table) = self::exported(&bench);
    assert!(
        table.contains("Its evidence was repaired on 2026-11-22"),
        "{table}"
    );
}

#[tokio::test]
async fn evidence_that_is_not_mounted_is_no_empty_ledger() {
    let bench = bench(0).await;
    let up = |value: u8| format!("backup_evidence_up{{engine=\"redis\",source=\"cache\"}} {value}");
    let (metrics, _) = exported(&bench);
    assert!(metrics.contains(&up(0)), "{metrics}");
    assert!(!metrics.contains("never_verified"), "{metrics}");
    for words in ["check", "list", "export"] {
        bench
            .run(&["evidence", words])
            .ends(3, "hint: Mount the volume of the evidence");
    }
    bench.run(&["doctor"]).ends(0, "! evidence: it can be read");
    // No image is here, and yet a record is written.
    bench.verify();
    assert!(bench.path("evidence/.backup-evidence").exists());
    let (metrics, _) = exported(&bench);
    assert!(metrics.contains(&up(1)), "{metrics}");
    assert!(metrics.contains("never_verified"), "{metrics}");
}

#[tokio::test]
async fn nothing_is_verified_while_the_clock_is_far_from_that_of_the_evidence() {
    let server = S3Server::start().await;
    let bench = bench_with_evidence(&server);
    server
        .world()
        .put("prod/redis/20261101-0100.rdb", tests::rdb_bytes::two_keys());
    let date = Effect::Header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    server.world().fail(
        Fault::always(Call::Put, date)
            .on(".backup-evidence")
            .after(1),
    );
    let mut program = tokio::process::Command::from(bench.program(&["verify"]));
    let ran = Ran::from(program.output().await.unwrap());
    ran.ends(
        3,
        "s ahead of that of the evidence at s3://backups/evidence/",
    );
    ran.ends(3, "hint: Set both by one time server");
    let records = server.world().take_calls();
    let written = |(call, what): &(Call, String)| *call == Call::Put && what.contains("cache/0");
    assert!(!records.iter().any(written), "{records:?}");
}
