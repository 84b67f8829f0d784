//! `fetch`: a snapshot in a directory, whole or not at all, whatever happens meanwhile.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

use tests::{rdb_bytes, require};

use crate::bench::{Bench, Nobody, Ran, SmallDisk, eventually, is_empty};

/// Between any two steps of a fetch: all there are.
pub(crate) const POINTS: [&str; 7] = [
    "fetch.emptied",
    "fetch.noted",
    "fetch.written",
    "fetch.synced",
    "fetch.hashed",
    "fetch.named",
    "fetch.swept",
];

const FETCH: [&str; 5] = ["fetch", "--source", "cache", "--to", "to"];

/// Three pieces of a fetch: it is read in pieces of 8 MiB.
fn large() -> Vec<u8> {
    let head = rdb_bytes::two_keys();
    let tail = (0u32..5 << 20).flat_map(u32::to_le_bytes);
    head.into_iter().chain(tail).collect()
}

/// Lets `sha256sum -c` read what was printed.
#[expect(clippy::disallowed_methods, reason = "the other program of the pair")]
fn checks(bench: &Bench, printed: &str) -> bool {
    let mut sums = Command::new("sha256sum")
        .args(["--check", "--strict", "--status"])
        .current_dir(bench.path(""))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = sums.stdin.take().unwrap();
    input.write_all(printed.as_bytes()).unwrap();
    drop(input);
    sums.wait().unwrap().success()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

/// Starts a fetch that waits at a fault point until it may go on.
fn paused(bench: &Bench, point: &str) -> Child {
    bench.paused(&mut bench.program(&FETCH), point)
}

#[test]
fn a_snapshot_is_fetched_whole_and_sha256sum_agrees() {
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    let newest = bench.put(2, &large());
    let ran = bench.run(&FETCH);
    ran.ends(0, "nobody vouches for 20261101-0200.rdb");
    ran.ends(0, "to was created");
    assert!(ran.out.ends_with("  to/20261101-0200.rdb\n"), "{ran:?}");
    assert!(checks(&bench, &ran.out));
    assert!(!checks(&bench, &ran.out.replace("0200", "0100")));
    let fetched = fs::read(bench.path("to/20261101-0200.rdb")).unwrap();
    assert_eq!(fetched, fs::read(newest).unwrap());
    assert_eq!(names(&bench.path("to")), ["20261101-0200.rdb"]);

    let again = bench.run(&FETCH);
    again.ends(0, "was there already");
    assert_eq!(again.out, ran.out);
    let at = [
        "--at",
        "2026-11-01T01:00:00Z",
        "--snapshot",
        "20261101-0100",
    ];
    bench
        .run(&[&FETCH[..], &at].concat())
        .ends(2, "cannot be used with");
}

#[test]
fn which_snapshot_is_said_as_of_the_other_commands() {
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    bench.put(2, &rdb_bytes::with_keys(&[("a", "1")]));
    let fetch = |words: &[&str]| bench.run(&[&FETCH[..], words].concat());
    fetch(&["--snapshot", "20261101-0100"]).ends(0, "  to/20261101-0100.rdb");
    fetch(&["--snapshot", "none"]).ends(2, "no snapshot is called \"none\"");
    fetch(&["--before", "2026-01-01T00:00:00Z"]).ends(3, "no complete snapshot before");
    fetch(&["--verified"]).ends(3, "whether a snapshot was verified is not known");
    let other = ["fetch", "--source", "other", "--to", "to"];
    bench.run(&other).ends(2, "there is no source \"other\"");
}

#[test]
fn the_proven_snapshot_is_fetched_and_is_what_was_proven() {
    require!(redis);
    let bench = Bench::new("process");
    let proven = bench.put(1, &rdb_bytes::two_keys());
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    let newest = bench.put(2, b"REDIS0010, and then the half of it");
    bench.run(&["verify"]).ends(1, "FAILED");
    let verified = [&FETCH[..], &["--verified"]].concat();
    let ran = bench.run(&verified);
    ran.ends(0, "has the SHA-256 that is known from the verification of");
    let digest = records[0]["snapshot"]["artifacts"][0]["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(ran.out, format!("{digest}  to/20261101-0100.rdb\n"));
    bench.run(&verified).ends(0, "was there already");
    bench
        .run(&FETCH)
        .ends(0, "warning: snapshot 20261101-0200 was failed (damaged)");
    let id = ["--snapshot", "20261101-0200"];
    bench
        .run(&[&verified[..], &id].concat())
        .ends(3, "no verified snapshot called");
    fs::remove_file(newest).unwrap();
    bench.put(1, &fs::read(proven).unwrap());
    bench.run(&verified).ends(3, "no verified snapshot");
}

/// Ends a fetch at a fault point, as a kill does.
fn killed(bench: &Bench, point: &str) {
    let mut program = bench.program(&FETCH);
    program.env("FAULT_POINT", format!("{point}:abort"));
    let killed = program.output().unwrap();
    let code = killed.status.code();
    assert_eq!(code, None, "{point} was reached: {killed:?}");
    assert!(killed.stdout.is_empty(), "{point}");
}

#[test]
fn whatever_step_a_fetch_is_killed_at_the_next_one_ends_it() {
    for point in POINTS {
        let bench = Bench::new("process");
        let source = bench.put(1, &large());
        killed(&bench, point);
        let whole = bench.path("to/20261101-0100.rdb");
        if whole.exists() {
            assert_eq!(
                fs::read(&whole).unwrap(),
                fs::read(&source).unwrap(),
                "{point}"
            );
        }
        let ran = bench.run(&FETCH);
        let said = match point {
            "fetch.hashed" => "16.0 MiB of 20.0 MiB are here already",
            "fetch.named" | "fetch.swept" => "was there already",
            _before_a_second_piece => "nobody vouches",
        };
        ran.ends(0, said);
        assert!(checks(&bench, &ran.out), "{point}");
        assert_eq!(names(&bench.path("to")), ["20261101-0100.rdb"], "{point}");
        assert_eq!(
            fs::read(&whole).unwrap(),
            fs::read(&source).unwrap(),
            "{point}"
        );
    }
}

#[test]
fn a_fetch_that_goes_on_and_is_killed_once_more_loses_nothing_but_its_last_piece() {
    for point in ["fetch.written", "fetch.synced", "fetch.hashed"] {
        let bench = Bench::new("process");
        let source = bench.put(1, &large());
        killed(&bench, "fetch.hashed");
        killed(&bench, point);
        let ran = bench.run(&FETCH);
        ran.ends(0, "16.0 MiB of 20.0 MiB are here already");
        assert_eq!(names(&bench.path("to")), ["20261101-0100.rdb"], "{point}");
        let fetched = fs::read(bench.path("to/20261101-0100.rdb")).unwrap();
        assert!(fetched == fs::read(source).unwrap(), "{point}");
    }
}

#[test]
fn what_was_begun_of_another_object_is_no_part_of_this_one() {
    for point in ["fetch.emptied", "fetch.noted", "fetch.written"] {
        let bench = Bench::new("process");
        bench.put(1, &large());
        killed(&bench, "fetch.hashed");
        // Of the same size, under the same key.
        let mut other = large();
        other
            .iter_mut()
            .skip(1 << 10)
            .for_each(|byte| *byte = !*byte);
        let now = bench.put(1, &other);
        killed(&bench, point);
        bench.run(&FETCH).ends(0, "to/20261101-0100.rdb");
        let fetched = fs::read(bench.path("to/20261101-0100.rdb")).unwrap();
        assert!(fetched == fs::read(now).unwrap(), "{point}");
    }
}

#[test]
fn a_snapshot_replaced_while_it_is_fetched_is_selected_again() {
    let bench = Bench::new("process");
    bench.put(1, &large());
    let running = paused(&bench, "fetch.noted");
    let note = bench.path("to/.20261101-0100.rdb.part.json");
    eventually("a note", || note.exists());
    let now = rdb_bytes::two_keys();
    fs::remove_file(bench.path("repository/redis/20261101-0100.rdb")).unwrap();
    bench.put(1, &now);
    bench.go();
    let ran = Ran::from(running.wait_with_output().unwrap());
    ran.ends(0, "it is selected again");
    assert_eq!(fs::read(bench.path("to/20261101-0100.rdb")).unwrap(), now);
    assert_eq!(names(&bench.path("to")), ["20261101-0100.rdb"]);
}

#[test]
fn of_two_fetches_into_one_directory_one_waits_for_nothing() {
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    let running = paused(&bench, "fetch.noted");
    let note = bench.path("to/.20261101-0100.rdb.part.json");
    eventually("a note", || note.exists());
    bench
        .run(&FETCH)
        .ends(3, "is being written by another fetch");
    bench.go();
    Ran::from(running.wait_with_output().unwrap()).ends(0, "to/20261101-0100.rdb");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person presses Ctrl-C")]
fn an_interrupted_fetch_says_how_to_go_on() {
    let bench = Bench::new("process");
    let source = bench.put(1, &large());
    killed(&bench, "fetch.hashed");
    let mut running = paused(&bench, "fetch.written");
    let mut said = BufReader::new(running.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("are here already") {
        assert!(said.read_line(&mut line).unwrap() > 0, "{line}");
    }
    // Interrupted before its last piece is written, a part ends with one that may be a hole.
    let part = bench.path("to/.20261101-0100.rdb.part");
    let size = fs::metadata(&source).unwrap().len();
    eventually("the last piece", || {
        fs::metadata(&part).is_ok_and(|it| it.len() == size)
    });
    let interrupt = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    while !line.contains("interrupted") {
        assert!(said.read_line(&mut line).unwrap() > 0, "{line}");
    }
    bench.go();
    said.read_to_string(&mut line).unwrap();
    assert!(line.contains("run it again to go on"), "{line}");
    assert_eq!(running.wait().unwrap().code(), Some(3));
    bench
        .run(&FETCH)
        .ends(0, "16.0 MiB of 20.0 MiB are here already");
    let fetched = fs::read(bench.path("to/20261101-0100.rdb")).unwrap();
    assert_eq!(fetched, fs::read(source).unwrap());
}

#[test]
fn a_file_that_is_another_one_is_not_replaced() {
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    fs::create_dir(bench.path("to")).unwrap();
    fs::write(bench.path("to/20261101-0100.rdb"), "mine").unwrap();
    let ran = bench.run(&FETCH);
    ran.ends(
        2,
        "to/20261101-0100.rdb is there already and is not this object",
    );
    ran.ends(2, "Move it away");
    assert!(ran.out.is_empty());
    assert_eq!(
        fs::read(bench.path("to/20261101-0100.rdb")).unwrap(),
        b"mine"
    );
}

#[test]
fn a_disk_that_fills_leaves_a_part_that_is_gone_on_with() {
    require!(root);
    let bench = Bench::new("process");
    let source = bench.put(1, &large());
    fs::create_dir(bench.path("to")).unwrap();
    let disk = SmallDisk::over(&bench.path("to"), "30m");
    fs::write(disk.path().join("other"), vec![0; 15 << 20]).unwrap();
    let ran = disk.run(&bench, &FETCH);
    ran.ends(3, "No space left on device");
    ran.ends(3, "Make room and run it again");
    assert!(!disk.path().join("20261101-0100.rdb").exists());
    fs::remove_file(disk.path().join("other")).unwrap();
    let ran = disk.run(&bench, &FETCH);
    ran.ends(0, "8.00 MiB of 20.0 MiB are here already");
    ran.ends(0, "  to/20261101-0100.rdb");
    let fetched = fs::read(disk.path().join("20261101-0100.rdb")).unwrap();
    assert_eq!(fetched, fs::read(source).unwrap());
    assert_eq!(names(&disk.path()), ["20261101-0100.rdb"]);
}

#[test]
fn a_directory_that_cannot_be_used_is_said_before_anything_is_read() {
    let bench = Bench::new("process");
    bench.put(1, &rdb_bytes::two_keys());
    fs::write(bench.path("file"), "").unwrap();
    let to = |directory: &str| bench.run(&["fetch", "--source", "cache", "--to", directory]);
    to("no/such").ends(2, "Create what lacks, or correct --to.");
    to("file").ends(2, "file");
    to("repository").ends(2, "lies in repository local");
    to("repository/redis/new").ends(2, "lies in repository local");
    to("evidence").ends(2, "lies in the evidence");
    assert!(is_empty(&bench.path("evidence")));
    assert_eq!(
        names(&bench.path("repository/redis")),
        ["20261101-0100.rdb"]
    );
    require!(root);
    let nobody = Nobody::of(&bench);
    fs::create_dir(bench.path("to")).unwrap();
    let ran = Ran::of(&mut nobody.program(&bench, &FETCH));
    ran.ends(2, "Permission denied");
    ran.ends(2, "Choose a directory with --to that may be written");
}

#[test]
fn keys_that_would_lead_astray_are_files_of_the_directory_all_the_same() {
    let bench = Bench::new("process");
    let text = fs::read_to_string(bench.path("backups.yaml")).unwrap();
    let text = text.replace("%Y%m%d-%H%M.rdb", "*/%Y%m%d-%H%M.rdb");
    let text = format!("{text}    artifacts: {{ count: 3 }}\n");
    fs::write(bench.path("backups.yaml"), text).unwrap();
    for (number, name) in ["a\n$(touch b)", "..\u{202e}\\", "-rf"].iter().enumerate() {
        let directory = bench.path("repository/redis").join(name);
        fs::create_dir(&directory).unwrap();
        let keys = [("a", ["1", "2", "3"][number])];
        fs::write(
            directory.join("20261101-0100.rdb"),
            rdb_bytes::with_keys(&keys),
        )
        .unwrap();
    }
    let shared = bench.path("to\n\\here");
    let ran = bench.run(&[
        "fetch",
        "--source",
        "cache",
        "--to",
        shared.to_str().unwrap(),
    ]);
    ran.ends(0, "is called _-rf_20261101-0100.rdb here");
    let expected = [
        "_-rf_20261101-0100.rdb",
        "_..___20261101-0100.rdb",
        "a_$(touch b)_20261101-0100.rdb",
    ];
    assert_eq!(names(&shared), expected);
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(checks(&bench, &ran.out), "{ran:?}");
}
