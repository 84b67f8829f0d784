//! Ways to the store: trust, names, ports.

use tests::s3_server::Identity;

use super::*;

#[tokio::test]
async fn a_certificate_is_trusted_only_if_ca_file_names_it() {
    let identity = Identity::new();
    let server = S3Server::start_tls(&identity).await;
    server.world().put("a", "x");
    let unknown = Bucket::with_patience(server.config(""), PATIENCE);
    let error = listed(&unknown, false)
        .await
        .expect_err("an unknown certificate");
    expect(&error, Operation::List, StorageReason::Unreachable);
    assert!(told(&error).contains("ca_file"), "{}", told(&error));

    let directory = tempfile::tempdir().expect("a directory");
    let ca_file = directory.path().join("ca.pem");
    let mut config = server.config("");
    config.ca_file = Some(ca_file.clone());
    let bucket = Bucket::with_patience(config, PATIENCE);
    for (text, words) in [
        (None, "cannot be read"),
        (Some("no PEM"), "holds no certificate"),
    ] {
        if let Some(text) = text {
            std::fs::write(&ca_file, text).expect("a file");
        }
        let error = listed(&bucket, false).await.expect_err("no certificate");
        expect(&error, Operation::List, StorageReason::Unreachable);
        assert!(told(&error).contains(words), "{}", told(&error));
    }
    identity.write_certificate(&ca_file);
    let pages = listed(&bucket, false).await.expect("trusted now");
    assert_eq!(keys(&pages[0].objects), ["a"]);
}

#[tokio::test]
async fn nobody_at_the_door_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let repository = Repository::start("").await;
    for endpoint in [
        format!("http://127.0.0.1:{port}"),
        "http://no-such-host.invalid".into(),
    ] {
        let bucket = repository.reader(PATIENCE, |config| config.endpoint = Some(endpoint.clone()));
        let error = listed(&bucket, false).await.expect_err("nobody");
        expect(&error, Operation::List, StorageReason::Unreachable);
        assert!(told(&error).contains(&endpoint), "{}", told(&error));
    }
}
