//! Waits for a restored database: until the server says that it is online, and until it answers.

use std::sync::atomic::{AtomicBool, Ordering};

use catalog::ledger::Reason;
use futures::future::try_join;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    client::{ClientError, GraphClient},
    failure::{Failure, LOOK, POLL},
    observations, probe,
};
use crate::{
    engine::{Bench, Observation, Stopped, unserved::ServerEnd},
    runtime::ServerId,
};

/// Port of Neo4j's HTTP; a runtime without a network of its own maps it.
pub(super) const PORT: u16 = 7474;

/// Name of the database that knows of all others.
const SYSTEM: &str = "system";

/// Most failures of a database that is online before that ends the run.
const TRIES: u32 = 50;

/// Asks for one row: status, message about an error, format of the store, and last transaction
/// where the edition knows it. Each other form of the question costs a cold server 0.4 s more
/// (measured with 5.26.30), so there is one.
const STATUS: &str = "SHOW DATABASES YIELD name, currentStatus, statusMessage, store, \
    lastCommittedTxn WHERE name = 'neo4j' \
    RETURN currentStatus, statusMessage, store, lastCommittedTxn";

/// Longest name of a format in bytes.
const FORMAT_LENGTH_MAX: usize = 40;

/// Two clients of a served database: one that asked the server about it, with the observations; and
/// one that asked the graph, which has answered.
pub(super) type ServedGraph<'a> = ((GraphClient<'a>, Vec<Observation>), GraphClient<'a>);

/// Waits until the database is online and has answered.
pub(super) async fn until_served<'a>(
    bench: &Bench<'a>,
    server: ServerId,
) -> Result<ServedGraph<'a>, Failure> {
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

/// Waits until the database answers its first question. Before it is online no failure counts;
/// afterwards a failure that may pass is tried again, up to [`TRIES`] failures.
async fn until_answered<'a>(
    bench: &Bench<'a>,
    is_online: &AtomicBool,
) -> Result<GraphClient<'a>, ClientError> {
    let mut client = GraphClient::new(bench.sandbox, PORT);
    let mut tries = TRIES;
    loop {
        let was_online = is_online.load(Ordering::Relaxed);
        match probe::nodes(&mut client).await {
            Ok(_) => return Ok(client),
            Err(error) if was_online => {
                tries -= 1;
                if tries == 0 || !may_pass(&error) {
                    return Err(error);
                }
            }
            Err(_) => {}
        }
        sleep(POLL).await;
    }
}

fn may_pass(error: &ClientError) -> bool {
    match error {
        ClientError::Sandbox(_) | ClientError::Broken => true,
        ClientError::Refused(code) => {
            code.starts_with("Neo.TransientError.")
                || code == "Neo.ClientError.Database.DatabaseNotFound"
        }
        ClientError::Late => false,
    }
}

/// Waits until the server says that the database is online; returns what it tells of it. A server
/// answers long before its database does, and says so. A status from which no database comes online
/// only ends the waiting.
pub(super) async fn until_online<'a>(
    bench: &Bench<'a>,
    server: ServerId,
) -> Result<(GraphClient<'a>, Vec<Observation>), Failure> {
    let mut client = GraphClient::new(bench.sandbox, PORT);
    let mut looked = Instant::now();
    let mut said_so = false;
    loop {
        match status(&mut client).await {
            // In the row that first says `online`, the other columns may be of a moment before.
            Ok(Some((status, seen))) if status == "online" => {
                if said_so {
                    return Ok((client, seen));
                }
                said_so = true;
                continue;
            }
            Ok(Some((status, _))) if is_final(&status) => {
                let message = format!("the server says that the restored database is {status}");
                return Err(Stopped::new(Reason::Internal, message).into());
            }
            Err(_) if looked.elapsed() >= LOOK => {
                looked = Instant::now();
                if let Some(ended) = ServerEnd::of(bench, server).await.map_err(Stopped::from)? {
                    return Err(ended.into());
                }
            }
            Ok(_) | Err(_) => {}
        }
        said_so = false;
        sleep(POLL).await;
    }
}

/// True for statuses that time does not change (operations manual, `SHOW DATABASES`).
fn is_final(status: &str) -> bool {
    ["offline", "dirty", "deallocating"].contains(&status)
}

/// Asks for the status of the database, in small letters only because it is shown, and for what
/// else is told. `None` while the server does not know the database.
async fn status(
    client: &mut GraphClient<'_>,
) -> Result<Option<(String, Vec<Observation>)>, ClientError> {
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
        // The database has given up, and the message says why.
        "offline" | "online" if failed => "dirty",
        status if status.chars().all(plain) => status,
        _ => "unknown",
    };
    // A name such as `record-aligned-1.1`.
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
    let store = store.as_str();
    let store = store.filter(|it| it.len() <= FORMAT_LENGTH_MAX && it.chars().all(plain));
    let store = store.map(|it| observations::word(observations::SERVED_FORMAT, it));
    let last = last
        .as_u64()
        .map(|it| observations::count(observations::TRANSACTION, it));
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
        let format = observations::word(observations::SERVED_FORMAT, "record-aligned-1.1");
        let last = observations::count(observations::TRANSACTION, 32);
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

    #[test]
    fn what_may_pass_is_asked_again() {
        let check =
            |error: ClientError, expected| assert_eq!(may_pass(&error), expected, "{error}");
        check(ClientError::Broken, true);
        check(ClientError::Late, false);
        let refused = |code: &str| ClientError::Refused(code.to_owned());
        let unavailable = "Neo.TransientError.Database.DatabaseUnavailable";
        check(refused(unavailable), true);
        check(refused("Neo.ClientError.Database.DatabaseNotFound"), true);
        check(refused("Neo.ClientError.Statement.SyntaxError"), false);
    }
}
