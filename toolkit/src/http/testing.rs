//! What the tests of the listener share: a site with certificates, a server, and plain clients.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{Door, Limits, Response, Route, Server, StatusCode, WebConfigError};
use crate::clock::Clock;

/// `tls_server_config` of [`Site`], to which more may be added.
pub(super) const TLS: &str = "tls_server_config: { cert_file: server.pem, key_file: server.key }\n";

/// A directory with an issuer, a certificate of the server, and a web configuration.
pub(super) struct Site {
    directory: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Site {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap());
        let site = Self {
            directory: TempDir::new().unwrap(),
            issuer: issuer.unwrap(),
        };
        site.put("ca.pem", &site.issuer.pem());
        site.renew();
        site
    }

    pub(super) fn file(&self) -> PathBuf {
        self.directory.path().join("web.yml")
    }

    pub(super) fn put(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// Gives the server another certificate.
    pub(super) fn renew(&self) {
        let pair = self.issue("localhost");
        self.put("server.pem", &pair.certificate);
        self.put("server.key", &pair.key);
    }

    pub(super) fn issue(&self, name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        Pair {
            certificate: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// A certificate as `openssl req -x509` makes it: able to issue others.
    pub(super) fn self_signed(name: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Pair {
            certificate: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// Writes the web configuration.
    pub(super) fn configure(&self, text: &str) {
        self.put("web.yml", text);
    }

    /// A door that looks at its files at every request.
    pub(super) fn door(&self, limits: Limits) -> Result<Door, WebConfigError> {
        let reread = Duration::ZERO;
        Door::configured(
            Some(&self.file()),
            Clock::system(),
            Limits { reread, ..limits },
        )
    }

    /// A server behind such a door, with `text` as web configuration.
    pub(super) async fn start(&self, text: &str) -> Running {
        self.configure(text);
        start(self.door(Limits::default()).unwrap(), 1).await
    }

    /// A client that trusts the issuer; `shown` is its own certificate.
    pub(super) fn client(&self, shown: Option<&Pair>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let issuer = CertificateDer::from_pem_slice(self.issuer.pem().as_bytes());
        roots.add(issuer.unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let Some(Pair { certificate, key }) = shown else {
            return builder.with_no_client_auth();
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        builder.with_client_auth_cert(chain, key).unwrap()
    }
}

/// A server on free ports of the loopback.
pub(super) struct Running {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinHandle<()>,
    pub(super) door: Door,
}

/// Starts a server: `/page` answers, `/act` says whether the caller is known. `/long` is just long
/// enough to be compressed, and `/longest-plain` is not.
pub(super) async fn start(door: Door, addresses: usize) -> Running {
    let free = vec!["127.0.0.1:0".to_owned(); addresses];
    let server = Server::bind(&free).await.unwrap();
    let addresses = server.addresses();
    let routes = vec![
        Route::get("/page", || {
            Response::ok("text/html; charset=utf-8", "<p>hello</p>")
        }),
        Route::get("/long", || {
            Response::ok("text/plain; charset=utf-8", "x".repeat(64 * 1024 + 1))
        }),
        Route::get("/longest-plain", || {
            Response::ok("text/plain; charset=utf-8", "x".repeat(64 * 1024))
        }),
        Route::post("/act", |caller| async move {
            let sentence = format!("authenticated: {}", caller.authenticated);
            Response::text(StatusCode::OK, &sentence)
        }),
    ];
    let stop = CancellationToken::new();
    let serving = tokio::spawn(server.serve(routes, door.clone(), stop.clone()));
    Running {
        addresses,
        stop,
        serving,
        door,
    }
}

impl Running {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addresses[0]).await.unwrap()
    }

    /// Shakes hands; `Err` says how it failed.
    pub(super) async fn handshake(
        &self,
        client: ClientConfig,
    ) -> Result<TlsStream<TcpStream>, String> {
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(client));
        let shaken = connector.connect(name, self.connect().await).await;
        shaken.map_err(|error| error.to_string())
    }

    /// One whole exchange over plain HTTP.
    pub(super) async fn ask(&self, request: &str) -> String {
        exchange(self.connect().await, request).await.unwrap()
    }

    /// One whole exchange over TLS; `Err` says how it failed.
    pub(super) async fn ask_over_tls(
        &self,
        client: ClientConfig,
        request: &str,
    ) -> Result<String, String> {
        exchange(self.handshake(client).await?, request).await
    }
}

/// Sends, and reads to the end of the connection.
pub(super) async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    stream.write_all(request.as_bytes()).await.map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.map_err(told)?;
    Ok(answer)
}

/// Sends, and reads one answer; the connection stays.
pub(super) async fn exchange_one(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &str,
) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        answer.push(stream.read_u8().await.unwrap());
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split("content-length: ").nth(1).unwrap();
        if body.len() == length.lines().next().unwrap().parse::<usize>().unwrap() {
            return text.into_owned();
        }
    }
}

/// A request after which the connection ends.
pub(super) fn request(method: &str, path: &str) -> String {
    with(method, path, "connection: close\r\n")
}

/// A request with further header lines.
pub(super) fn with(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: here\r\n{headers}\r\n")
}

/// The header line of a user.
pub(super) fn basic(user: &str, password: &str) -> String {
    let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("connection: close\r\nauthorization: Basic {token}\r\n")
}

/// `basic_auth_users` with one user.
pub(super) fn user(name: &str, password: &str) -> String {
    // The least cost that bcrypt allows.
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users: {{ {name}: \"{hash}\" }}\n")
}
