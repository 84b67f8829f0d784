//! Failures of a server of Neo4j that did not answer all: always something of ours, because a load
//! that went well has shown the archive to be whole.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{client::ClientError, log};
use crate::{
    engine::{
        Bench, Stopped,
        unserved::{ServerEnd, Unserved, mute},
    },
    runtime::ServerId,
};

/// Pause between two questions to a server that may answer soon.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// Pause between two looks whether a server that cannot be asked still lives.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// Why a server was not asked to the end.
pub(super) enum Failure {
    Client(ClientError),
    Unserved(Unserved),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self::Unserved(Unserved::Stopped(stopped))
    }
}

impl From<ServerEnd> for Failure {
    fn from(ended: ServerEnd) -> Self {
        Self::Unserved(Unserved::Exited(ended))
    }
}

/// Returns how a server ended whose connection broke. The end is noted a moment later, so it is
/// waited for; `None` if the server still runs or cannot be looked at.
async fn how_it_ended(bench: &Bench<'_>, server: ServerId) -> Option<ServerEnd> {
    let deadline = Instant::now() + LOOK;
    loop {
        match ServerEnd::of(bench, server).await {
            Ok(None) if Instant::now() < deadline => sleep(POLL).await,
            looked => return looked.ok().flatten(),
        }
    }
}

/// Keeps the lines of the server's log that may be shown, and turns a failure into the end of the
/// run.
pub(super) async fn explained<T>(
    bench: &Bench<'_>,
    server: ServerId,
    outcome: Result<T, Failure>,
) -> Result<T, Stopped> {
    let outcome = match outcome {
        Err(Failure::Client(error @ (ClientError::Broken | ClientError::Sandbox(_)))) => {
            let ended = how_it_ended(bench, server).await;
            Err(ended.map_or(Failure::Client(error), Failure::from))
        }
        outcome => outcome,
    };
    let lines = bench.sandbox.log(server).await?;
    bench.note_log(log::lines_shown(&lines));
    outcome.map_err(|failure| match failure {
        Failure::Client(ClientError::Sandbox(error)) => error.into(),
        Failure::Client(error) => mute(&error),
        Failure::Unserved(Unserved::Stopped(stopped)) => stopped,
        Failure::Unserved(Unserved::Exited(ended)) => {
            ended_early(ended, &|text| lines.iter().any(|line| line.contains(text)))
        }
    })
}

/// The end of the run after a server that ended before it had answered all: by what hindered it, or
/// else by its code alone.
fn ended_early(ended: ServerEnd, says: &dyn Fn(&str) -> bool) -> Stopped {
    let hindered = ended.hindered(says);
    hindered.unwrap_or_else(|| ended.in_silence("had answered all"))
}

#[cfg(test)]
mod tests {
    use catalog::ledger::Reason;

    use super::*;

    #[test]
    fn a_server_that_ended_never_accuses_the_archive() {
        let check = |code, said: &str, expected| {
            let ended = ServerEnd {
                code,
                out_of_memory: false,
            };
            let stopped = ended_early(ended, &|text| said.contains(text));
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
