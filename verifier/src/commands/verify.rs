//! `verify`: restore, judge, write it down, say so.

mod assignment;
mod choose;

use std::{io, sync::Arc};

use catalog::{
    evidence::{self, Draft, Pruned, Verdict, Verification},
    model::SourceName,
};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use toolkit::{exit::Exit, problem::render};
use tracing::{debug, info, warn};

use self::choose::choose;
use super::{Console, Refusal, World, progress::Progress, sweep::GRACE};
use crate::{
    cli::{ReportFormat, Verify},
    report::{self, Reported, Written},
    runtime::SweepPolicy,
    supervise::{Context, verify_one},
};

pub(super) async fn run(flags: &Verify, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let world = Arc::new(World::open(console)?);
    world.evidence()?;
    let (chosen, mut exit) = choose(flags, &world, console).await?;
    let context = world.context()?;
    if !chosen.is_empty() {
        sweep(&context).await;
    }
    let progress = Progress::new(console.err_is_terminal);
    let verifications = chosen.into_iter().map(|chosen| {
        let (world, context) = (Arc::clone(&world), context.clone());
        let on_progress = progress.of(&chosen.source.name);
        async move {
            let assignment = chosen.assignment(&world, on_progress).await?;
            let verification = verify_one(&context, assignment).await;
            let written = world.write_down(verification).await;
            if written.0.written.is_some() {
                world.prune(&written.0.verification.source).await;
            }
            Ok::<_, Refusal>(written)
        }
    });
    let mut running = stream::iter(verifications).buffer_unordered(world.config.verifier.parallel);
    let mut reports = Vec::new();
    let mut refused = None;
    // Nothing leaves this loop early, not even a closed terminal: what runs must come to its end,
    // or its sandbox would stay.
    loop {
        tokio::select! {
            line = progress.line() => drop(write!(console.err, "{line}")),
            done = running.next() => match done {
                None => break,
                Some(Err(refusal)) => drop(refused.get_or_insert(refusal)),
                Some(Ok((reported, problem))) => {
                    exit = exit.max(outcome(&reported));
                    let told = tell(flags.format, &reported, problem, &progress, console);
                    if let Err(error) = told {
                        refused.get_or_insert(error.into());
                    }
                    reports.push(reported);
                }
            },
        }
    }
    finish(flags.format, &reports, console)?;
    refused.map_or(Ok(exit), Err)
}

/// What is said as soon as one of them is done.
fn tell(
    format: ReportFormat,
    reported: &Reported,
    problem: Option<String>,
    progress: &Progress,
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

/// What killed runs left is removed before anything new is made. It is no reason not to go on.
async fn sweep(context: &Context) {
    let policy = SweepPolicy {
        now: context.clock.now(),
        grace: GRACE,
    };
    match context.runtime.sweep(&policy).await {
        Ok(swept) if swept.runs.is_empty() => {}
        Ok(swept) => info!(runs = swept.runs.len(), "what killed runs left was removed"),
        Err(error) => debug!("nothing could be swept: {}", render(&error, None)),
    }
}

/// A verdict that could not be written down is not known tomorrow: that is never fine.
fn outcome(reported: &Reported) -> Exit {
    match reported.verification.verdict {
        Verdict::Failed => Exit::Failed,
        Verdict::Inconclusive => Exit::Unknown,
        Verdict::Verified if reported.written.is_none() => Exit::Unknown,
        Verdict::Verified => Exit::Fine,
    }
}

fn finish(
    format: ReportFormat,
    reports: &[Reported],
    console: &mut Console<'_>,
) -> Result<(), Refusal> {
    let now: Timestamp = console.clock.now();
    match format {
        ReportFormat::Text => {}
        ReportFormat::Markdown => write!(console.out, "{}", report::markdown(reports, now))?,
        ReportFormat::Json => {
            let records: Vec<_> = reports.iter().map(Reported::record).collect();
            let text = serde_json::to_string_pretty(&records).map_err(Refusal::unknown)?;
            writeln!(console.out, "{text}")?;
        }
    }
    Ok(())
}

impl World {
    /// Appends the record; on failure, what to tell.
    async fn write_down(&self, verification: Verification) -> (Reported, Option<String>) {
        let source = verification.source.clone();
        let draft = Draft::Verification(Box::new(verification.clone()));
        let evidence = match self.evidence() {
            Ok(evidence) => evidence,
            Err(refusal) => {
                return (
                    Reported {
                        verification,
                        written: None,
                    },
                    Some(refusal.message),
                );
            }
        };
        match evidence::append(&**evidence, &source, draft).await {
            Ok(appended) => {
                let written = Written {
                    sequence: appended.record.sequence,
                    digest: appended.record.digest,
                    text: appended.text,
                };
                (
                    Reported {
                        verification,
                        written: Some(written),
                    },
                    None,
                )
            }
            Err(error) => {
                let message = toolkit::problem::render(&error, None);
                (
                    Reported {
                        verification,
                        written: None,
                    },
                    Some(message),
                )
            }
        }
    }

    /// Removes what `evidence.retention` no longer keeps. What fails is said, and tried again the
    /// next time: it changes nothing of what was proven.
    async fn prune(&self, source: &SourceName) {
        let Some(keep) = self.config.evidence.as_ref().and_then(|it| it.retention) else {
            return;
        };
        let pruned = async {
            let ledger = self.ledger(source).await?;
            let pruned = evidence::prune(&**self.evidence()?, &ledger, keep, self.clock.now());
            pruned
                .await
                .map_err(|error| Refusal::unknown(render(&error, None)))
        };
        match pruned.await {
            Ok(Pruned::Removed(0)) => {}
            Ok(Pruned::Removed(records)) => info!(%source, records, "old evidence was pruned"),
            Ok(Pruned::Broken(first_break)) => {
                warn!(%source, "its evidence is not pruned, for it is broken: {first_break}");
            }
            Err(refusal) => warn!(%source, "old evidence stays: {}", refusal.message),
        }
    }
}
