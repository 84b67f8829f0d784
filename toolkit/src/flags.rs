//! Flags both programs share, named as Prometheus names them.

use std::path::PathBuf;

use clap::Args;

/// Where the configuration is.
#[derive(Debug, Clone, Args)]
pub struct ConfigFlags {
    /// Configuration file
    #[arg(long = "config.file", value_name = "FILE")]
    pub file: PathBuf,
}

/// How the program listens.
#[derive(Debug, Clone, Default, Args)]
pub struct WebFlags {
    /// Address to listen on, `host:port` or `:port`; may be given several times, port 0 takes a
    /// free one
    #[arg(long = "web.listen-address", value_name = "ADDRESS")]
    pub listen_address: Vec<String>,

    /// TLS, users, headers and rate limit, in the format of Prometheus' exporter-toolkit; read
    /// again when it changes
    #[arg(long = "web.config.file", value_name = "FILE")]
    pub config_file: Option<PathBuf>,

    /// Allow POST /-/reload also to callers who did not authenticate
    #[arg(long = "web.enable-lifecycle")]
    pub enable_lifecycle: bool,
}

impl WebFlags {
    /// True if none of these flags was given.
    pub fn is_empty(&self) -> bool {
        self.listen_address.is_empty() && self.config_file.is_none() && !self.enable_lifecycle
    }

    /// Joins the flags of a command with the `others`, those of its program: the addresses of both,
    /// and the command's file before the program's.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let mut listen_address = self.listen_address.clone();
        listen_address.extend_from_slice(&others.listen_address);
        let config_file = self.config_file.as_ref().or(others.config_file.as_ref());
        Self {
            listen_address,
            config_file: config_file.cloned(),
            enable_lifecycle: self.enable_lifecycle || others.enable_lifecycle,
        }
    }

    /// The addresses to listen on: those given, or else `:port`.
    pub fn addresses(&self, port: u16) -> Vec<String> {
        if self.listen_address.is_empty() {
            vec![format!(":{port}")]
        } else {
            self.listen_address.clone()
        }
    }
}
