//! Why a server did not serve: the one place that says for all engines what an end or a silence of
//! a server means.
//!
//! | the server | reason |
//! |---|---|
//! | was ended by what only a machine, a sandbox or an image can cause | see [`hindered`] |
//! | ended without a word that its engine takes for an accusation | `internal` |
//! | ended after it had spoken of the snapshot | by its words, which its engine reads |
//! | runs, and cannot be asked | `internal` |
//!
//! So silence alone never accuses a snapshot.

use std::fmt::Display;

use catalog::ledger::Reason;

use super::{Bench, Stopped, hindered};
use crate::runtime::{SandboxError, ServerId, ServerState};

/// Why a server did not serve.
#[derive(Debug)]
pub(super) enum Unserved {
    /// The server ended; its log may say why.
    Exited(ServerEnd),
    /// The server runs, or its state is unknown: that decides nothing about the snapshot.
    Stopped(Stopped),
}

/// How a server ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerEnd {
    pub(super) code: i32,
    /// True if the memory limit killed the server.
    pub(super) out_of_memory: bool,
}

impl From<SandboxError> for Unserved {
    fn from(error: SandboxError) -> Self {
        Self::Stopped(error.into())
    }
}

impl ServerEnd {
    /// Returns how `server` ended; `None` if it still runs.
    ///
    /// # Errors
    /// The sandbox cannot be asked.
    pub(super) async fn of(
        bench: &Bench<'_>,
        server: ServerId,
    ) -> Result<Option<Self>, SandboxError> {
        Ok(match bench.sandbox.state(server).await? {
            ServerState::Running => None,
            ServerState::Exited {
                code,
                out_of_memory,
            } => Some(Self {
                code,
                out_of_memory,
            }),
        })
    }

    /// The end of the run, if only a machine, a sandbox or an image can have ended the server so.
    pub(super) fn hindered(self, says: &dyn Fn(&str) -> bool) -> Option<Stopped> {
        hindered::by_sandbox("the server", (self.code, self.out_of_memory), says)
    }

    /// The end of the run after a server that said nothing against the snapshot; `before` names the
    /// step that it did not reach.
    pub(super) fn in_silence(self, before: &str) -> Stopped {
        let message = format!(
            "the server ended with code {} before it {before}\nhint: Try the image by hand, and \
             look at the log of this record.",
            self.code
        );
        Stopped::new(Reason::Internal, message)
    }
}

/// The end of the run for a server that runs and does not answer; `error` is what a client met.
pub(super) fn mute(error: &dyn Display) -> Stopped {
    let message = format!("the restored server runs, but cannot be asked: {error}");
    Stopped::new(Reason::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_never_accuses_a_snapshot() {
        for code in [0, 1, 6, 134, 139, 255] {
            let ended = ServerEnd {
                code,
                out_of_memory: false,
            };
            assert!(ended.hindered(&|_| false).is_none(), "{code}");
            assert_eq!(ended.in_silence("spoke").reason, Reason::Internal, "{code}");
        }
        assert_eq!(mute(&"no answer").reason, Reason::Internal);
    }
}
