//! `serve` as an operator meets it: what is due is verified by itself, and HTTP tells how it goes.

mod asked;

use std::{
    fs::{self, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

use serde_json::Value;
use tests::{
    message_receiver::MessageReceiver,
    rdb_bytes, require,
    s3_server::{Call, Effect, Fault, Identity, S3Server},
};

use crate::{
    bench::{Bench, eventually, is_empty},
    bucket::{bench_of, bench_with_evidence},
    messages::{SLACK, told},
    served::Served,
};

/// Looks every second for the next snapshot, which makes it due.
const ALERT: &str = "    verify: { when: new_snapshot }\nexporter: { refresh: 1s }\n";

/// A server that never listens, so that its restore lasts until somebody ends it.
const DEAF: &str = "#!/bin/sh
[ \"$1\" = --version ] && exec echo 'Redis server v=8.0.0 sha=0'
exec sleep 600
";

/// alice, whose password is "secret", by a hash of the least cost there is.
const USERS: &str = "basic_auth_users: { alice: \"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\" }\n";

/// alice and her password (RFC 7617).
const ALICE: &str = "authorization: Basic YWxpY2U6c2VjcmV0\r\n";

const LOADED: &str = "backup_verifier_config_last_reload_successful";

const PLANNED: &str = "backup_verifier_last_plan_successful{repository=\"local\"}";

fn bench() -> Bench {
    let mut bench = Bench::new("process");
    bench.log = &["--log.level", "info"];
    bench.configure(ALERT);
    bench
}

/// The first record of `cache`, as soon as it is there.
fn record(bench: &Bench) -> Value {
    let file = bench.path("evidence/cache/00000001.json");
    eventually("a record", || file.exists());
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn a_snapshot_that_arrives_is_verified_and_its_record_and_the_metrics_tell_of_it() {
    require!(redis);
    let bench = bench();
    let served = Served::start(&bench, &["serve"]);
    served.ready();
    let metrics = served.page("/metrics");
    for line in [
        "backup_verifier_verifications_total{verdict=\"verified\"} 0\n",
        "backup_verifier_verifications_running 0\n",
        &format!("{LOADED} 1\n"),
        &format!("{PLANNED} 1\n"),
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("backup_age"), "the exporter's: {metrics}");
    let page = served.page("/");
    assert!(page.contains("cache was never tried"), "{page}");
    assert!(page.contains("href=\"runbooks/\""), "{page}");
    let runbook = served.page("/runbooks/BackupVerificationFailed.md");
    assert!(runbook.starts_with("# BackupVerificationFailed\n"));
    bench.put(1, &rdb_bytes::two_keys());
    let record = record(&bench);
    let told = ["trigger", "verdict"].map(|key| record[key].as_str().unwrap());
    assert_eq!(told, ["new_snapshot", "verified"], "{record}");
    let verified = "backup_verifier_verifications_total{verdict=\"verified\"} 1\n";
    let metrics = served.wait_for("/metrics", verified);
    let next = "backup_verifier_next_due_timestamp_seconds{engine=\"redis\",source=\"cache\"}";
    assert!(metrics.contains(next), "{metrics}");
    let page = served.wait_for("/", "Everything was restored and verified");
    assert!(!page.contains("20261101"), "a name of a snapshot: {page}");
    assert_eq!(served.stop().code(), Some(0));
    assert_eq!(bench.runs(), 0);
    bench.run(&["evidence", "check"]).ends(0, "unbroken");
}

#[test]
fn a_proof_that_vanishes_makes_the_newest_due_long_before_its_slot() {
    require!(redis);
    let bench = bench();
    bench.configure("    verify: { schedule: \"@yearly\" }\nexporter: { refresh: 1s }\n");
    let proven = bench.put(1, &rdb_bytes::two_keys());
    assert_eq!(bench.verify().0, 0);
    let served = Served::start(&bench, &["serve"]);
    served.ready();
    bench.put(2, &rdb_bytes::two_keys());
    fs::remove_file(proven).unwrap();
    let second = bench.path("evidence/cache/00000002.json");
    eventually("its record", || second.exists());
    let record: Value = serde_json::from_str(&fs::read_to_string(second).unwrap()).unwrap();
    assert_eq!(record["snapshot"]["id"], "20261101-0200", "{record}");
    assert_eq!(record["trigger"], "schedule", "{record}");
    assert_eq!(served.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_has_not_vanished_while_the_store_has_the_version_that_was_read() {
    require!(redis);
    let store = S3Server::start().await;
    let (world, key) = (store.world(), "prod/redis/20261101-0100.rdb");
    world.version();
    world.put(key, rdb_bytes::two_keys());
    let mut bench = bench_of(&store.yaml("prod/"));
    bench.log = &["--log.level", "info"];
    let file = bench.path("backups.yaml");
    let config = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{config}exporter: {{ refresh: 1s }}\n")).unwrap();
    assert_eq!(bench.verify().0, 0);
    world.remove(key);
    world.take_calls();
    let served = Served::start(&bench, &["serve"]);
    served.ready();
    eventually("the store is asked for the version", || {
        let calls = world.take_calls();
        let is_asked =
            |call: &Call, what: &str| *call == Call::Head && what.contains("versionId=version-1");
        calls.iter().any(|(call, what)| is_asked(call, what))
    });
    let vanished = "No snapshot that was verified lies there any more.";
    let page = served.page("/");
    assert!(!page.contains(vanished), "{page}");
    world.expire_noncurrent();
    served.wait_for("/", vanished);
    assert_eq!(served.stop().code(), Some(0));
}

#[test]
fn what_runs_at_a_stop_is_interrupted_and_leaves_nothing() {
    require!(redis);
    let bench = bench();
    bench.put(1, &rdb_bytes::two_keys());
    let deaf = bench.path("redis-server");
    fs::write(&deaf, DEAF).unwrap();
    fs::set_permissions(&deaf, Permissions::from_mode(0o755)).unwrap();
    // The server runs as nobody.
    fs::set_permissions(bench.path(""), Permissions::from_mode(0o755)).unwrap();
    let served = Served::start(&bench, &["serve"]);
    served.wait_for("/", "cache runs now");
    let running = served.wait_for("/metrics", "backup_verifier_verifications_running 1\n");
    assert!(running.contains(&format!("{PLANNED} 1\n")), "{running}");
    served.wait_for("/", ">stage<");
    assert_eq!(bench.runs(), 1);
    // Under a bad configuration and a good one it goes on.
    let good = fs::read_to_string(bench.path("backups.yaml")).unwrap();
    for text in ["schema: 1\n", &good] {
        fs::write(bench.path("backups.yaml"), text).unwrap();
        let loaded = u8::from(text == good);
        served.signal("-HUP");
        served.wait_for("/metrics", &format!("{LOADED} {loaded}\n"));
        assert_eq!(bench.runs(), 1);
    }
    assert_eq!(served.stop().code(), Some(0));
    let record = record(&bench);
    let told = ["verdict", "reason"].map(|key| record[key].as_str().unwrap());
    assert_eq!(told, ["inconclusive", "interrupted"], "{record}");
    assert!(is_empty(&bench.path("state/backup-witness/runs")));
}

#[test]
fn a_reload_brings_a_source_and_a_bad_file_changes_nothing() {
    let bench = bench();
    let words = ["--web.enable-lifecycle", "serve"];
    let served = Served::start(&bench, &words);
    served.ready();
    let file = bench.path("backups.yaml");
    let good = fs::read_to_string(&file).unwrap();
    let without_evidence = good.replace("evidence: {", "x-evidence: {");
    for bad in [
        "schema: 1\nsources: [{ name: MARKER }]\n",
        &without_evidence,
    ] {
        fs::write(&file, bad).unwrap();
        let answer = served.ask("POST", "/-/reload", "");
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        assert!(!answer.contains("MARKER"), "{answer}");
        assert!(served.page("/metrics").contains(&format!("{LOADED} 0\n")));
        let page = served.page("/");
        assert!(page.contains("loaded before is still in use"), "{page}");
        assert!(page.contains("cache"), "{page}");
    }
    let more = "  - { name: more, engine: redis, repository: local, path: \"more/%Y%m%d.rdb\" }\n";
    let more = good.replace("exporter:", &format!("{more}exporter:"));
    fs::write(&file, &more).unwrap();
    let answer = served.ask("POST", "/-/reload", "");
    assert!(answer.ends_with("Reloaded.\n"), "{answer}");
    let page = served.wait_for("/", "There is no complete snapshot");
    assert!(
        page.contains("more") && !page.contains("still in use"),
        "{page}"
    );
    fs::write(&file, &good).unwrap();
    served.signal("-HUP");
    eventually("one source less", || !served.page("/").contains("more"));
    assert_eq!(served.stop().code(), Some(0));
}

#[test]
fn without_lifecycle_nobody_unknown_reloads() {
    let bench = bench();
    let served = Served::start(&bench, &["serve"]);
    let answer = served.ask("POST", "/-/reload", "");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(served.page("/-/healthy"), "Healthy.\n");
    assert_eq!(served.stop().code(), Some(0));
}

#[test]
fn a_repository_that_is_not_there_ends_nothing_and_is_told_once() {
    let bench = bench();
    fs::rename(bench.path("repository"), bench.path("elsewhere")).unwrap();
    let served = Served::start(&bench, &["serve"]);
    served.ready();
    let metrics = served.page("/metrics");
    assert!(metrics.contains(&format!("{PLANNED} 0\n")), "{metrics}");
    let failed = "backup_verifier_failures_total{step=\"survey\"} 1\n";
    assert!(metrics.contains(failed), "{metrics}");
    let page = served.page("/");
    assert!(
        page.contains("its repository could not be surveyed"),
        "{page}"
    );
    let said = served.said();
    let told = said.matches("its repository could not be surveyed").count();
    assert_eq!(told, 1, "{said}");
    fs::rename(bench.path("elsewhere"), bench.path("repository")).unwrap();
    served.signal("-HUP");
    served.wait_for("/metrics", &format!("{PLANNED} 1\n"));
    assert_eq!(served.stop().code(), Some(0));
}

#[test]
fn evidence_that_cannot_be_written_ends_nothing_and_is_counted() {
    require!(redis);
    let bench = bench();
    bench.put(1, &rdb_bytes::two_keys());
    let at_append = ("FAULT_POINT", "evidence.created:error");
    let served = Served::start_with(&bench, &["serve"], &[at_append]);
    let lost = "backup_verifier_failures_total{step=\"write_evidence\"} 1\n";
    let metrics = served.wait_for("/metrics", lost);
    let verified = "backup_verifier_verifications_total{verdict=\"verified\"} 1\n";
    assert!(metrics.contains(verified), "{metrics}");
    let page = served.page("/");
    assert!(page.contains("its record could not be written"), "{page}");
    assert!(page.contains("cache was never tried"), "{page}");
    assert_eq!(served.stop().code(), Some(0));
    assert_eq!(bench.runs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_while_the_clock_is_far_from_that_of_the_evidence() {
    require!(redis);
    let store = S3Server::start().await;
    let world = store.world();
    world.put("prod/redis/20261101-0100.rdb", rdb_bytes::two_keys());
    // The marker is made; whoever is told that it is there is told the time, too.
    let date = Effect::Header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let of_marker = Fault::always(Call::Put, date).on(".backup-evidence");
    world.fail(of_marker.after(1));
    let mut bench = bench_with_evidence(&store);
    bench.log = &["--log.level", "info"];
    let served = Served::start(&bench, &["serve"]);
    let refused = "backup_verifier_failures_total{step=\"begin\"} 1\n";
    let verified =
        |count| format!("backup_verifier_verifications_total{{verdict=\"verified\"}} {count}\n");
    let metrics = served.wait_for("/metrics", refused);
    assert!(metrics.contains(&verified(0)), "{metrics}");
    let page = served.page("/");
    assert!(page.contains("its verification could not begin"), "{page}");
    let said = served.said();
    let why = "s ahead of that of the evidence at s3://backups/evidence/";
    assert!(said.contains(why), "{said}");
    let is_record =
        |(call, what): &(Call, String)| *call == Call::Put && what.contains("cache/00000001.json");
    assert!(!world.take_calls().iter().any(is_record));
    // Once the clocks agree, who asks for a look need not wait for the next try.
    world.heal();
    served.signal("-HUP");
    served.wait_for("/metrics", &verified(1));
    assert!(world.take_calls().iter().any(is_record));
    assert_eq!(served.stop().code(), Some(0));
}

#[test]
fn whoever_asks_needs_tls_and_a_password_where_a_file_says_so() {
    let bench = bench();
    let identity = Identity::new();
    identity.write_certificate(&bench.path("server.pem"));
    identity.write_key(&bench.path("server.key"));
    let tls = "tls_server_config: { cert_file: server.pem, key_file: server.key }\n";
    fs::write(bench.path("web.yml"), format!("{tls}{USERS}")).unwrap();
    let served = Served::start(&bench, &["serve", "--web.config.file=web.yml"]);
    for path in ["/", "/metrics", "/-/healthy", "/-/ready"] {
        let answer = served.ask("GET", path, "");
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
        let answer = served.ask("GET", path, ALICE);
        assert!(!answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
    let metrics = served.ask("GET", "/metrics", ALICE);
    let valid = "backup_verifier_web_config_last_reload_successful 1\n";
    assert!(metrics.contains(valid), "{metrics}");
    let answer = served.ask("POST", "/-/reload", ALICE);
    assert!(answer.ends_with("Reloaded.\n"), "{answer}");
    assert_eq!(served.stop().code(), Some(0));
    fs::write(
        bench.path("web.yml"),
        "basic_auth_users: { alice: hunter2 }\n",
    )
    .unwrap();
    let refused = bench.run(&["--web.config.file=web.yml", "serve"]);
    refused.ends(2, "this is not a bcrypt hash");
    assert!(!refused.err.contains("hunter2"), "{refused:?}");
}

#[test]
fn it_listens_on_every_address_and_says_which_it_cannot() {
    let bench = bench();
    let second = ["--web.listen-address=127.0.0.1:0", "serve"];
    let served = Served::start(&bench, &second);
    let [first, second] = served.addresses[..] else {
        panic!("{:?}", served.addresses)
    };
    for address in [first, second] {
        let answer = served.ask_at(address, "GET", "/-/healthy", "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(served.stop().code(), Some(0));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let flag = format!("--web.listen-address={}", taken.local_addr().unwrap());
    let refused = bench.run(&[&flag, "serve"]);
    refused.ends(2, "cannot listen on");
    assert!(
        refused.err.contains("hint: Use --web.listen-address"),
        "{refused:?}"
    );
}

#[test]
fn only_serve_listens_and_nothing_is_served_that_could_not_verify() {
    let bench = bench();
    for flag in ["--web.enable-lifecycle", "--web.config.file=web.yml"] {
        bench.run(&[flag, "check"]).ends(2, "only serve listens");
    }
    let without = "schema: 1\nrepositories: [{ name: local, directory: repository }]\n\
                   sources: [{ name: cache, engine: redis, repository: local, path: \"%Y.rdb\" }]\n";
    fs::write(bench.path("backups.yaml"), without).unwrap();
    bench.run(&["serve"]).ends(2, "no evidence is configured");
    let help = bench.run(&["serve", "--help"]);
    help.ends(0, "--web.listen-address");
    help.ends(0, ":9878");
    let completions = bench.run(&["completions", "bash"]);
    completions.ends(0, "--web.enable-lifecycle");
}

/// A world whose new snapshots are verified at once, told to this receiver.
fn told_at_once(receiver: &MessageReceiver) -> Bench {
    let mut bench = told(receiver, SLACK);
    bench.log = &["--log.level", "info"];
    let file = bench.path("backups.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let at_once = text + "    verify: { when: new_snapshot }\n";
    let refreshed = at_once.replacen("verifier:", "exporter: { refresh: 1s }\nverifier:", 1);
    fs::write(&file, refreshed).unwrap();
    bench
}

#[test]
fn a_message_that_did_not_arrive_is_told_by_the_next_start_and_once() {
    require!(redis);
    let gone = MessageReceiver::new("404 Not Found");
    let bench = told_at_once(&gone);
    let mut damaged = rdb_bytes::two_keys();
    damaged[20] ^= 1;
    bench.put(1, &damaged);
    let served = Served::start(&bench, &["serve"]);
    let failed = "backup_verifier_verifications_total{verdict=\"failed\"} 1\n";
    served.wait_for("/metrics", failed);
    served.wait_for("/metrics", "backup_verifier_speaking 1\n");
    assert_eq!(served.stop().code(), Some(0));
    assert!(gone.one().contains("cache: failed (damaged)"));

    let receiver = MessageReceiver::new("200 OK");
    fs::write(bench.path("slack.url"), receiver.url()).unwrap();
    for expected in [1, 0] {
        let served = Served::start(&bench, &["serve"]);
        served.ready();
        served.wait_for("/metrics", "backup_verifier_speaking 1\n");
        // By hand nothing is posted while the service speaks.
        let by_hand = bench.run(&["verify", "--notify"]);
        by_hand.ends(1, "another verifier posts what changes: run ");
        assert_eq!(served.stop().code(), Some(0));
        let messages = receiver.taken();
        assert_eq!(messages.len(), expected, "{messages:#?}");
    }
}

#[test]
fn a_change_is_told_at_the_latest_when_the_service_stops() {
    require!(redis);
    let receiver = MessageReceiver::new("200 OK");
    let bench = told_at_once(&receiver);
    let served = Served::start(&bench, &["serve"]);
    served.ready();
    let none = "backup_verifier_undelivered_messages{receiver=\"slack\"} 0\n";
    assert!(served.page("/metrics").contains(none));
    bench.put(1, &rdb_bytes::two_keys());
    let verified = "backup_verifier_verifications_total{verdict=\"verified\"} 1\n";
    served.wait_for("/metrics", verified);
    assert_eq!(served.stop().code(), Some(0));
    let message = receiver.one();
    assert!(message.contains("cache: verified"), "{message}");
}

/// A drill of the one source, and the report of one that was made by hand two years ago: a slot has
/// passed since.
fn drilled_long_ago(receiver: &MessageReceiver) -> Bench {
    let mut bench = told(receiver, SLACK);
    bench.log = &["--log.level", "info"];
    let file = bench.path("backups.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let drill = "    verify: { schedule: \"0 0 1 1 *\" }\ndrills: [{ name: full, sources: [cache], \
                 schedule: \"0 0 1 1 *\" }]\n";
    fs::write(&file, text + drill).unwrap();
    bench.put(1, &rdb_bytes::two_keys());
    bench.run(&["drill", "full"]).ends(0, "");
    let reports = bench.path("evidence/.drills/full");
    let files = fs::read_dir(&reports).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    let is_json = |file: &PathBuf| file.extension().is_some_and(|it| it == "json");
    let report = files.find(is_json).unwrap();
    let text = fs::read_to_string(&report).unwrap();
    let mut edited: Value = serde_json::from_str(&text).unwrap();
    edited["began_at"] = "2024-11-01T03:00:00Z".into();
    fs::remove_file(&report).unwrap();
    fs::write(reports.join("20241101T030000Z-1.json"), edited.to_string()).unwrap();
    bench
}

#[test]
fn a_drill_that_was_missed_is_made_up_for_and_told_once() {
    require!(redis);
    let receiver = MessageReceiver::new("200 OK");
    let bench = drilled_long_ago(&receiver);
    for expected in [1, 0] {
        let served = Served::start(&bench, &["serve"]);
        let page = served.wait_for("/", "last: verified in");
        assert!(page.contains("Drill full: next "), "{page}");
        let drills = "\"drills\":[{\"drill\":\"full\"";
        assert!(served.page("/api/v1/status").contains(drills));
        let records = served.wait_for("/records?source=cache", "2 verified, 0 failed");
        assert!(
            !records.contains("20261101-0100"),
            "no object is named: {records}"
        );
        let listed = served.page("/api/v1/records?source=cache");
        assert!(listed.contains("\"sequence\":1,"), "{listed}");
        let unknown = served.ask("GET", "/records?source=nobody", "");
        assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
        assert_eq!(served.stop().code(), Some(0));
        let messages = receiver.taken();
        let drills = messages
            .iter()
            .filter(|it| it.to_string().contains("Drill full: verified"));
        assert_eq!(drills.count(), expected, "{messages:#?}");
    }
    let exported = bench.run(&["evidence", "export", "--format", "csv"]);
    assert_eq!(exported.out.matches(",drill,").count(), 2, "{exported:?}");
}
