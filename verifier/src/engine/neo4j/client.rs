//! A client of the Query API (Cypher by HTTP, of Neo4j 5.19 and later), over one connection into
//! the sandbox.
//!
//! An answer is judged by its body: the status is 202 even where a statement failed.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
    header::{ACCEPT, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::runtime::{Sandbox, SandboxError};

/// Longest wait for an answer to our own questions; a configured query may take as long.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(5);

/// Largest body of an answer in bytes: 10,000 names of labels at the longest that is sensible.
const BODY_BYTES_MAX: usize = 4 << 20;

/// Why a question has no answer.
#[derive(Debug, Error)]
pub(super) enum ClientError {
    /// The sandbox lets nobody in.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The connection broke, or what came was no answer.
    #[error("the server did not answer")]
    Broken,
    /// The answer may come later: records that contradict each other can be read without an end.
    #[error("the server did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Late,
    /// The statement was not run to its end.
    #[error("the server refused a statement: {0}")]
    Refused(String),
}

/// Asks over one connection as long as the server keeps it: a server closes one that was idle for
/// half a minute (`AbstractConnector` of Jetty).
pub(super) struct GraphClient<'a> {
    sandbox: &'a dyn Sandbox,
    port: u16,
    connection: Option<Connection>,
}

/// One connection; the task that drives it ends with it.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: AbortOnDropHandle<()>,
}

/// Rows of an answer, each a list of values.
pub(super) type Rows = Vec<Vec<Value>>;

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Data {
    values: Rows,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: Option<String>,
}

impl Connection {
    async fn open(sandbox: &dyn Sandbox, port: u16) -> Result<Self, ClientError> {
        let stream = sandbox.connect(port).await?;
        let shaken = timeout(ANSWER_TIMEOUT, handshake(TokioIo::new(stream))).await;
        let (sender, connection) = shaken
            .map_err(|_| ClientError::Late)?
            .map_err(|_| ClientError::Broken)?;
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            _driver: AbortOnDropHandle::new(driver),
        })
    }

    /// Sends a request, and returns the body of the answer.
    async fn send(&mut self, database: &str, body: Bytes) -> Result<Bytes, ClientError> {
        let request = Request::post(format!("/db/{database}/query/v2"))
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(Full::new(body))
            .map_err(|_| ClientError::Broken)?;
        let work = async {
            self.sender.ready().await.map_err(|_| ClientError::Broken)?;
            let response = self.sender.send_request(request).await;
            let body = response.map_err(|_| ClientError::Broken)?.into_body();
            let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
            Ok(body.map_err(|_| ClientError::Broken)?.to_bytes())
        };
        let answered = timeout(ANSWER_TIMEOUT, work).await;
        answered.unwrap_or(Err(ClientError::Late))
    }
}

impl<'a> GraphClient<'a> {
    /// Makes a client, which connects when there is something to ask.
    pub(super) fn new(sandbox: &'a dyn Sandbox, port: u16) -> Self {
        Self {
            sandbox,
            port,
            connection: None,
        }
    }

    /// Runs one statement that changes nothing. So it may be sent once more, where a connection
    /// that was kept turns out to be closed.
    pub(super) async fn ask(
        &mut self,
        database: &str,
        statement: &str,
    ) -> Result<Rows, ClientError> {
        let body = json!({ "statement": statement, "accessMode": "Read" }).to_string();
        let body = Bytes::from(body);
        let answer = match self.again(database, &body).await? {
            Some(answer) => answer,
            None => self.anew(database, body).await?,
        };
        read(&answer)
    }

    /// Sends a request over the connection that was kept; `None` if there is none, or it is closed.
    async fn again(&mut self, database: &str, body: &Bytes) -> Result<Option<Bytes>, ClientError> {
        let Some(mut kept) = self.connection.take() else {
            return Ok(None);
        };
        match kept.send(database, body.clone()).await {
            Err(ClientError::Broken) => Ok(None),
            // After a failure the connection is given up: a late answer would be taken for that to
            // the next question.
            answer => {
                let answer = answer?;
                self.connection = Some(kept);
                Ok(Some(answer))
            }
        }
    }

    async fn anew(&mut self, database: &str, body: Bytes) -> Result<Bytes, ClientError> {
        let mut connection = Connection::open(self.sandbox, self.port).await?;
        let answer = connection.send(database, body).await?;
        self.connection = Some(connection);
        Ok(answer)
    }

    /// Runs one statement; returns the number if the answer is one row with one whole number.
    pub(super) async fn number(
        &mut self,
        database: &str,
        statement: &str,
    ) -> Result<Option<u64>, ClientError> {
        let rows = self.ask(database, statement).await?;
        Ok(match rows.as_slice() {
            [row] => row
                .first()
                .filter(|_| row.len() == 1)
                .and_then(Value::as_u64),
            _ => None,
        })
    }
}

/// Parses an answer, which has data and no errors; everything else is a failure.
fn read(body: &[u8]) -> Result<Rows, ClientError> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| ClientError::Broken)?;
    if let Some(refusal) = answer.errors.into_iter().next() {
        let code = refusal.code.unwrap_or_default();
        return Err(ClientError::Refused(harmless(&code)));
    }
    answer
        .data
        .map(|data| data.values)
        .ok_or(ClientError::Broken)
}

/// Returns a code such as `Neo.ClientError.Statement.SyntaxError`; of anything else only its
/// length.
fn harmless(code: &str) -> String {
    const LENGTH_MAX: usize = 100;
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    if code.starts_with("Neo.") && code.len() <= LENGTH_MAX && code.chars().all(allowed) {
        code.to_owned()
    } else {
        format!("[{} bytes]", code.len())
    }
}

#[cfg(test)]
mod tests;
