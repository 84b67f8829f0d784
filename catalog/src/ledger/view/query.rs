//! Questions a ledger answers, as of a time: records from the future have no part in any answer.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Ledger, PlacedRecord, Sameness, Turn};
use crate::{
    ledger::{
        Acceptance, ArtifactRecord, Draft, Fed, Fingerprints, Items, Outcome, Reason, Record,
        SnapshotRecord, Verdict, Verification,
    },
    model::{ObjectMeta, Snapshot},
    recovery_point::TOLERANCE,
};

/// The records of a ledger that are not from the future: a record that ends more than five minutes
/// ([`TOLERANCE`]) after the reader's clock is no proof, no baseline, no last run and no pause.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    ledger: &'a Ledger,
    until: Timestamp,
}

/// The recovery time that a verified run measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Size in bytes, as stored, of all that was restored together.
    pub size_bytes: u64,
    /// Time until it was usable, in milliseconds.
    pub milliseconds: u64,
}

/// The contents that a later snapshot's contents are compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Recovery point of these contents.
    pub taken_at: Timestamp,
    /// What was counted, by item.
    pub items: Items,
    /// What was there by name, as in [`Verification::fingerprints`].
    pub fingerprints: Fingerprints,
}

/// Contents that are right, and the record that says so.
pub(super) struct Right<'a> {
    pub(super) turn: Turn,
    pub(super) taken_at: Timestamp,
    ended_at: Timestamp,
    by_a_person: bool,
    items: &'a Items,
    fingerprints: &'a Fingerprints,
}

impl Ledger {
    /// Returns the records as of a time, to be asked.
    pub fn until(&self, now: Timestamp) -> Past<'_> {
        let until = now.checked_add(TOLERANCE).unwrap_or(Timestamp::MAX);
        Past {
            ledger: self,
            until,
        }
    }

    /// Returns the records that are not from the future at this time, oldest first; a record whose
    /// end is not known is included.
    pub(in crate::ledger) fn past_records(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = PlacedRecord> {
        let until = self.until(now).until;
        let past = move |it: &Record| it.ended_at().is_none_or(|ended_at| ended_at <= until);
        self.placed()
            .filter(move |(_, record)| past(record))
            .map(|(turn, record)| PlacedRecord {
                turn,
                record: Arc::clone(record),
            })
    }

    /// True if a record ends more than [`TOLERANCE`] after this time: whoever wrote it, or whoever
    /// reads it, has a wrong clock.
    pub fn is_from_the_future(&self, now: Timestamp) -> bool {
        let until = self.until(now).until;
        self.last_end().is_some_and(|ended_at| ended_at > until)
    }
}

/// Returns the contents among these records that were verified, or accepted by a person.
pub(super) fn right<'a>(
    records: impl Iterator<Item = (Turn, &'a Arc<Record>)>,
) -> impl Iterator<Item = Right<'a>> {
    records.filter_map(|(turn, record)| match &record.draft {
        Draft::Verification(it) if it.verdict == Verdict::Verified => Some(Right {
            turn,
            taken_at: it.snapshot.taken_at,
            ended_at: it.ended_at,
            by_a_person: false,
            items: &it.items,
            fingerprints: &it.fingerprints,
        }),
        Draft::Acceptance(it) => Some(Right {
            turn,
            taken_at: it.snapshot.taken_at,
            ended_at: it.ended_at,
            by_a_person: true,
            items: &it.items,
            fingerprints: &it.fingerprints,
        }),
        _ => None,
    })
}

impl<'a> Past<'a> {
    /// Returns the verifications, each with its place, oldest first.
    fn in_turn(self) -> impl DoubleEndedIterator<Item = (Turn, &'a Verification)> {
        let all = self.ledger.in_turn();
        all.filter(move |(_, it)| it.ended_at <= self.until)
    }

