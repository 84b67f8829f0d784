//! Evidence that is not mounted, or was never written: what the commands say that read it.

use std::fs;

use catalog::ledger::{DirectoryRecords, adopt, append, fixtures};
use tests::require;

use crate::bench::{Bench, SmallDisk, is_empty};

const LATEST: [&str; 3] = ["latest", "--source", "cache"];
const FETCH: [&str; 5] = ["fetch", "--source", "cache", "--to", "to"];

/// Commands that tell of snapshots what the records say, and how each ends without a record.
fn commands() -> [(Vec<&'static str>, i32); 6] {
    let verified = ["--verified"];
    [
        (vec!["plan"], 0),
        (vec!["snapshots"], 0),
        (LATEST.to_vec(), 0),
        ([&LATEST[..], &verified].concat(), 3),
        (FETCH.to_vec(), 0),
        ([&FETCH[..], &verified].concat(), 3),
    ]
}

/// What is said of the place of a bench's evidence.
fn warning(bench: &Bench) -> String {
    format!(
        "warning: no records yet: {} has no marker `.backup-evidence`; if records were written \
         there before, it is not mounted\nhint: Mount it; at a new place the first",
        bench.path("evidence").display()
    )
}

#[test]
fn a_place_without_records_is_told_once_by_each_command_and_made_by_none() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    let (evidence, warning) = (bench.path("evidence"), warning(&bench));
    let told = warning.lines().next().unwrap();
    let told = told.trim_start_matches("warning: ");
    for is_there in [true, false] {
        if !is_there {
            fs::remove_dir(&evidence).unwrap();
        }
        for (words, code) in commands() {
            let ran = bench.run(&words);
            ran.ends(code, &warning);
            assert_eq!(ran.err.matches("no records yet").count(), 1, "{ran:?}");
            if words.contains(&"--verified") {
                ran.ends(3, "whether a snapshot was verified is not known");
                assert!(!ran.err.contains("no verified snapshot"), "{ran:?}");
            }
        }
        let doctor = bench.run(&["doctor"]);
        doctor.ends(doctor.code, "! evidence: ");
        doctor.ends(doctor.code, told);
        assert_eq!(evidence.exists(), is_there);
        assert!(is_empty(&evidence));
        fs::remove_dir_all(bench.path("to")).unwrap();
    }
}

/// The worst night: the snapshots are there, and what was written of them is not.
#[test]
fn a_snapshot_is_named_and_fetched_while_its_records_cannot_be_read() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    let evidence = bench.path("evidence");
    fs::remove_dir(&evidence).unwrap();
    fs::write(&evidence, "no directory").unwrap();
    let warning = "warning: what was proven of cache is not known";
    for words in [&LATEST[..], &FETCH[..]] {
        let ran = bench.run(words);
        ran.ends(0, warning);
        assert!(ran.out.contains("20261101-0100.rdb"), "{ran:?}");
        assert!(ran.err.contains("Not a directory"), "{ran:?}");
        let verified = bench.run(&[words, &["--verified"]].concat());
        assert_eq!(
            (verified.code, verified.out.as_str()),
            (3, ""),
            "{verified:?}"
        );
        assert!(verified.err.contains("Not a directory"), "{verified:?}");
    }
}

#[tokio::test]
async fn evidence_on_a_volume_is_asked_for_while_it_is_not_mounted() {
    require!(root);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let disk = SmallDisk::over(&bench.path("evidence"), "1m");
    let (evidence, cache) = (DirectoryRecords::new(disk.path()), fixtures::cache());
    adopt(&evidence, std::slice::from_ref(&cache), false)
        .await
        .unwrap();
    // Of a snapshot that does not lie there.
    let draft = fixtures::verified(fixtures::at("01:00:00"));
    append(&evidence, &cache, draft).await.unwrap();
    for (words, code) in commands() {
        bench.run(&words).ends(code, &warning(&bench));
        let mounted = disk.run(&bench, &words);
        assert_eq!(mounted.code, code, "{mounted:?}");
        assert!(!mounted.err.contains("no records"), "{mounted:?}");
        if code == 3 {
            mounted.ends(3, "there is no verified snapshot");
        }
    }
}

#[test]
fn nothing_that_was_never_counted_is_accepted_and_no_place_is_begun_for_it() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    let accept = ["accept", "--source", "cache", "--snapshot", "20261101-0100"];
    let accepted = bench.run(&[&accept[..], &["--reason", "x"]].concat());
    accepted.ends(2, "nothing was ever counted");
    accepted.ends(2, &warning(&bench));
    assert!(is_empty(&bench.path("evidence")));
}
