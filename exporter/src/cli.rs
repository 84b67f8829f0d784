//! The command line (design §4), as clap sees it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use toolkit::{
    flags::{ConfigFlags, WebFlags},
    log::LogFlags,
};

/// Port on which the program listens unless told otherwise.
pub const PORT: u16 = 9877;

/// Watches backups where they lie, and tells Prometheus whether you could recover.
#[derive(Debug, Parser)]
#[command(name = "backup-exporter", version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would print it as the help of the program"
    )]
    pub config: ConfigFlags,

    /// Check the configuration and exit
    #[arg(long = "config.check", conflicts_with = "once")]
    pub check: bool,

    /// Survey everything once, print it and exit
    #[arg(long)]
    pub once: bool,

    /// What --once prints
    #[arg(
        long = "once.format",
        value_name = "FORMAT",
        value_enum,
        default_value_t
    )]
    #[arg(requires = "once")]
    pub once_format: OnceFormat,

    /// Write what --once prints to this file, whole or not at all
    #[arg(long = "once.output", value_name = "FILE", requires = "once")]
    pub once_output: Option<PathBuf>,

    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would print it as the help of the program"
    )]
    pub web: WebFlags,

    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would print it as the help of the program"
    )]
    pub log: LogFlags,
}

/// What `--once` prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnceFormat {
    /// As /metrics, e.g. for the textfile collector of the node exporter
    #[default]
    Metrics,
    /// One line per source, for people
    Table,
}

const AFTER_HELP: &str = "Listens on :9877 unless told otherwise. Exit codes: 0 fine; 2 usage or \
configuration; 3 a repository or source could not be surveyed (--once). Signals: SIGHUP reads the \
configuration again, SIGTERM ends.";
