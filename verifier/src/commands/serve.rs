//! `serve`: verifies what is due, again and again, and says over HTTP how it goes.

mod api;
mod families;
mod page;
mod records;

use std::fmt::Display;

use tokio_util::sync::CancellationToken;
use toolkit::{
    exit::Exit,
    exposition::ExpositionError,
    flags::WebFlags,
    http::{
        Door, DoorState, Limits, Route, WebConfigError,
        service::{Program, ReloadError, Service},
    },
    problem::render,
    signals::Signals,
};
use tracing::{error, info};

use self::{families::exposition_text, page::page};
use crate::{
    cli::PORT,
    console::{Console, Refusal},
    driller::Driller,
    scheduler::{OpenedConfig, Scheduler, Verifier},
    speaker::Speaker,
};

pub(super) async fn run(web: &WebFlags, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let config = console.config()?;
    let door = Door::configured(
        web.config_file.as_deref(),
        console.clock.clone(),
        Limits::default(),
    )?;
    let outside = console.outside();
    let opened = OpenedConfig::new(config, &outside)?;
    let bound = Service::bind(web, PORT, door).await;
    let service = bound.map_err(|error| Refusal::usage(render(&error, None)))?;
    let verifier = Verifier::new(console.config_file.clone(), outside, opened);
    let signals = Signals {
        stop: console.cancelled.clone(),
        reload: console.reload.clone(),
    };
    let scheduler = Scheduler::new(verifier.clone(), signals.stop.clone());
    let stop = signals.stop.clone();
    let scheduling = async {
        let told = CancellationToken::new();
        let speaker = tokio::spawn(Speaker::new(verifier.clone(), told.clone()).run());
        let driller = tokio::spawn(Driller::new(verifier.clone(), stop.clone()).run());
        let ended = tokio::spawn(scheduler.run()).await;
        // Before the stop, only a mistake of ours ends the scheduler; a listener alone would look
        // alive.
        stop.cancel();
        if let Err(problem) = driller.await {
            error!("what carries out drills ended unexpectedly: {problem}");
        }
        // What the last verifications came to is told before the end.
        told.cancel();
        if let Err(problem) = speaker.await {
            error!("what posts messages ended unexpectedly: {problem}");
        }
        ended
    };
    let (ended, ()) = tokio::join!(scheduling, service.serve(&verifier, signals));
    if let Err(problem) = ended {
        error!("the scheduler ended unexpectedly: {problem}");
        return Ok(Exit::Unknown);
    }
    info!("stopped");
    Ok(Exit::Fine)
}

impl Program for Verifier {
    fn page(&self) -> Result<String, impl Display> {
        page(&self.published().get(), self.clock().now())
    }

    fn metrics(&self, door: Option<DoorState>) -> Result<String, ExpositionError> {
        exposition_text(&self.published().get(), door, self.clock().now())
    }

    fn own_routes(&self) -> Vec<Route> {
        let records = records::routes(self).into_iter();
        let runbooks = alerts::routes("backup-verifier").into_iter();
        let own = api::routes(self).into_iter();
        own.chain(records).chain(runbooks).collect()
    }

    fn not_ready(&self) -> Option<&'static str> {
        let not_yet = "What is due has not been looked at yet.";
        (!self.published().get().is_planned()).then_some(not_yet)
    }

    async fn reload(&self) -> Result<(), ReloadError> {
        self.reopen()
    }
}

impl From<WebConfigError> for Refusal {
    fn from(error: WebConfigError) -> Self {
        match error {
            WebConfigError::Problems(problems) => Self::located(problems),
            WebConfigError::Read { .. } => Self::usage(render(&error, None)),
        }
    }
}
