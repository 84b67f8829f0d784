//! `serve`: verifies what is due, again and again, and says over HTTP how it goes.
//!
//! Read in this order: [`scheduler`], [`agenda`], [`look`], [`run`](mod@run), [`state`],
//! [`lifecycle`].

mod agenda;
mod families;
mod lifecycle;
mod look;
mod page;
mod routes;
mod run;
mod scheduler;
mod state;
mod told;

use toolkit::{
    exit::Exit,
    flags::WebFlags,
    http::{Door, Limits, Server, WebConfigError, service},
    problem::render,
    signals::Signals,
};
use tracing::{error, info};

use self::{
    lifecycle::{Opened, Service},
    routes::routes,
    scheduler::Scheduler,
};
use crate::{
    cli::PORT,
    console::{Console, Refusal},
};

pub(super) async fn run(web: &WebFlags, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let config = console.config()?;
    let door = Door::configured(
        web.config_file.as_deref(),
        console.clock.clone(),
        Limits::default(),
    )?;
    let outside = console.outside();
    let opened = Opened::new(config, &outside)?;
    let bound = Server::bind(&web.addresses(PORT)).await;
    let server = bound.map_err(|error| Refusal::usage(render(&error, None)))?;
    for address in server.addresses() {
        info!("listening on {}://{address}", door.scheme());
    }
    let verifier = Service::new(console.config_file.clone(), outside, opened);
    let signals = Signals {
        stop: console.cancelled.clone(),
        reload: console.reload.clone(),
    };
    let scheduler = Scheduler::new(verifier.clone(), signals.stop.clone());
    let routes = routes(&verifier, &door, web.enable_lifecycle);
    let stop = signals.stop.clone();
    let scheduling = async {
        let ended = tokio::spawn(scheduler.run()).await;
        // Only a mistake of ours ends it before; what listens alone would look alive.
        stop.cancel();
        ended
    };
    let serving = service::serve(server, routes, door, signals, || verifier.reload());
    let (ended, ()) = tokio::join!(scheduling, serving);
    if let Err(problem) = ended {
        error!("the scheduler ended unexpectedly: {problem}");
        return Ok(Exit::Unknown);
    }
    info!("stopped");
    Ok(Exit::Fine)
}

impl From<WebConfigError> for Refusal {
    fn from(error: WebConfigError) -> Self {
        match error {
            // Located and with hints of their own.
            WebConfigError::Problems(problems) => Self {
                located: true,
                ..Self::usage(problems)
            },
            WebConfigError::Read { .. } => Self::usage(render(&error, None)),
        }
    }
}
