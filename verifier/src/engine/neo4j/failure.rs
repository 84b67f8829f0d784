//! Why a server did not serve: always something of ours, because a load that went well has shown
//! the archive to be whole.

use std::time::Duration;

use catalog::evidence::Reason;
use tokio::time::{Instant, sleep};

use super::{client::ClientError, log};
use crate::{
    engine::{Bench, Stopped, hindered},
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
        Err(Failure::Exited {
            code,
            out_of_memory,
        }) => return Err(ended_early((code, out_of_memory), &says)),
    };
    Err(Stopped::new(reason, message))
}

/// A server that ended before it had answered all: what it met, or only its code.
fn ended_early(ended: (i32, bool), says: &dyn Fn(&str) -> bool) -> Stopped {
    hindered::by_sandbox("the server", ended, says).unwrap_or_else(|| {
        let message = format!(
            "the server ended with code {} before it had answered all\nhint: Try the image by \
             hand, and look at the log of this record.",
            ended.0
        );
        Stopped::new(Reason::Internal, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ended_never_accuses_the_archive() {
        let check = |code, said: &str, expected| {
            let stopped = ended_early((code, false), &|text| said.contains(text));
            assert_eq!(stopped.reason, expected, "{code} {said}");
        };
        for code in [0, 1, 134, 139] {
            check(code, "", Reason::Internal);
            let large = "Could not reserve enough space for object heap";
            check(code, large, Reason::OutOfMemory);
            check(code, "pthread_create failed (EAGAIN)", Reason::Internal);
            let lost = "error while loading shared libraries: libz.so.1";
            check(code, lost, Reason::NoImage);
        }
        check(137, "", Reason::Killed);
        check(
            1,
            "java.io.IOException: No space left on device",
            Reason::Disk,
        );
    }
}
