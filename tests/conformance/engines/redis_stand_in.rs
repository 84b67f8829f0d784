//! Ends of a server that no input may be kept for, and modules, played by a stand-in program.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use catalog::{
    format::redis::Redis,
    ledger::{Outcome, Reason, Verification},
};
use tempfile::TempDir;
use tests::{
    rdb_bytes::{two_keys, written_by},
    require,
    runtime_suite::config,
    verifying::{Subject, finding},
};
use verifier::runtime::{RuntimeConfig, open};

/// A subject whose only server is a program with these lines of shell.
fn stand_in(folder: &Path, version: &str, lines: &str) -> Subject {
    let program = folder.join("redis-server");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || exec echo 'Redis server v={version} sha=0'\n{lines}\n"
    );
    fs::write(&program, text).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("an executable");
    let mut subject = Subject::on("process", &Redis, &verifier::engine::redis::Redis, &[]);
    let config = RuntimeConfig {
        program_dirs: vec![folder.to_owned()],
        ..config(folder)
    };
    subject.runtime = open("process", &config).expect("a runtime");
    subject
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// What becomes of a file when the server says these words and ends with this code.
async fn ended(version: &str, said: &[&str], code: u8, file: Vec<u8>) -> Verification {
    let folder = folder();
    let said: Vec<_> = said.iter().map(|it| format!("'{it}'")).collect();
    let lines = format!("printf '%s\\n' {}\nexit {code}", said.join(" "));
    stand_in(folder.path(), version, &lines).verify(file).await
}

