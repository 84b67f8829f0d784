//! A server on the restored files: how it recovers them, and how it is asked.

use std::time::Duration;

use catalog::{
    format::neo4j::Neo4jExpect,
    ledger::{Reason, Stage},
};
use futures::future::try_join;

use super::{
    failure::{Failure, explained},
    online, probe, script,
};
use crate::{
    engine::{Bench, Observation, Stopped},
    runtime::ServerId,
};

/// Longest time for a server to end cleanly. An idle one took 12 s, ten of them for Bolt, and the
/// last checkpoint of a large store takes what its disk takes. A server that is killed before
/// leaves a store that no check is to judge.
const STOP_MAX: Duration = Duration::from_mins(15);

/// Starts a server, waits until it has recovered the database, and stops it.
pub(super) async fn recover(bench: &Bench<'_>) -> Result<(), Stopped> {
    let work = async {
        let server = start(bench).await?;
        let online = online::until_online(bench, server).await.map(drop);
        explained(bench, server, online).await?;
        let ended = bench.sandbox.stop(server, STOP_MAX).await?;
        cleanly(ended.code)
    };
    bench.stage(Stage::Restore, work).await
}

/// Starts a server, and asks it everything the checks want to know.
pub(super) async fn serve(
    bench: &Bench<'_>,
    expect: &Neo4jExpect,
) -> Result<Vec<Observation>, Stopped> {
    let server = bench.stage(Stage::Serve, start(bench)).await?;
    let outcome = ask(bench, server, expect).await;
    explained(bench, server, outcome).await
}

/// Errs unless a server ended cleanly: what a killed server leaves is no store to accuse.
fn cleanly(code: i32) -> Result<(), Stopped> {
    /// Codes of a clean end: by itself, or by the `SIGTERM` that asked for it, as the launcher of
    /// the image tells it.
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
    let port = bench.sandbox.port(online::PORT);
    let command = script::server(bench.spec, port);
    Ok(bench.sandbox.start(&command).await?)
}

/// Asks about the database and its schema over one connection, and for its contents over another. A
/// server that was just started works for seconds on the first answer of each kind, and can do both
/// at once. Configured questions come last, when the indexes are there.
async fn ask(
    bench: &Bench<'_>,
    server: ServerId,
    expect: &Neo4jExpect,
) -> Result<Vec<Observation>, Failure> {
    let (about, mut graph) = bench
        .stage(Stage::Serve, online::until_served(bench, server))
        .await?;
    for point in ["restored", "served"] {
        bench.point(point)?;
    }
    let (mut client, mut seen) = about;
    let asked = async {
        let about = probe::about(&mut client);
        let (about, within) = try_join(about, probe::graph(&mut graph, expect)).await?;
        seen.extend([about, within].concat());
        seen.extend(probe::configured(&mut graph, expect).await?);
        Ok::<_, Failure>(seen)
    };
    bench.stage(Stage::Probe, asked).await
}

#[cfg(test)]
mod tests {
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
}
