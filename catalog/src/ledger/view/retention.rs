//! Which records of a ledger may go, and which are held whatever their age.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Ledger, SHED, Strand,
    query::{by_recovery_point, right},
};
use crate::ledger::{Break, Checkpoint, Draft, Record, Verdict};

/// Most checkpoints that are written within one retention, so that a chain does not come to consist
/// of them: records stay up to a sixteenth longer than asked.
const CHECKPOINTS_MAX: u32 = 16;

/// Most repairs that a checkpoint carries: with the longest reasons they are half of a record. In a
/// chain with more repairs the later ones stay where they are, and so does every record behind
/// them.
const REPAIRS_MAX: usize = if cfg!(test) { 2 } else { 100 };

impl Ledger {
    /// Returns the checkpoint that must be written before records are pruned, once some are older
    /// than `keep`. Records of former names are never pruned.
    pub(in crate::ledger) fn due_checkpoint(
        &self,
        keep: Duration,
        now: Timestamp,
    ) -> Result<Option<Checkpoint>, Break> {
        self.own.due_checkpoint(keep, now)
    }

    /// Returns the checkpoint that covers the most records of the source's name.
    pub(in crate::ledger) fn last_checkpoint(&self) -> Option<&Checkpoint> {
        self.own.last_checkpoint()
    }
}

impl Strand {
    /// Returns the checkpoint that must be written before records are pruned, once some are older
    /// than `keep`.
    ///
    /// Only a contiguous beginning of the chain is pruned, and no record that is held. A broken
    /// chain is not pruned at all: it is somebody's to look into.
    fn due_checkpoint(&self, keep: Duration, now: Timestamp) -> Result<Option<Checkpoint>, Break> {
        if let Some(first_break) = self.report().first_break {
            return Err(first_break);
        }
        let last = self.last_checkpoint();
        if last.is_some_and(|it| !older(it.ended_at, keep / CHECKPOINTS_MAX, now)) {
            return Ok(None);
        }
        let held = self.held();
        let staying = self.records().find(|record| {
            held.contains(&Some(record.sequence))
                || record
                    .ended_at()
                    .is_none_or(|ended_at| !older(ended_at, keep, now))
        });
        let mut stays_from = staying.map_or(0, |it| it.sequence);
        if let Some(repaired) = self.repairs().nth(REPAIRS_MAX) {
            stays_from = stays_from.min(repaired.sequence);
        }
        // A record names the one before it, unless a break between them was repaired.
        let cut = self
            .records()
            .rev()
            .find(|record| record.sequence <= stays_from && !self.checker.is_seam(record.sequence));
        let Some((sequence, pruned)) = cut.map(|it| (it.sequence, it.previous.clone())) else {
            return Ok(None);
        };
        let pruned = pruned.filter(|_| sequence > self.checker.first());
        let gone = self.repairs().filter(|it| it.sequence < sequence);
        Ok(pruned.map(|pruned| Checkpoint {
            source: self.name().clone(),
            ended_at: now,
            through: sequence - 1,
            pruned: pruned.to_string(),
            begun_at: self.begun_at,
            repairs: gone.cloned().collect(),
        }))
    }

    /// Returns the checkpoint that covers the most records.
    fn last_checkpoint(&self) -> Option<&Checkpoint> {
        let checkpoints = self.records().filter_map(|record| match &record.draft {
            Draft::Checkpoint(checkpoint) => Some(&**checkpoint),
            _ => None,
        });
        checkpoints.max_by_key(|checkpoint| checkpoint.through)
    }

    /// Drops from memory the oldest records that are not held.
    pub(super) fn shed(&mut self) {
        let checkpoint = self.last_checkpoint().map(|it| it.through);
        let held = self.held();
        let stays = |record: &Record| {
            held.contains(&Some(record.sequence))
                || matches!(&record.draft, Draft::Checkpoint(it) if Some(it.through) == checkpoint)
        };
        let mut left = SHED;
        self.retain(|record| {
            let goes = left > 0 && !stays(record);
            left -= usize::from(goes);
            !goes
        });
    }

    /// Returns the sequence numbers of the records that are held: the newest recovery point, the
    /// newest verified one, the baseline of the next snapshot, and the head.
    fn held(&self) -> [Option<u64>; 4] {
        let runs = || {
            let placed = self.placed(0);
            placed.filter_map(|(turn, it)| Some((turn, it.verification()?)))
        };
        let verified = runs().filter(|(_, it)| it.verdict == Verdict::Verified);
        let newest = runs().max_by_key(by_recovery_point);
        let verified = verified.max_by_key(by_recovery_point);
        let baseline = right(self.placed(0)).max_by_key(|it| (it.taken_at, it.turn));
        [
            newest.map(|(turn, _)| turn.sequence),
            verified.map(|(turn, _)| turn.sequence),
            baseline.map(|it| it.turn.sequence),
            self.report().head.map(|head| head.sequence),
        ]
    }
}

fn older(than: Timestamp, keep: Duration, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(than)).is_ok_and(|age| age > keep)
}
