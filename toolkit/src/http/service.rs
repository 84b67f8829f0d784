//! The shell of a program that answers over HTTP until it is stopped: its five paths, its
//! addresses, and its reloads. A reload by signal and one over HTTP are the same act.

use std::{fmt::Display, net::SocketAddr, sync::Arc};

use hyper::StatusCode;
use thiserror::Error;
use tokio::sync::Mutex;
use tracing::{error, info};

use super::{Caller, Door, DoorState, ListenError, Response, Route, Server};
use crate::{
    exposition::{self, ExpositionError},
    flags::WebFlags,
    signals::Signals,
};

/// A refused reload: the configuration before is still in use, and the log says why.
#[derive(Debug, Clone, Copy, Error)]
#[error("the configuration has errors and the one before is kept; the log says more")]
pub struct ReloadError;

/// The part of a program that goes on through reloads; clones share it. Every page is made from
/// memory.
pub trait Program: Clone + Send + Sync + 'static {
    /// The landing page at `/`, as HTML. An error is logged and answered with status 500.
    fn page(&self) -> Result<String, impl Display>;

    /// The text at `/metrics`. `door` is the state of `--web.config.file`, `None` without such a
    /// file. An error is logged and answered with status 500.
    fn metrics(&self, door: Option<DoorState>) -> Result<String, ExpositionError>;

    /// The paths of this program alone; none by default.
    fn own_routes(&self) -> Vec<Route> {
        Vec::new()
    }

    /// The reason why `/-/ready` says no, as a sentence; `None` if the program is ready.
    fn not_ready(&self) -> Option<&'static str>;

    /// Reads the configuration again. Errs if it cannot be used; that is logged and changes nothing
    /// else.
    fn reload(&self) -> impl Future<Output = Result<(), ReloadError>> + Send;
}

/// The reloads of a program: one at a time.
#[derive(Debug, Clone)]
pub struct Reloads<P> {
    program: P,
    alone: Arc<Mutex<()>>,
}

impl<P: Program> Reloads<P> {
    /// The reloads of `program`, none of them begun.
    pub fn new(program: P) -> Self {
        let alone = Arc::default();
        Self { program, alone }
    }

    /// Reloads the program, after any reload under way. A reload that began goes to its end, even
    /// if nobody waits for it any more: half a reload would leave a program without work.
    ///
    /// Errs if the configuration cannot be used, or if the reload panics.
    pub async fn now(&self) -> Result<(), ReloadError> {
        let Self { program, alone } = self.clone();
        let reloading = tokio::spawn(async move {
            let _alone = alone.lock().await;
            program.reload().await
        });
        reloading.await.unwrap_or(Err(ReloadError))
    }
}

/// A program's addresses, bound before anything is answered.
#[derive(Debug)]
pub struct Service {
    server: Server,
    door: Door,
    enable_lifecycle: bool,
}

impl Service {
    /// Binds the addresses of the flags, or `port` of all interfaces.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(web: &WebFlags, port: u16, door: Door) -> Result<Self, ListenError> {
        let server = Server::bind(&web.addresses(port)).await?;
        for address in server.addresses() {
            info!("listening on {}://{address}", door.scheme());
        }
        Ok(Self {
            server,
            door,
            enable_lifecycle: web.enable_lifecycle,
        })
    }

    /// The addresses that are bound, with their ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.server.addresses()
    }

    /// Answers for `program` and reloads it on request, until `signals` stop it.
    pub async fn serve<P: Program>(self, program: &P, signals: Signals) {
        let reloads = Reloads::new(program.clone());
        let routes = routes(&reloads, &self.door, self.enable_lifecycle);
        let reloading = async {
            loop {
                signals.reload.notified().await;
                // The log and a metric tell how it went.
                let _ = reloads.now().await;
            }
        };
        tokio::select! {
            () = self.server.serve(routes, self.door, signals.stop) => {}
            () = reloading => {}
        }
    }
}

/// The paths of every program. `POST /-/reload` is for callers who authenticated, or `for_all`.
fn routes<P: Program>(reloads: &Reloads<P>, door: &Door, for_all: bool) -> Vec<Route> {
    let program = &reloads.program;
    let (of_page, of_metrics, of_ready) = (program.clone(), program.clone(), program.clone());
    let own = program.own_routes();
    let (door, reloads) = (door.clone(), reloads.clone());
    let mut routes = vec![
        Route::get("/", move || {
            made("text/html; charset=utf-8", of_page.page())
        }),
        Route::get("/metrics", move || {
            made(exposition::CONTENT_TYPE, of_metrics.metrics(door.state()))
        }),
        Route::get("/-/healthy", || Response::text(StatusCode::OK, "Healthy.")),
        Route::get("/-/ready", move || match of_ready.not_ready() {
            None => Response::text(StatusCode::OK, "Ready."),
            Some(sentence) => Response::text(StatusCode::SERVICE_UNAVAILABLE, sentence),
        }),
        Route::post("/-/reload", move |caller: Caller| {
            let reloading = (for_all || caller.authenticated).then(|| reloads.clone());
            async move {
                let (status, sentence) = match reloading {
                    None => (StatusCode::FORBIDDEN, FORBIDDEN),
                    Some(reloads) => match reloads.now().await {
                        Ok(()) => (StatusCode::OK, "Reloaded."),
                        Err(ReloadError) => (StatusCode::INTERNAL_SERVER_ERROR, NOT_RELOADED),
                    },
                };
                Response::text(status, sentence)
            }
        }),
    ];
    routes.extend(own);
    routes
}

const FORBIDDEN: &str = "Reloading over HTTP is for those who authenticate (--web.config.file), or \
                         for all with --web.enable-lifecycle.";

/// Answer to a failed reload, without the problems: they quote the file, which is not for everybody
/// at this port.
const NOT_RELOADED: &str =
    "The configuration has errors and the one before is kept; the log says more.";

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
