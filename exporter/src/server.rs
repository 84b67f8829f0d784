//! What is answered over HTTP, all of it from memory.

use toolkit::{
    clock::Clock,
    exposition,
    http::{Caller, Door, DoorState, Response, Route, StatusCode},
};
use tracing::error;

use crate::{
    families::{door_families, families},
    lifecycle::Exporter,
    page::page,
    state::{Published, State},
};

const HTML: &str = "text/html; charset=utf-8";

/// Every path of the program.
pub fn routes(exporter: &Exporter, door: &Door, enable_lifecycle: bool) -> Vec<Route> {
    let clock = exporter.clock().clone();
    let published = exporter.published();
    let with = |make: fn(&State, &Clock) -> Response| {
        let (published, clock): (Published, Clock) = (published.clone(), clock.clone());
        move || make(&published.get(), &clock)
    };
    let (reloading, door) = (exporter.clone(), door.clone());
    let (states, time) = (published.clone(), clock.clone());
    vec![
        Route::get("/", with(landing)),
        Route::get("/metrics", move || {
            metrics(&states.get(), &time, door.state())
        }),
        Route::get("/-/healthy", || Response::text(StatusCode::OK, "Healthy.")),
        Route::get("/-/ready", with(ready)),
        Route::post("/-/reload", move |caller| {
            let exporter = reloading.clone();
            async move { reload(&exporter, caller, enable_lifecycle).await }
        }),
    ]
}

fn metrics(state: &State, clock: &Clock, door: Option<DoorState>) -> Response {
    match exposition_text(state, clock, door) {
        Ok(text) => Response::ok(exposition::CONTENT_TYPE, text),
        Err(problem) => internal(&problem),
    }
}

/// Everything at `/metrics`; an error is a mistake of the program.
pub fn exposition_text(
    state: &State,
    clock: &Clock,
    door: Option<DoorState>,
) -> Result<String, exposition::ExpositionError> {
    let mut all = families(state, clock.now());
    all.extend(door.map(door_families).unwrap_or_default());
    all.extend(exposition::process());
    exposition::render(all)
}

fn landing(state: &State, clock: &Clock) -> Response {
    match page(state, clock.now()) {
        Ok(text) => Response::ok(HTML, text),
        Err(problem) => internal(&problem),
    }
}

fn ready(state: &State, _: &Clock) -> Response {
    if state.is_ready() {
        Response::text(StatusCode::OK, "Ready.")
    } else {
        Response::text(
            StatusCode::SERVICE_UNAVAILABLE,
            "The first survey has not ended yet.",
        )
    }
}

async fn reload(exporter: &Exporter, caller: Caller, enable_lifecycle: bool) -> Response {
    if !enable_lifecycle && !caller.authenticated {
        let sentence = "Reloading over HTTP is for those who authenticate (--web.config.file), or \
                        for all with --web.enable-lifecycle.";
        return Response::text(StatusCode::FORBIDDEN, sentence);
    }
    match exporter.reload().await {
        Ok(()) => Response::text(StatusCode::OK, "Reloaded."),
        // The problems quote the file, which is not for everybody who can reach this port.
        Err(_) => Response::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The configuration has errors and the one before is kept; the log says more.",
        ),
    }
}

fn internal(problem: &dyn std::fmt::Display) -> Response {
    error!("cannot make a page: {problem}");
    Response::text(
        StatusCode::INTERNAL_SERVER_ERROR,
        "The page could not be made.",
    )
}
