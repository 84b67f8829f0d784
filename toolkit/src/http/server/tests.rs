use std::io::Read as _;

use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{
    clock::Clock,
    http::{
        Limits, Response,
        testing::{Running, exchange_one, request, with},
    },
};

async fn start() -> Running {
    limited(Limits::default()).await
}

async fn limited(limits: Limits) -> Running {
    crate::http::testing::start(Door::open(Clock::system(), limits), 1).await
}

#[tokio::test]
async fn a_page_is_answered_with_what_protects_it() {
    let running = start().await;
    let answer = running.ask(&request("GET", "/page?x=1")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n<p>hello</p>"), "{answer}");
    for header in [
        "content-security-policy: default-src 'none'",
        "nosniff",
        "connection: close",
    ] {
        assert!(answer.contains(header), "{header} in {answer}");
    }
}

#[tokio::test]
async fn head_has_the_length_but_no_body() {
    let answer = start().await.ask(&request("HEAD", "/page")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 12\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_who_accepts_that() {
    let running = start().await;
    let check = async |path: &str, accepts: &str, is_packed: bool| {
        let headers = format!("connection: close\r\n{accepts}");
        let mut stream = running.connect().await;
        let request = with("GET", path, &headers);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let (head, body) = (String::from_utf8_lossy(&answer[..end]), &answer[end + 4..]);
        let length = format!("content-length: {}\r\n", body.len());
        assert!(format!("{head}\r\n").contains(&length), "{head}");
        assert_eq!(
            head.contains("content-encoding: gzip"),
            is_packed,
            "{path} {accepts}"
        );
        let mut text = Vec::new();
        if is_packed {
            assert!(body.len() < 1024, "{path}");
            GzDecoder::new(body).read_to_end(&mut text).unwrap();
        } else {
            text.extend(body);
        }
        assert!(text.iter().all(|byte| *byte == b'x'), "{path} {accepts}");
        assert!(text.len() >= 64 * 1024, "{path} {accepts}");
    };
    check("/long", "accept-encoding: gzip\r\n", true).await;
    check("/long", "", false).await;
    check("/long", "accept-encoding: gzip;q=0\r\n", false).await;
    check("/longest-plain", "accept-encoding: gzip\r\n", false).await;
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let running = start().await;
    let check = async |method: &str, path: &str, status: &str, allow: Option<&str>| {
        let answer = running.ask(&request(method, path)).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{method} {path}: {answer}"
        );
        let allow = allow
            .map(|methods| format!("allow: {methods}\r\n"))
            .unwrap_or_default();
        assert!(answer.contains(&allow), "{answer}");
    };
    check("POST", "/page", "405", Some("GET, HEAD")).await;
    check("DELETE", "/page", "405", Some("GET, HEAD")).await;
    check("GET", "/act", "405", Some("POST")).await;
    check("POST", "/act", "200", None).await;
    check("GET", "/", "404", None).await;
    check("GET", "/page/", "404", None).await;
}

#[tokio::test]
async fn no_page_of_another_site_makes_a_browser_act() {
    let running = start().await;
    let check = async |method: &str, path: &str, headers: &str, status: &str| {
        let headers = format!("connection: close\r\n{headers}");
        let answer = running.ask(&with(method, path, &headers)).await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{headers}: {answer}");
    };
    check("POST", "/act", "", "200").await;
    check("POST", "/act", "sec-fetch-site: none\r\n", "200").await;
    let ours = "sec-fetch-site: same-origin\r\norigin: http://here\r\n";
    check("POST", "/act", ours, "200").await;
    check("POST", "/act", "sec-fetch-site: cross-site\r\n", "403").await;
    check("POST", "/act", "sec-fetch-site: same-site\r\n", "403").await;
    check("POST", "/act", "origin: https://elsewhere\r\n", "403").await;
    check("POST", "/act", "origin: null\r\n", "403").await;
    // A link is followed.
    check("GET", "/page", "sec-fetch-site: cross-site\r\n", "200").await;
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let mut stream = start().await.connect().await;
    for _ in 0..3 {
        let answer = exchange_one(&mut stream, &with("GET", "/page", "")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_is_not_read() {
    let running = start().await;
    let head = with("POST", "/act", "content-length: 1000000000\r\n");
    // Nor is the connection kept for what would follow it.
    let answer = running.ask(&head).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_or_has_too_many_lines_is_refused() {
    let running = start().await;
    let long = format!("x: {}\r\n", "y".repeat(HEAD_MAX as usize));
    for headers in [long, "x: y\r\n".repeat(200)] {
        let answer = running.ask(&with("GET", "/page", &headers)).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let answer = start().await.ask("\x16\x03\x01\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

/// Sends this and says what comes before the connection ends.
async fn left_alone_after(running: &Running, sent: &str) -> String {
    let mut stream = running.connect().await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_head_is_cut_off() {
    let running = start().await;
    for sent in ["", "GET /page HTTP/1.1\r\nhost: he"] {
        assert_eq!(left_alone_after(&running, sent).await, "", "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_after_an_answer_is_cut_off() {
    let running = start().await;
    let whole = with("GET", "/page", "");
    for more in ["", "GET /pa"] {
        let answer = left_alone_after(&running, &format!("{whole}{more}")).await;
        assert!(answer.ends_with("<p>hello</p>"), "{more:?}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_cut_off() {
    let large = || Response::ok("text/plain", vec![b'x'; 64 << 20]);
    let server = Server::bind(&["127.0.0.1:0".to_owned()]).await.unwrap();
    let address = server.addresses()[0];
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let door = Door::open(Clock::system(), limits);
    let routes = vec![
        Route::get("/large", large),
        Route::get("/", || Response::ok("text/plain", "small")),
    ];
    tokio::spawn(server.serve(routes, door, CancellationToken::new()));
    let mut stalled = TcpStream::connect(address).await.unwrap();
    let sent = with("GET", "/large", "");
    stalled.write_all(sent.as_bytes()).await.unwrap();
    // There is room for this connection only after the stalled one was ended.
    let mut next = TcpStream::connect(address).await.unwrap();
    let answer = exchange_one(&mut next, &with("GET", "/", "")).await;
    assert!(answer.ends_with("small"), "{answer}");
}

#[tokio::test]
async fn beyond_the_cap_a_client_waits_until_another_leaves() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = limited(limits).await;
    let mut first = running.connect().await;
    exchange_one(&mut first, &with("GET", "/page", "")).await;
    let mut second = running.connect().await;
    let asking = request("POST", "/act");
    second.write_all(asking.as_bytes()).await.unwrap();
    // As long as the first client is there and answered, the second is not answered.
    for _ in 0..20 {
        exchange_one(&mut first, &with("GET", "/page", "")).await;
        let early = second.try_read(&mut [0; 1]).unwrap_err();
        assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
    }
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn every_address_is_answered_and_the_cap_is_one_for_all() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let door = Door::open(Clock::system(), limits);
    let running = crate::http::testing::start(door, 2).await;
    assert_eq!(running.addresses.len(), 2);
    for address in &running.addresses {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = exchange_one(&mut stream, &with("GET", "/page", "")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{address}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_server_although_clients_hang() {
    let running = start().await;
    let _silent = running.connect().await;
    let mut kept = running.connect().await;
    exchange_one(&mut kept, &with("GET", "/page", "")).await;
    let mut half = running.connect().await;
    half.write_all(b"GET /pa").await.unwrap();
    running.stop.cancel();
    running.serving.await.unwrap();
    assert!(TcpStream::connect(running.addresses[0]).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_advice() {
    let address = start().await.addresses[0];
    let error = Server::bind(&[address.to_string()]).await.unwrap_err();
    let text = crate::problem::render(&error, None);
    assert!(
        text.starts_with(&format!("cannot listen on \"{address}\": ")),
        "{text}"
    );
    assert!(text.contains("\n  hint: "), "{text}");
}
