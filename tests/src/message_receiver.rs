//! A receiver of messages on this machine, which stands in for Slack, a pager, a webhook.

use std::{
    io::{BufRead, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use serde_json::Value;

/// The path of every address of a receiver; those who know the address keep it to themselves.
pub const SECRET: &str = "s3cr3t-address";

/// A receiver of JSON over HTTP; it answers everything with one status line.
#[derive(Debug)]
pub struct MessageReceiver {
    url: String,
    arriving: mpsc::Receiver<Sent>,
}

/// One message.
#[derive(Debug)]
pub struct Sent {
    /// Path behind the receiver's own address: `/pager`.
    pub path: String,
    /// Body.
    pub body: Value,
}

impl MessageReceiver {
    /// A receiver on a free port of the loopback, that answers with this status: `200 OK`.
    ///
    /// # Panics
    /// When no port is free.
    pub fn new(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, arriving) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let mut reader = BufReader::new(stream);
                // It is known before its sender goes on. Nobody may be left to read it.
                let _ = sender.send(read(&mut reader));
                answer(&mut reader.into_inner(), status);
            }
        });
        let url = format!("http://{address}/{SECRET}");
        Self { url, arriving }
    }

    /// Its address, which is a secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What came since the last time this was asked.
    pub fn requests(&self) -> Vec<Sent> {
        self.arriving.try_iter().collect()
    }

    /// The same without the paths.
    pub fn taken(&self) -> Vec<Value> {
        self.requests().into_iter().map(|it| it.body).collect()
    }

    /// The only message since the last time, as text.
    ///
    /// # Panics
    /// When none came, or more than one.
    #[track_caller]
    pub fn one(&self) -> String {
        let taken = self.taken();
        assert_eq!(taken.len(), 1, "{taken:#?}");
        taken[0].to_string()
    }

    /// Waits for the next message.
    ///
    /// # Panics
    /// When something came that is no message.
    pub fn next(&self) -> Sent {
        self.arriving.recv().expect("what was sent is JSON")
    }
}

fn read(request: &mut impl BufRead) -> Sent {
    let mut line = String::new();
    request.read_line(&mut line).expect("a request");
    let target = line.split(' ').nth(1).expect("its path");
    let path = target.replacen(&format!("/{SECRET}"), "", 1);
    let mut length = 0;
    loop {
        let mut line = String::new();
        request.read_line(&mut line).expect("its head");
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body).expect("its body");
    let body = serde_json::from_slice(&body).expect("JSON");
    Sent { path, body }
}

fn answer(stream: &mut TcpStream, status: &str) {
    // Alertmanager 0.35 takes no other text for a yes of Slack.
    let text = if status.starts_with("200") { "ok" } else { "" };
    let length = text.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}");
    // Who does not wait for an answer has told what there was to tell.
    let _ = stream.write_all(answer.as_bytes());
}
