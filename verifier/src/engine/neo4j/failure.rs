//! Why a server did not serve: always something of ours, because a load that went well has shown
//! the archive to be whole.

use std::time::Duration;

use catalog::evidence::Reason;
use tokio::time::{Instant, sleep};

use super::{client::ClientError, log};
use crate::{
    engine::{Bench, Stopped},
    runtime::{SandboxError, ServerId, ServerState},
};

/// Between two questions to a server that may answer soon.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// Between two looks whether a server that cannot be asked still lives.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// Why a server did not serve.
pub(super) enum Failure {
    Client(ClientError),
    /// It ended; its log may say why.
    Exited {
        code: i32,
        out_of_memory: bool,
    },
    Stopped(Stopped),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

/// How it ended, if it did.
pub(super) async fn ended(
    bench: &Bench<'_>,
    server: ServerId,
) -> Result<Option<Failure>, SandboxError> {
    Ok(match bench.sandbox.state(server).await? {
        ServerState::Running => None,
        ServerState::Exited {
            code,
            out_of_memory,
        } => Some(Failure::Exited {
            code,
            out_of_memory,
        }),
    })
}

/// Whether a connection broke because its server ended, which is written down a moment later.
async fn how_it_ended(bench: &Bench<'_>, server: ServerId) -> Option<Failure> {
    let deadline = Instant::now() + LOOK;
    loop {
        match ended(bench, server).await {
            Ok(None) if Instant::now() < deadline => sleep(POLL).await,
            looked => return looked.ok().flatten(),
        }
    }
}

/// Keeps what the server's log may tell, and says what a failure means.
pub(super) async fn explained<T>(
    bench: &Bench<'_>,
    server: ServerId,
    outcome: Result<T, Failure>,
) -> Result<T, Stopped> {
    let outcome = match outcome {
        Err(Failure::Client(ClientError::Broken | ClientError::Sandbox(_))) => {
            let ended = how_it_ended(bench, server).await;
            ended.map_or(outcome, Err)
        }
        outcome => outcome,
    };
    let lines = bench.sandbox.log(server).await?;
    bench.note_log(log::lines_shown(&lines));
    let says = |text: &str| lines.iter().any(|line| line.contains(text));
    let (reason, message) = match outcome {
        Ok(done) => return Ok(done),
        Err(Failure::Stopped(stopped)) => return Err(stopped),
        Err(Failure::Client(ClientError::Sandbox(error))) => return Err(error.into()),
        Err(Failure::Client(error)) => (
            Reason::Internal,
            format!("the restored server runs, but cannot be asked: {error}"),
        ),
        Err(Failure::Exited { out_of_memory, .. })
            if out_of_memory || says("OutOfMemoryError") || says("insufficient memory") =>
        {
            let message = "the server ran out of the sandbox's memory\nhint: Raise \
                           verifier.limits.memory.";
            (Reason::OutOfMemory, message.into())
        }
        Err(Failure::Exited { .. }) if says("No space left on device") => {
            let message = "the sandbox's disk was full\nhint: Raise verifier.limits.disk.";
            (Reason::Disk, message.into())
        }
        Err(Failure::Exited {
            code: 137 | 143, ..
        }) => {
            let message = "the server was killed before it had answered all, by none of us";
            (Reason::Killed, message.into())
        }
        Err(Failure::Exited { code, .. }) => (
            Reason::Internal,
            format!("the server ended with code {code} before it had answered all"),
        ),
    };
    Err(Stopped::new(reason, message))
}
