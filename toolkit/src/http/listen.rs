//! Binding of the addresses, before any request is answered.

use std::{io, net::SocketAddr};

use thiserror::Error;
use tokio::net::TcpListener;

/// An address that cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {address:?}; hint: Use --web.listen-address=host:port or :port.")]
pub struct ListenError {
    /// The address as given.
    pub address: String,
    /// The operating system's error.
    #[source]
    pub source: io::Error,
}

/// Binds every address; `:port` means all addresses of the machine, IPv6 where there is IPv6.
pub(super) async fn listeners(addresses: &[String]) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners = Vec::new();
    for address in addresses {
        let bound = bind(address).await;
        listeners.push(bound.map_err(|source| ListenError {
            address: address.clone(),
            source,
        })?);
    }
    Ok(listeners)
}

/// The addresses really bound, ports filled in.
pub(super) fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    let addresses = listeners.iter().map(TcpListener::local_addr);
    addresses.filter_map(Result::ok).collect()
}

async fn bind(address: &str) -> io::Result<TcpListener> {
    let Some(port) = address.strip_prefix(':') else {
        return TcpListener::bind(address).await;
    };
    match TcpListener::bind(format!("[::]:{port}")).await {
        // A kernel without IPv6 says so in several ways, so IPv4 is tried after every error but
        // a port in use.
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind(format!("0.0.0.0:{port}")).await
        }
        bound => bound,
    }
}
