//! Runs that end by themselves, and their exit codes.

use std::{ffi::OsString, fs};

use catalog::ledger::Reason;
use tokio::task::spawn_blocking;
use toolkit::exit::Exit;

use super::{MARKER, Site, running::ended};

#[tokio::test]
async fn once_prints_the_metrics_or_a_table() {
    let site = Site::new();
    site.prove("04:00:00").await;
    let config = format!("--config.file={}", site.config());
    let metrics = ended(&[&config, "--once"]).await;
    assert_eq!(metrics.exit, Exit::Fine, "{}", metrics.err);
    assert!(
        metrics
            .out
            .contains("backup_recoverable{engine=\"redis\",source=\"cache\"} 1\n")
    );
    let table = ended(&[&config, "--once", "--once.format=table"]).await;
    assert_eq!(table.exit, Exit::Fine, "{}", table.err);
    assert!(
        table.out.starts_with("RECOVERABLE  SOURCE"),
        "{}",
        table.out
    );
    assert!(table.out.contains("\nyes          cache"), "{}", table.out);
    assert!(!table.out.contains(MARKER));
}

#[tokio::test]
async fn an_object_that_does_not_begin_as_it_should_is_counted_as_invalid() {
    let site = Site::new();
    site.configure(
        "  - name: secrets
    engine: files
    repository: local
    path: vault/%Y%m%d.tar.gz
    magic: gzip
    settle: 0s
",
    );
    site.put("backups/vault/20261120.tar.gz", &[0x1f, 0x8b, 8, 0]);
    site.put(
        "backups/vault/20261121.tar.gz",
        b"<html>no such bucket</html>",
    );
    let config = format!("--config.file={}", site.config());
    let run = ended(&[&config, "--once"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
    for (state, count) in [("complete", 1), ("invalid", 1), ("partial", 0)] {
        let line = format!(
            "backup_snapshots{{engine=\"files\",source=\"secrets\",state=\"{state}\"}} {count}\n"
        );
        assert!(run.out.contains(&line), "{line}{}", run.out);
    }
}

#[tokio::test]
async fn once_replaces_its_output_and_leaves_nothing_else_behind() {
    let site = Site::new();
    let output = site.path().join("textfile/backups.prom");
    site.put("textfile/backups.prom", b"old");
    let config = format!("--config.file={}", site.config());
    let flag = format!("--once.output={}", output.display());
    let run = ended(&[&config, "--once", &flag]).await;
    assert_eq!(
        (run.exit, run.out.as_str()),
        (Exit::Fine, ""),
        "{}",
        run.err
    );
    assert!(
        fs::read_to_string(&output)
            .unwrap()
            .contains("backup_repository_up")
    );
    assert_eq!(fs::read_dir(output.parent().unwrap()).unwrap().count(), 1);

    let nowhere = format!(
        "--once.output={}",
        site.path().join("no/such.prom").display()
    );
    let run = ended(&[&config, "--once", &nowhere]).await;
    assert_eq!(run.exit, Exit::Unknown);
    assert!(run.err.contains("cannot write"), "{}", run.err);
}

#[tokio::test]
async fn once_says_by_its_exit_code_that_something_could_not_be_seen() {
    let site = Site::new();
    fs::remove_dir_all(site.path().join("backups")).unwrap();
    let config = format!("--config.file={}", site.config());
    let run = ended(&[&config, "--once"]).await;
    assert_eq!(run.exit, Exit::Unknown);
    assert!(run.err.contains("local: cannot list"), "{}", run.err);
    assert!(
        run.out
            .contains("backup_repository_up{repository=\"local\"} 0\n"),
        "{}",
        run.out
    );
}

#[tokio::test]
async fn a_configuration_can_be_checked() {
    let site = Site::new();
    let config = format!("--config.file={}", site.config());
    let run = ended(&[&config, "--config.check"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
    assert!(
        run.out.ends_with(": 1 repository, 1 source, no error\n"),
        "{}",
        run.out
    );
    site.put("backups.yaml", b"schema: 1\nsorces: []\n");
    let run = ended(&[&config, "--config.check"]).await;
    assert_eq!((run.exit, run.out.as_str()), (Exit::Usage, ""));
    assert!(run.err.contains("sorces"), "{}", run.err);
}

#[tokio::test]
async fn both_programs_say_the_same_of_a_file_and_name_what_only_it_can_mend() {
    let site = Site::new();
    let said = async |warned: &str| {
        let config = format!("--config.file={}", site.config());
        let exporter = ended(&[&config, "--config.check"]).await;
        let verifier = spawn_blocking(move || {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let words = ["backup-verifier", &config, "check"].map(OsString::from);
            let exit = verifier::run(words, &mut out, &mut err);
            let text = |bytes| String::from_utf8(bytes).unwrap();
            (exit, text(out), text(err))
        });
        let (exit, out, err) = verifier.await.unwrap();
        assert_eq!((exporter.exit, exit), (Exit::Fine, Exit::Fine), "{err}");
        assert_eq!((exporter.out, &exporter.err), (out, &err));
        assert!(
            err.contains(warned) && err.is_empty() == warned.is_empty(),
            "{err}"
        );
    };
    said("").await;
    site.prove_inconclusive("04:00:00", Reason::NoChecksum)
        .await;
    said(
        "backups.yaml:4:5: warning: sources[0]: its newest proof is inconclusive (no_checksum): \
         nothing vouches\n",
    )
    .await;
    said("  hint: Write expect.\n").await;
    // What cannot be read says nothing, and fails no check.
    fs::remove_dir_all(site.path().join("evidence")).unwrap();
    said("").await;
    site.put("evidence", b"no directory");
    said("").await;
}

#[tokio::test]
async fn wrong_usage_is_told_with_what_to_do() {
    let site = Site::new();
    let config = format!("--config.file={}", site.config());
    let check = async |args: &[&str], said: &str| {
        let run = ended(args).await;
        assert_eq!(run.exit, Exit::Usage, "{args:?}");
        assert!(run.err.contains(said), "{args:?}: {}", run.err);
    };
    check(&[], "--config.file").await;
    check(
        &["--config.file=/no/such/file"],
        "hint: Name a readable file",
    )
    .await;
    check(&[&config, "--once.format=table"], "--once").await;
    check(
        &[&config, "--web.listen-address=nowhere"],
        "hint: Use --web.listen-address",
    )
    .await;
    let help = ended(&["--help"]).await;
    assert_eq!(help.exit, Exit::Fine);
    assert!(help.out.contains("--web.enable-lifecycle"), "{}", help.out);
}
