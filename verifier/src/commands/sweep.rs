//! `sweep`: what killed runs left behind is removed; nobody's live run is touched.

use std::time::Duration;

use toolkit::exit::Exit;

use crate::runtime::{SweepPolicy, Swept};
use crate::{
    console::{Console, Refusal},
    world::World,
};

/// How long after its deadline a run of another verifier is left alone: clocks differ.
pub(crate) const GRACE: Duration = Duration::from_mins(10);

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let runtime = world.runtime()?;
    let policy = SweepPolicy {
        now: console.clock.now(),
        grace: GRACE,
    };
    let Swept { runs, spared } = runtime
        .sweep(&policy)
        .await
        .map_err(|error| Refusal::unknown(toolkit::problem::render(&error, None)))?;
    for run in &runs {
        writeln!(console.out, "removed {}", run.0)?;
    }
    writeln!(
        console.err,
        "{} runs removed, {spared} alive or not ours",
        runs.len()
    )?;
    Ok(Exit::Fine)
}
