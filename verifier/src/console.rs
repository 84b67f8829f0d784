//! What a command may touch of the world outside: two streams, a clock, a file name.

use std::{fmt::Display, io::Write, path::PathBuf, sync::Arc};

use catalog::config::{self, Config, ConfigError, Loaded};
use thiserror::Error;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use toolkit::{clock::Clock, exit::Exit, problem::render};

/// Reads one variable of the environment.
pub type Env = fn(&str) -> Option<String>;

/// Passed to every command; nothing else of the process is theirs.
pub struct Console<'a> {
    /// Data.
    pub out: &'a mut (dyn Write + Send),
    /// Progress and messages.
    pub err: &'a mut (dyn Write + Send),
    /// `--config.file`
    pub config_file: PathBuf,
    /// Whether somebody watches `err`.
    pub err_is_terminal: bool,
    /// Reads the environment.
    pub env: Env,
    /// The time.
    pub clock: Clock,
    /// Raised by Ctrl-C and SIGTERM: end what runs, leave nothing behind.
    pub cancelled: CancellationToken,
    /// Notified by SIGHUP.
    pub reload: Arc<Notify>,
}

/// Why a command did not do what it was asked to.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The exit code.
    pub exit: Exit,
    /// For people; may end in `hint: …`.
    pub message: String,
    /// It names file and line for itself, and is told as it is.
    pub located: bool,
}

impl Refusal {
    /// 2: whoever typed or configured this can mend it.
    pub fn usage(message: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
            located: false,
        }
    }

    /// 2, with problems that name their file and line.
    pub fn located(problems: impl Display) -> Self {
        Self {
            located: true,
            ..Self::usage(problems)
        }
    }

    /// 3: the answer could not be found out.
    pub fn unknown(message: impl Display) -> Self {
        Self {
            exit: Exit::Unknown,
            message: message.to_string(),
            located: false,
        }
    }
}

/// Standard output went away, e.g. `| head`.
impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::unknown(format!("cannot write: {error}"))
    }
}

/// What a world needs of its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Outside {
    pub(crate) clock: Clock,
    pub(crate) cancelled: CancellationToken,
    pub(crate) env: Env,
    /// Whether `clock` must agree with the clock of the evidence's store: not one of a test.
    pub(crate) compares_clocks: bool,
}

impl Console<'_> {
    /// What outlives a command's own streams.
    pub(crate) fn outside(&self) -> Outside {
        Outside {
            clock: self.clock.clone(),
            cancelled: self.cancelled.clone(),
            env: self.env,
            compares_clocks: true,
        }
    }

    /// The configuration; warnings are told, errors end the command.
    pub fn config(&mut self) -> Result<Config, Refusal> {
        let loaded = self.loaded()?;
        write!(self.err, "{}", loaded.warnings)?;
        Ok(loaded.config)
    }

    /// The configuration with its warnings, which are not told yet.
    pub fn loaded(&self) -> Result<Loaded, Refusal> {
        Ok(config::load_file(&self.config_file)?)
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
