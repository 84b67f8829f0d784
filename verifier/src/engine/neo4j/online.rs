//! When a restored database is there: as the server says it, and by its first answer.

use std::sync::atomic::{AtomicBool, Ordering};

use catalog::evidence::Reason;
use futures::future::try_join;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    client::{Client, ClientError},
    failure::{Failure, LOOK, POLL, ended},
    probe, seen,
};
use crate::{
    engine::{Bench, Observation, Stopped},
    runtime::ServerId,
};

/// HTTP of Neo4j; a runtime without a network of its own maps it.
pub(super) const PORT: u16 = 7474;

/// The database that knows of all others.
const SYSTEM: &str = "system";

/// How often a connection to a database that is online may break.
const TRIES: u32 = 10;

/// One row: status, what is wrong with it, the format of its store, and its last transaction where
/// the edition knows it. Each other form of the question costs a cold server 0.4 s more (measured
/// with 5.26.30), so there is one.
const STATUS: &str = "SHOW DATABASES YIELD name, currentStatus, statusMessage, store, \
    lastCommittedTxn WHERE name = 'neo4j' \
    RETURN currentStatus, statusMessage, store, lastCommittedTxn";

/// Longer is no name of a format.
const FORMAT_LENGTH_MAX: usize = 40;

/// What the server says of the database, by one connection; and the other one, by which the graph
/// has answered.
pub(super) type Served = ((Client, Vec<Observation>), Client);

/// Waits for both.
pub(super) async fn until_served(bench: &Bench<'_>, server: ServerId) -> Result<Served, Failure> {
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

/// A server answers long before its database does, and says so; what it says of one that will
/// never be online is only a reason to stop waiting. With what it says of one that is.
pub(super) async fn until_online(
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