    /// Returns the verifications, oldest first.
    pub fn verifications(self) -> impl DoubleEndedIterator<Item = &'a Verification> {
        self.in_turn().map(|(_, verification)| verification)
    }

    fn acceptances(self) -> impl Iterator<Item = &'a Acceptance> {
        let acceptances = self.ledger.records().filter_map(Record::acceptance);
        acceptances.filter(move |it| it.ended_at <= self.until)
    }

    /// Returns the end of the last run, of whichever snapshot.
    pub fn last_run(self) -> Option<Timestamp> {
        self.verifications().map(|it| it.ended_at).max()
    }

    /// Returns the run with this verdict that ended last.
    pub fn last(self, verdict: Verdict) -> Option<&'a Verification> {
        self.verifications()
            .filter(|it| it.verdict == verdict)
            .max_by_key(|it| it.ended_at)
    }

    /// Returns the run that is reported for the source: that of the newest recovery point, of
    /// several the last written. A run of an older snapshot changes nothing here.
    pub fn newest(self) -> Option<&'a Verification> {
        self.in_turn()
            .max_by_key(by_recovery_point)
            .map(|(_, it)| it)
    }

    /// Returns the proof of what can be recovered: the verified run of the newest recovery point.
    pub fn newest_verified(self) -> Option<&'a Verification> {
        self.in_turn()
            .filter(|(_, it)| it.verdict == Verdict::Verified)
            .max_by_key(by_recovery_point)
            .map(|(_, it)| it)
    }

    /// Returns the contents of the nearest earlier recovery point that was verified, or accepted by
    /// a person. An acceptance of this very recovery point counts, for it says that these contents
    /// are right.
    pub fn baseline(self, taken_at: Timestamp) -> Option<Baseline> {
        let right = right(self.ledger.placed()).filter(|it| it.ended_at <= self.until);
        let right = right
            .filter(|it| it.taken_at < taken_at || (it.by_a_person && it.taken_at == taken_at));
        let nearest = right.max_by_key(|it| (it.taken_at, it.turn))?;
        Some(Baseline {
            taken_at: nearest.taken_at,
            items: nearest.items.clone(),
            fingerprints: nearest.fingerprints.clone(),
        })
    }

    /// Returns the last verification of exactly this snapshot, with all that it continues now.
    pub fn of_object(self, snapshot: &Snapshot) -> Option<&'a Verification> {
        self.all_of_object(snapshot).next()
    }

    /// Returns every verification of exactly this snapshot, the last one first.
    pub fn all_of_object<'b>(
        self,
        snapshot: &'b Snapshot,
    ) -> impl Iterator<Item = &'a Verification> {
        let runs = self.verifications().rev();
        runs.filter(move |it| it.snapshot.sameness(snapshot) == Sameness::Same)
    }

    /// True if exactly this snapshot is verified. A later run that found out nothing takes no proof
    /// back; one that read different bytes twice does.
    pub fn is_verified(self, snapshot: &Snapshot) -> bool {
        let runs = self.all_of_object(snapshot);
        decisive(runs).is_some_and(|it| it.verdict == Verdict::Verified)
    }

    /// Returns the run that showed this snapshot to be bad, if nobody has verified or accepted it
    /// after that. A file that was only touched since is as bad as it was.
    pub fn shown_bad(self, snapshot: &Snapshot) -> Option<&'a Verification> {
        let runs = self.verifications().rev();
        let of_it = runs.filter(|run| run.snapshot.sameness(snapshot) >= Sameness::Touched);
        let failed = decisive(of_it).filter(|it| it.verdict == Verdict::Failed);
        failed.filter(|failed| !self.is_accepted(failed))
    }

    /// Returns the run that read exactly this object to its last byte, and the SHA-256 it saw: the
    /// newest that ended verified, else the newest that did not. A run that saw different bytes at
    /// two readings is no witness.
    pub fn read_whole(self, object: &ObjectMeta) -> Option<(&'a Verification, &'a str)> {
        let read = self.verifications().rev().filter_map(|run| {
            let SnapshotRecord {
                artifacts,
                continues,
                ..
            } = &run.snapshot;
            let mut read = artifacts.iter().chain(continues);
            let same = read.find(|written| written.sameness(object) == Sameness::Same)?;
            Some((run, same.sha256.as_deref()?))
        });
        let steady = read.filter(|(run, _)| run.reason != Some(Reason::UnstableRead));
        steady.min_by_key(|(run, _)| run.verdict != Verdict::Verified)
    }

    /// Returns [`Verification::mendable`] of the newest recovery point, for callers that do not
    /// know what lies in the repository; `None` if a later record has a verdict. Interrupted runs
    /// are left out.
    pub fn mendable(self) -> Option<String> {
        let told = self.in_turn();
        let told = told.filter(|(_, run)| run.reason != Some(Reason::Interrupted));
        let (last, newest) = told.max_by_key(by_recovery_point)?;
        let mut later = self.in_turn().filter(|(turn, _)| *turn > last);
        let is_decided = later.any(|(_, run)| run.verdict != Verdict::Inconclusive);
        newest.mendable().filter(|_| !is_decided)
    }

    /// Counts the inconclusive runs in a row, up to the last run.
    pub fn consecutive_inconclusive(self) -> usize {
        self.verifications()
            .rev()
            .take_while(|it| it.verdict == Verdict::Inconclusive)
            .count()
    }

    /// True if a person has since accepted the contents that this run says are unexpected.
    pub fn is_accepted(self, failed: &Verification) -> bool {
        failed.reason == Some(Reason::Expectation)
            && self.acceptances().any(|it| {
                it.ended_at >= failed.ended_at
                    && it.snapshot.sameness_of_records(&failed.snapshot) == Sameness::Same
            })
    }

    /// Returns what verified runs measured, the newest first: of those whose bytes were fed as
    /// those of the newest one were. Another way of feeding takes another time.
    pub fn measurements(self) -> impl Iterator<Item = Measurement> {
        let runs = self.verifications().rev();
        let verified = runs.filter(|it| it.verdict == Verdict::Verified);
        let mut measured = verified.filter(|it| it.recovery_milliseconds.is_some());
        let newest = measured.next();
        let alike = measured.filter(move |it| Some(it.fed()) == newest.map(Verification::fed));
        newest.into_iter().chain(alike).filter_map(|it| {
            Some(Measurement {
                size_bytes: it.lineage_bytes(),
                milliseconds: it.recovery_milliseconds?,
            })
        })
    }
}

