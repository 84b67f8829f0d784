//! Every artifact of a snapshot, restored, shown and judged within one deadline: the verification
//! itself, and a rehearsal of it.

use std::collections::BTreeMap;

use super::{
    answers, artifacts,
    attempt::attempt,
    outcome::{PartOutcome, RunOutcome},
    run::{Part, Run, Trial},
    second_look,
};
use crate::{
    engine::{CheckResult, Purpose, Stopped},
    verdict::{Conclusion, conclude},
};
use catalog::ledger::{Fingerprints, Reason, Verdict};

/// Most artifacts of one snapshot: each adds up to 10 KiB to a record, which has at most 1 MiB.
pub(super) const ARTIFACTS_MAX: usize = 100;

/// What a trial came to.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) shown: Vec<PartOutcome>,
    pub(super) answers: Vec<CheckResult>,
    pub(super) conclusion: Conclusion,
    /// Sums over all artifacts, by the name of what was counted.
    pub(super) items: BTreeMap<String, u64>,
    pub(super) fingerprints: Fingerprints,
}

impl<'a> Trial<'a> {
    /// The artifact of this index.
    pub(super) const fn part(&self, index: usize) -> Part<'a> {
        Part {
            trial: *self,
            index,
        }
    }

    /// Runs every artifact, one after the other. What ends the trial as a whole leaves the later
    /// ones untried.
    pub(super) async fn every_artifact(&self, why: Option<&str>) -> Vec<RunOutcome> {
        let count = self.assignment.snapshot.artifacts.len();
        let (max, done) = match self.purpose {
            Purpose::Proof => (ARTIFACTS_MAX, "verified"),
            // The findings of a rehearsal are in the same record as those of the verification.
            Purpose::Rehearsal => (ARTIFACTS_MAX / 2, "rehearsed"),
        };
        if count > max {
            let message = format!("it has {count} artifacts, and at most {max} are {done}");
            return vec![RunOutcome::untried(Stopped::new(Reason::TooLarge, message))];
        }
        let mut all: Vec<RunOutcome> = Vec::new();
        for index in 0..count {
            let kept = match all.last().and_then(RunOutcome::ends_all) {
                Some(reason) => {
                    let message = "not tried, for the verification had ended before";
                    RunOutcome::untried(Stopped::new(reason, message))
                }
                None => self.every_way(index, why).await,
            };
            all.push(kept);
        }
        all
    }

    /// Runs one artifact in the way in which its bytes reach a server first. Where that decided
    /// nothing, it is run once more from a complete file, and that run counts.
    async fn every_way(&self, index: usize, why: Option<&str>) -> RunOutcome {
        let part = self.part(index);
        let first = attempt(&Run::streaming(&part, why)).await;
        if first.decides() {
            return first;
        }
        let why = why.map_or_else(|| "file".to_owned(), |why| format!("{why}-file"));
        let mut counts = attempt(&Run::of(&part, Some(&why))).await;
        counts.after(first);
        counts
    }

    /// Takes a second look where one is needed, answers every check, and concludes. What would fail
    /// by a server that read a pipe is run once more from complete files, and they decide.
    pub(super) async fn judge(&self, kept: Vec<RunOutcome>) -> Judgement {
        let mut shown: Vec<PartOutcome> = Vec::new();
        for (index, kept) in kept.into_iter().enumerate() {
            shown.push(second_look::show(&self.part(index), kept).await);
        }
        let judgement = self.conclude(shown);
        let by_server = judgement
            .conclusion
            .reason
            .is_some_and(|reason| reason.verdict() == Verdict::Failed && reason != Reason::Damaged);
        if !by_server || !judgement.shown.iter().any(|it| it.kept.is_by_pipe()) {
            return judgement;
        }
        let mut shown = Vec::new();
        for (index, before) in judgement.shown.into_iter().enumerate() {
            if !before.kept.is_by_pipe() {
                shown.push(before);
                continue;
            }
            let part = self.part(index);
            let mut kept = attempt(&Run::of(&part, Some("file"))).await;
            kept.after(before.kept);
            shown.push(second_look::show(&part, kept).await);
        }
        self.conclude(shown)
    }

    /// Answers every check, and concludes.
    fn conclude(&self, shown: Vec<PartOutcome>) -> Judgement {
        let artifacts = artifacts::views(self.context, self.assignment, &shown);
        let answers = answers::of_all(self.assignment, &shown, &artifacts);
        let observed = !shown.is_empty() && shown.iter().all(|shown| shown.kept.observed());
        let conclusion = conclude(&answers, observed);
        Judgement {
            items: artifacts::items(self.assignment, &artifacts),
            fingerprints: artifacts::fingerprints(self.assignment, &artifacts),
            shown,
            answers,
            conclusion,
        }
    }
}
