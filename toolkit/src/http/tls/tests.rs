use http_body_util::{BodyExt, Empty};
use hyper::{Version, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http::{
    Limits,
    testing::{Running, Site, TLS, exchange_one, request, user, with},
};

/// Bytes of an alert with the head of its record (RFC 8446 §5.1, §6).
const ALERT: usize = 7;

/// Asks over HTTP/2, if that is what is agreed upon.
async fn ask_http2(running: &Running, site: &Site) -> Option<hyper::Response<Bytes>> {
    let mut client = site.client(None);
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = running.handshake(client).await.unwrap();
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return None;
    }
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.unwrap();
    tokio::spawn(connection);
    let ask = hyper::Request::get("https://localhost/page").body(Empty::<Bytes>::new());
    let (head, body) = sender
        .send_request(ask.unwrap())
        .await
        .unwrap()
        .into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Some(hyper::Response::from_parts(head, body))
}

#[tokio::test]
async fn http2_is_spoken_over_tls_unless_it_is_off() {
    let site = Site::new();
    let running = site.start(TLS).await;
    assert_eq!(running.door.scheme(), "https");
    let answer = ask_http2(&running, &site).await.expect("HTTP/2");
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_2)
    );
    assert_eq!(&answer.body()[..], b"<p>hello</p>");

    let off = format!("{TLS}http_server_config: {{ http2: false }}\n");
    let running = site.start(&off).await;
    assert!(ask_http2(&running, &site).await.is_none());
}

#[tokio::test]
async fn who_is_refused_over_http2_keeps_no_connection_either() {
    let site = Site::new();
    let running = site.start(&format!("{TLS}{}", user("a", "b"))).await;
    let mut client = site.client(None);
    client.alpn_protocols = vec![b"h2".to_vec()];
    let stream = running.handshake(client).await.unwrap();
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.unwrap();
    let connection = tokio::spawn(connection);
    let ask = hyper::Request::get("https://localhost/page").body(Empty::<Bytes>::new());
    let answer = sender.send_request(ask.unwrap()).await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    // It ends without our leaving: `sender` is still here.
    connection.await.unwrap().unwrap();
    assert!(sender.is_closed());
}

