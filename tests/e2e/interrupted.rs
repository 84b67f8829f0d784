//! A verification that is told to end says so and leaves nothing.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt as _,
    process::Command,
};

use tests::require;

use crate::bench::{Bench, eventually, is_empty};

/// A server that never listens, so that its restore lasts until somebody ends it.
const DEAF: &str = "#!/bin/sh
[ \"$1\" = --version ] && exec echo 'Redis server v=8.0.0 sha=0'
exec sleep 600
";

/// Started by a shell after `before`, and ended by `signal` while it restores.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is ended as a script does"
)]
fn interrupted(bench: &Bench, before: &str, signal: &str) {
    let script = format!("{before} exec \"$@\"");
    let verifier = env!("CARGO_BIN_EXE_verifier-under-test");
    let by = ["sh", "-c", &script, "sh", verifier].map(OsStr::new);
    let path = format!("{}:/usr/bin:/bin", bench.path("").display());
    let (said, printed) = (bench.path("said"), bench.path("printed"));
    let mut running = bench
        .program_by(&by, &["verify"])
        .env("PATH", path)
        .stdout(File::create(&printed).unwrap())
        .stderr(File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let read = |file| fs::read_to_string(file).unwrap();
    eventually("it restores", || read(&said).contains("cache: stage"));
    let killed = Command::new("kill")
        .args([signal, &running.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let code = running.wait().unwrap().code();
    let (said, printed) = (read(&said), read(&printed));
    assert_eq!(code, Some(3), "{before} {signal}: {printed}{said}");
    assert!(printed.contains("INCONCLUSIVE (INTERRUPTED)"), "{printed}");
    assert!(is_empty(&bench.path("state/backup-witness/runs")));
}

#[test]
fn a_verification_is_interrupted_also_where_its_shell_had_that_signal_ignored() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let server = bench.path("redis-server");
    fs::write(&server, DEAF).unwrap();
    fs::set_permissions(&server, Permissions::from_mode(0o755)).unwrap();
    // The server runs as nobody.
    fs::set_permissions(bench.path(""), Permissions::from_mode(0o755)).unwrap();
    interrupted(&bench, "", "-INT");
    interrupted(&bench, "trap '' INT;", "-INT");
    interrupted(&bench, "trap '' INT TERM;", "-TERM");
}
