//! Turns a request into an answer by the door, the table of routes, and the headers that every
//! answer carries.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    HeaderMap, Request, StatusCode, Version,
    body::Incoming,
    header::{self, HeaderName, HeaderValue},
};

use tokio::time::timeout;

use super::{Caller, Door, Method, Response, Route, door::Refusal, gzip, pace, tls::Peer};

/// Headers of every response. Pages are self-contained, so nothing else may be loaded.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Largest body of a request that is read.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Longest time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Challenge that asks for a password; its realm is required (RFC 7617 §2).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"restricted\"");

/// Header of a compressed answer.
const GZIP: (HeaderName, HeaderValue) =
    (header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));

/// A response, with at most one further header of its own.
type Made = (Response, Option<(HeaderName, HeaderValue)>);

/// Answers one request.
pub(super) async fn answer(
    routes: &[Route],
    door: &Door,
    peer: &Peer,
    request: Request<Incoming>,
    under_way: pace::UnderWay,
) -> Result<hyper::Response<pace::Answer>, Infallible> {
    let config = door.config().await;
    let admitted = door.admits(&config, peer, request.headers()).await;
    // HTTP/2 has no such header (RFC 9113 §8.2.2).
    let closes = admitted.is_err() && request.version() < Version::HTTP_2;
    let accepts_gzip = gzip::is_accepted(request.headers());
    let (response, own) = match admitted {
        Ok(caller) => routed(routes, caller, request).await,
        Err(refusal) => {
            // A refused client keeps no connection that others wait for.
            under_way.close_after();
            refused(refusal)
        }
    };
    let packed = match response.body.len() {
        gzip::LEAST.. if accepts_gzip => gzip::compressed(response.body.clone()).await,
        _ => None,
    };
    let encoding = packed.is_some().then_some(GZIP);
    let body = packed.unwrap_or(response.body);
    let mut answer = hyper::Response::new(under_way.answer(body));
    *answer.status_mut() = response.status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(response.content_type),
    );
    headers.extend(HEADERS);
    headers.extend(encoding);
    for (name, value) in &config.headers {
        match value {
            Some(value) => headers.insert(name, value.clone()),
            None => headers.remove(name),
        };
    }
    headers.extend(own);
    if closes {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

async fn routed(routes: &[Route], caller: Caller, request: Request<Incoming>) -> Made {
    let path = request.uri().path();
    match routes.iter().find(|route| route.path == path) {
        None => (Response::text(StatusCode::NOT_FOUND, "Nothing here."), None),
        Some(route) if route.method.admits(request.method()) => {
            let response = if route.method != Method::Get && is_made_to_ask(request.headers()) {
                Response::text(
                    StatusCode::FORBIDDEN,
                    "A page of another site asks for this.",
                )
            } else if route.method == Method::PostJson {
                match read_json(request).await {
                    Ok(body) => (route.handler)(caller, body).await,
                    Err(refused) => refused,
                }
            } else {
                let query = request.uri().query().unwrap_or_default();
                (route.handler)(caller, Bytes::copy_from_slice(query.as_bytes())).await
            };
            (response, None)
        }
        Some(route) => {
            let allow = HeaderValue::from_static(route.method.allow());
            (
                Response::text(StatusCode::METHOD_NOT_ALLOWED, "Another method is needed."),
                Some((header::ALLOW, allow)),
            )
        }
    }
}

/// Reads a whole body that says it is JSON; a form of a page cannot say so.
async fn read_json(request: Request<Incoming>) -> Result<Bytes, Response> {
    let says = request.headers().get(header::CONTENT_TYPE);
    let says = says.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let of_it = says.split(';').next().unwrap_or_default().trim();
    if !of_it.eq_ignore_ascii_case("application/json") {
        let sentence = "A body of Content-Type application/json is needed.";
        return Err(Response::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
    }
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
    match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let sentence = "The body is larger than 64 KiB, or was cut off.";
            Err(Response::text(StatusCode::PAYLOAD_TOO_LARGE, sentence))
        }
        Err(_) => {
            let sentence = "The body came too slowly.";
            Err(Response::text(StatusCode::REQUEST_TIMEOUT, sentence))
        }
    }
}

/// True if a page of another site makes a browser ask, which may add a password or a certificate by
/// itself. Browsers say so by `Sec-Fetch-Site` (W3C Fetch Metadata); over plain HTTP, or when old,
/// by an `Origin` alone. None of our pages can send anything, so every origin is another site's.
fn is_made_to_ask(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site != "same-origin" && site != "none",
        None => headers.contains_key(header::ORIGIN),
    }
}

fn refused(refusal: Refusal) -> Made {
    let (status, sentence, own) = match refusal {
        Refusal::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many requests.", None),
        Refusal::NoCertificate => (
            StatusCode::FORBIDDEN,
            "Another client certificate is needed; connect again.",
            None,
        ),
        Refusal::NoPassword => (
            StatusCode::UNAUTHORIZED,
            "User and password are needed.",
            Some((header::WWW_AUTHENTICATE, CHALLENGE)),
        ),
        Refusal::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many passwords are being checked.",
            None,
        ),
    };
    (Response::text(status, sentence), own)
}
