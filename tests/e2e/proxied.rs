//! The way to the store: proxies of the environment, and buckets in host names, which only the
//! proxy of these tests resolves.

use tests::{
    proxy::Proxy,
    s3_server::{BUCKET, DOMAIN, Identity, S3Server},
};

use crate::{
    bucket::bench_of,
    identity::{fetch, was_fetched, was_refused},
};

fn filled(server: &S3Server) {
    let snapshot = tests::rdb_bytes::two_keys();
    server.world().put("prod/redis/20261101-0100.rdb", snapshot);
}

/// The store by another address.
fn called(server: &S3Server, endpoint: &str, more: &str) -> String {
    let yaml = server.yaml("prod/").replace(&server.endpoint(), endpoint);
    yaml.replace("{ ", &format!("{{ {more}"))
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_used_and_no_proxy_names_where_not() {
    let server = S3Server::start().await;
    filled(&server);
    let proxy = Proxy::start(server.address()).await;
    let url = proxy.url();
    let endpoint = format!("http://{DOMAIN}");
    let elsewhere = bench_of(&called(&server, &endpoint, ""));
    let ran = fetch(&elsewhere, &[("HTTP_PROXY", &url)]).await;
    was_fetched(&elsewhere, &ran);
    let asked = proxy.take_asked();
    let absolute = format!("GET {endpoint}/{BUCKET}");
    assert!(asked.len() >= 3, "a listing, a head, the bytes: {asked:?}");
    assert!(
        asked.iter().any(|it| it.starts_with(&absolute)),
        "{asked:?}"
    );
    assert_eq!(server.world().take_calls().len(), asked.len());

    let here = bench_of(&server.yaml("prod/"));
    was_fetched(&here, &fetch(&here, &[("HTTP_PROXY", &url)]).await);
    assert!(
        !proxy.take_asked().is_empty(),
        "nothing exempts the loopback"
    );
    let exempt = [("HTTP_PROXY", &*url), ("NO_PROXY", "other.test,127.0.0.1")];
    was_fetched(&here, &fetch(&here, &exempt).await);
    let https = [("HTTPS_PROXY", &*url)];
    was_fetched(&here, &fetch(&here, &https).await);
    assert_eq!(proxy.take_asked(), [""; 0]);
}

#[tokio::test]
async fn tls_goes_through_the_proxy_and_is_not_ended_there() {
    let identity = Identity::new();
    let server = S3Server::start_tls(&identity).await;
    filled(&server);
    let proxy = Proxy::start(server.address()).await;
    let url = proxy.url();
    let bench = bench_of(&called(&server, &server.endpoint(), "ca_file: ca.pem, "));
    identity.write_certificate(&bench.path("ca.pem"));
    let through = [("HTTPS_PROXY", &*url)];
    was_fetched(&bench, &fetch(&bench, &through).await);
    let asked = proxy.take_asked();
    let connect = format!("CONNECT {} HTTP/1.1", server.address());
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|it| *it == connect), "{asked:?}");

    let past = [("HTTPS_PROXY", &*url), ("NO_PROXY", "127.0.0.1")];
    was_fetched(&bench, &fetch(&bench, &past).await);
    assert_eq!(proxy.take_asked(), [""; 0]);
}

#[tokio::test]
async fn a_proxy_that_refuses_or_is_not_there_is_said() {
    let server = S3Server::start().await;
    filled(&server);
    let proxy = Proxy::start_closed().await;
    let url = proxy.url();
    let bench = bench_of(&server.yaml("prod/"));
    let ran = fetch(&bench, &[("HTTP_PROXY", &url)]).await;
    was_refused(
        &bench,
        &ran,
        &["unreachable", "The proxy wants credentials"],
    );
    drop(proxy);
    let ran = fetch(&bench, &[("HTTP_PROXY", &url)]).await;
    was_refused(&bench, &ran, &["unreachable", "also through HTTPS_PROXY"]);
    assert_eq!(server.world().take_calls(), []);
}

#[tokio::test]
async fn without_path_style_the_bucket_is_in_the_name_of_the_host() {
    let server = S3Server::start().await;
    filled(&server);
    let proxy = Proxy::start(server.address()).await;
    let endpoint = format!("http://{DOMAIN}");
    let bench = bench_of(&called(&server, &endpoint, "path_style: false, "));
    let url = proxy.url();
    was_fetched(&bench, &fetch(&bench, &[("HTTP_PROXY", &url)]).await);
    let asked = proxy.take_asked();
    let named = format!("http://{BUCKET}.{DOMAIN}/");
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|it| it.contains(&named)), "{asked:?}");
    let calls = server.world().take_calls();
    let in_path = format!("/{BUCKET}");
    assert!(
        calls.iter().all(|(_, what)| !what.starts_with(&in_path)),
        "{calls:?}"
    );
}
