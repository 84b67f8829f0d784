//! What a command may touch of the world outside: two streams, a clock, a file name.

use std::{fmt::Display, io::Write, path::PathBuf, sync::Arc};

use catalog::{
    config::{self, Config, ConfigError, Loaded},
    ledger::LedgerError,
};
use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, exit::Exit, problem::render};

/// Reads one variable of the environment.
pub type Env = fn(&str) -> Option<String>;

/// Everything of the process that a command may use.
pub struct Console<'a> {
    /// Stream for data: standard output.
    pub out: &'a mut (dyn Write + Send),
    /// Stream for progress and messages: standard error.
    pub err: &'a mut (dyn Write + Send),
    /// Path given as `--config.file`.
    pub config_file: PathBuf,
    /// True if `err` is a terminal, which somebody watches.
    pub err_is_terminal: bool,
    /// Reads a variable of the environment.
    pub env: Env,
    /// The time.
    pub clock: Clock,
    /// Raised by Ctrl-C and SIGTERM: end what runs, leave nothing behind.
    pub cancelled: CancellationToken,
    /// Notified by SIGHUP.
    pub reload: Arc<Notify>,
}

/// Why a command did not do what it was asked to.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The exit code.
    pub exit: Exit,
    /// Message for people; may end in `hint: …`.
    pub message: String,
    /// True if the message names file and line itself, and is written as it is.
    pub located: bool,
}

impl Refusal {
    /// A refusal with exit code 2: whoever typed or configured this can mend it.
    pub fn usage(message: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
            located: false,
        }
    }

    /// A refusal with exit code 2, whose problems name their file and line.
    pub fn located(problems: impl Display) -> Self {
        Self {
            located: true,
            ..Self::usage(problems)
        }
    }

    /// A refusal with exit code 3: the answer could not be found out.
    pub fn unknown(message: impl Display) -> Self {
        Self {
            exit: Exit::Unknown,
            message: message.to_string(),
            located: false,
        }
    }
}

/// A write that failed: standard output went away, e.g. `| head`.
impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::unknown(format!("cannot write: {error}"))
    }
}

/// The part of a [`Console`] that a [`World`](crate::world::World) needs.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) clock: Clock,
    pub(crate) cancelled: CancellationToken,
    pub(crate) env: Env,
    /// True if `clock` must agree with the clock of the store of the records: not so in tests.
    pub(crate) compares_clocks: bool,
}

impl Console<'_> {
    /// Returns what outlives a command's own streams.
    pub(crate) fn outside(&self) -> Outside {
        Outside {
            clock: self.clock.clone(),
            cancelled: self.cancelled.clone(),
            env: self.env,
            compares_clocks: true,
        }
    }

    /// Loads the configuration and writes its warnings to `err`; errors of it end the command.
    pub fn config(&mut self) -> Result<Config, Refusal> {
        let loaded = self.loaded()?;
        write!(self.err, "{}", loaded.warnings)?;
        Ok(loaded.config)
    }

    /// Loads the configuration with its warnings, which are not written yet; errs if it has errors.
    pub fn loaded(&self) -> Result<Loaded, Refusal> {
        Ok(config::load_file(&self.config_file)?)
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::unknown(render(&error, None))
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Problems(problems) => Self::located(problems),
            ConfigError::Read { .. } => Self::usage(render(&error, None)),
        }
    }
}
