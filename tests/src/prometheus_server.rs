//! A real Prometheus on a free port of the loopback.
//!
//! It must not know what is asked of it: configuration and data are the caller's.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;

use crate::listening::Listening;

/// What its log says once it answers.
const READY: &str = "Server is ready to receive web requests";

/// How long it keeps samples: whatever age those have that a test puts there.
const RETENTION: &str = "10y";

/// After what time it sends an alert again. The first one may come before it knows any
/// Alertmanager; the default is a minute.
const RESEND: &str = "5s";

/// How long it works on one question: on a machine with much else to do, a month takes minutes.
const PATIENCE: &str = "10m";

/// A Prometheus that runs until this is dropped.
#[derive(Debug)]
pub struct PrometheusServer {
    server: Listening,
    folder: TempDir,
}

impl PrometheusServer {
    /// A Prometheus without samples; `config` is its configuration file as text.
    ///
    /// # Panics
    /// As [`with_blocks`](Self::with_blocks).
    pub fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::with_blocks(folder, config)
    }

    /// A Prometheus that keeps its samples in `folder`, where blocks of `promtool` may lie already.
    ///
    /// # Panics
    /// When there is none, or it ends before it answers; the message has its log.
    pub fn with_blocks(folder: TempDir, config: &str) -> Self {
        let file = folder.path().join("prometheus.yaml");
        fs::write(&file, config).expect("a configuration");
        let mut program = Command::new("prometheus");
        program
            .arg("--config.file")
            .arg(&file)
            .arg("--storage.tsdb.path")
            .arg(folder.path())
            .args(["--storage.tsdb.retention.time", RETENTION])
            .args(["--rules.alert.resend-delay", RESEND])
            .args(["--query.timeout", PATIENCE])
            .args(["--web.listen-address", "127.0.0.1:0"]);
        let server = Listening::start(&mut program, READY);
        Self { server, folder }
    }

    /// Ends it and returns the folder with its samples.
    pub fn stop(self) -> TempDir {
        let Self { server, folder } = self;
        drop(server);
        folder
    }

    /// The address at which it answers.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The directory of its configuration and samples.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks its API, `query` for example; returns the `data` of the answer, or the error that it
    /// names.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let url = format!("http://{}/api/v1/{path}", self.address());
        let url = Url::parse_with_params(&url, parameters).expect("an address");
        let answer = reqwest::get(url).await.expect("it answers");
        let text = answer.text().await.expect("it answers to the end");
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::require;

    #[tokio::test]
    async fn it_answers_once_it_has_started_and_names_its_errors() {
        require!(prometheus);
        let server = PrometheusServer::start("global: {}");
        let answer = server.ask("query", &[("query", "1 + 1")]).await.unwrap();
        assert_eq!(answer["result"][1], "2");
        let refused = server.ask("query", &[("query", "1 +")]).await.unwrap_err();
        assert!(refused.contains("parse error"), "{refused}");
    }

    #[test]
    fn a_configuration_that_it_refuses_is_told_with_its_log() {
        require!(prometheus);
        let refused = std::panic::catch_unwind(|| PrometheusServer::start("globe: {}"));
        let message = refused.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("field globe not found"), "{message}");
    }
}
