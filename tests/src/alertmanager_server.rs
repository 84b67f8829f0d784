//! A real Alertmanager on a free port of the loopback, alone and without peers.

use std::{net::SocketAddr, path::Path, process::Command};

use tempfile::TempDir;

use crate::listening::Listening;

/// An Alertmanager that runs until this is dropped.
#[derive(Debug)]
pub struct AlertmanagerServer {
    server: Listening,
    _folder: TempDir,
}

impl AlertmanagerServer {
    /// An Alertmanager that knows no alert yet, with the `alertmanager.yml` of this directory.
    ///
    /// # Panics
    /// When there is none, or it ends before it answers; the message has its log.
    pub fn start(directory: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut program = Command::new("prometheus-alertmanager");
        program
            .arg("--config.file")
            .arg(directory.join("alertmanager.yml"))
            .arg("--storage.path")
            .arg(folder.path())
            .args(["--web.listen-address", "127.0.0.1:0"])
            // An empty address: no peers.
            .arg("--cluster.listen-address=");
        Self {
            server: Listening::start(&mut program, "msg=\"Listening on\""),
            _folder: folder,
        }
    }

    /// The address at which it answers.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}
