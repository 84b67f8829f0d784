//! A server on the restored files: until the database itself is online, and then its answers.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use catalog::{evidence::Reason, format::neo4j::Expect};
use futures::future::try_join;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    client::{Client, ClientError},
    log, probe, script, seen,
};
use crate::{
    engine::{Bench, Observation, Stopped},
    runtime::{SandboxError, ServerId, ServerState},
};

/// HTTP of Neo4j; a runtime without a network of its own maps it.
pub(super) const PORT: u16 = 7474;

/// The database that knows of all others.
const SYSTEM: &str = "system";

/// Between two questions whether it is online.
const POLL: Duration = Duration::from_millis(100);

/// Between two looks whether a server that cannot be asked still lives.
const LOOK: Duration = Duration::from_secs(2);

/// How long a server may take to end cleanly: an idle one took 12 s, ten of them for Bolt, and the
/// last checkpoint of a large store takes what its disk takes. Killed before, it leaves a store
/// that no check is to judge.
const STOP_MAX: Duration = Duration::from_mins(15);

/// One row: status, what is wrong with it, the format of its store, and its last transaction where
/// the edition knows it. Each other form of the question costs a cold server 0.4 s more (measured
/// with 5.26.30), so there is one.
const STATUS: &str = "SHOW DATABASES YIELD name, currentStatus, statusMessage, store, \
    lastCommittedTxn WHERE name = 'neo4j' \
    RETURN currentStatus, statusMessage, store, lastCommittedTxn";

/// Longer is no name of a format.
const FORMAT_LENGTH_MAX: usize = 40;

/// Starts a server, waits until it has recovered the database, and stops it.
pub(super) async fn recover(bench: &Bench<'_>) -> Result<(), Stopped> {
    let work = async {
        let server = start(bench).await?;
        let online = until_online(bench, server).await.map(drop);
        explained(bench, server, online).await?;
        let ended = bench.sandbox.stop(server, STOP_MAX).await?;
        cleanly(ended.code)
    };
    bench.stage("restore", work).await
}

/// Starts a server, and asks it everything.
pub(super) async fn serve(bench: &Bench<'_>, expect: &Expect) -> Result<Vec<Observation>, Stopped> {
    let server = bench.stage("serve", start(bench)).await?;
    let outcome = ask(bench, server, expect).await;
    explained(bench, server, outcome).await
}

/// What a server leaves that was killed is no store to accuse.
fn cleanly(code: i32) -> Result<(), Stopped> {
    /// By itself, or by the `SIGTERM` that asked it to, as the launcher of the image tells it.
    const CODES: [i32; 2] = [0, 143];
    if CODES.contains(&code) {
        return Ok(());
    }
    let message = format!(
        "the server that recovered the store ended with code {code}, not cleanly\nhint: Look at \
         verifier.limits, and try again."
    );
    Err(Stopped::new(Reason::Internal, message))
}

async fn start(bench: &Bench<'_>) -> Result<ServerId, Stopped> {
    let port = bench.sandbox.port(PORT);
    let command = script::server(bench.spec, port);
    Ok(bench.sandbox.start(&command).await?)
}

/// Asks about the database and its schema by one connection, and for what is in it by another: a
/// server that was just started works for seconds on the first answer of each kind. Both together
/// took 3.2 s instead of 5.1 s (measured with 5.26.30 on two cores).
async fn ask(
    bench: &Bench<'_>,
    server: ServerId,
    expect: &Expect,
) -> Result<Vec<Observation>, Failure> {
    let is_online = AtomicBool::new(false);
    let about = async {
        let (mut client, mut seen) = until_online(bench, server).await?;
        is_online.store(true, Ordering::Relaxed);
        seen.extend(probe::about(&mut client).await?);
        Ok::<_, Failure>(seen)
    };
    let within = async {
        let mut client = bench
            .stage("serve", until_answered(bench, &is_online))
            .await?;
        bench.answered();
        for point in ["restored", "served"] {
            bench.point(point).map_err(Failure::Stopped)?;
        }
        let asked = probe::graph(&mut client, expect);
        Ok(bench.stage("probe", asked).await?)
    };
    let (about, within) = try_join(about, within).await?;
    Ok([about, within].concat())
}

/// Until the database answers its first question; until it is online no refusal counts.
async fn until_answered(bench: &Bench<'_>, is_online: &AtomicBool) -> Result<Client, ClientError> {
    loop {
        let was_online = is_online.load(Ordering::Relaxed);
        match answered(bench).await {
            Err(_) if !was_online => sleep(POLL).await,
            answered => return answered,
        }
    }
}