/// Returns the run whose word on the contents stands. All `runs` are of one object, the last one
/// first.
///
/// | before | after it, without a verdict | stands |
/// |---|---|---|
/// | verified or failed | nothing was found out | the verdict |
/// | verified | two readings differed (`unstable_read`) | the run that saw that |
/// | failed | two readings differed | failed |
/// | no verdict | | the last run |
pub(super) fn decisive<'a>(
    runs: impl Iterator<Item = &'a Verification>,
) -> Option<&'a Verification> {
    let (mut last, mut unsteady) = (None, None);
    for run in runs {
        last = last.or(Some(run));
        match run.verdict {
            Verdict::Failed => return Some(run),
            Verdict::Verified => return unsteady.or(Some(run)),
            Verdict::Inconclusive if run.reason == Some(Reason::UnstableRead) => {
                unsteady = unsteady.or(Some(run));
            }
            Verdict::Inconclusive => {}
        }
    }
    last
}

impl Verification {
    /// Says why the run is inconclusive, if only configuration can mend that: a sentence, with the
    /// hint of the check that stopped the run where there was one.
    pub fn mendable(&self) -> Option<String> {
        let reason = self.reason.filter(|reason| reason.is_mendable())?;
        let hinted = self.findings.iter().find(|finding| {
            finding.outcome != Outcome::Passed && finding.message.contains("\nhint: ")
        });
        let why = hinted.map_or_else(String::new, |finding| format!(": {}", finding.message));
        Some(format!("{}{why}", inconclusive(reason)))
    }

    /// How the bytes reached the server. A record without a sandbox, or of an earlier version, is
    /// of a time when there was one way.
    pub fn fed(&self) -> Fed {
        self.sandbox.as_ref().map_or(Fed::File, |it| it.fed)
    }

    /// Size of the snapshot in bytes, as stored.
    pub fn size_bytes(&self) -> u64 {
        sum(&self.snapshot.artifacts)
    }

    /// Size in bytes, as stored, of the snapshot and of those it continues: all that was read.
    pub fn lineage_bytes(&self) -> u64 {
        self.size_bytes()
            .saturating_add(sum(&self.snapshot.continues))
    }
}

/// Returns the sentence about a source whose newest proof is inconclusive.
pub(super) fn inconclusive(reason: Reason) -> String {
    format!("its newest proof is inconclusive ({})", reason.as_label())
}

fn sum(objects: &[ArtifactRecord]) -> u64 {
    let sizes = objects.iter().map(|it| it.size_bytes);
    sizes.fold(0, u64::saturating_add)
}

pub(super) const fn by_recovery_point((turn, run): &(Turn, &Verification)) -> (Timestamp, Turn) {
    (run.snapshot.taken_at, *turn)
}
