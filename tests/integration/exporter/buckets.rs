//! Repositories that are buckets, in one run.

use catalog::ledger::{S3Records, append, fixtures};
use tests::s3_server::{Call, Effect, Fault, S3Server, SECRET_ACCESS_KEY};
use toolkit::exit::Exit;

use super::{Site, running::ended};

const RDB: &[u8] = b"REDIS0011\xff\0\0\0\0\0\0\0\0";

/// A site with one source in its directory and one in the bucket.
fn site(server: &S3Server, path: &str) -> Site {
    let site = Site::new();
    let text = format!(
        "schema: 1
repositories:
  - {{ name: local, directory: backups }}
  - {{ name: cloud, s3: {} }}
sources:
  - {{ name: cache, engine: redis, repository: local, path: redis/%Y%m%d-%H%M.rdb, settle: 0s }}
  - {{ name: remote, engine: redis, repository: cloud, path: {path} }}
evidence: {{ repository: {{ directory: evidence }} }}
exporter: {{ refresh: 1h }}
",
        server.yaml("prod/")
    );
    site.put("backups.yaml", text.as_bytes());
    site
}

fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|it| it == *line),
            "{line}\nis not in\n{text}"
        );
    }
}

#[tokio::test]
async fn a_denied_bucket_is_told_and_everything_else_is_served() {
    let server = S3Server::start().await;
    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    server.world().fail(Fault::always(Call::List, denied));
    let site = site(&server, "redis/%Y%m%d-%H%M.rdb");
    let run = ended(&[&format!("--config.file={}", site.config()), "--once"]).await;
    assert_eq!(run.exit, Exit::Unknown, "{}", run.err);
    assert!(
        run.err.contains("cloud: cannot list: access denied"),
        "{}",
        run.err
    );
    assert!(!run.err.contains(SECRET_ACCESS_KEY));
    assert_has(
        &run.out,
        &[
            "backup_repository_up{repository=\"cloud\"} 0",
            "backup_repository_up{repository=\"local\"} 1",
            "backup_snapshots{engine=\"redis\",source=\"cache\",state=\"complete\"} 1",
        ],
    );
    let errors = "backup_repository_errors_total{operation=\"list\",reason=\"access_denied\",\
                  repository=\"cloud\"}";
    assert!(run.out.contains(errors), "{}", run.out);
}

#[tokio::test]
async fn the_versions_of_one_key_are_snapshots_and_its_older_ones_noncurrent() {
    let server = S3Server::start().await;
    let world = server.world();
    world.version();
    for _ in 0..3 {
        world.put("prod/dump.rdb", RDB);
    }
    world.put("prod/stray", "xyz");
    world.put("elsewhere", "not ours");
    let site = site(&server, "dump.rdb");
    let run = ended(&[&format!("--config.file={}", site.config()), "--once"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
    let usage = |engine: &str, source: &str, state: &str, objects: u64| {
        format!(
            "backup_storage_objects{{engine=\"{engine}\",repository=\"cloud\",source=\"{source}\",state=\"{state}\",\
             storage_class=\"STANDARD\"}} {objects}"
        )
    };
    assert_has(
        &run.out,
        &[
            "backup_snapshots{engine=\"redis\",source=\"remote\",state=\"complete\"} 3",
            &usage("redis", "remote", "current", 1),
            &usage("redis", "remote", "noncurrent", 2),
            &usage("", "", "unrecognised", 1),
        ],
    );
}

#[tokio::test]
async fn a_hundred_thousand_foreign_objects_are_counted_and_the_few_of_ours_are_found() {
    let server = S3Server::start().await;
    server.world().put("redis/20261122-0400.rdb", RDB);
    server.world().foreign(100_000);
    let site = site(&server, "redis/%Y%m%d-%H%M.rdb");
    let text = std::fs::read_to_string(site.config()).unwrap();
    site.put(
        "backups.yaml",
        text.replace("prefix: \"prod/\"", "prefix: \"\"").as_bytes(),
    );
    let run = ended(&[&format!("--config.file={}", site.config()), "--once"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
    let unrecognised = "backup_storage_objects{engine=\"\",repository=\"cloud\",source=\"\",\
                        state=\"unrecognised\",storage_class=\"STANDARD\"} 100000";
    assert_has(
        &run.out,
        &[
            "backup_snapshots{engine=\"redis\",source=\"remote\",state=\"complete\"} 1",
            unrecognised,
        ],
    );
    let lists = server.world().take_calls();
    let lists = lists.iter().filter(|(call, _)| *call == Call::List).count();
    assert_eq!(lists, 101, "each page once");
}

#[tokio::test]
async fn evidence_in_a_bucket_is_read_and_nothing_is_ever_written_there() {
    let server = S3Server::start().await;
    let evidence = S3Records::new(server.config("evidence/"));
    let proof = fixtures::verified(fixtures::at("04:00:00"));
    append(&evidence, &fixtures::cache(), proof).await.unwrap();
    server.world().take_calls();
    let site = site(&server, "redis/%Y%m%d-%H%M.rdb");
    let text = std::fs::read_to_string(site.config()).unwrap();
    let s3 = format!("s3: {}", server.yaml("evidence"));
    let text = text.replace("directory: evidence", &s3);
    site.put("backups.yaml", text.as_bytes());
    let run = ended(&[&format!("--config.file={}", site.config()), "--once"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
    assert_has(
        &run.out,
        &[
            "backup_evidence_up{engine=\"redis\",source=\"cache\"} 1",
            "backup_evidence_records{engine=\"redis\",source=\"cache\"} 1",
            "backup_evidence_intact{engine=\"redis\",source=\"cache\"} 1",
        ],
    );
    let calls = server.world().take_calls();
    let writes = |call: &Call| matches!(call, Call::Put | Call::Delete);
    assert!(
        calls
            .iter()
            .any(|(_, what)| what.contains("evidence/cache/"))
    );
    assert!(!calls.iter().any(|(call, _)| writes(call)), "{calls:?}");
}
