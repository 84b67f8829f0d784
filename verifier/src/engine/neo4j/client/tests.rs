use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::future::pending;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::runtime::{ByteStreamIo, Command, Exit, Feed, ServerId, ServerState};

/// One answer, with the number of the connection.
async fn answer(stream: &mut DuplexStream, connection: u64) -> std::io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"}") {
        if stream.read_buf(&mut asked).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let body = format!(r#"{{"data":{{"values":[[{connection}]]}}}}"#);
    let head = format!(
        "HTTP/1.1 202 Accepted\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await
}

/// A server that closes each connection after `answers` answers.
#[derive(Debug, Default)]
struct Closing {
    answers: usize,
    opened: AtomicU64,
}

#[async_trait]
impl Sandbox for Closing {
    async fn connect(&self, _: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
        let (ours, mut theirs) = duplex(4096);
        let answers = self.answers;
        tokio::spawn(async move {
            for _ in 0..answers {
                if answer(&mut theirs, number).await.is_err() {
                    break;
                }
            }
        });
        Box::pin(async move { Ok(Box::new(ours) as Box<dyn ByteStreamIo>) }).await
    }

    async fn exec(&self, _: &Command, _: Option<&mut Feed>) -> Result<Exit, SandboxError> {
        pending().await
    }

    async fn start(&self, _: &Command) -> Result<ServerId, SandboxError> {
        pending().await
    }

    async fn state(&self, _: ServerId) -> Result<ServerState, SandboxError> {
        pending().await
    }

    async fn log(&self, _: ServerId) -> Result<Vec<String>, SandboxError> {
        pending().await
    }

    async fn stop(&self, _: ServerId, _: Duration) -> Result<Exit, SandboxError> {
        pending().await
    }

    fn port(&self, port: u16) -> u16 {
        port
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        pending().await
    }

    fn facts(&self) -> catalog::ledger::SandboxRecord {
        unreachable!("nobody asks")
    }
}

/// A server closes what was idle, and whatever is asked next must not end the run.
#[tokio::test]
async fn a_connection_that_was_closed_is_made_anew_and_one_that_was_kept_is_kept() {
    for (answers, expected) in [(1, [1, 2, 3]), (2, [1, 1, 2]), (3, [1, 1, 1])] {
        let server = Closing {
            answers,
            ..Closing::default()
        };
        let mut client = GraphClient::new(&server, 7474);
        for number in expected {
            let said = client.number("neo4j", "RETURN 1").await;
            assert_eq!(said.ok(), Some(Some(number)), "{answers} answers each");
        }
    }
    let dead = Closing::default();
    let said = GraphClient::new(&dead, 7474)
        .number("neo4j", "RETURN 1")
        .await;
    assert!(matches!(said, Err(ClientError::Broken)), "{said:?}");
    assert_eq!(dead.opened.load(Ordering::Relaxed), 1);
}

#[test]
fn an_answer_is_judged_by_its_body() {
    let rows = |body: &str| read(body.as_bytes()).map(|rows| rows.len());
    assert_eq!(
        rows(r#"{"data":{"fields":["n"],"values":[[171]]}}"#).ok(),
        Some(1)
    );
    let refused = rows(r#"{"errors":[{"code":"Neo.ClientError.Statement.SyntaxError"}]}"#);
    let refused = refused.map_err(|error| error.to_string());
    assert!(refused.is_err_and(|said| said.ends_with("Statement.SyntaxError")));
    let both = r#"{"data":{"values":[[1]]},"errors":[{"code":"Neo.x y","message":"alice"}]}"#;
    let refused = rows(both).map_err(|error| error.to_string());
    assert!(refused.is_err_and(|said| said.ends_with("[7 bytes]")));
    for broken in ["", "<html>", "{}", r#"{"data":null}"#] {
        assert!(matches!(rows(broken), Err(ClientError::Broken)), "{broken}");
    }
}
