//! The door: it decides who is let in, under a configuration that may change meanwhile.
//!
//! It answers nothing itself.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{
    HeaderMap,
    header::{self, HeaderValue},
};
use jiff::Timestamp;
use tokio::{
    sync::{Mutex as AsyncMutex, watch},
    time::{Instant, timeout},
};
use tracing::{error, info, warn};

use super::{
    Caller, Limits,
    auth::{Entry, Porter},
    files::Files,
    rate::Bucket,
    tls::Peer,
    web_config::{self, WebConfig, WebConfigError},
};
use crate::{clock::Clock, problem};

/// Longest wait of a request for the file system; then it goes on under the configuration before.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Decides who comes in; clones are the same door.
#[derive(Debug, Clone)]
pub struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The file of `--web.config.file`; `None` if the door is open to all.
    file: Option<PathBuf>,
    clock: Clock,
    limits: Limits,
    standing: watch::Sender<Standing>,
    look: Arc<AsyncMutex<Look>>,
    porter: Porter,
    bucket: Mutex<Bucket>,
}

#[derive(Debug, Clone)]
struct Standing {
    config: Arc<WebConfig>,
    state: DoorState,
}

/// State of the configuration that the door has from its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorState {
    /// Time at which the configuration in use was loaded.
    pub loaded_at: Timestamp,
    /// True if the files could be used when last looked at; if not, the ones before are in use.
    pub is_valid: bool,
}

/// The last look at the files.
#[derive(Debug)]
struct Look {
    files: Files,
    at: Instant,
}

/// Reason why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More requests than `rate_limit` allows.
    TooMany,
    /// A client certificate is needed, and the handshake showed none under the present rules: the
    /// connection began under others.
    NoCertificate,
    /// No user, or not the right password.
    NoPassword,
    /// Too many passwords wait to be checked.
    Busy,
}

impl Door {
    /// A door that is open to everybody, over plain HTTP.
    pub fn open(clock: Clock, limits: Limits) -> Self {
        Self::standing(None, WebConfig::default(), Files::default(), clock, limits)
    }

    /// A door as `file` says; without a file, an open one. Errs if the file or one that it names
    /// cannot be read or used.
    pub fn configured(
        file: Option<&Path>,
        clock: Clock,
        limits: Limits,
    ) -> Result<Self, WebConfigError> {
        let Some(file) = file else {
            return Ok(Self::open(clock, limits));
        };
        let mut files = Files::default();
        let config = web_config::load(file, &mut files)?;
        if config.users.is_some() && config.tls.is_none() {
            warn!("users without tls_server_config: their passwords can be read on the way");
        }
        Ok(Self::standing(Some(file), config, files, clock, limits))
    }

    fn standing(
        file: Option<&Path>,
        config: WebConfig,
        files: Files,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        let state = DoorState {
            loaded_at: clock.now(),
            is_valid: true,
        };
        let config = Arc::new(config);
        let look = Look {
            files,
            at: Instant::now(),
        };
        Self(Arc::new(Inner {
            file: file.map(Path::to_owned),
            clock,
            limits,
            standing: watch::Sender::new(Standing { config, state }),
            look: Arc::new(AsyncMutex::new(look)),
            porter: Porter::new(),
            bucket: Mutex::default(),
        }))
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &'static str {
        if self.0.standing.borrow().config.tls.is_some() {
            "https"
        } else {
            "http"
        }
    }

    /// State of the files; `None` if the door has no file.
    pub fn state(&self) -> Option<DoorState> {
        self.0.file.as_ref()?;
        Some(self.0.standing.borrow().state)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The configuration now. Its files are looked at again no more often than [`Limits::reread`],
    /// by one request at a time; meanwhile other requests go on under the configuration before.
    pub(super) async fn config(&self) -> Arc<WebConfig> {
        self.look_again().await;
        Arc::clone(&self.0.standing.borrow().config)
    }

    async fn look_again(&self) {
        let Some(file) = self.0.file.clone() else {
            return;
        };
        let Ok(mut look) = Arc::clone(&self.0.look).try_lock_owned() else {
            return;
        };
        if look.at.elapsed() < self.0.limits.reread {
            return;
        }
        let door = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            if look.files.changed() {
                look.files = Files::default();
                door.reload(&file, &mut look.files);
            }
            look.at = Instant::now();
        });
        // The look goes on by itself, holding its lock, when nobody waits any more.
        let _ = timeout(LOOK_TIMEOUT, looking).await;
    }

    fn reload(&self, file: &Path, files: &mut Files) {
        let was_encrypted = self.scheme() == "https";
        match web_config::load(file, files) {
            Ok(config) if config.tls.is_some() != was_encrypted => {
                self.keep("TLS cannot be turned on or off without a restart");
            }
            Ok(config) => {
                let state = DoorState {
                    loaded_at: self.0.clock.now(),
                    is_valid: true,
                };
                let config = Arc::new(config);
                self.0.standing.send_replace(Standing { config, state });
                info!(file = %file.display(), "web configuration loaded");
            }
            Err(WebConfigError::Problems(problems)) => self.keep(problems.to_string().trim_end()),
            Err(other) => self.keep(&problem::render(&other, None)),
        }
    }

    fn keep(&self, why: &str) {
        error!("the web configuration before is kept: {why}");
        self.0
            .standing
            .send_modify(|standing| standing.state.is_valid = false);
    }

    /// Decides whether a request may come in. The order is that of exporter-toolkit: rate, then
    /// password; no path is exempt.
    pub(super) async fn admits(
        &self,
        config: &WebConfig,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Caller, Refusal> {
        if let Some(rate) = config.rate {
            let bucket = self.0.bucket.lock();
            let mut bucket = bucket.unwrap_or_else(PoisonError::into_inner);
            if !bucket.admits(rate, Instant::now()) {
                return Err(Refusal::TooMany);
            }
        }
        let clients = config.tls.as_ref().map(|tls| &*tls.clients);
        let proven = clients.is_some_and(|clients| peer.is_proven(clients));
        if !proven && clients.is_some_and(super::tls::Clients::demand_proof) {
            return Err(Refusal::NoCertificate);
        }
        let Some(users) = &config.users else {
            return Ok(Caller {
                authenticated: proven,
            });
        };
        let credentials: Option<&HeaderValue> = headers.get(header::AUTHORIZATION);
        match self.0.porter.admits(users, credentials).await {
            Entry::Granted => Ok(Caller {
                authenticated: true,
            }),
            Entry::Refused => Err(Refusal::NoPassword),
            Entry::Busy => Err(Refusal::Busy),
        }
    }
}

#[cfg(test)]
mod tests;
