//! The objects of which there is a verification: one entry for each, with the run whose word
//! stands.

use jiff::Timestamp;

use super::{Place, counts};
use crate::{
    ledger::{
        Draft, Ledger, Reason, Record, Sameness, SnapshotRecord, Trigger, Verdict, Verification,
        same::ByObject,
        view::{PlacedRecord, Turn, query::decisive},
    },
    model::{Snapshot, SourceInventory},
};

/// A recovery point and the place of the record that names it: of equal recovery points the later
/// record's is the greater.
pub(super) type Point = (Timestamp, Turn);

/// One object of which there is a verification, whatever recovery points its records name.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) place: Place,
    /// Its verifications, oldest first; at least one.
    pub(super) runs: Vec<PlacedRecord>,
    pub(super) accepted: Option<PlacedRecord>,
}

impl Judged {
    /// Returns the verification that was written last.
    pub(super) fn last(&self) -> &PlacedRecord {
        self.runs.last().expect("invariant: made of a run")
    }

    /// Returns the verification whose word on the contents stands ([`decisive`]).
    pub(super) fn decided(&self) -> &PlacedRecord {
        let decided = decisive(self.runs.iter().rev().filter_map(|it| it.verification()));
        let is_it = |record: &&PlacedRecord| {
            let run = record.verification();
            run.zip(decided)
                .is_some_and(|(run, it)| std::ptr::eq(run, it))
        };
        self.runs.iter().find(is_it).unwrap_or_else(|| self.last())
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        verdict(self.decided())
    }

    /// Returns the object's recovery point, by the record that stands.
    pub(super) fn point(&self) -> Point {
        age(self.decided())
    }

    /// Returns the object's recovery point if its contents are right: verified, or failed by an
    /// expectation only and accepted by a person after that.
    pub(super) fn right(&self) -> Option<Point> {
        if self.verdict() == Some(Verdict::Verified) {
            return Some(self.point());
        }
        let accepted = self.accepted.as_ref()?;
        let failed = self.decided().verification()?;
        let excused = failed.reason == Some(Reason::Expectation)
            && accepted
                .acceptance()
                .is_some_and(|it| it.ended_at >= failed.ended_at);
        excused.then_some((failed.snapshot.taken_at, accepted.turn))
    }

    /// True if the object is gone, and its last run was by hand and found out nothing.
    pub(super) fn is_vain(&self) -> bool {
        matches!(
            self.place,
            Place::Gone | Place::Overwritten | Place::OldVersion
        ) && self.last().verification().is_some_and(|run| {
            run.verdict == Verdict::Inconclusive && run.trigger == Trigger::Manual
        })
    }
}

/// Returns the recovery point that a record names.
pub(super) fn age(record: &PlacedRecord) -> Point {
    let taken_at = record.verification().map(|it| it.snapshot.taken_at);
    (taken_at.unwrap_or(Timestamp::MIN), record.turn)
}

pub(super) fn verdict(record: &Record) -> Option<Verdict> {
    record.verification().map(|it| it.verdict)
}

/// Returns every object of which there is a verification, in the order of their first records.
pub(super) fn judged(ledger: &Ledger, inventory: &SourceInventory, now: Timestamp) -> Vec<Judged> {
    let lying = Lying::new(inventory);
    let mut objects: Vec<Judged> = Vec::new();
    let mut index = ByObject::<usize>::default();
    for record in ledger.past_records(now) {
        let (snapshot, is_run) = match &record.draft {
            Draft::Verification(run) => (&run.snapshot, true),
            Draft::Acceptance(act) => (&act.snapshot, false),
            _ => continue,
        };
        let Some(first) = snapshot.artifacts.first() else {
            continue;
        };
        let known = index.of(first).into_iter().rev().copied();
        let mut known = known.filter(|known| is_of(objects[*known].last(), snapshot));
        match known.next() {
            Some(known) if is_run => objects[known].runs.push(record),
            Some(known) => objects[known].accepted = Some(record),
            // What was never verified has no contents that a person could accept.
            None if !is_run => {}
            None => {
                index.add(first, objects.len());
                objects.push(Judged {
                    place: Place::Gone,
                    runs: vec![record],
                    accepted: None,
                });
            }
        }
    }
    for object in &mut objects {
        let last = object.last().verification();
        object.place = last.map_or(Place::Gone, |last| lying.place(&last.snapshot));
    }
    objects
}

fn is_of(record: &Record, snapshot: &SnapshotRecord) -> bool {
    let run = record.verification();
    run.is_some_and(|it| it.snapshot.sameness_of_records(snapshot) == Sameness::Same)
}

/// The snapshots that a survey saw, to be found by their objects.
struct Lying<'a>(ByObject<&'a Snapshot>);

impl<'a> Lying<'a> {
    fn new(inventory: &'a SourceInventory) -> Self {
        let mut index = ByObject::default();
        for snapshot in &inventory.snapshots {
            for artifact in &snapshot.artifacts {
                index.add(&artifact.meta, snapshot);
            }
        }
        Self(index)
    }

    fn place(&self, written: &SnapshotRecord) -> Place {
        let mut artifacts = written.artifacts.iter();
        let alike = artifacts.clone().flat_map(|it| self.0.of(it));
        let compared = alike.map(|listed| (written.sameness(listed), *listed));
        match compared.max_by_key(|(sameness, _)| *sameness) {
            None | Some((Sameness::Other, _)) if artifacts.any(|it| self.0.has(&it.key)) => {
                Place::Overwritten
            }
            None | Some((Sameness::Other, _)) => Place::Gone,
            Some((_, listed)) if !counts(listed) => Place::Aside,
            Some((Sameness::Touched, _)) => Place::Touched,
            Some((Sameness::Same, _)) => Place::Unchanged,
        }
    }
}

/// The snapshots of which there is a verification, to be found by their objects.
pub(super) struct Tried<'a>(ByObject<&'a Verification>);

impl<'a> Tried<'a> {
    pub(super) fn new(ledger: &'a Ledger, now: Timestamp) -> Self {
        let mut index = ByObject::default();
        for run in ledger.until(now).verifications() {
            if let Some(first) = run.snapshot.artifacts.first() {
                index.add(first, run);
            }
        }
        Self(index)
    }

    pub(super) fn is(&self, listed: &Snapshot) -> bool {
        let artifacts = listed.artifacts.iter();
        let mut runs = artifacts.flat_map(|it| self.0.of(&it.meta));
        runs.any(|run| run.snapshot.sameness(listed) == Sameness::Same)
    }
}
