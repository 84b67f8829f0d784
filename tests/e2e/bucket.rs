//! A snapshot in a bucket, from the listing to the record.

use std::fs;

use serde_json::Value;
use tests::{
    rdb_bytes, require,
    s3_server::{ACCESS_KEY_ID, Call, Effect, Fault, Ignored, S3Server, SECRET_ACCESS_KEY},
};

use crate::bench::{Bench, Ran};

/// A verifier whose one source lies in the bucket.
fn bench(server: &S3Server) -> Bench {
    bench_of(&server.yaml("prod/"))
}

/// The same by the value of the key `s3`.
pub(crate) fn bench_of(s3: &str) -> Bench {
    let bench = Bench::new("process");
    let text = format!(
        "schema: 1\n\
         repositories: [{{ name: cloud, s3: {s3} }}]\n\
         evidence: {{ repository: {{ directory: evidence }} }}\n\
         verifier: {{ runtime: process }}\n\
         sources:\n  - name: cache\n    engine: redis\n    repository: cloud\n    \
         path: \"redis/%Y%m%d-%H%M.rdb\"\n    schedule: \"0 * * * *\"\n"
    );
    fs::write(bench.path("backups.yaml"), text).unwrap();
    bench
}

/// Runs the program while the store answers.
pub(crate) async fn run(bench: &Bench, words: &[&str]) -> Ran {
    let mut program = tokio::process::Command::from(bench.program(words));
    Ran::from(program.output().await.unwrap())
}

