//! What we lack — room, memory, a permission — is told as ours: never is a snapshot called failed
//! for it, and nothing is left behind.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
};

use tests::{rdb_bytes, redis_server::swelling, require};

use crate::bench::{Bench, Nobody, Ran, SmallDisk, is_empty};

#[test]
fn a_sandbox_that_may_not_be_large_enough_is_too_large_and_not_made() {
    let bench = Bench::new("process");
    bench.snapshot(1);
    bench.configure_limits("4GiB", "63MiB", "");
    bench.run(&["verify"]).ends(3, "INCONCLUSIVE (TOO_LARGE)");
    bench.run(&["doctor"]).ends(0, "Raise verifier.limits");
    bench.configure_limits("64MiB", "50GiB", "");
    let file = rdb_bytes::tiny_but_large(1, 1, 100 << 20);
    fs::write(bench.snapshot(2), file).unwrap();
    bench.run(&["verify"]).ends(3, "Raise verifier.limits");
}

#[test]
fn a_disk_that_fills_while_the_snapshot_is_put_there_is_ours() {
    require!(redis);
    require!(root);
    let bench = Bench::new("process");
    bench.put(1, &swelling());
    let sandboxes = Path::new("/var/tmp/backup-witness-0");
    fs::create_dir_all(sandboxes).unwrap();
    // Another test's last run would remove an empty directory, and the disk that lies over it.
    let held = sandboxes.join("held-by-a-test");
    fs::write(&held, "").unwrap();
    let disk = SmallDisk::over(sandboxes, "80m");
    disk.run(&bench, &["verify"]).ends(3, "INCONCLUSIVE (DISK)");
    assert!(is_empty(&disk.path()), "nothing is left of the sandbox");
    disk.fill();
    disk.run(&bench, &["verify"]).ends(3, "INCONCLUSIVE (DISK)");
    bench.configure_limits("4GiB", "70MiB", "");
    bench.run(&["verify"]).ends(3, "INCONCLUSIVE (TOO_LARGE)");
    bench
        .run(&["evidence", "check"])
        .ends(0, "3 records, unbroken");
    fs::remove_file(held).unwrap();
}

#[test]
fn a_record_that_finds_no_room_is_not_half_written_and_the_next_one_follows() {
    require!(redis);
    require!(root);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let disk = SmallDisk::over(&bench.path("evidence"), "64k");
    disk.run(&bench, &["verify"]).ends(0, "VERIFIED");
    let filler = disk.fill();
    let ran = disk.run(&bench, &["verify"]);
    ran.ends(3, "No space left on device");
    ran.ends(3, "hint: ");
    let names = || {
        let entries = fs::read_dir(disk.path().join("cache")).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        entries
            .map(|entry| name(entry.unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(),
        ["00000001.json"],
        "neither a half record nor a part"
    );
    disk.run(&bench, &["evidence", "check"])
        .ends(0, "1 record, unbroken");
    fs::remove_file(filler).unwrap();
    disk.run(&bench, &["verify"]).ends(0, "VERIFIED");
    disk.run(&bench, &["evidence", "check"])
        .ends(0, "2 records, unbroken");
}

#[test]
fn data_that_outgrows_the_memory_of_its_sandbox_is_ours() {
    require!(docker);
    require!(image "redis:8.0");
    let bench = Bench::new("docker");
    // 300 MiB, from a writer that claims one megabyte: the sandbox gets a third of it.
    let file = rdb_bytes::tiny_but_large(300, 1 << 20, 1_000_000);
    fs::write(bench.snapshot(1), file).unwrap();
    let ran = bench.run(&["verify"]);
    ran.ends(3, "INCONCLUSIVE (OUT_OF_MEMORY)");
    ran.ends(3, "Raise verifier.limits.memory");
    bench.run(&["sweep"]).ends(0, "0 runs removed");
}

/// What a run at this socket says.
fn verify_at(nobody: &Nobody, bench: &Bench, command: &str, socket: &Path) -> Ran {
    let mut program = nobody.program(bench, &[command]);
    program.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    Ran::of(&mut program)
}

#[test]
fn an_engine_that_is_forbidden_or_absent_says_what_to_do() {
    require!(root);
    let bench = Bench::new("docker");
    bench.snapshot(1);
    let nobody = Nobody::of(&bench);
    let (open, shut) = (bench.path("open"), bench.path("shut"));
    let socket = |directory: &Path, mode: u32| -> PathBuf {
        fs::create_dir(directory).unwrap();
        let path = directory.join("docker.sock");
        drop(UnixListener::bind(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    for forbidden in [socket(&open, 0o755), socket(&shut, 0o700)] {
        let ran = verify_at(&nobody, &bench, "verify", &forbidden);
        ran.ends(3, "INCONCLUSIVE (RUNTIME_UNAVAILABLE)");
        ran.ends(3, "Permission denied");
        ran.ends(3, "group docker");
        assert!(
            !ran.out.contains("sandbox.removed"),
            "none was made: {ran:?}"
        );
        verify_at(&nobody, &bench, "doctor", &forbidden).ends(1, "Permission denied");
    }
    let absent = bench.path("open/none.sock");
    verify_at(&nobody, &bench, "verify", &absent).ends(3, "set DOCKER_HOST");
    verify_at(&nobody, &bench, "doctor", &absent).ends(1, "set DOCKER_HOST");
    bench
        .run(&["evidence", "check"])
        .ends(0, "3 records, unbroken");
}

#[test]
fn a_directory_that_may_not_be_read_is_no_empty_one() {
    require!(root);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let nobody = Nobody::of(&bench);
    let ran = |words: &[&str]| Ran::of(&mut nobody.program(&bench, words));
    let shut = bench.path("repository/redis");
    chown(&shut, Some(0), Some(0)).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
    ran(&["verify"]).ends(3, "Let uid 65534 read ");
    ran(&["snapshots"]).ends(3, "Let uid 65534 read ");
    ran(&["doctor"]).ends(1, "Let uid 65534 read ");
    assert!(is_empty(&bench.path("evidence")), "nothing was tried");
}
