//! Routes and responses as values.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use hyper::StatusCode;

/// Makes one response; everything it needs but the caller is captured.
pub type Handler =
    Arc<dyn Fn(Caller) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// Who asks, as far as a handler may know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caller {
    /// Shown by a password or a client certificate, for this very request.
    pub authenticated: bool,
}

/// What a route answers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET and HEAD.
    Get,
    /// POST; a body is not read.
    Post,
}

impl Method {
    /// The value of an `Allow` header.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
        }
    }

    pub(super) fn admits(self, method: &hyper::Method) -> bool {
        match self {
            Self::Get => method == hyper::Method::GET || method == hyper::Method::HEAD,
            Self::Post => method == hyper::Method::POST,
        }
    }
}

/// One path and what it answers.
#[derive(Clone)]
pub struct Route {
    /// The whole path; a query is ignored.
    pub path: &'static str,
    /// Any other method is 405.
    pub method: Method,
    /// Makes the response.
    pub handler: Handler,
}

impl Route {
    /// A page made from memory.
    pub fn get(path: &'static str, page: impl Fn() -> Response + Send + Sync + 'static) -> Self {
        let handler: Handler = Arc::new(move |_| Box::pin(std::future::ready(page())));
        Self {
            path,
            method: Method::Get,
            handler,
        }
    }

    /// An act that may take a moment.
    pub fn post<F>(path: &'static str, act: impl Fn(Caller) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |caller| Box::pin(act(caller)));
        Self {
            path,
            method: Method::Post,
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
    /// Its status.
    pub status: StatusCode,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// All of it.
    pub body: Bytes,
}

impl Response {
    /// 200 with a content type.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body: body.into(),
        }
    }

    /// One plain sentence; the line end is added.
    pub fn text(status: StatusCode, sentence: &str) -> Self {
        let body = Bytes::from(format!("{sentence}\n"));
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body,
        }
    }
}
