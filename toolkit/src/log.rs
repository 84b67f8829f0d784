//! The log: lines on stderr, as text for people or as JSON for machines.

use std::io::{self, IsTerminal};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Least level that is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Something is lost.
    Error,
    /// Something should be looked at.
    Warn,
    /// What an operator wants to know.
    #[default]
    Info,
    /// What explains a decision.
    Debug,
    /// Everything.
    Trace,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// How the program logs.
#[derive(Debug, Clone, Default, Args)]
pub struct LogFlags {
    /// Least level that is logged
    #[arg(long = "log.level", value_name = "LEVEL", value_enum, default_value_t)]
    pub level: LogLevel,

    /// How lines are written
    #[arg(
        long = "log.format",
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    pub format: LogFormat,
}

/// Prefixes of the names of libraries that log, at levels below `warn`, what they send and receive:
/// also session tokens and signatures.
const LIBRARIES: [&str; 8] = [
    "aws_", "bollard", "h2", "hyper", "redis", "reqwest", "rustls", "tower",
];

/// Sends the log to stderr for the rest of the process; a second call changes nothing.
pub fn init(flags: &LogFlags) {
    let level = match flags.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match flags.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let log = tracing_subscriber::registry().with(lines.with_filter(targets(level)));
    // Already set is no error: tests run several programs in one process.
    let _ = log.try_init();
}

/// Filter for `level`, which lets through only warnings and errors of the libraries.
fn targets(level: LevelFilter) -> Targets {
    let muted = LIBRARIES.map(|name| (name, level.min(LevelFilter::WARN)));
    Targets::new().with_default(level).with_targets(muted)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn no_level_opens_what_libraries_say_of_requests_and_credentials() {
        for level in [LevelFilter::DEBUG, LevelFilter::TRACE] {
            let targets = targets(level);
            assert!(targets.would_enable("verifier::stream", &Level::DEBUG));
            for library in [
                "aws_config::profile",
                "aws_smithy_runtime::client::http",
                "aws_sdk_s3::operation",
                "hyper_util::client",
                "h2::codec",
                "rustls::client",
                "bollard::docker",
            ] {
                assert!(!targets.would_enable(library, &Level::INFO), "{library}");
                assert!(targets.would_enable(library, &Level::WARN), "{library}");
            }
        }
        assert!(!targets(LevelFilter::ERROR).would_enable("aws_config", &Level::WARN));
    }
}
