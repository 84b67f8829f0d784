//! Delivery of one message to one receiver: bounded tries, and what the answers mean.

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;
use settings::Secret;
use thiserror::Error;
use tokio::time::sleep;

/// Most tries of one message.
const TRIES: u32 = 4;

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Pause before the second try; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause, also where the receiver asks for a longer one (`Retry-After`).
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Most bytes of an answer that are read.
const READ_BYTES_MAX: usize = 4096;

/// Most characters of an answer that are told.
const SAID_MAX: usize = 200;

/// Shortest part of a path that may be a secret, in bytes.
const SECRET_MIN: usize = 4;

/// Reason why a message did not arrive. No text of it holds the address, which is a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Undelivered {
    /// The address is no address.
    #[error("its address is no http or https URL\nhint: Look at the file that holds it.")]
    NoAddress,
    /// The receiver is gone: no further message will arrive.
    #[error(
        "the receiver is gone ({status}{})\n\
         hint: The webhook was revoked, or its channel archived: make a new one, and write its \
         address into the file.",
        behind(said)
    )]
    Gone {
        /// Status of the answer.
        status: u16,
        /// Beginning of its text.
        said: String,
    },
    /// The receiver refused the message.
    #[error("the receiver refused the message ({status}{})", behind(said))]
    Refused {
        /// Status of the answer.
        status: u16,
        /// Beginning of its text.
        said: String,
    },
    /// No answer that ends the matter came in all tries.
    #[error("the receiver did not take the message in {TRIES} tries: {last}")]
    Unanswered {
        /// What the last try met.
        last: String,
    },
    /// The address of the heartbeat did not answer.
    #[error("no answer: {why}")]
    Unheard {
        /// What the call met.
        why: String,
    },
}

/// The HTTP client of all receivers. Proxies are those of the environment (`HTTPS_PROXY`).
#[derive(Debug, Clone)]
pub struct Courier {
    client: Client,
    first_pause: Duration,
}

/// What one answer means.
enum Answer {
    Taken,
    Malformed(Undelivered),
    Over(Undelivered),
    Again(Duration, String),
}

impl Courier {
    /// Makes the client; errs if the system's certificates cannot be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::with(ANSWER_TIMEOUT, FIRST_PAUSE)
    }

    fn with(answer_timeout: Duration, first_pause: Duration) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(answer_timeout)
            .redirect(Policy::none())
            .user_agent(concat!("backup-verifier/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            first_pause,
        })
    }

    /// A client that pauses between tries for no time.
    #[cfg(test)]
    fn hasty() -> Self {
        Self::with(ANSWER_TIMEOUT, Duration::ZERO).expect("a client")
    }

    /// Posts a message as JSON, and `plain` instead if the receiver calls it malformed.
    ///
    /// | answer | then |
    /// |---|---|
    /// | 2xx | the message arrived |
    /// | 400 | `plain` is posted, if there is one; else the message is refused |
    /// | 429 | again, after `Retry-After`, at most a minute |
    /// | 403, 404, 410 | the receiver is gone |
    /// | 5xx, none | again, after 1, 2 and 4 s |
    /// | else | the message is refused |
    pub async fn post(
        &self,
        address: &Secret,
        message: &Value,
        plain: Option<&Value>,
    ) -> Result<(), Undelivered> {
        let mut message = message;
        let mut plain = plain;
        let mut pause = self.first_pause;
        let mut last = String::new();
        for tried in 1..=TRIES {
            let (wait, why) = match self.ask(address, message).await {
                Answer::Taken => return Ok(()),
                Answer::Over(why) => return Err(why),
                Answer::Malformed(why) => {
                    message = plain.take().ok_or(why)?;
                    (Duration::ZERO, "the receiver called it malformed".into())
                }
                Answer::Again(asked, why) => (asked.max(pause).min(PAUSE_MAX), why),
            };
            last = why;
            if tried < TRIES {
                sleep(wait).await;
                pause *= 2;
            }
        }
        Err(Undelivered::Unanswered { last })
    }

    /// Calls an address without a body; errs unless it answers 2xx. One try: the next call is soon.
    pub async fn call(&self, address: &Secret) -> Result<(), Undelivered> {
        let url = url(address).ok_or(Undelivered::NoAddress)?;
        match answered(self.client.get(url.clone()), &url).await {
            Answer::Taken => Ok(()),
            Answer::Over(why) | Answer::Malformed(why) => Err(why),
            Answer::Again(_, why) => Err(Undelivered::Unheard { why }),
        }
    }

    /// Tells whether somebody listens at the address, by a message without contents: it is refused
    /// and shown to nobody.
    pub async fn try_out(&self, address: &Secret) -> Result<(), Undelivered> {
        match self.ask(address, &serde_json::json!({})).await {
            Answer::Taken | Answer::Malformed(_) | Answer::Over(Undelivered::Refused { .. }) => {
                Ok(())
            }
            Answer::Over(why) => Err(why),
            Answer::Again(_, last) => Err(Undelivered::Unanswered { last }),
        }
    }

    async fn ask(&self, address: &Secret, message: &Value) -> Answer {
        let Some(url) = url(address) else {
            return Answer::Over(Undelivered::NoAddress);
        };
        let request = self.client.post(url.clone());
        let request = request.header(CONTENT_TYPE, "application/json");
        answered(request.body(message.to_string()), &url).await
    }
}

