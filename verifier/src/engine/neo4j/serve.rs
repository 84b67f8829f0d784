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

/// How often a connection to a database that is online may break.
const TRIES: u32 = 10;

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
/// server that was just started works for seconds on the first answer of each kind, and on both at
/// once. What is configured is asked last, when the indexes are there.
async fn ask(
    bench: &Bench<'_>,
    server: ServerId,
    expect: &Expect,
) -> Result<Vec<Observation>, Failure> {
    let (about, mut graph) = bench.stage("serve", both(bench, server)).await?;
    for point in ["restored", "served"] {
        bench.point(point).map_err(Failure::Stopped)?;
    }
    let (mut client, mut seen) = about;
    let asked = async {
        let about = probe::about(&mut client);
        let (about, within) = try_join(about, probe::graph(&mut graph, expect)).await?;
        seen.extend([about, within].concat());
        seen.extend(probe::configured(&mut graph, expect).await?);
        Ok::<_, Failure>(seen)
    };
    bench.stage("probe", asked).await
}

/// What the server says of the database, by one connection; and the other one, by which the graph
/// has answered.
type Served = ((Client, Vec<Observation>), Client);

async fn both(bench: &Bench<'_>, server: ServerId) -> Result<Served, Failure> {
    let is_online = AtomicBool::new(false);
    let about = async {
        let about = until_online(bench, server).await?;
        is_online.store(true, Ordering::Relaxed);
        Ok(about)
    };
    let within = async {
        let client = until_answered(bench, &is_online).await?;
        bench.answered();
        Ok(client)
    };
    try_join(about, within).await
}

/// Until the database answers its first question. Before it is online no refusal counts, and
/// afterwards a connection that breaks is tried a few times more.
async fn until_answered(bench: &Bench<'_>, is_online: &AtomicBool) -> Result<Client, ClientError> {
    let mut client = None;
    let mut tries = TRIES;
    loop {
        let was_online = is_online.load(Ordering::Relaxed);
        let answer = answered(bench, &mut client).await;
        let is_broken = matches!(answer, Err(ClientError::Broken | ClientError::Sandbox(_)));
        if is_broken {
            client = None;
        }
        match answer {
            Err(error) if was_online => {
                tries -= 1;
                if !is_broken || tries == 0 {
                    return Err(error);
                }
            }
            Ok(()) => return client.ok_or(ClientError::Broken),
            Err(_) => {}
        }
        sleep(POLL).await;
    }
}

async fn answered(bench: &Bench<'_>, client: &mut Option<Client>) -> Result<(), ClientError> {
    probe::nodes(connected(bench, client).await?)
        .await
        .map(drop)
}

async fn connected<'a>(
    bench: &Bench<'_>,
    client: &'a mut Option<Client>,
) -> Result<&'a mut Client, ClientError> {
    Ok(match client {
        Some(client) => client,
        None => client.insert(Client::connect(bench.sandbox, PORT).await?),
    })
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
    loop {
        match status(bench, &mut client).await {
            Ok(Some((status, _))) if status == "online" => break,
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
    }
    // In the row that first says so, the rest may be of a moment before.
    let told = status(bench, &mut client).await?;
    let seen = told.map(|(_, seen)| seen).unwrap_or_default();
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
    let rows = connected(bench, client).await?.ask(SYSTEM, STATUS).await?;
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
    let store = store.map(|it| seen::word(seen::SERVED_FORMAT, it));
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
        let format = seen::word(seen::SERVED_FORMAT, "record-aligned-1.1");
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
