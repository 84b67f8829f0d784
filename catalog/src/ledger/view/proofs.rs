//! The join of a source's records with the snapshots that a whole survey saw. Pure.
//!
//! A proof counts only while its very snapshot lies there unchanged. A failure stands until it is
//! answered, wherever its object is. The join is made once for each survey and each reading of a
//! ledger, so that a scrape looks up and joins nothing.

mod judged;
mod look_back;
mod lost;
mod row;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use self::{
    judged::{Judged, age, judged},
    look_back::FirstTries,
    lost::{lost, place_old_versions},
};
use super::{Ledger, query::inconclusive};
use crate::{
    ledger::{Record, Verdict, Verification},
    model::{Snapshot, SnapshotState, SourceInventory},
};

pub use lost::{Loss, Lost, OldVersions};
pub use row::{INCONCLUSIVE_AFTER, ProofRow};

/// What was proven of a source, as far as it bears on what lies there.
#[derive(Debug, Clone, Default)]
pub struct Proofs {
    newest: Option<(Arc<Record>, Place)>,
    verified: Option<Arc<Record>>,
    failed: Option<Arc<Record>>,
    lost: Option<Lost>,
    /// The inconclusive runs since the last verdict.
    pub row: ProofRow,
    /// When a snapshot of the source was last verified, whether or not it still lies there.
    pub proven_at: Option<Timestamp>,
    /// End of the last run, of whichever snapshot and with whatever verdict.
    pub last_run: Option<Timestamp>,
    /// When the earliest of the full backups was complete that are newer than any that was tried;
    /// `None` if the newest one was tried.
    pub untried_since: Option<Timestamp>,
}

/// Where the object of a record is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The object is a complete full backup, unchanged.
    Unchanged,
    /// The object is a complete full backup, unchanged but for its status time.
    Touched,
    /// The object lies there, but is not complete or not a full backup: it says nothing of the
    /// source.
    Aside,
    /// Another object lies under the key.
    Overwritten,
    /// Nothing lies under the key.
    Gone,
    /// The object is no longer listed, but the store still has the very version that was read.
    OldVersion,
}

impl Place {
    /// True if what is known of the object is known of the source.
    const fn lies(self) -> bool {
        matches!(self, Self::Unchanged | Self::Touched)
    }
}

impl Proofs {
    /// Joins the ledger as of `now` with what a whole survey saw. `answer` is what the store said
    /// of the last proof, if it was asked after that survey ([`old_versions`]).
    ///
    /// [`old_versions`]: crate::ledger::old_versions
    pub fn new(
        ledger: &Ledger,
        inventory: &SourceInventory,
        answer: Option<&OldVersions>,
        now: Timestamp,
    ) -> Self {
        let mut objects = judged(ledger, inventory, now);
        if let Some(answer) = answer {
            place_old_versions(&mut objects, answer);
        }
        let past = ledger.until(now);
        let verified_once = past.verifications().rev();
        let verified_once = verified_once.filter(|it| it.verdict == Verdict::Verified);
        let tries = FirstTries::new(&objects);
        let failed = standing_failure(&objects, &tries);
        Self {
            newest: newest(&objects, failed),
            verified: newest_of(objects.iter().filter(|it| it.place == Place::Unchanged)),
            failed: failed.map(|it| Arc::clone(&it.decided().record)),
            lost: lost(&objects, inventory, answer),
            row: ProofRow::new(&objects, &tries),
            proven_at: verified_once.map(|it| it.ended_at).max(),
            last_run: past.last_run(),
            untried_since: untried_since(ledger, inventory, now),
        }
    }

    /// Returns the run that is reported for the source: the last one of the newest recovery point
    /// that was tried. A run of a snapshot that is older, not complete or gone is not reported
    /// while another snapshot lies there of which something is known.
    pub fn newest(&self) -> Option<&Verification> {
        self.newest.as_ref().and_then(|(it, _)| it.verification())
    }

    /// Says where the object of [`newest`](Self::newest) is now.
    pub fn newest_place(&self) -> Option<Place> {
        self.newest.as_ref().map(|(_, place)| *place)
    }

