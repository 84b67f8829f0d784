//! A security token service that lets a role be assumed, or does not, and remembers who asked.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use crate::s3_server::{Keys, decoded};

/// What it gives.
pub const SESSION: Keys = Keys {
    id: "ASIASESSIONSESSION00",
    secret: "never-to-be-seen-secret-of-the-session-0000",
    token: Some("never-to-be-seen-token-of-the-session"),
};

/// Serves until it is dropped.
#[derive(Debug)]
pub struct StsServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<BTreeMap<String, String>>,
    refusal: Option<(u16, &'static str, &'static str)>,
}

impl StsServer {
    /// Lets everybody assume every role.
    ///
    /// # Panics
    /// If the machine allows no listener.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(request, Arc::clone(&state)));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(socket), service);
                connections.spawn(connection);
            }
        });
        Self {
            address,
            state,
            serving,
        }
    }

    /// For `AWS_ENDPOINT_URL_STS`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses from now on: status, code and message.
    pub fn refuse(&self, status: u16, code: &'static str, message: &'static str) {
        lock(&self.state).refusal = Some((status, code, message));
    }

    /// The parameters of every request since the last time, and who signed it as `signer`.
    pub fn take_asked(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut lock(&self.state).asked)
    }
}

impl Drop for StsServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let authorization = request.headers().get("authorization");
    let authorization = authorization.and_then(|it| it.to_str().ok());
    let authorization = authorization.unwrap_or_default();
    let signer = authorization
        .split("Credential=")
        .nth(1)
        .unwrap_or_default();
    let signer = signer.split('/').next().unwrap_or_default().to_owned();
    let body = request.into_body().collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let mut asked: BTreeMap<_, _> = pairs
        .map(|(name, value)| (name.to_owned(), decoded(&value.replace('+', " "))))
        .collect();
    asked.insert("signer".into(), signer);
    let mut state = lock(&state);
    state.asked.push(asked);
    let (status, body) = match state.refusal {
        None => (200, assumed()),
        Some((status, code, message)) => (status, refused(code, message)),
    };
    let response = Response::builder()
        .status(status)
        .header("content-type", "text/xml")
        .body(Full::new(Bytes::from(body)));
    Ok(response.expect("an answer"))
}

/// As the reference of the API shows it.
fn assumed() -> String {
    let ends_at = Timestamp::now() + SignedDuration::from_hours(1);
    let Keys { id, secret, token } = SESSION;
    let token = token.unwrap_or_default();
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:session</AssumedRoleId>\
         <Arn>arn:aws:sts::123456789012:assumed-role/backups/session</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{ends_at:.0}</Expiration></Credentials>\
         </AssumeRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>\
         </AssumeRoleResponse>"
    )
}

fn refused(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}