/// Sends a request, and says what its answer means.
async fn answered(request: RequestBuilder, url: &reqwest::Url) -> Answer {
    match request.send().await {
        Err(error) if error.is_timeout() => Answer::Again(
            Duration::ZERO,
            format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()),
        ),
        Err(error) => Answer::Again(Duration::ZERO, cause(&error.without_url())),
        Ok(answer) => meaning(answer, url).await,
    }
}

/// The address as a URL, if it is one of HTTP.
pub fn url(address: &Secret) -> Option<reqwest::Url> {
    let url = reqwest::Url::parse(address.expose().trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

async fn meaning(answer: reqwest::Response, url: &reqwest::Url) -> Answer {
    let status = answer.status();
    let number = status.as_u16();
    if status.is_success() {
        return Answer::Taken;
    }
    let asked = answer.headers().get(RETRY_AFTER);
    let asked = asked.and_then(|it| it.to_str().ok()?.trim().parse().ok());
    let said = said(answer, url).await;
    match status {
        StatusCode::BAD_REQUEST => Answer::Malformed(Undelivered::Refused {
            status: number,
            said,
        }),
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            Answer::Over(Undelivered::Gone {
                status: number,
                said,
            })
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let asked = Duration::from_secs(asked.unwrap_or(1));
            Answer::Again(asked, format!("it asks for patience ({number})"))
        }
        _ if status.is_server_error() => {
            let asked = Duration::from_secs(asked.unwrap_or(0));
            Answer::Again(asked, format!("it answers {number}{}", behind(&said)))
        }
        _ => Answer::Over(Undelivered::Refused {
            status: number,
            said,
        }),
    }
}

/// The beginning of an answer's text, on one line and without any part of the address.
async fn said(mut answer: reqwest::Response, url: &reqwest::Url) -> String {
    let mut text = Vec::new();
    while text.len() < READ_BYTES_MAX {
        match answer.chunk().await {
            Ok(Some(bytes)) => text.extend_from_slice(&bytes),
            Ok(None) | Err(_) => break,
        }
    }
    let text = without(&String::from_utf8_lossy(&text), url);
    settings::one_line(&text, SAID_MAX)
}

/// The text without any part of the address: an error page may quote the path, which is secret.
fn without(said: &str, url: &reqwest::Url) -> String {
    let segments = url.path().split('/').filter(|it| it.len() >= SECRET_MIN);
    let parts = [url.as_str(), url.path()].into_iter().chain(url.query());
    let parts = parts.filter(|it| it.len() > 1).chain(segments);
    parts.fold(said.to_owned(), |said, part| said.replace(part, "…"))
}

fn behind(said: &str) -> String {
    if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    }
}

/// The innermost cause, which says what happened: `connection refused`.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
