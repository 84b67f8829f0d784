//! Accepts, bounds and ends connections.
//!
//! It does not decide what a request means.

use std::{
    convert::Infallible, fmt::Display, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};

use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    Door, ListenError, Route,
    answer::answer,
    limits::{HEAD_MAX, RESETS_MAX, STREAMS_MAX},
    listen,
    pace::{self, Heard, Late, Pace},
    tls::Peer,
};

/// Pause after a failed accept, so that exhausted file descriptors do not become a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A server whose addresses are bound, but which answers nothing yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
}

/// The things that all connections share.
#[derive(Debug)]
struct House {
    routes: Vec<Route>,
    door: Door,
    stop: CancellationToken,
}

impl Server {
    /// Binds every address; `:port` means all addresses of the machine, IPv6 where there is IPv6.
    /// Errs at the first that cannot be bound.
    pub async fn bind(addresses: &[String]) -> Result<Self, ListenError> {
        let listeners = listen::listeners(addresses).await?;
        Ok(Self { listeners })
    }

    /// The addresses really bound, ports filled in.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        listen::addresses(&self.listeners)
    }

    /// Answers whom the door lets in, until stopped. Then requests under way may finish, for
    /// `Limits::stop` at most.
    pub async fn serve(self, routes: Vec<Route>, door: Door, stop: CancellationToken) {
        let room = Arc::new(Semaphore::new(door.limits().connections));
        let house = Arc::new(House { routes, door, stop });
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(listener, Arc::clone(&house), Arc::clone(&room)));
        }
        accepting.join_all().await;
    }
}

async fn accept(listener: TcpListener, house: Arc<House>, room: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    let stopped = house.stop.cancelled();
    tokio::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // A permit is asked for only now: before, addresses that nobody calls would hold permits.
        let permit = tokio::select! {
            () = &mut stopped => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        connections.spawn(converse(stream, Arc::clone(&house), permit));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    if timeout(house.door.limits().stop, rest).await.is_err() {
        warn!("requests that did not end in time are cut off");
    }
}

async fn converse(stream: TcpStream, house: Arc<House>, _permit: OwnedSemaphorePermit) {
    let config = house.door.config().await;
    let Some(tls) = &config.tls else {
        return http1(stream, Peer::default(), &house).await;
    };
    let handshake = timeout(house.door.limits().handshake, tls.accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = house.stop.cancelled() => return,
    };
    match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok((stream, peer)) if peer.http2 => http2(stream, peer, &house).await,
        Ok((stream, peer)) => http1(stream, peer, &house).await,
        Err(error) => debug!(%error, "no handshake"),
    }
}

async fn http1<S>(stream: S, peer: Peer, house: &Arc<House>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new(*house.door.limits());
    let heard = Heard {
        stream,
        pace: pace.clone(),
    };
    let service = service(peer, house, pace.clone());
    let connection = http1::Builder::new()
        // The time of a head is watched by `pace`.
        .header_read_timeout(None)
        .max_buf_size(HEAD_MAX as usize)
        .serve_connection(TokioIo::new(heard), service);
    drive(connection, &pace, house).await;
}

async fn http2<S>(stream: S, peer: Peer, house: &Arc<House>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pace = Pace::new(*house.door.limits());
    let service = service(peer, house, pace.clone());
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_header_list_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    drive(connection, &pace, house).await;
}

fn service(
    peer: Peer,
    house: &Arc<House>,
    pace: Pace,
) -> impl Service<
    Request<Incoming>,
    Response = hyper::Response<pace::Answer>,
    Error = Infallible,
    Future: Send + 'static,
> + Send
+ use<> {
    let (house, peer) = (Arc::clone(house), Arc::new(peer));
    service_fn(move |request: Request<Incoming>| {
        let (house, peer, under_way) = (Arc::clone(&house), Arc::clone(&peer), pace.begin());
        async move { answer(&house.routes, &house.door, &peer, request, under_way).await }
    })
}

/// Drives a connection to its end. If it is late or the program stops, it is ended from here.
async fn drive<C>(connection: C, pace: &Pace, house: &House)
where
    C: GracefulConnection,
    C::Error: Display,
{
    let mut connection = pin!(connection);
    let late = tokio::select! {
        ended = connection.as_mut() => {
            if let Err(error) = ended {
                debug!(%error, "connection ended early");
            }
            return;
        }
        late = pace.late() => late,
        () = house.stop.cancelled() => Late::End,
    };
    if late == Late::Cut {
        return debug!("a request that did not come whole in time is cut off");
    }
    connection.as_mut().graceful_shutdown();
    if timeout(house.door.limits().stop, connection).await.is_err() {
        debug!("an answer that was not read in time is cut off");
    }
}

#[cfg(test)]
mod tests;
