//! Routes and responses as values.

use std::{borrow::Cow, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use hyper::StatusCode;

/// Function that makes one response; everything it needs but the caller and what was sent is
/// captured. Sent is the query of a GET, or the body where the route reads one.
pub type Handler =
    Arc<dyn Fn(Caller, Bytes) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// The sender of a request, as far as a handler may know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caller {
    /// True if this very request came with a right password or client certificate.
    pub authenticated: bool,
}

/// Methods that a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET and HEAD.
    Get,
    /// POST; a body is not read.
    Post,
    /// POST with a body of JSON, at most 64 KiB.
    PostJson,
}

impl Method {
    /// The value of an `Allow` header.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post | Self::PostJson => "POST",
        }
    }

    pub(super) fn admits(self, method: &hyper::Method) -> bool {
        match self {
            Self::Get => method == hyper::Method::GET || method == hyper::Method::HEAD,
            Self::Post | Self::PostJson => method == hyper::Method::POST,
        }
    }
}

/// One path and the handler that answers it.
#[derive(Clone)]
pub struct Route {
    /// The whole path, without a query.
    pub path: Cow<'static, str>,
    /// Methods that are answered; any other gets status 405.
    pub method: Method,
    /// Makes the response.
    pub handler: Handler,
}

impl Route {
    /// A route to a page that is made from memory.
    pub fn get(
        path: impl Into<Cow<'static, str>>,
        page: impl Fn() -> Response + Send + Sync + 'static,
    ) -> Self {
        let handler: Handler = Arc::new(move |_, _| Box::pin(std::future::ready(page())));
        Self {
            path: path.into(),
            method: Method::Get,
            handler,
        }
    }

    /// A route to a page that is made from memory and depends on the query, which comes as it was
    /// sent: percent-encoded, without its question mark, empty if there is none.
    pub fn get_of(
        path: impl Into<Cow<'static, str>>,
        page: impl Fn(&str) -> Response + Send + Sync + 'static,
    ) -> Self {
        let handler: Handler = Arc::new(move |_, query| {
            let query = std::str::from_utf8(&query).unwrap_or_default();
            Box::pin(std::future::ready(page(query)))
        });
        Self {
            path: path.into(),
            method: Method::Get,
            handler,
        }
    }

    /// A route to an act, which may take a moment.
    pub fn post<F>(
        path: impl Into<Cow<'static, str>>,
        act: impl Fn(Caller) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |caller, _| Box::pin(act(caller)));
        Self {
            path: path.into(),
            method: Method::Post,
            handler,
        }
    }

    /// A route to an act that a body of JSON describes.
    pub fn post_json<F>(
        path: impl Into<Cow<'static, str>>,
        act: impl Fn(Caller, Bytes) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |caller, body| Box::pin(act(caller, body)));
        Self {
            path: path.into(),
            method: Method::PostJson,
            handler,
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.method, self.path)
    }
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The whole body.
    pub body: Bytes,
}

impl Response {
    /// A response of status 200 with this content type.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
        }
    }

    /// A response of JSON with this status; the line end is added.
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: Bytes::from(format!("{value}\n")),
        }
    }

    /// A response of one plain sentence; the line end is added.
    pub fn text(status: StatusCode, sentence: &str) -> Self {
        let body = Bytes::from(format!("{sentence}\n"));
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body,
        }
    }
}
