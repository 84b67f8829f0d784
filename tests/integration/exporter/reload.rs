//! Another configuration without a restart.

use super::{Site, running::start};

const MORE: &str =
    "  - { name: more, engine: files, repository: local, path: \"more/%Y%m%d.tar\" }\n";

const LOADED: &str = "backup_exporter_config_last_reload_successful";

#[tokio::test]
async fn a_hang_up_signal_brings_a_new_source_and_keeps_what_is_known_of_the_others() {
    let site = Site::new();
    let running = start(&site, &[]).await;
    running.ready().await;
    site.configure(MORE);
    running.signals.reload.notify_one();
    let metrics = running
        .wait_for("/metrics", |it| it.contains("source=\"more\""))
        .await;
    assert!(metrics.contains("backup_last_size_bytes{engine=\"redis\",source=\"cache\"}"));
    assert!(metrics.contains(&format!("{LOADED} 1\n")));
    running.stop().await;
}

#[tokio::test]
async fn a_bad_file_keeps_the_old_configuration_and_says_so() {
    let site = Site::new();
    let running = start(&site, &["--web.enable-lifecycle"]).await;
    running.ready().await;
    site.put("backups.yaml", b"schema: 1\nsources: [{ name: MARKER }]\n");
    let answer = running.ask("POST", "/-/reload").await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    let metrics = running.page("/metrics").await;
    assert!(metrics.contains(&format!("{LOADED} 0\n")), "{metrics}");
    assert!(metrics.contains("backup_last_size_bytes{engine=\"redis\",source=\"cache\"}"));
    let page = running.page("/").await;
    assert!(
        page.contains("the configuration loaded before is still"),
        "{page}"
    );
    assert!(!page.contains("MARKER") && !answer.contains("MARKER"));

    site.configure(MORE);
    let answer = running.ask("POST", "/-/reload").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let metrics = running.page("/metrics").await;
    assert!(metrics.contains(&format!("{LOADED} 1\n")), "{metrics}");
    assert!(metrics.contains("source=\"more\""), "{metrics}");
    running.stop().await;
}