    /// Returns the proof of what can be recovered: the verified run of the newest recovery point
    /// that lies there unchanged.
    pub fn verified(&self) -> Option<&Verification> {
        self.verified.as_deref().and_then(Record::verification)
    }

    /// Returns the failure that stands: that of the newest recovery point shown to be bad, until
    /// that object or a later recovery point is verified or accepted.
    ///
    /// | the bad object | the later good one | stands |
    /// |---|---|---|
    /// | whichever | lies there | no |
    /// | lies there | is gone | yes: the bad one is what there is |
    /// | is gone | is gone | no |
    pub fn failed(&self) -> Option<&Verification> {
        self.failed.as_deref().and_then(Record::verification)
    }

    /// Says why nobody knows whether the source can be recovered, if only configuration can mend
    /// that: the run that is reported is inconclusive, and people are told at once
    /// ([`ProofRow::is_told`]).
    pub fn mendable(&self) -> Option<String> {
        let reason = self.row.reason.filter(|reason| reason.is_mendable())?;
        let newest = self.newest();
        let newest = newest.filter(|it| it.verdict == Verdict::Inconclusive)?;
        // The run may have been interrupted: then it has no sentence of its own.
        Some(newest.mendable().unwrap_or_else(|| inconclusive(reason)))
    }

    /// Returns the last proof, if snapshots were verified and none of them is listed any more: it
    /// is lost, or nobody knows. A file that was only touched still counts as listed.
    pub fn lost(&self) -> Option<&Lost> {
        self.lost.as_ref()
    }

    /// Returns how long the newest verified snapshot that lies there took until it was usable.
    pub fn recovery_time(&self) -> Option<Duration> {
        let milliseconds = self.verified()?.recovery_milliseconds?;
        Some(Duration::from_millis(milliseconds))
    }
}

/// True if a snapshot says something of its source: it is a complete full backup.
fn counts(snapshot: &Snapshot) -> bool {
    snapshot.state == SnapshotState::Complete && !snapshot.is_differential()
}

/// Returns the record of the newest recovery point among verified objects.
fn newest_of<'a>(objects: impl Iterator<Item = &'a Judged>) -> Option<Arc<Record>> {
    let verified = objects.filter(|it| it.verdict() == Some(Verdict::Verified));
    verified
        .max_by_key(|it| it.point())
        .map(|it| Arc::clone(&it.decided().record))
}

fn newest(objects: &[Judged], failed: Option<&Judged>) -> Option<(Arc<Record>, Place)> {
    let lying = objects.iter().filter(|it| it.place.lies());
    let here = lying.chain(failed).max_by_key(|it| age(it.last()));
    let anywhere = || {
        let told = objects.iter().filter(|it| it.place != Place::Aside);
        told.filter(|it| !it.is_vain())
            .max_by_key(|it| age(it.last()))
    };
    let newest = here.or_else(anywhere)?;
    Some((Arc::clone(&newest.last().record), newest.place))
}

fn standing_failure<'a>(objects: &'a [Judged], tries: &FirstTries) -> Option<&'a Judged> {
    let right = objects.iter().filter_map(Judged::right).max();
    let lying = objects.iter().filter(|it| it.place.lies());
    let right_here = lying.filter_map(Judged::right).max();
    let answered = |bad: &Judged| {
        let later = if bad.place.lies() { right_here } else { right };
        bad.right().is_some() || later > Some(bad.point())
    };
    let bad = objects
        .iter()
        .filter(|it| it.verdict() == Some(Verdict::Failed) && it.place != Place::Aside);
    bad.filter(|bad| !tries.is_look_back(bad) && !answered(bad))
        .max_by_key(|it| it.point())
}

fn untried_since(
    ledger: &Ledger,
    inventory: &SourceInventory,
    now: Timestamp,
) -> Option<Timestamp> {
    let tried = judged::Tried::new(ledger, now);
    let untried = inventory.whole().take_while(|it| !tried.is(it));
    untried.map(|it| it.completed_at).min()
}

#[cfg(test)]
mod tests;
