//! TLS: the settings of a handshake, and what the handshake showed of the client.
//!
//! Pure but for the handshake itself; files are read by [`web_config`](super::web_config).

mod certificate;
mod clients;

use std::{io, sync::Arc};

use rustls::{
    ServerConfig, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::NoServerSessionStorage,
};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

pub(super) use clients::{Clients, Policy};

/// First byte of every TLS connection: a record of a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// Answer to a client that speaks no TLS; browsers and curl show it.
const PLAIN_ANSWER: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    connection: close\r\ncontent-length: 28\r\n\r\nThis port speaks only HTTPS.";

/// Most bytes of a plain request that are read after the answer, so that no reset destroys it.
const PLAIN_MAX: u64 = 64 * 1024;

/// TLS as configured.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    server: Arc<ServerConfig>,
    /// Rules for client certificates.
    pub(super) clients: Arc<Clients>,
}

/// The parts of which TLS is made.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) clients: Clients,
    /// Versions that may be spoken, at least one.
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    /// True if the server's order of cipher suites counts, not the client's.
    pub(super) own_order: bool,
    pub(super) http2: bool,
}

/// Reason why certificate and key cannot be used.
#[derive(Debug, Error)]
pub(super) enum TlsError {
    /// The two do not belong together.
    #[error("the key is not the one of the certificate")]
    Mismatch,
    /// Anything else that rustls says.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(rustls::Error),
}

/// A client, as far as its handshake showed it.
#[derive(Debug, Clone, Default)]
pub(super) struct Peer {
    /// Rules under which the client's certificate was accepted; `None` if it showed none.
    proven: Option<Arc<Clients>>,
    /// True if HTTP/2 was agreed upon.
    pub(super) http2: bool,
}

impl Tls {
    pub(super) fn new(parts: Parts) -> Result<Self, TlsError> {
        let Parts { clients, .. } = parts;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = clients.verifier(&provider).map_err(TlsError::Unusable)?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&parts.versions)
            .map_err(TlsError::Unusable)?;
        let mut server = builder
            .with_client_cert_verifier(verifier)
            .with_single_cert(parts.chain, parts.key)
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => TlsError::Mismatch,
                other => TlsError::Unusable(other),
            })?;
        if clients.policy != Policy::None {
            // A resumed session brings its certificate along and the verifier is not asked again:
            // the certificate might have expired by then.
            server.session_storage = Arc::new(NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }
        server.ignore_client_order = parts.own_order;
        // The order is the preference.
        server.alpn_protocols = if parts.http2 {
            vec![b"h2".to_vec(), b"http/1.1".to_vec()]
        } else {
            vec![b"http/1.1".to_vec()]
        };
        Ok(Self {
            server: Arc::new(server),
            clients: Arc::new(clients),
        })
    }

    /// Shakes hands; a client that speaks no TLS is told so. The caller bounds the time.
    pub(super) async fn accept(
        &self,
        mut stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Peer)> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            stream.write_all(PLAIN_ANSWER).await?;
            stream.shutdown().await?;
            tokio::io::copy(&mut stream.take(PLAIN_MAX), &mut tokio::io::sink()).await?;
            return Err(io::Error::other("the client speaks no TLS"));
        }
        let stream = TlsAcceptor::from(Arc::clone(&self.server))
            .accept(stream)
            .await?;
        let (_, session) = stream.get_ref();
        let shown = session.peer_certificates().is_some();
        let peer = Peer {
            proven: shown.then(|| Arc::clone(&self.clients)),
            http2: session.alpn_protocol() == Some(b"h2"),
        };
        Ok((stream, peer))
    }
}

impl Peer {
    /// True if the client's certificate was accepted under the same rules as these. A connection
    /// outlives the configuration under which it began.
    pub(super) fn is_proven(&self, clients: &Clients) -> bool {
        self.proven.as_deref() == Some(clients)
    }
}

#[cfg(test)]
mod tests;
