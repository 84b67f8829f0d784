//! Accepting, bounding and answering connections.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Response, Route};

/// Connections open at one time; further ones wait in the kernel's backlog.
pub const CONNECTIONS_MAX: usize = 128;

/// A client that has not sent its whole header by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection is one request and one response, and ends by then even if nobody reads it.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(1);

/// How long requests under way may go on after a stop.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// Pause after a failed accept, so that exhausted file descriptors do not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Largest request head; hyper's smallest possible buffer.
const HEAD_MAX: usize = 8 * 1024;

/// What every response carries: pages are self-contained, so nothing else may be loaded.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// An address that cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address:?}; hint: Use --web.listen-address=host:port or :port.")]
pub struct ListenError {
    /// As given.
    pub address: String,
    /// The operating system's error.
    #[source]
    pub source: io::Error,
}

/// Bound, not yet answering.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
}

impl Server {
    /// Binds every address; `:port` means all of them, IPv6 where there is IPv6.
    pub async fn bind(addresses: &[String]) -> Result<Self, ListenError> {
        let mut listeners = Vec::new();
        for address in addresses {
            let bound = bind(address).await;
            listeners.push(bound.map_err(|source| ListenError {
                address: address.clone(),
                source,
            })?);
        }
        Ok(Self { listeners })
    }

    /// The addresses really bound, ports filled in.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }

    /// Answers until stopped, then lets requests under way finish for a moment.
    pub async fn serve(self, routes: Vec<Route>, stop: CancellationToken) {
        let routes: Arc<[Route]> = routes.into();
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(
                listener,
                Arc::clone(&routes),
                Arc::clone(&room),
                stop.clone(),
            ));
        }
        accepting.join_all().await;
    }
}

async fn bind(address: &str) -> io::Result<TcpListener> {
    let Some(port) = address.strip_prefix(':') else {
        return TcpListener::bind(address).await;
    };
    match TcpListener::bind(format!("[::]:{port}")).await {
        // A kernel without IPv6 says so in several ways; a port in use is one answer for both.
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind(format!("0.0.0.0:{port}")).await
        }
        bound => bound,
    }
}

async fn accept(
    listener: TcpListener,
    routes: Arc<[Route]>,
    room: Arc<Semaphore>,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        let arrived = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            (permit, accepted) = arrived => match (permit, accepted) {
                (Ok(permit), Ok((stream, _))) => {
                    connections.spawn(converse(stream, Arc::clone(&routes), permit));
                }
                (_, Err(error)) => {
                    warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                (Err(_), _) => break,
            }
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_GRACE, rest).await.is_err() {
        warn!("requests that did not end in time are cut off");
    }
}

async fn converse(stream: TcpStream, routes: Arc<[Route]>, _permit: OwnedSemaphorePermit) {
    let service = service_fn(move |request: Request<Incoming>| {
        let routes = Arc::clone(&routes);
        async move { Ok::<_, Infallible>(answer(&routes, &request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "connection ended early"),
        Err(_) => debug!("connection took too long"),
    }
}

async fn answer(routes: &[Route], request: &Request<Incoming>) -> hyper::Response<Full<Bytes>> {
    let path = request.uri().path();
    let mut allow = None;
    let response = match routes.iter().find(|route| route.path == path) {
        None => Response::text(StatusCode::NOT_FOUND, "Nothing here."),
        Some(route) if route.method.admits(request.method()) => (route.handler)().await,
        Some(route) => {
            allow = Some(HeaderValue::from_static(route.method.allow()));
            Response::text(StatusCode::METHOD_NOT_ALLOWED, "Another method is needed.")
        }
    };
    let mut answer = hyper::Response::new(Full::new(response.body));
    *answer.status_mut() = response.status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(response.content_type),
    );
    headers.extend(HEADERS);
    headers.extend(allow.map(|value| (header::ALLOW, value)));
    answer
}

#[cfg(test)]
mod tests;
