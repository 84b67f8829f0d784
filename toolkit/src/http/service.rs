//! What a program answers beside its own pages, and how it goes on until it is stopped: reloads by
//! signal and over HTTP are the same act.

use std::fmt::Display;

use hyper::StatusCode;
use thiserror::Error;
use tracing::error;

use super::{Caller, Door, Response, Route, Server};
use crate::{
    exposition::{self, ExpositionError},
    signals::Signals,
};

/// The configuration before is still in use; the log says why.
#[derive(Debug, Clone, Copy, Error)]
#[error("the configuration has errors and the one before is kept; the log says more")]
pub struct ReloadError;

/// `/`: a page of HTML made from memory.
pub fn landing<E: Display>(make: impl Fn() -> Result<String, E> + Send + Sync + 'static) -> Route {
    Route::get("/", move || made("text/html; charset=utf-8", make()))
}

/// `/metrics`, made from memory.
pub fn metrics(
    make: impl Fn() -> Result<String, ExpositionError> + Send + Sync + 'static,
) -> Route {
    Route::get("/metrics", move || made(exposition::CONTENT_TYPE, make()))
}

/// `/-/healthy`: whoever can answer is.
pub fn healthy() -> Route {
    Route::get("/-/healthy", || Response::text(StatusCode::OK, "Healthy."))
}

/// `/-/ready`; `not_yet` says why it is not.
pub fn ready(not_yet: impl Fn() -> Option<&'static str> + Send + Sync + 'static) -> Route {
    Route::get("/-/ready", move || match not_yet() {
        None => Response::text(StatusCode::OK, "Ready."),
        Some(sentence) => Response::text(StatusCode::SERVICE_UNAVAILABLE, sentence),
    })
}

/// `POST /-/reload`, for callers who authenticated, or for all.
pub fn reload<F>(for_all: bool, act: impl Fn() -> F + Send + Sync + 'static) -> Route
where
    F: Future<Output = Result<(), ReloadError>> + Send + 'static,
{
    Route::post("/-/reload", move |caller: Caller| {
        let reloading = (for_all || caller.authenticated).then(&act);
        async move {
            match reloading {
                None => Response::text(
                    StatusCode::FORBIDDEN,
                    "Reloading over HTTP is for those who authenticate (--web.config.file), or \
                     for all with --web.enable-lifecycle.",
                ),
                Some(reloading) => match reloading.await {
                    Ok(()) => Response::text(StatusCode::OK, "Reloaded."),
                    // The problems quote the file, which is not for everybody at this port.
                    Err(ReloadError) => Response::text(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "The configuration has errors and the one before is kept; the log says \
                         more.",
                    ),
                },
            }
        }
    })
}

/// Answers and reloads until stopped.
pub async fn serve<F>(
    server: Server,
    routes: Vec<Route>,
    door: Door,
    signals: Signals,
    reload: impl Fn() -> F,
) where
    F: Future<Output = Result<(), ReloadError>>,
{
    let reloading = async {
        loop {
            signals.reload.notified().await;
            // Said in the log and in a metric.
            let _ = reload().await;
        }
    };
    tokio::select! {
        () = server.serve(routes, door, signals.stop) => {}
        () = reloading => {}
    }
}

fn made<E: Display>(content_type: &'static str, page: Result<String, E>) -> Response {
    match page {
        Ok(text) => Response::ok(content_type, text),
        Err(problem) => {
            error!("cannot make a page: {problem}");
            Response::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The page could not be made.",
            )
        }
    }
}
