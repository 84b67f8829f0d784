//! Whose keys are used, and what is said where none are any good: the program with an environment
//! of its own, because that is where the keys come from.

use std::fs;

use tests::{
    s3_server::{ACCESS_KEY_ID, BUCKET, Keys, S3Server, SECRET_ACCESS_KEY},
    sts_server::{SESSION, StsServer},
};

use crate::{
    bench::{Bench, Ran},
    bucket::bench_of,
};

const FILE: &str = "to/20261101-0100.rdb";

/// A store that holds one snapshot.
async fn store() -> S3Server {
    let server = S3Server::start().await;
    let snapshot = tests::rdb_bytes::two_keys();
    server.world().put("prod/redis/20261101-0100.rdb", snapshot);
    server
}

/// Fetches the snapshot, with nothing of our own environment but the search path.
pub(crate) async fn fetch(bench: &Bench, environment: &[(&str, &str)]) -> Ran {
    let mut program = bench.program(&["fetch", "--source", "cache", "--to", "to"]);
    program
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", bench.path(""))
        .env("XDG_STATE_HOME", bench.path("state"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied());
    let mut program = tokio::process::Command::from(program);
    let ran = Ran::from(program.output().await.unwrap());
    let secrets = [SECRET_ACCESS_KEY, SESSION.secret, SESSION.token.unwrap()];
    for secret in secrets {
        assert!(!ran.err.contains(secret) && !ran.out.contains(secret));
    }
    ran
}

/// It was fetched; and it is taken away, for the next time.
#[track_caller]
pub(crate) fn was_fetched(bench: &Bench, ran: &Ran) {
    ran.ends(0, FILE);
    fs::remove_file(bench.path(FILE)).unwrap();
}

/// Nothing was, for this reason.
#[track_caller]
pub(crate) fn was_refused(bench: &Bench, ran: &Ran, words: &[&str]) {
    for said in words {
        ran.ends(3, said);
    }
    assert!(!bench.path(FILE).exists());
}

fn with_role(server: &S3Server) -> Bench {
    let keys = server.yaml("prod/");
    let keys = keys.trim_end_matches([' ', '}']);
    bench_of(&format!(
        "{keys}, role_arn: \"arn:aws:iam::1:role/backups\", external_id: \"as agreed + 1\" }}"
    ))
}

#[tokio::test]
async fn a_role_is_assumed_with_its_external_id_and_its_session_is_used() {
    let (server, sts) = (store().await, StsServer::start().await);
    server.world().admit_only(SESSION);
    let bench = with_role(&server);
    let endpoint = sts.endpoint();
    let ran = fetch(&bench, &[("AWS_ENDPOINT_URL_STS", &endpoint)]).await;
    was_fetched(&bench, &ran);
    let asked = sts.take_asked();
    let [asked] = &*asked else {
        panic!("once, and kept: {asked:?}");
    };
    for (name, value) in [
        ("Action", "AssumeRole"),
        ("RoleArn", "arn:aws:iam::1:role/backups"),
        ("ExternalId", "as agreed + 1"),
        ("RoleSessionName", "backup-witness"),
        ("signer", ACCESS_KEY_ID),
    ] {
        assert_eq!(asked[name], value, "{asked:?}");
    }

    // The session is what the store lets in, with its token.
    let other = Some("another token");
    server.world().admit_only(Keys {
        token: other,
        ..SESSION
    });
    let ran = fetch(&bench, &[("AWS_ENDPOINT_URL_STS", &endpoint)]).await;
    was_refused(&bench, &ran, &["InvalidToken", "credentials"]);
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_says_what_to_do() {
    let (server, sts) = (store().await, StsServer::start().await);
    server.world().admit_only(SESSION);
    let bench = with_role(&server);
    let endpoint = sts.endpoint();
    let role = "arn:aws:iam::1:role/backups";
    let denied = "User: u is not authorized to perform: sts:AssumeRole on resource: r";
    let refusals = [
        (
            403,
            "AccessDenied",
            denied,
            &["sts:AssumeRole", role, "external id"][..],
        ),
        (
            403,
            "ExpiredToken",
            "The token is expired",
            &["Renew the credentials"],
        ),
        (
            400,
            "ExpiredTokenException",
            "It is expired",
            &["Renew the credentials"],
        ),
        (
            403,
            "InvalidClientTokenId",
            "It is invalid.",
            &["Correct the access key id"],
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "No.",
            &["Correct the secret access key"],
        ),
    ];
    for (status, code, message, words) in refusals {
        sts.refuse(status, code, message);
        let ran = fetch(&bench, &[("AWS_ENDPOINT_URL_STS", &endpoint)]).await;
        was_refused(&bench, &ran, words);
        was_refused(&bench, &ran, &["credentials", message]);
    }
    drop(sts);
    let ran = fetch(&bench, &[("AWS_ENDPOINT_URL_STS", &endpoint)]).await;
    was_refused(&bench, &ran, &["unreachable", "Make STS reachable"]);
    assert_eq!(server.world().take_calls(), [], "nobody was let in");
}

/// Without key files.
fn by_environment(server: &S3Server, more: &str) -> Bench {
    let endpoint = server.endpoint();
    bench_of(&format!(
        "{{ bucket: {BUCKET}, prefix: prod/, endpoint: \"{endpoint}\"{more} }}"
    ))
}

#[tokio::test]
async fn the_environment_gives_keys_and_a_token() {
    let server = store().await;
    let bench = by_environment(&server, "");
    let ran = fetch(&bench, &[]).await;
    was_refused(
        &bench,
        &ran,
        &["credentials", "Give credentials", "AWS_ACCESS_KEY_ID"],
    );
    assert_eq!(server.world().take_calls(), []);

    server.world().admit_only(SESSION);
    let keys = [
        ("AWS_ACCESS_KEY_ID", SESSION.id),
        ("AWS_SECRET_ACCESS_KEY", SESSION.secret),
    ];
    let ran = fetch(&bench, &keys).await;
    was_refused(&bench, &ran, &["credentials", "InvalidToken"]);
    let token = ("AWS_SESSION_TOKEN", SESSION.token.unwrap());
    was_fetched(&bench, &fetch(&bench, &[keys[0], keys[1], token]).await);
}

#[tokio::test]
async fn a_profile_is_read_from_the_files_of_the_sdk() {
    let (server, sts) = (store().await, StsServer::start().await);
    let bench = by_environment(&server, ", profile: backups");
    let credentials = format!(
        "[default]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n\
         [backups]\naws_access_key_id = {ACCESS_KEY_ID}\n\
         aws_secret_access_key = {SECRET_ACCESS_KEY}\n"
    );
    let role = "[profile assumes]\nrole_arn = arn:aws:iam::1:role/mine\nsource_profile = backups\n";
    fs::write(bench.path("credentials"), credentials).unwrap();
    fs::write(bench.path("config"), role).unwrap();
    let files = [bench.path("credentials"), bench.path("config")];
    let files = files.each_ref().map(|file| file.to_str().unwrap());
    let sts_endpoint = sts.endpoint();
    let environment = [
        ("AWS_SHARED_CREDENTIALS_FILE", files[0]),
        ("AWS_CONFIG_FILE", files[1]),
        ("AWS_ENDPOINT_URL_STS", &sts_endpoint),
        // Another profile of the environment is not the configured one.
        ("AWS_PROFILE", "default"),
    ];
    was_fetched(&bench, &fetch(&bench, &environment).await);

    let missing = by_environment(&server, ", profile: nobody");
    let ran = fetch(&missing, &environment).await;
    was_refused(&missing, &ran, &["credentials", "nobody"]);

    server.world().admit_only(SESSION);
    let assumes = by_environment(&server, ", profile: assumes");
    was_fetched(&assumes, &fetch(&assumes, &environment).await);
    assert_eq!(sts.take_asked()[0]["RoleArn"], "arn:aws:iam::1:role/mine");
}