#[tokio::test]
async fn a_snapshot_in_a_bucket_is_streamed_into_a_sandbox_and_verified() {
    require!(redis);
    let server = S3Server::start().await;
    server
        .world()
        .put("prod/redis/20261101-0100.rdb", rdb_bytes::two_keys());
    // A connection that breaks once is no reason to fail.
    server
        .world()
        .fail(Fault::always(Call::Get, Effect::Cut(20)).times(2));
    let bench = bench(&server);
    let ran = run(&bench, &["verify", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let records: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let artifact = &records[0]["snapshot"]["artifacts"][0];
    assert_eq!(records[0]["verdict"], "verified", "{records:#?}");
    assert_eq!(artifact["key"], "redis/20261101-0100.rdb");
    assert_eq!(artifact["integrity"], "file");
    assert!(
        artifact["etag"]
            .as_str()
            .is_some_and(|etag| etag.starts_with('"'))
    );
    for secret in [SECRET_ACCESS_KEY, ACCESS_KEY_ID] {
        assert!(!ran.err.contains(secret) && !ran.out.contains(secret));
    }
}

#[tokio::test]
async fn a_record_names_the_version_that_was_read_although_none_was_asked_for() {
    require!(redis);
    let server = S3Server::start().await;
    let world = server.world();
    let key = "prod/redis/20261101-0100.rdb";
    world.put(key, "before");
    world.version();
    world.put(key, rdb_bytes::two_keys());
    let bench = bench(&server);
    let ran = run(&bench, &["verify", "--format", "json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let records: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let artifact = &records[0]["snapshot"]["artifacts"][0];
    assert_eq!(artifact["version_id"], "version-2", "{artifact:#}");
    let calls = world.take_calls();
    let of_versions = |what: &str| what.contains("versionId=");
    assert!(
        calls.iter().any(|(call, _)| *call == Call::Get),
        "{calls:?}"
    );
    assert!(
        !calls.iter().any(|(_, what)| of_versions(what)),
        "{calls:?}"
    );
    run(&bench, &["latest", "--source", "cache", "--verified"])
        .await
        .ends(0, "/prod/redis/20261101-0100.rdb\n");
    run(&bench, &["plan"]).await.ends(0, "nothing is due");
}

#[tokio::test]
async fn what_the_store_refuses_is_inconclusive_and_says_what_to_do() {
    require!(redis);
    let server = S3Server::start().await;
    server
        .world()
        .put("prod/redis/20261101-0100.rdb", rdb_bytes::two_keys());
    let bench = bench(&server);
    let refusals = [
        (
            "InvalidObjectState",
            "INCONCLUSIVE (ARCHIVED)",
            "aws s3api restore-object",
        ),
        (
            "KMS.DisabledException",
            "INCONCLUSIVE (KEY_DENIED)",
            "kms:Decrypt",
        ),
        (
            "AccessDenied",
            "INCONCLUSIVE (ACCESS_DENIED)",
            "s3:GetObject",
        ),
    ];
    for (code, verdict, hint) in refusals {
        server.world().heal();
        server
            .world()
            .fail(Fault::always(Call::Get, Effect::error(403, code, "No.")));
        let ran = run(&bench, &["verify"]).await;
        ran.ends(3, verdict);
        ran.ends(3, hint);
    }
}

#[tokio::test]
async fn evidence_in_a_bucket_is_written_pruned_and_checked() {
    require!(redis);
    let server = S3Server::start().await;
    let world = server.world();
    world.put("prod/redis/20261101-0100.rdb", rdb_bytes::two_keys());
    let bench = bench_with_evidence(&server);
    let new = "no records yet: s3://backups/evidence/ has no marker `.backup-evidence`";
    run(&bench, &["plan"]).await.ends(0, new);
    for _ in 0..2 {
        run(&bench, &["verify"]).await.ends(0, "VERIFIED");
    }
    let planned = run(&bench, &["plan"]).await;
    assert!(!planned.err.contains("no records"), "{planned:?}");
    let checked = run(&bench, &["evidence", "check"]).await;
    checked.ends(0, "2 records, unbroken");
    run(&bench, &["evidence", "list"])
        .await
        .ends(0, "cache/00000002");
    world.remove("evidence/cache/00000001.json");
    let checked = run(&bench, &["evidence", "check"]).await;
    checked.ends(1, "broken at 00000001: is missing");
    for call in world.take_calls() {
        let (Call::Put | Call::Delete, what) = &call else {
            continue;
        };
        assert!(what.starts_with("/backups/evidence/"), "{call:?}");
    }
}

#[tokio::test]
async fn a_store_that_overwrites_holds_no_evidence_and_doctor_says_so() {
    require!(redis);
    // Always, or only who writes at the same time.
    for ignored in [Ignored::Conditions, Ignored::Races] {
        let server = S3Server::start().await;
        let world = server.world();
        world.put("prod/redis/20261101-0100.rdb", rdb_bytes::two_keys());
        world.ignore(&[ignored]);
        let bench = bench_with_evidence(&server);
        let ran = run(&bench, &["verify"]).await;
        ran.ends(3, "overwrites what it is told to create only once");
        ran.ends(3, "hint: Use a store with conditional writes");
        let doctor = run(&bench, &["doctor"]).await;
        assert!(doctor.out.contains("✘ evidence: s3://"), "{doctor:?}");
        let checked = run(&bench, &["evidence", "check"]).await;
        checked.ends(3, "there is no evidence at s3://backups/evidence/");
    }
}

/// The same with its evidence in the bucket, too.
pub(crate) fn bench_with_evidence(server: &S3Server) -> Bench {
    let bench = bench(server);
    let path = bench.path("backups.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let s3 = format!("s3: {}", server.yaml("evidence"));
    fs::write(&path, text.replace("directory: evidence", &s3)).unwrap();
    bench
}

#[tokio::test]
async fn the_checksum_of_an_upload_vouches_for_a_file_without_one() {
    require!(redis);
    let file = &b"REDIS0010\xfe\0\xfb\x02\0\0\x01a\x011\0\x01b\x012\xff\0\0\0\0\0\0\0\0"[..];
    // CRC-32 of these bytes, by zlib.
    let crc32 = "B5fm9Q==";
    let server = S3Server::start().await;
    let bench = bench(&server);
    let cases = [
        (format!("{crc32}-2"), 3, "INCONCLUSIVE (NO_CHECKSUM)"),
        ("AAAAAA==".into(), 3, "INCONCLUSIVE (UNSTABLE_READ)"),
        (crc32.to_owned(), 0, "VERIFIED"),
    ];
    for (checksum, code, verdict) in cases {
        server
            .world()
            .put_with("prod/redis/20261101-0100.rdb", file, |object| {
                object.checksum = Some(("crc32", checksum));
            });
        run(&bench, &["verify"]).await.ends(code, verdict);
    }
    let text = fs::read_to_string(bench.path("evidence/cache/00000003.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["snapshot"]["artifacts"][0]["integrity"], "object");
}

#[tokio::test]
async fn a_snapshot_in_a_bucket_is_fetched_in_ranges_although_connections_break() {
    let server = S3Server::start().await;
    let body: Vec<u8> = (0u32..5 << 20).flat_map(u32::to_le_bytes).collect();
    let body = [rdb_bytes::two_keys(), body].concat();
    server
        .world()
        .put("prod/redis/20261101-0100.rdb", body.clone());
    server
        .world()
        .fail(Fault::always(Call::Get, Effect::Cut(20)).times(2));
    let bench = bench(&server);
    let ran = run(&bench, &["fetch", "--source", "cache", "--to", "to"]).await;
    ran.ends(0, "  to/20261101-0100.rdb");
    assert_eq!(fs::read(bench.path("to/20261101-0100.rdb")).unwrap(), body);
    assert_eq!(fs::read_dir(bench.path("to")).unwrap().count(), 1);
}

/// The SHA-256 of an upload as a store tells it.
pub(crate) fn uploaded_sha256(body: &[u8]) -> String {
    let sha256 = catalog::digest::sha256(body);
    let sha256 = sha256.trim_start_matches("sha256:");
    let byte = |at: usize| u8::from_str_radix(&sha256[2 * at..2 * at + 2], 16).unwrap();
    aws_smithy_types::base64::encode((0..32).map(byte).collect::<Vec<_>>())
}

#[tokio::test]
async fn what_is_fetched_is_what_was_uploaded_or_is_not_kept() {
    let server = S3Server::start().await;
    let bench = bench(&server);
    let body = rdb_bytes::two_keys();
    let fetch = ["fetch", "--source", "cache", "--to", "to"];
    // CRC-64/NVME of nothing is no checksum of it.
    server
        .world()
        .put_with("prod/redis/20261101-0100.rdb", body.clone(), |object| {
            object.checksum = Some(("crc64nvme", "AAAAAAAAAAA=".into()));
        });
    let ran = run(&bench, &fetch).await;
    ran.ends(3, "is not the one that the store keeps of its upload");
    ran.ends(3, "the CRC-64/NVME of");
    assert_eq!(fs::read_dir(bench.path("to")).unwrap().count(), 0);
    server
        .world()
        .put_with("prod/redis/20261101-0100.rdb", body.clone(), |object| {
            object.checksum = Some(("sha256", uploaded_sha256(&body)));
        });
    let ran = run(&bench, &fetch).await;
    ran.ends(0, "has the SHA-256 that the store keeps of its upload");
    assert_eq!(fs::read(bench.path("to/20261101-0100.rdb")).unwrap(), body);
}

#[tokio::test]
async fn an_older_version_is_named_by_its_version_and_of_one_recovery_point_the_current_is_newest()
{
    require!(redis);
    let server = S3Server::start().await;
    server.world().version();
    let key = "prod/redis/dump.rdb";
    server.world().put(key, rdb_bytes::two_keys());
    let bench = bench(&server);
    let text = fs::read_to_string(bench.path("backups.yaml")).unwrap();
    let text = text.replace("redis/%Y%m%d-%H%M.rdb", "redis/dump.rdb");
    fs::write(bench.path("backups.yaml"), text).unwrap();
    assert_eq!(run(&bench, &["verify"]).await.code, 0);
    let (latest, verified) = (["latest", "--source", "cache"], "--verified");
    let ran = run(&bench, &latest).await;
    assert!(ran.out.ends_with("/prod/redis/dump.rdb\n"), "{ran:?}");
    // Its recovery point is written inside, and is the same.
    let mut damaged = rdb_bytes::two_keys();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    server.world().put(key, damaged);
    assert_eq!(run(&bench, &["verify"]).await.code, 1);
    let bad = run(&bench, &latest).await;
    assert_eq!(bad.code, 1, "{bad:?}");
    assert!(bad.out.ends_with("/prod/redis/dump.rdb\n"), "{bad:?}");
    let good = run(&bench, &[&latest[..], &[verified]].concat()).await;
    assert_eq!(good.code, 0, "{good:?}");
    assert!(
        good.out.contains("/prod/redis/dump.rdb?versionId="),
        "{good:?}"
    );
}