const LOADING: &str = "7:M 22 Nov 2026 04:56:18.123 * Loading RDB produced by version 7.0.15";
const PANIC: &str = "7:M 22 Nov 2026 04:56:18.123 # Guru Meditation: Duplicated key found in RDB file \
                     #rdb.c:3156";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ended_before_its_first_word_says_nothing_of_the_file() {
    let check = async |code, said: &str, reason| {
        let started = "7:C 22 Nov 2026 04:56:18.120 * Redis version=7.0.15, bits=64, just started";
        let verification = ended("7.0.15", &[started, said], code, two_keys()).await;
        assert_eq!(
            verification.reason,
            Some(reason),
            "{code} {said}: {verification:#?}"
        );
        let restored = finding(&verification, "snapshot.restored");
        assert!(restored.message.contains("hint: "), "{restored:?}");
    };
    for code in [1, 134, 139] {
        check(code, "", Reason::Internal).await;
    }
    check(
        134,
        "<jemalloc>: Unsupported system page size",
        Reason::NoImage,
    )
    .await;
    check(
        1,
        "Fatal: Can.t initialize Background Jobs. pthread_create",
        Reason::Internal,
    )
    .await;
    let lost = "redis-server: error while loading shared libraries: libssl.so.3: cannot open";
    check(127, lost, Reason::NoImage).await;
    check(137, "", Reason::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_by_a_signal_while_it_loads_refuses_the_file_and_names_the_cause() {
    for code in [134, 139] {
        let key = "7:M 22 Nov 2026 04:56:18.123 # RDB has duplicated key alice in DB 0";
        let verification = ended("7.0.15", &[LOADING, key, PANIC], code, two_keys()).await;
        assert_eq!(
            verification.reason,
            Some(Reason::Unrestorable),
            "{verification:#?}"
        );
        let restored = finding(&verification, "snapshot.restored");
        let cause = "the server said: Duplicated key found in RDB file";
        assert!(restored.message.contains(cause), "{restored:?}");
        assert!(
            !format!("{verification:?}").contains("alice"),
            "{verification:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_as_new_as_the_writer_may_accuse_and_the_verdict_names_one() {
    let starved = "7:M 22 Nov 2026 04:56:18.123 # Out Of Memory allocating 64 bytes!";
    let check = async |wrote: &str, said: &str, reason, names: &str| {
        let said = [LOADING, said];
        let verification = ended("7.0.15", &said, 134, written_by(wrote)).await;
        assert_eq!(
            verification.reason,
            Some(reason),
            "{wrote}: {verification:#?}"
        );
        let restored = finding(&verification, "snapshot.restored");
        assert!(restored.message.contains(names), "{restored:?}");
    };
    check("7.0.11", PANIC, Reason::Unrestorable, "Duplicated key").await;
    check(
        "7.0.11",
        starved,
        Reason::OutOfMemory,
        "verifier.limits.memory",
    )
    .await;
    check("7.2.4", PANIC, Reason::NoImage, "redis:7.2 or newer").await;
    check("7.2.4", starved, Reason::NoImage, "redis:7.2 or newer").await;
    check("6.9.240", PANIC, Reason::NoImage, "pre-release").await;
}

/// Serves as the server of this machine does, after these lines.
fn serving(folder: &Path, lines: &str) -> Subject {
    let real = env_path("redis-server");
    stand_in(folder, "7.0.15", &format!("{lines}\nexec '{real}' \"$@\""))
}

fn env_path(program: &str) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|dir| dir.join(program));
    let found = found.find(|file| file.is_file()).expect("it is there");
    found.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_its_modules_keep_from_reading_is_started_once_without() {
    require!(redis);
    let folder = folder();
    let module = folder.path().join("broken.so").display().to_string();
    fs::write(&module, "no module").expect("a file");
    // The first time it must be given the module that is there, and the second time none.
    let lines = format!(
        "case $* in *' --loadmodule {module}') touch tried; exit 134 ;; *loadmodule*) exit 3 ;; esac\n\
         [ -f tried ] || exit 4"
    );
    let mut subject = serving(folder.path(), &lines);
    subject.settings.modules = vec![module, "/no/such.so".into()];
    let verification = subject.verify(two_keys()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    let server = finding(&verification, "redis.server");
    assert_eq!(server.outcome, Outcome::Warning, "{server:?}");
    let told = "with other modules the server ended before it read the file";
    assert!(server.message.contains(told), "{server:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_without_a_module_that_is_named_says_so() {
    require!(redis);
    let folder = folder();
    let mut subject = serving(folder.path(), "");
    let mut outcome_with = async |modules: &[&str]| {
        subject.settings.modules = modules.iter().map(ToString::to_string).collect();
        let verification = subject.verify(two_keys()).await;
        assert_eq!(verification.reason, None, "{verification:#?}");
        let server = finding(&verification, "redis.server");
        (server.outcome, server.message.clone())
    };
    assert_eq!(outcome_with(&[]).await.0, Outcome::Passed);
    let (outcome, message) = outcome_with(&["/no/such.so"]).await;
    assert_eq!(outcome, Outcome::Warning, "{message}");
    let told = "verifier.modules.redis names /no/such.so, which is not on this machine; \
                it was restored without\nhint: ";
    assert!(message.starts_with(told), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_loads_with_its_own_defaults() {
    require!(redis);
    let folder = folder();
    let lines = "case $* in *sanitize*|*rdbchecksum*|*requirepass*|*loadmodule*) exit 3 ;; esac";
    let verification = serving(folder.path(), lines).verify(two_keys()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_module_that_is_not_there_is_told_as_wrong() {
    let folder = folder();
    let lacks =
        "The RDB file contains module data I can't load: no matching module type 'graphdata'";
    let lines = format!("echo '{LOADING}'\necho \"{lacks}\"\nexit 1");
    let mut subject = stand_in(folder.path(), "7.0.15", &lines);
    subject.settings.modules = vec!["/no/such.so".into()];
    let verification = subject.verify(two_keys()).await;
    assert_eq!(
        verification.reason,
        Some(Reason::ModuleMissing),
        "{verification:#?}"
    );
    let restored = finding(&verification, "snapshot.restored");
    let told = "; verifier.modules.redis names /no/such.so, which is not on this machine\nhint: ";
    assert!(restored.message.contains(told), "{restored:?}");
    assert!(restored.message.starts_with("graphdata: "), "{restored:?}");
}
