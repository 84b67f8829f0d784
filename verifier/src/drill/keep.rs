//! The report at the place of the records, created once, in all its forms.

use catalog::{
    drill::{DrillReport, report_path},
    ledger::ReservedPath,
};

use super::form::{html, markdown};
use crate::{console::Refusal, world::World};

/// Most drills of one name that may begin in one second.
const NUMBERS_MAX: u32 = 100;

/// Writes the report as JSON, which takes the name, and then for people. Returns the path of the
/// JSON, and what to tell if a form for people could not be written. Errs if there is no report.
pub(super) async fn keep(
    world: &World,
    report: &DrillReport,
) -> Result<(ReservedPath, Option<String>), Refusal> {
    let path = |number, ending| report_path(&report.drill, report.outcome.began_at, number, ending);
    for number in 1..=NUMBERS_MAX {
        let json = path(number, "json");
        if !create(world, &json, &report.json()).await? {
            continue;
        }
        let forms = [
            ("md", Ok(markdown(report))),
            ("html", html(report).map_err(Refusal::unknown)),
        ];
        for (ending, text) in forms {
            let written = match text {
                Ok(text) => create(world, &path(number, ending), &text).await.map(drop),
                Err(error) => Err(error),
            };
            if let Err(refusal) = written {
                return Ok((json, Some(refusal.message)));
            }
        }
        return Ok((json, None));
    }
    Err(Refusal::unknown(format!(
        "the report of drill {} was not written: {NUMBERS_MAX} drills began in one second",
        report.drill
    )))
}

async fn create(world: &World, path: &ReservedPath, text: &str) -> Result<bool, Refusal> {
    let creating = world.evidence()?.create_reserved(path, text);
    let created = world.in_time("the report of the drill was not written", creating);
    Ok(created.await??)
}
