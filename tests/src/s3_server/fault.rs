//! What a store can be told to do wrong.

use std::{fmt, sync::Arc, time::Duration};

/// What is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `ListObjectsV2`.
    List,
    /// `ListObjectVersions`.
    Versions,
    /// `HeadObject`.
    Head,
    /// `GetObject`.
    Get,
    /// `PutObject`.
    Put,
    /// `DeleteObject`.
    Delete,
}

/// One scripted fault.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Which calls; `None` is every one.
    pub call: Option<Call>,
    /// Only requests whose decoded path and query contain this.
    pub containing: String,
    /// How many of them pass before.
    pub after: usize,
    /// How many of them it meets.
    pub times: usize,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    /// Meets every call of this kind, from now on.
    pub fn always(call: Call, effect: Effect) -> Self {
        Self {
            call: Some(call),
            containing: String::new(),
            after: 0,
            times: usize::MAX,
            effect,
        }
    }

    /// Meets the first few.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Lets the first few pass.
    #[must_use]
    pub fn after(self, after: usize) -> Self {
        Self { after, ..self }
    }

    /// Meets only these.
    #[must_use]
    pub fn on(self, containing: &str) -> Self {
        Self {
            containing: containing.into(),
            ..self
        }
    }
}

/// What happens to a call.
#[derive(Clone)]
pub enum Effect {
    /// No answer, ever.
    Hang,
    /// The connection ends without an answer.
    Drop,
    /// The call is done, and its answer is lost with the connection.
    Lose,
    /// Another answer; for a HEAD without its body.
    Answer {
        /// Of HTTP.
        status: u16,
        /// Besides `content-type`.
        headers: Vec<(&'static str, String)>,
        /// With it.
        content_type: &'static str,
        /// All of it.
        body: String,
    },
    /// The body ends after so many bytes, and the connection with it.
    Cut(usize),
    /// The same, and then the key holds other bytes.
    CutAndReplace(usize, String),
    /// After so many bytes no more come.
    Stall(usize),
    /// The body comes byte by byte, one in each such time.
    Drip(Duration),
    /// Another value of one header of the same answer; empty is none.
    Header(&'static str, &'static str),
    /// Another body of the same answer.
    Rewrite(Arc<dyn Fn(String) -> String + Send + Sync>),
}

impl Effect {
    /// An error of S3.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::error_with(status, code, message, "")
    }

    /// With further elements.
    pub fn error_with(status: u16, code: &str, message: &str, more: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            content_type: "application/xml",
            body: format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                 <Message>{message}</Message>{more}<RequestId>1</RequestId></Error>"
            ),
        }
    }

    /// Some text of every answer becomes another.
    pub fn replace(from: &'static str, to: &'static str) -> Self {
        Self::Rewrite(Arc::new(move |body| body.replace(from, to)))
    }
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Hang => "Hang",
            Self::Drop => "Drop",
            Self::Lose => "Lose",
            Self::Answer { status, .. } => return write!(f, "Answer({status})"),
            Self::Cut(at) => return write!(f, "Cut({at})"),
            Self::CutAndReplace(at, _) => return write!(f, "CutAndReplace({at})"),
            Self::Stall(at) => return write!(f, "Stall({at})"),
            Self::Drip(pause) => return write!(f, "Drip({pause:?})"),
            Self::Header(name, value) => return write!(f, "Header({name}: {value})"),
            Self::Rewrite(_) => "Rewrite",
        };
        f.write_str(name)
    }
}
