//! Bad input gets a clear message and the right exit code, and nothing is lost.

use std::fs;

use tests::{
    neo4j_archives::{self, Said},
    rdb_bytes, require,
};

use crate::bench::{Bench, is_empty};

#[test]
fn a_missing_configuration_says_which_file() {
    let bench = Bench::new("process");
    fs::remove_file(bench.path("backups.yaml")).unwrap();
    for command in ["check", "verify", "plan", "doctor"] {
        bench
            .run(&[command])
            .ends(2, "cannot read the configuration backups.yaml");
    }
}

#[test]
fn a_source_that_matches_nothing_is_a_mistake() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    bench
        .run(&["verify", "--source", "cahe"])
        .ends(2, "there is no source \"cahe\"");
    bench
        .run(&["verify", "--snapshot", "x"])
        .ends(2, "no snapshot is called \"x\"");
    assert!(is_empty(&bench.path("evidence")), "nothing was tried");
}

#[test]
fn an_empty_repository_is_no_verdict() {
    let bench = Bench::new("process");
    bench
        .run(&["verify"])
        .ends(3, "there is no complete snapshot");
    bench
        .run(&["latest", "--source", "cache"])
        .ends(3, "there is no complete snapshot");
    bench.run(&["snapshots"]).ends(0, "none");
    bench
        .run(&["plan", "--explain"])
        .ends(0, "there is no complete snapshot");
}

#[test]
fn a_repository_that_is_not_there_is_told_and_is_no_verdict() {
    let bench = Bench::new("process");
    fs::remove_dir_all(bench.path("repository")).unwrap();
    bench
        .run(&["verify"])
        .ends(3, "error: repository local: cannot list");
    bench.run(&["doctor"]).ends(1, "✘ repository local");
}

#[test]
fn evidence_is_made_at_first_use_but_not_where_a_volume_lacks() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    fs::remove_dir(bench.path("evidence")).unwrap();
    bench.run(&["evidence", "check"]).ends(3, "at a new place");
    assert!(!bench.path("evidence").exists());
    bench.verify();
    assert!(bench.path("evidence/cache/00000001.json").exists());
    let file = bench.path("backups.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("directory: evidence", "directory: volume/evidence"),
    )
    .unwrap();
    bench.run(&["verify"]).ends(3, "evidence");
    bench.run(&["doctor"]).ends(1, "✘ evidence");
}

#[test]
fn names_that_fit_no_source_are_no_snapshots() {
    let bench = Bench::new("process");
    for name in [
        "20261301-0100.rdb",
        "20261101-0100.rdb.part",
        "a\nb",
        "20261101-0100.RDB",
    ] {
        fs::write(
            bench.path("repository/redis").join(name),
            rdb_bytes::two_keys(),
        )
        .unwrap();
    }
    bench
        .run(&["verify"])
        .ends(3, "nothing lies there that its path matches");
}

#[test]
fn an_empty_file_is_no_snapshot() {
    let bench = Bench::new("process");
    let path = bench.snapshot(1);
    fs::write(&path, "").unwrap();
    let ran = bench.run(&["verify"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    bench.run(&["inspect", path.to_str().unwrap()]).ends(1, "");
}

#[test]
fn no_engine_that_answers_is_our_fault() {
    let bench = Bench::new("docker");
    bench.snapshot(1);
    let mut program = bench.program(&["verify"]);
    let output = program
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("INCONCLUSIVE (RUNTIME_UNAVAILABLE)"), "{out}");
}

#[test]
fn an_image_that_is_missing_is_our_fault() {
    require!(docker);
    let bench = Bench::new("docker");
    bench.snapshot(1);
    bench.configure("    verify: { image: \"redis:7.99\" }\n");
    bench
        .run(&["verify"])
        .ends(3, "INCONCLUSIVE (IMAGE_UNAVAILABLE)");
}

#[test]
fn inspect_tells_whole_damaged_and_foreign_files_apart() {
    let bench = Bench::new("process");
    let path = bench.snapshot(1);
    let inspect = |name: &str| bench.run(&["inspect", name, "--format", "json"]);
    let name = path.to_str().unwrap();
    inspect(name).ends(0, "\"keys\":2");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    inspect(name).ends(1, "\"intact\":false");
    fs::write(&path, "not a snapshot at all").unwrap();
    inspect(name).ends(3, "\"intact\":false");
    inspect("nowhere.rdb").ends(2, "cannot read nowhere.rdb");
    inspect("repository").ends(2, "it is a directory");
}

#[test]
fn inspect_tells_what_a_neo4j_archive_holds() {
    let bench = Bench::new("process");
    let path = bench.path("graph.archive");
    let name = path.to_str().unwrap();
    let json = || bench.run(&["inspect", name, "--format", "json"]);
    for kind in neo4j_archives::KINDS {
        let archive = neo4j_archives::archive(kind, &neo4j_archives::store(), &Said::default());
        fs::write(&path, &archive).unwrap();
        json().ends(0, &format!("\"kind\":\"{kind}\""));
        bench
            .run(&["inspect", name])
            .ends(0, &format!("kind            {kind}"));
        fs::write(&path, &archive[..archive.len() - 1]).unwrap();
        json().ends(1, "\"intact\":false");
        fs::write(&path, neo4j_archives::gzip(&archive)).unwrap();
        json().ends(0, "\"format\":\"neo4j\"");
    }
    let by_hand = neo4j_archives::Tar::gnu().file("data/databases/neo4j/neostore", b"x", 1);
    fs::write(&path, neo4j_archives::gzip(&by_hand.closed())).unwrap();
    json().ends(3, "neo4j-admin did not make");
    fs::write(&path, b"BZV9 of some later version").unwrap();
    json().ends(3, "newer");
}