#[tokio::test]
async fn who_agrees_on_nothing_speaks_http1() {
    let site = Site::new();
    let running = site.start(TLS).await;
    let mut stream = running.handshake(site.client(None)).await.unwrap();
    for _ in 0..2 {
        let answer = exchange_one(&mut stream, &with("GET", "/page", "")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_so() {
    let running = Site::new().start(TLS).await;
    let answer = running.ask(&request("GET", "/page")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\nThis port speaks only HTTPS."),
        "{answer}"
    );
    assert!(!answer.contains("hello"));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stops_half_way_is_cut_off() {
    let running = Site::new().start(TLS).await;
    for sent in ["", "\x16", "\x16\x03\x01\x02\0"] {
        let mut stream = running.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        // A reset is an end as well.
        let _ = stream.read_to_end(&mut said).await;
        assert!(said.len() <= ALERT, "{said:?}");
    }
}

#[tokio::test]
async fn clients_are_let_in_by_what_their_certificate_proves() {
    let site = Site::new();
    let stranger = Site::new();
    let (ours, named, foreign) = (
        site.issue("other.example"),
        site.issue("scraper.example"),
        stranger.issue("scraper.example"),
    );
    // For each kind of client: whether it comes in, and then whether it is known.
    let check = async |rules: &str, expected: [Option<bool>; 4]| {
        let config = TLS.replace(" }", &format!(", {rules} }}"));
        let running = site.start(&config).await;
        let clients = [None, Some(&foreign), Some(&ours), Some(&named)];
        for (client, expected) in clients.into_iter().zip(expected) {
            let asked = running
                .ask_over_tls(site.client(client), &request("POST", "/act"))
                .await;
            let known = asked.ok().map(|answer| {
                assert!(answer.starts_with("HTTP/1.1 200"), "{rules}: {answer}");
                answer.ends_with("authenticated: true\n")
            });
            assert_eq!(known, expected, "{rules}");
        }
    };
    let (out, unknown, known) = (None, Some(false), Some(true));
    let ca = "client_ca_file: ca.pem";
    check("client_auth_type: NoClientCert", [unknown; 4]).await;
    check(
        &format!("client_auth_type: VerifyClientCertIfGiven, {ca}"),
        [unknown, out, known, known],
    )
    .await;
    check(
        &format!("client_auth_type: RequireAndVerifyClientCert, {ca}"),
        [out, out, known, known],
    )
    .await;
    let sans = "client_allowed_sans: [nobody, scraper.example]";
    check(
        &format!("client_auth_type: RequireAndVerifyClientCert, {ca}, {sans}"),
        [out, out, out, known],
    )
    .await;
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_listed_is_known_by_itself() {
    let site = Site::new();
    let (pinned, other) = (Site::self_signed("scraper"), Site::self_signed("scraper"));
    site.put("pinned.pem", &pinned.certificate);
    let rules = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: pinned.pem";
    for (names, welcome) in [("", true), (", client_allowed_sans: [nobody]", false)] {
        let config = TLS.replace(" }", &format!(", {rules}{names} }}"));
        let running = site.start(&config).await;
        for (client, expected) in [(&pinned, welcome), (&other, false)] {
            let asked = running
                .ask_over_tls(site.client(Some(client)), &request("POST", "/act"))
                .await;
            let known = asked.is_ok_and(|answer| answer.ends_with("authenticated: true\n"));
            assert_eq!(known, expected, "{names}");
        }
    }
}

#[tokio::test]
async fn a_session_is_not_resumed_where_a_certificate_is_to_be_looked_at_again() {
    let site = Site::new();
    let pair = site.issue("scraper.example");
    let check = async |rules: &str, expected: HandshakeKind| {
        let config = TLS.replace(" }", &format!(", {rules} }}"));
        let running = site.start(&config).await;
        let client = site.client(Some(&pair));
        let mut last = None;
        for _ in 0..2 {
            let mut stream = running.handshake(client.clone()).await.unwrap();
            // Tickets come with the answer.
            exchange_one(&mut stream, &with("GET", "/page", "")).await;
            last = stream.get_ref().1.handshake_kind();
        }
        assert_eq!(last, Some(expected), "{rules}");
    };
    let proven = "client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem";
    for version in ["TLS12", "TLS13"] {
        let version = format!("min_version: {version}, max_version: {version}");
        check(&version, HandshakeKind::Resumed).await;
        check(&format!("{version}, {proven}"), HandshakeKind::Full).await;
    }
}

#[tokio::test]
async fn the_version_is_within_what_was_asked_for() {
    let site = Site::new();
    for (rules, expected) in [
        ("min_version: TLS12", ProtocolVersion::TLSv1_3),
        ("min_version: TLS13", ProtocolVersion::TLSv1_3),
        ("max_version: TLS12", ProtocolVersion::TLSv1_2),
    ] {
        let config = TLS.replace(" }", &format!(", {rules} }}"));
        let running = site.start(&config).await;
        let stream = running.handshake(site.client(None)).await.unwrap();
        let agreed = stream.get_ref().1.protocol_version();
        assert_eq!(agreed, Some(expected), "{rules}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_over_http2_as_well() {
    let site = Site::new();
    site.configure(TLS);
    let running = crate::http::testing::start(site.door(Limits::default()).unwrap(), 1).await;
    let mut client = site.client(None);
    client.alpn_protocols = vec![b"h2".to_vec()];
    let stream = running.handshake(client).await.unwrap();
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.unwrap();
    tokio::spawn(connection);
    let ask = hyper::Request::get("https://localhost/page")
        .header("x", "y".repeat(crate::http::limits::HEAD_MAX as usize))
        .body(Empty::<Bytes>::new());
    match sender.send_request(ask.unwrap()).await {
        Ok(answer) => assert_eq!(answer.status().as_u16(), 431),
        Err(refused) => panic!("{refused:?}"),
    }
}