async fn answered(bench: &Bench<'_>) -> Result<Client, ClientError> {
    let mut client = Client::connect(bench.sandbox, PORT).await?;
    probe::nodes(&mut client).await?;
    Ok(client)
}

/// Why a server did not serve.
enum Failure {
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
async fn ended(bench: &Bench<'_>, server: ServerId) -> Result<Option<Failure>, SandboxError> {
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

/// Keeps what the server's log may tell, and says what a failure means: always something of ours,
/// because a load that went well has shown the archive to be whole.
async fn explained<T>(
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

/// A server answers long before its database does, and says so; what it says of one that will
/// never be online is only a reason to stop waiting. With what it says of one that is.
async fn until_online(
    bench: &Bench<'_>,
    server: ServerId,
) -> Result<(Client, Vec<Observation>), Failure> {
    let mut looked = Instant::now();
    let mut client = None;
    let seen = loop {
        match status(bench, &mut client).await {
            Ok(Some((status, seen))) if status == "online" => break seen,
            Ok(Some((status, _))) if is_final(&status) => {
                let message = format!("the server says that the restored database is {status}");
                return Err(Failure::Stopped(Stopped::new(Reason::Internal, message)));
            }
            Ok(_) => {}
            Err(_) => client = None,
        }
        if client.is_none() && looked.elapsed() >= LOOK {
            looked = Instant::now();
            let ended = ended(bench, server).await;
            if let Some(ended) = ended.map_err(|error| Failure::Stopped(error.into()))? {
                return Err(ended);
            }
        }
        sleep(POLL).await;
    };
    let client = client.ok_or(Failure::Client(ClientError::Broken))?;
    Ok((client, seen))
}

/// Statuses that time does not change (operations manual, `SHOW DATABASES`).
fn is_final(status: &str) -> bool {
    ["offline", "dirty", "deallocating"].contains(&status)
}

/// In small letters only: it is shown; with what else is told. `None` while the database is not
/// known yet.
async fn status(
    bench: &Bench<'_>,
    client: &mut Option<Client>,
) -> Result<Option<(String, Vec<Observation>)>, ClientError> {
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::connect(bench.sandbox, PORT).await?),
    };
    let rows = client.ask(SYSTEM, STATUS).await?;
    Ok(rows.first().and_then(|row| status_of(row)))
}

fn status_of(row: &[Value]) -> Option<(String, Vec<Observation>)> {
    let [Value::String(status), message, store, last] = row else {
        return None;
    };
    let plain = |it: char| it.is_ascii_lowercase() || it == ' ';
    let failed = message.as_str().is_some_and(|message| !message.is_empty());
    let status = match status.as_str() {
        // It has given up, and says why.
        "offline" | "online" if failed => "dirty",
        status if status.chars().all(plain) => status,
        _ => "unknown",
    };
    // `record-aligned-1.1`.
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
    let store = store.as_str();
    let store = store.filter(|it| it.len() <= FORMAT_LENGTH_MAX && it.chars().all(plain));
    let store = store.map(|it| seen::word(seen::STORE_FORMAT, it));
    let last = last.as_u64().map(|it| seen::count(seen::TRANSACTION, it));
    Some((status.to_owned(), store.into_iter().chain(last).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_store_is_looked_at_only_after_a_clean_end() {
        let check = |code, expected: bool| assert_eq!(cleanly(code).is_ok(), expected, "{code}");
        check(0, true);
        check(143, true);
        check(137, false);
        check(1, false);
        check(-1, false);
    }

    #[test]
    fn a_status_is_told_with_what_else_is_known() {
        let check = |row: Value, expected: Option<(&str, Vec<Observation>)>| {
            let row: Vec<Value> = serde_json::from_value(row).expect("a row");
            let expected = expected.map(|(status, seen)| (status.to_owned(), seen));
            assert_eq!(status_of(&row), expected, "{row:?}");
        };
        let format = seen::word(seen::STORE_FORMAT, "record-aligned-1.1");
        let last = seen::count(seen::TRANSACTION, 32);
        check(
            json!(["online", "", "record-aligned-1.1", 32]),
            Some(("online", vec![format, last])),
        );
        check(
            json!(["online", null, null, null]),
            Some(("online", vec![])),
        );
        check(
            json!(["online", "", "of alice", -1]),
            Some(("online", vec![])),
        );
        check(
            json!(["offline", "cannot be opened", null, null]),
            Some(("dirty", vec![])),
        );
        check(json!(["Alice", "", null, null]), Some(("unknown", vec![])));
        check(json!(["online", ""]), None);
    }
}
