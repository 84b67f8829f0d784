use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::http::testing::{
    Running, Site, TLS, basic, exchange, exchange_one, request, start, user, with,
};

async fn status(running: &Running, headers: &str) -> String {
    let answer = running.ask(&with("POST", "/act", headers)).await;
    answer.split(' ').nth(1).unwrap().to_owned()
}

fn valid(running: &Running) -> bool {
    running.door.state().unwrap().is_valid
}

#[tokio::test]
async fn without_a_file_everybody_comes_in_and_nobody_is_known() {
    let running = start(Door::open(Clock::system(), Limits::default()), 1).await;
    assert_eq!(
        (running.door.state(), running.door.scheme()),
        (None, "http")
    );
    let answer = running.ask(&request("POST", "/act")).await;
    assert!(answer.ends_with("authenticated: false\n"), "{answer}");
}

#[tokio::test]
async fn only_users_come_in_on_every_path() {
    let running = Site::new().start(&user("alice", "secret")).await;
    for path in ["/page", "/act", "/nothing"] {
        let answer = running.ask(&request("GET", path)).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
        assert!(
            answer.contains("\r\nwww-authenticate: Basic realm="),
            "{answer}"
        );
    }
    assert_eq!(status(&running, &basic("alice", "wrong")).await, "401");
    assert_eq!(status(&running, &basic("nobody", "secret")).await, "401");
    let asked = with("POST", "/act", &basic("alice", "secret"));
    let answer = running.ask(&asked).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("authenticated: true\n"), "{answer}");
}

#[tokio::test]
async fn users_change_without_a_restart() {
    let site = Site::new();
    let running = site.start(&user("alice", "old")).await;
    assert_eq!(status(&running, &basic("alice", "old")).await, "200");
    site.configure(&user("alice", "new"));
    assert_eq!(status(&running, &basic("alice", "old")).await, "401");
    assert_eq!(status(&running, &basic("alice", "new")).await, "200");
    assert!(valid(&running));
}

#[tokio::test]
async fn a_file_that_became_bad_keeps_what_was_and_says_so_until_it_is_good_again() {
    let site = Site::new();
    let good = user("alice", "secret");
    let running = site.start(&good).await;
    let loaded_at = running.door.state().unwrap().loaded_at;
    for bad in ["basic_auth_users: { alice: secret }", "a: [", TLS] {
        site.configure(bad);
        assert_eq!(
            status(&running, &basic("alice", "secret")).await,
            "200",
            "{bad}"
        );
        assert_eq!(
            status(&running, "connection: close\r\n").await,
            "401",
            "{bad}"
        );
        assert!(!valid(&running), "{bad}");
        assert_eq!(running.door.state().unwrap().loaded_at, loaded_at);
    }
    std::fs::remove_file(site.file()).unwrap();
    assert_eq!(status(&running, "connection: close\r\n").await, "401");
    assert!(!valid(&running));
    site.configure(&good);
    assert_eq!(status(&running, &basic("alice", "secret")).await, "200");
    assert!(valid(&running));
}

