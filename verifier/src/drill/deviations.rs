//! What was not as it should be in a drill, told as sentences. Pure.

use std::time::Duration;

use catalog::{drill::DrillReport, drill::DrillSource, ledger::Verdict};
use toolkit::words::{length, time};

use super::part::Parts;
use crate::report::worded;

/// All deviations of a drill: first those of the whole, then those of each source.
pub(super) fn deviations(report: &DrillReport, parts: &Parts) -> Vec<String> {
    let mut said = whole(report);
    for source in &report.sources {
        let mut tell = |sentence: String| said.push(format!("{}: {sentence}", source.source));
        let part = parts.get(&source.source);
        let attempts = part.map_or(&[][..], |it| &it.attempts);
        if let [first, _] = attempts {
            let first = worded(first.verdict(), first.reason());
            tell(format!(
                "the first attempt was {first}; it was repeated once."
            ));
        }
        if source.verdict != Verdict::Verified && !attempts.is_empty() {
            let verdict = worded(source.verdict, source.reason);
            tell(format!("its snapshot was not verified: {verdict}."));
        }
        if let Some(note) = &source.note {
            tell(format!("{}.", note.trim_end_matches('.')));
        }
        let newer = part.and_then(|it| it.choice.as_ref().ok()?.newer);
        if let (Some((newer, state)), Some(snapshot)) = (newer, &source.snapshot)
            && report.before.is_none()
            && newer > snapshot.taken_at
        {
            tell(format!(
                "the snapshot of {} was taken, although one of {} lies there, which is {}.",
                time(snapshot.taken_at),
                time(newer),
                state.as_label().replace('_', " ")
            ));
        }
        let before = report
            .sources
            .iter()
            .filter(|it| source.after.contains(&it.source));
        let unproven = before.filter(|it| it.verdict != Verdict::Verified);
        let unproven: Vec<_> = unproven.map(|it| it.source.as_str()).collect();
        if !unproven.is_empty() && source.began_at.is_some() {
            let names = unproven.join(", ");
            tell(format!(
                "it was restored although {names} before it was not verified."
            ));
        }
    }
    said
}

fn whole(report: &DrillReport) -> Vec<String> {
    let outcome = &report.outcome;
    let words = |milliseconds: u64| length(Duration::from_millis(milliseconds));
    let mut said = Vec::new();
    if outcome.interrupted {
        said.push("The drill was interrupted before its end.".into());
    }
    if let Some(before) = report.before {
        said.push(format!(
            "Not the newest snapshots were restored, but the last ones that were verified and \
             taken before {}.",
            time(before)
        ));
    }
    if let (Some(objective), Some(false)) = (outcome.objective_milliseconds, outcome.within) {
        said.push(format!(
            "The drill took {}, {} longer than its objective of {}.",
            words(outcome.wall_milliseconds),
            words(outcome.wall_milliseconds.saturating_sub(objective)),
            words(objective)
        ));
    }
    if outcome.recovery_milliseconds.is_none() {
        let unknown = report
            .sources
            .iter()
            .filter(|it| it.recovery_milliseconds.is_none());
        let unknown: Vec<_> = unknown.map(|it: &DrillSource| it.source.as_str()).collect();
        said.push(format!(
            "The recovery time of the whole is not known, because that of {} is not.",
            unknown.join(", ")
        ));
    }
    if report.waited_milliseconds >= 1000 {
        said.push(format!(
            "For {} nothing of the drill ran, because other verifications had all the places. \
             The time told leaves this out.",
            words(report.waited_milliseconds)
        ));
    }
    said
}
