//! `--web.config.file`: who is let in, and what its format is.

use std::{fs, path::Path, process::Command};

use tests::require;
use toolkit::{
    clock::Clock,
    exit::Exit,
    http::{Door, Limits},
};

use super::{
    Site,
    running::{ended, start},
};

/// alice, whose password is "secret", by a hash of the least cost there is.
const USERS: &str = "basic_auth_users: { alice: \"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\" }\n";

/// alice and her password (RFC 7617).
const ALICE: &str = "authorization: Basic YWxpY2U6c2VjcmV0\r\n";

const VALID: &str = "backup_exporter_web_config_last_reload_successful";

fn flag(site: &Site) -> String {
    format!(
        "--web.config.file={}",
        site.path().join("web.yml").display()
    )
}

#[tokio::test]
async fn a_web_configuration_that_is_wrong_ends_the_start_and_the_check() {
    let site = Site::new();
    let (config, web) = (format!("--config.file={}", site.config()), flag(&site));
    let here = "--web.listen-address=127.0.0.1:0";
    let missing = ended(&[&config, &web, here]).await;
    assert_eq!(missing.exit, Exit::Usage);
    assert!(
        missing.err.contains("hint: Name a readable file"),
        "{}",
        missing.err
    );
    site.put("web.yml", b"basic_auth_users: { alice: hunter2 }\n");
    for further in [here, "--config.check"] {
        let run = ended(&[&config, &web, further]).await;
        assert_eq!((run.exit, run.out.as_str()), (Exit::Usage, ""), "{further}");
        let place = "web.yml:1:28: basic_auth_users.alice: this is not a bcrypt hash";
        assert!(run.err.contains(place), "{}", run.err);
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
    site.put("web.yml", USERS.as_bytes());
    let run = ended(&[&config, &web, "--config.check"]).await;
    assert_eq!(run.exit, Exit::Fine, "{}", run.err);
}

#[tokio::test]
async fn users_alone_see_anything_and_may_reload() {
    let site = Site::new();
    site.put("web.yml", USERS.as_bytes());
    let running = start(&site, &[&flag(&site)]).await;
    for path in ["/", "/metrics", "/-/healthy", "/-/ready", "/nothing"] {
        let answer = running.ask("GET", path).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
    let answer = running.ask("POST", "/-/reload").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let answer = running.ask_with("POST", "/-/reload", ALICE).await;
    assert!(answer.ends_with("Reloaded.\n"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_web_configuration_that_became_wrong_is_a_metric_and_the_one_before_stays() {
    let site = Site::new();
    site.put("web.yml", USERS.as_bytes());
    let running = start(&site, &[&flag(&site)]).await;
    let metrics = running.ask_with("GET", "/metrics", ALICE).await;
    assert!(metrics.contains(&format!("{VALID} 1\n")), "{metrics}");
    site.put("web.yml", b"basic_auth_users: {");
    // The file is looked at again at most every second.
    let metrics = running
        .wait_with("/metrics", ALICE, |answer| {
            answer.contains(&format!("{VALID} 0\n"))
        })
        .await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    let answer = running.ask("GET", "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn without_a_web_configuration_nothing_is_said_of_one() {
    let site = Site::new();
    let running = start(&site, &[]).await;
    let metrics = running.page("/metrics").await;
    assert!(!metrics.contains("web_config"), "{metrics}");
    running.stop().await;
}

/// A file, and whether promtool 2.42, which tests use, is too old to know all of it.
struct Accepted {
    text: String,
    is_newer: bool,
}

/// What both programs accept; files of PEM lie beside.
fn accepted(certificate: &str, key: &str) -> Vec<Accepted> {
    let files = "cert_file: server.pem, key_file: server.key";
    let known = |text: String| Accepted {
        text,
        is_newer: false,
    };
    let newer = |text: String| Accepted {
        text,
        is_newer: true,
    };
    let tls = |more: &str| format!("tls_server_config: {{ {files}{more} }}\n");
    let block = |pem: &str| pem.replace('\n', "\n    ");
    let clients = ", client_ca_file: server.pem, client_auth_type";
    vec![
        known(String::new()),
        known("# nothing\n".into()),
        known(USERS.into()),
        known(tls("") + USERS),
        known(tls(", min_version: TLS13, max_version: TLS13")),
        known(tls(", client_auth_type: NoClientCert")),
        known(tls(&format!("{clients}: VerifyClientCertIfGiven"))),
        known(tls(&format!("{clients}: RequireAndVerifyClientCert"))),
        known(tls(", prefer_server_cipher_suites: false")),
        known(tls("") + "http_server_config: { http2: false }\n"),
        known(
            "http_server_config: { headers: { X-Frame-Options: deny, Content-Security-Policy: '', \
             X-Content-Type-Options: nosniff, X-XSS-Protection: '0', \
             Strict-Transport-Security: max-age=31536000 } }\n"
                .into(),
        ),
        newer(tls(&format!(
            "{clients}: RequireAndVerifyClientCert, client_allowed_sans: [scraper.example]"
        ))),
        newer("rate_limit: { interval: 100ms, burst: 20 }\n".into()),
        newer(format!(
            "tls_server_config:\n  cert: |\n    {}\n  key: |\n    {}\n",
            block(certificate),
            block(key)
        )),
    ]
}

/// Writes PEM files and each accepted file in turn, for `check` to look at.
fn each_accepted(check: impl Fn(&Path, &Accepted)) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("server.pem"), &certificate).unwrap();
    fs::write(directory.path().join("server.key"), &key).unwrap();
    let file = directory.path().join("web.yml");
    for one in accepted(&certificate, &key) {
        fs::write(&file, &one.text).unwrap();
        check(&file, &one);
    }
}

#[test]
fn every_part_of_the_format_that_is_offered_is_accepted() {
    each_accepted(|file, one| {
        let door = Door::configured(Some(file), Clock::system(), Limits::default());
        if let Err(error) = door {
            panic!("{}\n{error}", one.text);
        }
    });
}

#[test]
fn promtool_accepts_what_is_accepted_as_far_as_it_knows_it() {
    require!(promtool);
    each_accepted(|file, one| {
        let mut promtool = Command::new("promtool");
        let output = promtool.args(["check", "web-config"]).arg(file).output();
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let unknown = one.is_newer && said.contains("not found in type web.");
        assert!(output.status.success() || unknown, "{}\n{said}", one.text);
    });
}