/// The certificate that a new connection is shown.
async fn shown(running: &Running, site: &Site) -> Vec<u8> {
    let stream: TlsStream<TcpStream> = running.handshake(site.client(None)).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
    let site = Site::new();
    let running = site.start(TLS).await;
    let mut kept = running.handshake(site.client(None)).await.unwrap();
    let first = shown(&running, &site).await;
    site.put("server.pem", "-----BEGIN CERTIFICATE-----\nhalf");
    assert_eq!(shown(&running, &site).await, first);
    assert!(!valid(&running));
    site.renew();
    let second = shown(&running, &site).await;
    assert_ne!(second, first);
    assert!(valid(&running));
    // The connection from before stays.
    let answer = exchange_one(&mut kept, &with("GET", "/page", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn tls_is_never_turned_off_by_a_change_of_the_file() {
    let site = Site::new();
    let running = site.start(TLS).await;
    site.configure("");
    assert!(!shown(&running, &site).await.is_empty());
    assert!(!valid(&running));
}

#[tokio::test]
async fn a_connection_that_began_under_laxer_rules_does_not_come_in_under_stricter_ones() {
    let site = Site::new();
    let running = site.start(TLS).await;
    let pair = site.issue("scraper.example");
    let mut kept = running.handshake(site.client(Some(&pair))).await.unwrap();
    let strict = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem";
    site.configure(&TLS.replace(" }", &format!(", {strict} }}")));
    let answer = exchange_one(&mut kept, &with("GET", "/page", "")).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let client = site.client(Some(&pair));
    let answer = running.ask_over_tls(client, &request("GET", "/page")).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn what_a_client_proved_under_other_rules_does_not_count() {
    let site = Site::new();
    let rules = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem";
    let running = site
        .start(&TLS.replace(" }", &format!(", {rules} }}")))
        .await;
    let pair = site.issue("scraper.example");
    let mut kept = running.handshake(site.client(Some(&pair))).await.unwrap();
    let answer = exchange_one(&mut kept, &with("POST", "/act", "")).await;
    assert!(answer.ends_with("authenticated: true\n"), "{answer}");
    // Another certificate of the server changes nothing for an open connection.
    site.renew();
    let answer = exchange_one(&mut kept, &with("POST", "/act", "")).await;
    assert!(answer.ends_with("authenticated: true\n"), "{answer}");
    let names = "client_allowed_sans: [other.example]";
    site.configure(&TLS.replace(" }", &format!(", {rules}, {names} }}")));
    let answer = exchange_one(&mut kept, &with("POST", "/act", "")).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[tokio::test]
async fn more_requests_than_allowed_are_refused_before_any_password_is_looked_at() {
    let site = Site::new();
    let limit = "rate_limit: { interval: 1h, burst: 2 }\n";
    let running = site.start(&format!("{limit}{}", user("a", "b"))).await;
    assert_eq!(status(&running, "connection: close\r\n").await, "401");
    assert_eq!(status(&running, &basic("a", "b")).await, "200");
    assert_eq!(status(&running, &basic("a", "b")).await, "429");
    // A limit that is lifted is lifted at once.
    site.configure(&user("a", "b"));
    assert_eq!(status(&running, &basic("a", "b")).await, "200");
}

#[tokio::test]
async fn who_is_refused_keeps_no_connection_that_others_wait_for() {
    let site = Site::new();
    let running = site.start(&user("a", "b")).await;
    let check = async |config: &str, admitted: usize, status: &str| {
        site.configure(config);
        let mut stream = running.connect().await;
        for _ in 0..admitted {
            exchange_one(&mut stream, &with("GET", "/page", "")).await;
        }
        // Reads to the end of the connection, which would be open for two minutes.
        let answer = exchange(stream, &with("GET", "/page", "")).await.unwrap();
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    };
    check(&user("a", "b"), 0, "401").await;
    check("rate_limit: { interval: 1h, burst: 2 }", 2, "429").await;
}

#[tokio::test]
async fn headers_are_set_replaced_and_left_out() {
    let site = Site::new();
    let headers = "http_server_config: { headers: { X-Frame-Options: deny, \
                   Strict-Transport-Security: max-age=31536000, Content-Security-Policy: '' } }";
    let running = site.start(headers).await;
    for path in ["/page", "/nothing"] {
        let answer = running.ask(&request("GET", path)).await;
        for line in [
            "x-frame-options: deny\r\n",
            "strict-transport-security: max-age=31536000\r\n",
            "x-content-type-options: nosniff\r\n",
        ] {
            assert!(answer.contains(line), "{line:?} in {answer}");
        }
        assert!(!answer.contains("content-security-policy"), "{answer}");
    }
}

#[tokio::test]
async fn files_are_looked_at_no_more_often_than_allowed() {
    let site = Site::new();
    site.configure(&user("alice", "old"));
    let limits = Limits {
        reread: Duration::from_hours(1),
        ..Limits::default()
    };
    let door = Door::configured(Some(&site.file()), Clock::system(), limits).unwrap();
    let running = start(door, 1).await;
    site.configure(&user("alice", "new"));
    assert_eq!(status(&running, &basic("alice", "old")).await, "200");
}
