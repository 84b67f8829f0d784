//! A server that outlives the call that started it: its end, its log, and how it is stopped.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use catalog::ledger::Reason;
use futures::StreamExt;
use rustix::process::Signal;
use tokio::{process::Child, sync::watch, time::timeout};

use super::{
    children::{Group, code},
    streams::outputs,
};
use crate::runtime::{
    Capture, Exit, FeedEnd, SandboxError, ServerState, log::LogTail, pump::Output,
};

/// Longest wait until a killed server is gone.
const KILL_GRACE: Duration = Duration::from_secs(5);

/// Longest wait for the last lines of a server that ended.
const LOG_GRACE: Duration = Duration::from_secs(2);

/// A running server. Two tasks watch it: one reads its log, one waits for its end.
#[derive(Debug, Clone)]
pub(super) struct ServerProcess {
    group: Arc<Mutex<Group>>,
    ended: watch::Receiver<Option<i32>>,
    log: Arc<Mutex<LogTail>>,
}

impl ServerProcess {
    pub(super) fn watch(mut child: Child, group: Group) -> Self {
        let group = Arc::new(Mutex::new(group));
        let log = Arc::new(Mutex::new(LogTail::default()));
        let (say, ended) = watch::channel(None);
        let mut output = outputs(&mut child);
        let lines = Arc::clone(&log);
        let reading = tokio::spawn(async move {
            while let Some(Ok(Output::Stdout(bytes) | Output::Stderr(bytes))) = output.next().await
            {
                lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(&bytes);
            }
        });
        let whole = Arc::downgrade(&group);
        tokio::spawn(async move {
            let status = child.wait().await;
            if let Some(group) = whole.upgrade() {
                let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
                group.signal(Signal::KILL);
                group.forget();
            }
            // The end is told only after the last lines: they say why the server ended.
            let _ = timeout(LOG_GRACE, reading).await;
            say.send_replace(Some(status.map_or(-1, code)));
        });
        Self { group, ended, log }
    }

    pub(super) fn state(&self) -> ServerState {
        match *self.ended.borrow() {
            None => ServerState::Running,
            Some(code) => ServerState::Exited {
                code,
                out_of_memory: false,
            },
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .lines()
    }

    pub(super) async fn stop(mut self, patience: Duration) -> Result<Exit, SandboxError> {
        for (signal, grace) in [(Signal::TERM, patience), (Signal::KILL, KILL_GRACE)] {
            self.group
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .signal(signal);
            let ended = self.ended.wait_for(Option::is_some);
            let Ok(Ok(code)) = timeout(grace, ended)
                .await
                .map(|code| code.map(|code| *code))
            else {
                continue;
            };
            return Ok(Exit {
                code: code.unwrap_or(-1),
                stdout: Capture::default(),
                stderr: Capture::default(),
                feed: FeedEnd::NoFeed,
                out_of_memory: false,
            });
        }
        let message = "process: a server survives KILL\nhint: Look at the kernel's log.";
        Err(SandboxError::new(Reason::RuntimeUnavailable, message))
    }
}
