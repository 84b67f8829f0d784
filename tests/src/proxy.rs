//! A proxy that leads every request to one address, whatever name it asks for, and remembers what
//! was asked of it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Longest head of a request.
const HEAD_MAX: usize = 64 << 10;

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Leads to `to`.
    ///
    /// # Panics
    /// If the machine allows no listener.
    pub async fn start(to: SocketAddr) -> Self {
        Self::listen(Some(to)).await
    }

    /// Refuses everybody: it wants credentials (RFC 9110 §15.5.8).
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn start_closed() -> Self {
        Self::listen(None).await
    }

    async fn listen(to: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let remembered = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let asked = Arc::clone(&remembered);
                // A connection that breaks is what the client has to bear.
                connections.spawn(async move { drop(connection(client, to, &asked).await) });
            }
        });
        Self {
            address,
            asked,
            serving,
        }
    }

    /// For `HTTP_PROXY` and `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// First lines of the requests since the last time.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn connection(
    mut client: TcpStream,
    to: Option<SocketAddr>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (head, rest) = head(&mut client).await?;
    let (first, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(first.to_owned());
    let Some(to) = to else {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return client.write_all(answer.as_bytes()).await;
    };
    let mut server = TcpStream::connect(to).await?;
    if first.starts_with("CONNECT ") {
        let answer = "HTTP/1.1 200 Connection established\r\n\r\n";
        client.write_all(answer.as_bytes()).await?;
    } else {
        // `GET http://host/path HTTP/1.1` becomes `GET /path HTTP/1.1` (RFC 9112 §3.2), and the
        // next request comes on a connection of its own.
        let (method, target) = first.split_once(' ').unwrap_or((first, ""));
        let behind = target
            .split_once("://")
            .map_or(target, |(_, behind)| behind);
        let path = behind.find('/').map_or("/ HTTP/1.1", |at| &behind[at..]);
        let request = format!("{method} {path}\r\nconnection: close\r\n{fields}");
        server.write_all(request.as_bytes()).await?;
    }
    server.write_all(&rest).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// All up to the empty line, that included, and what came behind it.
async fn head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|it| it == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&read).into_owned(), rest));
        }
        if read.len() > HEAD_MAX || client.read_buf(&mut read).await? == 0 {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
    }
}
