//! `verify`: restore, judge, write it down, say so.

mod choose;
mod notices;

use std::{collections::BTreeMap, io, sync::Arc};

use catalog::ledger::Verdict;
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use toolkit::exit::Exit;

use self::{
    choose::choose,
    notices::{EndedRuns, RunMessages},
};
use crate::{
    carry_out::{NotBegun, carry_out, sweep},
    cli::{ReportFormat, Verify},
    console::{Console, Refusal},
    progress::ProgressLines,
    report::{self, Report},
    world::World,
};

pub(super) async fn run(flags: &Verify, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = Arc::new(World::open(console)?);
    world.evidence()?;
    let (chosen, mut exit, surveyed) = choose(flags, &world, console).await?;
    let messages = if flags.posts() {
        Some(RunMessages::before(&world, &surveyed, &chosen, console).await?)
    } else {
        None
    };
    let context = world.context()?;
    if !chosen.is_empty() {
        // A sweep that fails is no reason not to go on.
        let _ = sweep(&context).await;
    }
    let progress = ProgressLines::new(console.err_is_terminal);
    let verifications = chosen.into_iter().map(|chosen| {
        let (world, context) = (Arc::clone(&world), context.clone());
        let on_progress = progress.of(&chosen.source.name);
        async move { carry_out(&world, &context, chosen, on_progress).await }
    });
    let mut running = stream::iter(verifications).buffer_unordered(world.config.verifier.parallel);
    let mut reports = Vec::new();
    let mut unrecorded = BTreeMap::new();
    let mut refused = None;
    // Nothing leaves this loop early, not even a closed terminal: what runs must come to its end,
    // or its sandbox would stay.
    loop {
        tokio::select! {
            line = progress.line() => drop(write!(console.err, "{line}")),
            done = running.next() => match done {
                None => break,
                Some(Err(NotBegun::Refused(refusal))) => drop(refused.get_or_insert(refusal)),
                Some(Err(done @ NotBegun::Done(_))) => {
                    let told = Refusal::from(done).message;
                    drop(writeln!(console.err, "{}{told}", progress.clear()));
                }
                // It is one source of several, and the others are verified all the same.
                Some(Err(busy)) => {
                    let refusal = Refusal::from(busy);
                    exit = exit.max(refusal.exit);
                    drop(writeln!(console.err, "{}error: {}", progress.clear(), refusal.message));
                }
                Some(Ok((reported, problem))) => {
                    exit = exit.max(outcome(&reported));
                    let said = problem.as_deref();
                    let told = tell(flags.format, &reported, said, &progress, console);
                    unrecorded.extend(problem.map(|why| (reports.len(), why)));
                    if let Err(error) = told {
                        refused.get_or_insert(error.into());
                    }
                    reports.push(reported);
                }
            },
        }
    }
    drop(running);
    finish(flags.format, &reports, console)?;
    if let Some(messages) = messages {
        let ended = EndedRuns {
            reports: &reports,
            unrecorded: &unrecorded,
        };
        messages.post(&world, ended, console).await?;
    }
    refused.map_or(Ok(exit), Err)
}

/// Tells the outcome of one verification as soon as it is done.
fn tell(
    format: ReportFormat,
    reported: &Report,
    problem: Option<&str>,
    progress: &ProgressLines,
    console: &mut Console<'_>,
) -> io::Result<()> {
    write!(console.err, "{}", progress.clear())?;
    if let Some(problem) = problem {
        writeln!(console.err, "error: {problem}")?;
    }
    if format == ReportFormat::Text {
        write!(
            console.out,
            "{}",
            report::text(reported, console.clock.now())
        )?;
    }
    Ok(())
}

/// The exit code of one verification. A verdict that could not be written down is not known
/// tomorrow: that is never fine.
fn outcome(reported: &Report) -> Exit {
    match reported.verification.verdict {
        Verdict::Failed => Exit::Failed,
        Verdict::Inconclusive => Exit::Unknown,
        Verdict::Verified if reported.written.is_none() => Exit::Unknown,
        Verdict::Verified => Exit::Fine,
    }
}

fn finish(
    format: ReportFormat,
    reports: &[Report],
    console: &mut Console<'_>,
) -> Result<(), Refusal> {
    let now: Timestamp = console.clock.now();
    match format {
        ReportFormat::Text => {}
        ReportFormat::Markdown => write!(console.out, "{}", report::markdown(reports, now))?,
        ReportFormat::Json => {
            let records: Vec<_> = reports.iter().map(Report::record).collect();
            let text = serde_json::to_string_pretty(&records).map_err(Refusal::unknown)?;
            writeln!(console.out, "{text}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use catalog::ledger::{Reason, RehearsalRecord, fixtures};

    use super::*;

    #[test]
    fn a_rehearsal_never_changes_the_exit_code() {
        let written = || report::WrittenRecord {
            sequence: 1,
            digest: String::new(),
            text: String::new(),
        };
        let check = |main: Option<Reason>, expected| {
            for reason in [None, Some(Reason::Damaged), Some(Reason::NoImage)] {
                let mut verification = fixtures::verification(fixtures::at("02:00:00"), main);
                verification.rehearsals = vec![RehearsalRecord {
                    image: "redis:9".into(),
                    verdict: reason.map_or(Verdict::Verified, Reason::verdict),
                    reason,
                    findings: Vec::new(),
                    recovery_milliseconds: None,
                }];
                let reported = Report {
                    verification,
                    written: Some(written()),
                };
                assert_eq!(outcome(&reported), expected, "{main:?} {reason:?}");
            }
        };
        check(None, Exit::Fine);
        check(Some(Reason::Damaged), Exit::Failed);
        check(Some(Reason::MigrationRequired), Exit::Unknown);
    }
}
