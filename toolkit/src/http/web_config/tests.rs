use super::*;
use crate::http::testing::{Site, TLS};

/// What is said of a file, in a directory with `server.pem`, `server.key` and `ca.pem`.
fn said(site: &Site, text: &str) -> String {
    site.configure(text);
    let text = match load(&site.file(), &mut Files::default()) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    };
    let directory = site.file();
    let directory = directory.parent().unwrap().display().to_string();
    text.replace(&format!("{directory}/"), "")
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
    let site = Site::new();
    let check = |text: &str, expected: &str| {
        let said = said(&site, text);
        assert!(said.contains(expected), "{text}\nsaid: {said}");
    };
    let tls = |rules: &str| TLS.replace(" }", &format!(", {rules} }}"));
    check(
        "tls_server_confg: {}",
        "hint: Did you mean tls_server_config?",
    );
    check(
        "tls_server_config: {}",
        "neither cert nor cert_file is there",
    );
    check("tls_server_config: {}", "neither key nor key_file is there");
    check(
        "tls_server_config: { cert_file: no.pem, key_file: server.key }",
        "web.yml:1:33: tls_server_config.cert_file: cannot read no.pem: No such file",
    );
    check(
        "tls_server_config: { cert_file: server.key, key_file: server.pem }",
        "tls_server_config.cert_file: no PEM certificate is in it",
    );
    check(
        "tls_server_config: { cert_file: server.pem, key_file: server.pem }",
        "tls_server_config.key_file: no PEM private key that can be used is in it",
    );
    check(
        "tls_server_config: { cert_file: ca.pem, key_file: server.key }",
        "the key is not the one of the certificate",
    );
    site.put(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n",
    );
    check(
        "tls_server_config: { cert_file: server.pem, key_file: locked.key }",
        "the key is locked by a passphrase",
    );
    check(&tls("cert: x"), "cert and cert_file are both there");
    for version in ["TLS10", "TLS11"] {
        check(
            &tls(&format!("min_version: {version}")),
            "is broken and not offered",
        );
    }
    check(&tls("max_version: SSL3"), "hint: Write TLS12 or TLS13.");
    check(
        &tls("min_version: TLS13, max_version: TLS12"),
        "min_version is above max_version, which is TLS12",
    );
}

#[test]
fn what_of_tls_is_not_ours_to_choose_is_refused_where_it_stands() {
    let site = Site::new();
    let check = |rule: &str, expected: &str| {
        let said = said(&site, &TLS.replace(" }", &format!(",\n  {rule} }}")));
        assert!(said.contains(expected), "{rule}\nsaid: {said}");
    };
    for (rule, column) in [
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", 18),
        ("curve_preferences: [X25519]", 22),
    ] {
        let key = rule.split(':').next().unwrap();
        let place = format!("web.yml:2:{column}: tls_server_config.{key}: ");
        check(rule, &(place + "cannot be chosen: "));
        check(rule, "hint: Leave it out");
    }
    for policy in [
        "RequestClientCert",
        "RequireAnyClientCert",
        "RequireClientCert",
    ] {
        let rule = format!("client_auth_type: {policy}");
        let place = "web.yml:2:21: tls_server_config.client_auth_type: ";
        let why = "a certificate that anybody may have issued proves nothing";
        check(&rule, &format!("{place}{why}"));
        check(&rule, "hint: Write RequireAndVerifyClientCert");
    }
}

#[test]
fn what_would_protect_nothing_is_refused() {
    let site = Site::new();
    let check = |text: &str, expected: &str| {
        let said = said(&site, text);
        assert!(said.contains(expected), "{text}\nsaid: {said}");
    };
    let tls = |rules: &str| TLS.replace(" }", &format!(", {rules} }}"));
    check(
        &tls("client_ca_file: ca.pem"),
        "client certificates are not asked for",
    );
    check(
        &tls("client_auth_type: RequireAndVerifyClientCert"),
        "nothing says who issues client certificates",
    );
    check(
        &tls("client_auth_type: NoClientCert, client_allowed_sans: [a]"),
        "names protect nothing",
    );
    check(
        &tls(
            "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, \
             client_allowed_sans: []",
        ),
        "an empty list lets nobody in",
    );
    for emptied in ["", " ~", " {}"] {
        check(&format!("basic_auth_users:{emptied}"), "nothing is in it");
        check(&format!("tls_server_config:{emptied}"), "nothing is in it");
    }
    check(
        &tls("client_auth_type: RequireAndVerify"),
        "this is no way to ask for client certificates",
    );
    check(
        "basic_auth_users: { alice: secret }",
        "this is not a bcrypt hash",
    );
    check("rate_limit: { interval: 1s }", "lets no request through");
    check(
        "rate_limit: { interval: 24h, burst: 1 }",
        "longer than 23 hours",
    );
    check(
        "http_server_config: { headers: { X-Frame-Options: allow } }",
        "hint: Write deny or sameorigin.",
    );
    check(
        "http_server_config: { headers: { Server: x } }",
        "Server: unknown key",
    );
    check(
        "http_server_config: { headers: { X-XSS-Protection: \"a\\nb\" } }",
        "a header cannot hold these characters",
    );
    let hash = bcrypt::hash("secret", 4).unwrap();
    check(
        &format!("basic_auth_users: {{ 'a:b': \"{hash}\" }}"),
        "can never be sent",
    );
    let costly = hash.replacen("$04$", "$19$", 1);
    check(
        &format!("basic_auth_users: {{ a: \"{costly}\" }}"),
        "would take too long",
    );
}

#[test]
fn everything_wrong_is_said_at_once_and_no_secret_is_shown() {
    let site = Site::new();
    let text = "tls_server_config:
  cert_file: no.pem
  key: |
    -----BEGIN PRIVATE KEY-----
    hunter2
    -----END PRIVATE KEY-----
  min_version: TLS10
basic_auth_users:
  alice: hunter2
  bob: [hunter2]
rate_limit: { interval: hunter2, burst: 0 }
";
    let said = said(&site, text);
    for place in [
        "web.yml:2:14: tls_server_config.cert_file: ",
        "web.yml:4:5: tls_server_config.key: ",
        "web.yml:7:16: tls_server_config.min_version: ",
        "web.yml:9:10: basic_auth_users.alice: ",
        "web.yml:10:8: basic_auth_users.bob: ",
        "web.yml:11:25: rate_limit.interval: ",
    ] {
        assert!(said.contains(place), "{place} in {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let site = Site::new();
    let error = load(&site.file(), &mut Files::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the web configuration ")
    );
}
