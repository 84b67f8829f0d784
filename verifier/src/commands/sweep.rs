//! `sweep`: what killed runs left behind is removed; nobody's live run is touched.

use toolkit::exit::Exit;

use crate::{
    console::{Console, Refusal},
    runtime::{SweepOutcome, SweepPolicy},
    world::World,
};

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = World::open(console)?;
    let runtime = world.runtime()?;
    let policy = SweepPolicy::at(console.clock.now());
    let SweepOutcome { runs, spared } = runtime
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
