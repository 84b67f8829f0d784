//! The report of a drill, from what became of its sources. Pure.

use std::time::Duration;

use catalog::{
    config::{Config, Drill},
    drill::{
        DRILL_SCHEMA, DrillOutcome, DrillRecord, DrillReport, DrillSnapshot, DrillSource,
        DrillTrigger,
    },
    ledger::{Reason, ToolRecord, Verdict},
    model::SourceName,
};
use jiff::Timestamp;

use super::{
    deviations::deviations,
    order::{Span, critical_path, idle},
    part::{DrillPart, Parts, one_line},
};

/// The times of a whole drill.
#[derive(Debug, Clone, Copy)]
pub(super) struct DrillTimes {
    /// When it began.
    pub(super) began_at: Timestamp,
    /// When the last source had its verdict.
    pub(super) ended_at: Timestamp,
    /// Time between both, by a clock that nobody sets.
    pub(super) took: Duration,
}

/// What a report says beside what became of the sources.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) drill: &'a Drill,
    /// The configuration that the drill is of.
    pub(super) config: &'a Config,
    /// What made the drill begin.
    pub(super) trigger: DrillTrigger,
    /// Time before which the snapshots had to be taken.
    pub(super) before: Option<Timestamp>,
    pub(super) times: DrillTimes,
    /// Host or pod that makes the drill.
    pub(super) by: &'a str,
    pub(super) tool: &'a ToolRecord,
}

/// Makes the report.
pub(super) fn assemble(of: &Circumstances<'_>, parts: &Parts) -> DrillReport {
    let drill = of.drill;
    let engine = |name: &SourceName| {
        let source = of.config.source(name.as_str());
        source
            .map_or("", |it| it.format.engine().as_str())
            .to_owned()
    };
    let sources = drill.sources.iter().map(|name| DrillSource {
        engine: engine(name),
        after: drill.before(name).to_vec(),
        ..part_of(name, parts.get(name))
    });
    let sources: Vec<_> = sources.collect();
    let (outcome, critical_path) = outcome(drill, parts, &sources, &of.times);
    let mut report = DrillReport {
        schema: DRILL_SCHEMA,
        drill: drill.name.clone(),
        by: of.by.into(),
        trigger: of.trigger,
        before: of.before,
        outcome,
        critical_path,
        waited_milliseconds: milliseconds(waited(parts)),
        sources,
        deviations: Vec::new(),
        tool: of.tool.clone(),
    };
    report.deviations = deviations(&report, parts);
    report
}

fn outcome(
    drill: &Drill,
    parts: &Parts,
    sources: &[DrillSource],
    times: &DrillTimes,
) -> (DrillOutcome, Vec<SourceName>) {
    let recovery = sources.iter().filter_map(|it| {
        let time = it.recovery_milliseconds?;
        Some((it.source.clone(), time))
    });
    let critical = critical_path(drill, &recovery.collect());
    let (recovery_milliseconds, path) = critical.unzip();
    let wall = times.took.saturating_sub(waited(parts));
    let objective = drill.recovery_time.map(settings::Duration::as_std);
    let interrupted = sources.iter().any(is_interrupted);
    let outcome = DrillOutcome {
        began_at: times.began_at,
        ended_at: times.ended_at,
        result: result(sources.iter().map(|it| it.verdict)),
        interrupted,
        recovery_milliseconds,
        wall_milliseconds: milliseconds(wall),
        objective_milliseconds: objective.map(milliseconds),
        within: objective.map(|objective| wall <= objective),
    };
    (outcome, path.unwrap_or_default())
}

/// The result of a drill:
///
/// | sources | result |
/// |---|---|
/// | one failed | `failed` |
/// | all verified | `verified` |
/// | otherwise | `inconclusive` |
pub(super) fn result(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let worst = |verdict: &Verdict| match verdict {
        Verdict::Verified => 0,
        Verdict::Inconclusive => 1,
        Verdict::Failed => 2,
    };
    verdicts.max_by_key(worst).unwrap_or(Verdict::Inconclusive)
}

/// True of a source that was stopped, or that had a snapshot and never began.
fn is_interrupted(source: &DrillSource) -> bool {
    let never_began = source.snapshot.is_some() && source.began_at.is_none();
    never_began || source.reason == Some(Reason::Interrupted)
}

fn waited(parts: &Parts) -> Duration {
    let waits: Vec<Span> = parts.values().flat_map(|it| &it.waited).copied().collect();
    let runs: Vec<Span> = parts.values().flat_map(|it| &it.ran).copied().collect();
    idle(&waits, &runs)
}

/// What became of a source; its engine and its place in the order are filled in later.
fn part_of(name: &SourceName, part: Option<&DrillPart>) -> DrillSource {
    let last = part.and_then(DrillPart::last);
    let report = last.and_then(|it| it.report.as_ref());
    let run = report.map(|it| &it.verification);
    let written = report.and_then(|it| it.written.as_ref());
    let chosen = part.and_then(|it| it.choice.as_ref().ok());
    let restored = run.map(|run| DrillSnapshot {
        id: run.snapshot.id.0.clone(),
        taken_at: run.snapshot.taken_at,
        size_bytes: run.size_bytes(),
    });
    let snapshot = restored.or_else(|| {
        let snapshot = &chosen?.snapshot;
        Some(DrillSnapshot {
            id: snapshot.id.0.clone(),
            taken_at: snapshot.taken_at,
            size_bytes: snapshot.lineage_bytes(),
        })
    });
    let attempts = part.map_or(0, |it| it.attempts.len());
    DrillSource {
        source: name.clone(),
        engine: String::new(),
        after: Vec::new(),
        snapshot,
        verdict: part.map_or(Verdict::Inconclusive, DrillPart::verdict),
        reason: run.and_then(|it| it.reason),
        note: note(part),
        began_at: part.and_then(|it| it.began_at),
        ended_at: part.and_then(|it| it.ended_at),
        waited_milliseconds: milliseconds(
            part.map_or(&[][..], |it| &it.waited)
                .iter()
                .map(|(from, to)| to.saturating_sub(*from))
                .sum(),
        ),
        recovery_milliseconds: run.and_then(|it| it.recovery_milliseconds),
        stages: run.map_or_else(Vec::new, |it| it.stages.clone()),
        record: written.map(|it| DrillRecord {
            sequence: it.sequence,
            digest: it.digest.clone(),
        }),
        image: run.and_then(|it| Some(it.sandbox.as_ref()?.image.clone())),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
    }
}

/// Why a source has no record, on one line.
fn note(part: Option<&DrillPart>) -> Option<String> {
    let interrupted = || Some("it did not begin: the drill was interrupted".to_owned());
    let Some(part) = part else {
        return interrupted();
    };
    let note = match (&part.choice, part.last()) {
        (Err(why), _) => Some(why.clone()),
        (Ok(_), None) => interrupted(),
        (Ok(_), Some(last)) => last.problem.clone(),
    };
    note.map(|it| one_line(&it))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
