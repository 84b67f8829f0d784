//! What stands before the store: connections, and the faults that no answer of S3 expresses.

use std::{convert::Infallible, error::Error, fmt, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response,
    body::{Frame, Incoming},
    header::HeaderValue,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use s3s::service::S3Service;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{JoinSet, yield_now},
    time::sleep,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{
    door,
    fault::{Call, Effect, Fault},
    world::World,
};

type Sent = Response<UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>>;

/// The store with its faults.
#[derive(Clone)]
pub(super) struct Front {
    store: S3Service,
    world: Arc<World>,
}

/// A certificate for 127.0.0.1 that signs itself.
pub struct Identity(CertifiedKey<rcgen::KeyPair>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// A new one.
    ///
    /// # Panics
    /// If no key can be made.
    pub fn new() -> Self {
        Self(generate_simple_self_signed(["127.0.0.1".into()]).expect("a certificate"))
    }

    /// For `ca_file`.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_certificate(&self, path: &Path) {
        std::fs::write(path, self.0.cert.pem()).expect("a certificate's file");
    }

    /// Its key, for a server that reads one.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_key(&self, path: &Path) {
        std::fs::write(path, self.0.signing_key.serialize_pem()).expect("a key's file");
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivatePkcs8KeyDer::from(self.0.signing_key.serialize_der());
        let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .expect("a certificate with its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}

/// Every connection until it is aborted, and they with it.
pub(super) async fn serve(listener: TcpListener, front: Front, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let (front, tls) = (front.clone(), tls.clone());
        connections.spawn(async move {
            match tls {
                None => front.connection(socket).await,
                Some(tls) => {
                    if let Ok(socket) = tls.accept(socket).await {
                        front.connection(socket).await;
                    }
                }
            }
        });
    }
}

impl Front {
    pub(super) fn new(store: S3Service, world: Arc<World>) -> Self {
        Self { store, world }
    }

    async fn connection(self, socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = service_fn(move |request| {
            let front = self.clone();
            async move { front.answer(request).await }
        });
        let builder = auto::Builder::new(TokioExecutor::new());
        // A connection that ends is what the client has to bear.
        let _ = builder
            .serve_connection(TokioIo::new(socket), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Sent> {
        let call = call(&request);
        let target = request
            .uri()
            .path_and_query()
            .map_or("", |target| target.as_str());
        let target = decoded(target);
        let is_head = *request.method() == Method::HEAD;
        let key = target
            .split('?')
            .next()
            .unwrap_or_default()
            .splitn(3, '/')
            .nth(2);
        let key = key.unwrap_or_default().to_owned();
        let met = self.world.meet(call, &target);
        match met.or_else(|| door::refusal(&self.world, &request, call)) {
            None => self.pass(request).await,
            Some(Fault { effect, .. }) => match effect {
                Effect::Hang => future::pending().await,
                Effect::Drop => Err(io::ErrorKind::ConnectionReset.into()),
                Effect::Lose => {
                    self.pass(request).await?;
                    Err(io::ErrorKind::ConnectionReset.into())
                }
                Effect::Answer {
                    status,
                    headers,
                    content_type,
                    body,
                } => {
                    let body = if is_head { String::new() } else { body };
                    Ok(scripted(status, &headers, content_type, body))
                }
                Effect::Cut(after) => Ok(self.pass(request).await?.map(|body| cut(body, after))),
                Effect::CutAndReplace(after, other) => {
                    let sent = self.pass(request).await?;
                    self.world.put(&key, other);
                    Ok(sent.map(|body| cut(body, after)))
                }
                Effect::Stall(after) => {
                    Ok(self.pass(request).await?.map(|body| stalled(body, after)))
                }
                Effect::Drip(pause) => Ok(self.pass(request).await?.map(|body| drip(body, pause))),
                Effect::Header(name, value) => {
                    let mut sent = self.pass(request).await?;
                    sent.headers_mut().remove(name);
                    if !value.is_empty() {
                        let value = HeaderValue::from_static(value);
                        sent.headers_mut().insert(name, value);
                    }
                    Ok(sent)
                }
                Effect::Rewrite(rewrite) => {
                    let (mut head, body) = self.pass(request).await?.into_parts();
                    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                    let body = rewrite(String::from_utf8_lossy(&body).into_owned());
                    head.headers.remove("content-length");
                    Ok(Response::from_parts(head, whole(body)))
                }
            },
        }
    }

    async fn pass(&self, request: Request<Incoming>) -> io::Result<Sent> {
        let sent = Service::call(&self.store, request).await;
        let sent = sent.map_err(|error| io::Error::other(format!("{error:?}")))?;
        Ok(sent.map(BodyExt::boxed_unsync))
    }
}

fn call(request: &Request<Incoming>) -> Call {
    let query = request.uri().query().unwrap_or_default();
    if *request.method() == Method::HEAD {
        Call::Head
    } else if *request.method() == Method::PUT {
        Call::Put
    } else if *request.method() == Method::DELETE {
        Call::Delete
    } else if query.contains("list-type=2") {
        Call::List
    } else if query
        .split('&')
        .any(|part| part == "versions" || part == "versions=")
    {
        Call::Versions
    } else {
        Call::Get
    }
}

fn scripted(
    status: u16,
    headers: &[(&'static str, String)],
    content_type: &str,
    body: String,
) -> Sent {
    let mut builder = Response::builder()
        .status(status)
        .header("content-type", content_type);
    for (name, value) in headers {
        builder = builder.header(*name, value);
    }
    builder.body(whole(body)).expect("an answer")
}

fn whole(body: String) -> UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>> {
    let never = |never: Infallible| match never {};
    Full::new(Bytes::from(body)).map_err(never).boxed_unsync()
}

type Whole = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// The first bytes, then a broken connection.
fn cut(body: Whole, after: usize) -> Whole {
    let end = stream::once(async {
        // Lets what was written before go out.
        for _ in 0..8 {
            yield_now().await;
        }
        Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
    });
    StreamBody::new(first(body, after).chain(end)).boxed_unsync()
}

/// The first bytes, then nothing.
fn stalled(body: Whole, after: usize) -> Whole {
    StreamBody::new(first(body, after).chain(stream::pending())).boxed_unsync()
}

/// A byte at a time.
fn drip(body: Whole, pause: Duration) -> Whole {
    let frames = first(body, usize::MAX).map_ok(|frame| frame.into_data().unwrap_or_default());
    let bytes = frames.map_ok(move |bytes| {
        stream::unfold(bytes, move |mut rest| async move {
            sleep(pause).await;
            let byte = (!rest.is_empty()).then(|| rest.split_to(1))?;
            Some((Ok(Frame::data(byte)), rest))
        })
        .boxed()
    });
    StreamBody::new(bytes.try_flatten()).boxed_unsync()
}

fn first(
    body: Whole,
    after: usize,
) -> impl stream::Stream<Item = Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>> + Send {
    stream::unfold((body, after), |(mut body, left)| async move {
        if left == 0 {
            return None;
        }
        let mut bytes = body.frame().await?.ok()?.into_data().ok()?;
        bytes.truncate(left);
        let left = left - bytes.len();
        Some((Ok(Frame::data(bytes)), (body, left)))
    })
}

/// Without its percent signs.
pub(crate) fn decoded(target: &str) -> String {
    let mut bytes = target.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let digits: Vec<u8> = if byte == b'%' {
            bytes.by_ref().take(2).collect()
        } else {
            Vec::new()
        };
        let digits = String::from_utf8(digits).unwrap_or_default();
        decoded.push(u8::from_str_radix(&digits, 16).unwrap_or(byte));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
