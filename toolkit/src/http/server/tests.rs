use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A server on a free port, and what stops it.
async fn start() -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let server = Server::bind(&["127.0.0.1:0".to_owned()]).await.unwrap();
    let address = server.addresses()[0];
    let stop = CancellationToken::new();
    let routes = vec![
        Route::get("/page", || {
            Response::ok("text/html; charset=utf-8", "<p>hello</p>")
        }),
        Route::post("/act", || async { Response::text(StatusCode::OK, "Done.") }),
    ];
    let serving = tokio::spawn(server.serve(routes, stop.clone()));
    (address, stop, serving)
}

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn request(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: here\r\n\r\n")
}

#[tokio::test]
async fn a_page_is_answered_with_what_protects_it() {
    let (address, ..) = start().await;
    let answer = exchange(address, &request("GET", "/page?x=1")).await;
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
    let (address, ..) = start().await;
    let answer = exchange(address, &request("HEAD", "/page")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-length: 12\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let (address, ..) = start().await;
    let check = async |method: &str, path: &str, status: &str, allow: Option<&str>| {
        let answer = exchange(address, &request(method, path)).await;
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
async fn a_head_without_end_is_refused() {
    let (address, ..) = start().await;
    let long = format!("GET /page HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(HEAD_MAX));
    let answer = exchange(address, &long).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_finishes_its_header_is_cut_off() {
    let (address, ..) = start().await;
    let answer = exchange(address, "GET /page HTTP/1.1\r\nhost: he").await;
    assert!(!answer.contains("200"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_server_although_a_client_hangs() {
    let (address, stop, serving) = start().await;
    let _hanging = TcpStream::connect(address).await.unwrap();
    stop.cancel();
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_advice() {
    let (address, ..) = start().await;
    let error = Server::bind(&[address.to_string()]).await.unwrap_err();
    let text = crate::problem::render(&error, None);
    assert!(
        text.starts_with(&format!("cannot listen on \"{address}\": ")),
        "{text}"
    );
    assert!(text.contains("\n  hint: "), "{text}");
}
