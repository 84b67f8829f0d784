//! What is answered over HTTP.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use tests::require;
use toolkit::exit::Exit;

use super::{MARKER, Site, running::start};

#[tokio::test]
async fn a_repository_and_its_proof_become_metrics_and_a_page() {
    let site = Site::new();
    site.prove("04:00:00").await;
    let running = start(&site, &[]).await;
    running.ready().await;
    let metrics = running.page("/metrics").await;
    for line in [
        r#"backup_repository_up{repository="local"} 1"#,
        r#"backup_snapshots{engine="redis",source="cache",state="complete"} 1"#,
        r#"backup_verification_status{engine="redis",source="cache",verdict="verified"} 1"#,
        r#"backup_evidence_intact{engine="redis",source="cache"} 1"#,
        r#"backup_recoverable{engine="redis",source="cache"} 1"#,
        "backup_exporter_config_last_reload_successful 1",
    ] {
        // Ages have a fraction: the clock goes on.
        let found = metrics
            .lines()
            .any(|found| found == line || found.starts_with(&format!("{line}.")));
        assert!(found, "{line} in {metrics}");
    }
    let page = running.page("/").await;
    assert!(
        page.contains("Everything that is verified is recoverable"),
        "{page}"
    );
    for text in [&metrics, &page] {
        assert!(!text.contains(MARKER) && !text.contains("MARKER"), "{text}");
        assert!(!text.contains("20261122"), "a name of a snapshot in {text}");
    }
    assert_eq!(running.stop().await.exit, Exit::Fine);
}

#[tokio::test]
async fn healthy_at_once_ready_after_the_first_survey_and_only_get_is_answered() {
    let site = Site::new();
    let running = start(&site, &[]).await;
    assert_eq!(running.page("/-/healthy").await, "Healthy.\n");
    let runbook = running.page("/runbooks/BackupTooOld").await;
    assert!(runbook.contains("<h1>BackupTooOld</h1>"), "{runbook}");
    running.ready().await;
    let head = running.ask("HEAD", "/metrics").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
    assert!(
        running
            .ask("DELETE", "/metrics")
            .await
            .starts_with("HTTP/1.1 405")
    );
    assert!(
        running
            .ask("GET", "/-/reload")
            .await
            .starts_with("HTTP/1.1 405")
    );
    assert!(
        running
            .ask("POST", "/-/reload")
            .await
            .starts_with("HTTP/1.1 403")
    );
    assert!(
        running
            .ask("GET", "/nothing")
            .await
            .starts_with("HTTP/1.1 404")
    );
    running.stop().await;
}

#[tokio::test]
async fn promtool_finds_nothing_to_say_of_the_metrics() {
    require!(promtool);
    let site = Site::new();
    site.prove("04:00:00").await;
    let running = start(&site, &[]).await;
    running.ready().await;
    let metrics = running.page("/metrics").await;
    running.stop().await;
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    let mut child = promtool
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_down_and_nothing_is_said_of_its_sources() {
    let site = Site::new();
    std::fs::remove_dir_all(site.path().join("backups")).unwrap();
    let running = start(&site, &[]).await;
    running.ready().await;
    let metrics = running.page("/metrics").await;
    assert!(
        metrics.contains("backup_repository_up{repository=\"local\"} 0\n"),
        "{metrics}"
    );
    assert!(!metrics.contains("backup_snapshots"), "{metrics}");
    assert!(!metrics.contains("backup_recoverable"), "{metrics}");
    running.stop().await;
}
