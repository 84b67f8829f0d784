//! `drill`: a rehearsal of a full recovery, and its report.

use std::{pin::pin, sync::Arc};

use catalog::{config::Drill, drill::DrillTrigger, ledger::Verdict};
use toolkit::{exit::Exit, replace::replace};

use crate::{
    carry_out::sweep,
    cli::{DrillFlags, DrillFormat},
    console::{Console, Refusal},
    drill::{DrillEnd, DrillOrder, DrillStep, OwnPlaces, carry_out_drill, html, markdown, text},
    progress::ProgressLines,
    world::World,
};

pub(super) async fn run(flags: &DrillFlags, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = Arc::new(World::open(console)?);
    world.evidence()?;
    let drill = chosen(&world.config.drills, flags.name.as_deref())?;
    may_hold(flags)?;
    let context = world.context()?;
    // A sweep that fails is no reason not to go on.
    let _ = sweep(&context).await;
    let progress = ProgressLines::new(console.err_is_terminal);
    let lines = progress.clone();
    let places = OwnPlaces::new(&world, &context);
    let order = DrillOrder {
        drill,
        trigger: DrillTrigger::Manual,
        before: flags.before,
        places: &places,
        watch: Arc::new(move |source, step| match step {
            DrillStep::Progress(progress) => lines.of(source)(progress),
            DrillStep::Told(sentence) => lines.say(source, sentence),
        }),
    };
    let mut work = pin!(carry_out_drill(&world, &context, &order));
    // Nothing leaves this loop early, not even a closed terminal: what runs must come to its end.
    let ended = loop {
        tokio::select! {
            line = progress.line() => drop(write!(console.err, "{line}")),
            ended = &mut work => break ended,
        }
    };
    write!(console.err, "{}", progress.rest())?;
    let DrillEnd {
        report,
        path,
        problem,
    } = ended?;
    let mut exit = match report.outcome.result {
        Verdict::Verified => Exit::Fine,
        Verdict::Failed => Exit::Failed,
        Verdict::Inconclusive => Exit::Unknown,
    };
    if let Some(problem) = problem {
        writeln!(console.err, "error: {problem}")?;
        exit = exit.max(Exit::Unknown);
    }
    if let Some(path) = path {
        let place = world.evidence()?.place();
        writeln!(console.err, "the report is {path} at {place}")?;
    }
    let printed = match flags.format {
        DrillFormat::Text => text(&report),
        DrillFormat::Json => report.json(),
        DrillFormat::Markdown => markdown(&report),
        DrillFormat::Html => html(&report).map_err(Refusal::unknown)?,
    };
    match &flags.output {
        None => write!(console.out, "{printed}")?,
        Some(file) => {
            let written = replace(file, &printed);
            written.map_err(|error| {
                Refusal::unknown(format!("cannot write {}: {error}", file.display()))
            })?;
        }
    }
    Ok(exit)
}

/// The drill of this name; without a name the only one there is.
fn chosen<'a>(drills: &'a [Drill], name: Option<&str>) -> Result<&'a Drill, Refusal> {
    let names: Vec<_> = drills.iter().map(|it| it.name.as_str()).collect();
    let listed = names.join(", ");
    match (drills, name) {
        ([], _) => Err(Refusal::usage(
            "no drill is configured\n\
             hint: Add drills: [{ name: full, sources: [ … ] }] to the configuration.",
        )),
        (_, Some(name)) => {
            let mut drills = drills.iter();
            drills.find(|it| it.name.as_str() == name).ok_or_else(|| {
                Refusal::usage(format!(
                    "there is no drill {name:?}\nhint: Drills of the configuration: {listed}."
                ))
            })
        }
        ([only], None) => Ok(only),
        (_, None) => Err(Refusal::usage(format!(
            "which drill is not said, and there are several\nhint: Name one of them: {listed}."
        ))),
    }
}

/// Errs if the file for the report cannot be made: nobody wants to learn this after hours.
fn may_hold(flags: &DrillFlags) -> Result<(), Refusal> {
    let Some(file) = &flags.output else {
        return Ok(());
    };
    let parent = file.parent().filter(|it| !it.as_os_str().is_empty());
    let is_there = parent.is_none_or(std::path::Path::is_dir);
    if is_there && !file.is_dir() {
        return Ok(());
    }
    Err(Refusal::usage(format!(
        "cannot write {}\nhint: Name a file in a directory that is there.",
        file.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drills(names: &[&str]) -> Vec<Drill> {
        let written = names
            .iter()
            .map(|it| format!("{{ name: {it}, sources: [a] }}"));
        let written: Vec<_> = written.collect();
        let text = format!(
            "schema: 1\nrepositories: [{{ name: r, directory: /r }}]\nsources: [{{ name: a, engine: \
             redis, repository: r, path: \"%Y%m%d\" }}]\ndrills: [{}]\n",
            written.join(", ")
        );
        let loaded = catalog::config::load(std::path::Path::new("backups.yaml"), &text);
        loaded.expect("a configuration").config.drills
    }

    #[test]
    fn the_only_drill_needs_no_name_and_of_several_one_must_be_named() {
        let check = |names: &[&str], asked: Option<&str>, expected: &str| {
            let drills = drills(names);
            let found = match chosen(&drills, asked) {
                Ok(drill) => drill.name.to_string(),
                Err(refusal) => {
                    assert_eq!(refusal.exit, Exit::Usage);
                    refusal.message
                }
            };
            assert!(found.contains(expected), "{names:?} {asked:?}: {found}");
        };
        check(&["full"], None, "full");
        check(&["full", "small"], Some("small"), "small");
        check(&[], None, "no drill is configured\nhint: Add drills");
        check(
            &["full", "small"],
            None,
            "hint: Name one of them: full, small.",
        );
        check(
            &["full"],
            Some("ful"),
            "there is no drill \"ful\"\nhint: Drills of",
        );
    }
}
