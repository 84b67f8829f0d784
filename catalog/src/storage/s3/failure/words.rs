//! The words of a store, taken out of its answer: bounded, printable, and nothing else.

use std::{error::Error, fmt, io, iter, str};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

/// Most characters of a store's code or message that are shown.
const MESSAGE_MAX: usize = 300;

/// Most errors that a chain of causes is followed through.
const CHAIN_MAX: usize = 16;

/// An answer that is no success, or that is none of S3.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    code: Option<String>,
    message: Option<String>,
    /// True if it is a web page instead of an answer of S3.
    pub(super) is_page: bool,
    /// Region of the bucket, if the answer names it.
    pub(super) region: Option<String>,
    /// Access tier of an object that the store archived by itself.
    pub(super) tier: Option<String>,
}

impl Answer {
    /// Reads an answer; `None` where there was none, or only the beginning of one.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Option<Self>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let raw = error.raw_response()?;
        let status = raw.status().as_u16();
        let body = raw.body().bytes().unwrap_or_default();
        let body = str::from_utf8(body).unwrap_or_default();
        let is_page = is_page(raw.headers().get("content-type"), body);
        let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
        let answer = Self {
            status,
            code: meta.and_then(|meta| meta.code()).map(shown),
            message: meta.and_then(|meta| meta.message()).map(shown),
            is_page,
            region: region(raw.headers().get("x-amz-bucket-region"), body),
            tier: element(body, "AccessTier").map(shown),
        };
        // A success that could not be read to its end is a broken connection.
        (!raw.status().is_success() || is_page || answer.code.is_some()).then_some(answer)
    }

    /// Returns the code; empty where there is none.
    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// True if the answer says that the key of the object's encryption may not be used.
    pub(super) fn speaks_of_a_key(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        message.contains("kms:") || message.contains("Server Side Encryption")
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store answers {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

/// Returns an error and all that caused it; of an I/O error also what it wraps.
pub(super) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| cause(error)).take(CHAIN_MAX)
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(wrapping) => wrapping.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

/// Returns the words of a whole chain of causes.
pub(super) fn all(error: &(dyn Error + 'static)) -> String {
    let words: Vec<_> = chain(error).map(ToString::to_string).collect();
    words.join(": ")
}

fn is_page(content_type: Option<&str>, body: &str) -> bool {
    let begins = body.trim_start().get(..14).unwrap_or_default();
    // The answer to a HEAD has no body: its type is only that of the page a GET would have got.
    (!body.is_empty() && content_type.is_some_and(|it| it.starts_with("text/html")))
        || begins.eq_ignore_ascii_case("<!doctype html")
        || begins
            .get(..5)
            .is_some_and(|it| it.eq_ignore_ascii_case("<html"))
}

fn region(header: Option<&str>, body: &str) -> Option<String> {
    let named = header.or_else(|| element(body, "Region"))?;
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!named.is_empty() && named.len() < 40 && named.bytes().all(is_region)).then(|| named.into())
}

/// Returns the text of the first XML element with this name.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0)
}

fn shown(text: &str) -> String {
    let printable = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it });
    printable.take(MESSAGE_MAX).collect()
}
