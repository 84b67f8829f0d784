//! Questions a ledger answers.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use jiff::Timestamp;

use super::Ledger;
use crate::{
    evidence::{
        ArtifactEvidence, Fingerprints, Outcome, Reason, SnapshotEvidence, Verdict, Verification,
    },
    model::{ObjectMeta, Snapshot},
};

/// Newest measurements that a forecast of the recovery time looks at.
const MEASURED_MAX: usize = 5;

/// What a later snapshot's contents are compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Its recovery point.
    pub taken_at: Timestamp,
    /// What was counted in it.
    pub items: BTreeMap<String, u64>,
    /// What was there by name, as of [`Verification::fingerprints`].
    pub fingerprints: Fingerprints,
}

/// Contents that are right, by which record.
pub(super) struct Right<'a> {
    pub(super) sequence: u64,
    pub(super) taken_at: Timestamp,
    by_a_person: bool,
    items: &'a BTreeMap<String, u64>,
    fingerprints: &'a Fingerprints,
}

impl Ledger {
    /// The run with this verdict that ended last.
    pub fn last(&self, verdict: Verdict) -> Option<&Verification> {
        self.verifications()
            .filter(|it| it.verdict == verdict)
            .max_by_key(|it| it.ended_at)
    }

    /// The record with the newest recovery point, of several the last written: what is said of the
    /// source now. A look at an older snapshot changes nothing here.
    pub fn newest(&self) -> Option<&Verification> {
        self.numbered()
            .max_by_key(by_recovery_point)
            .map(|(_, it)| it)
    }

    /// The verified record with the newest recovery point: what could really be had back.
    pub fn newest_verified(&self) -> Option<&Verification> {
        self.numbered()
            .filter(|(_, it)| it.verdict == Verdict::Verified)
            .max_by_key(by_recovery_point)
            .map(|(_, it)| it)
    }

    /// The nearest earlier recovery point that was verified, or accepted by a person. An acceptance
    /// of this very recovery point counts, for it says that these contents are right.
    pub fn baseline(&self, taken_at: Timestamp) -> Option<Baseline> {
        let right = self
            .right()
            .filter(|it| it.taken_at < taken_at || (it.by_a_person && it.taken_at == taken_at));
        let nearest = right.max_by_key(|it| (it.taken_at, it.sequence))?;
        Some(Baseline {
            taken_at: nearest.taken_at,
            items: nearest.items.clone(),
            fingerprints: nearest.fingerprints.clone(),
        })
    }

    /// Contents that were verified, or accepted by a person.
    pub(super) fn right(&self) -> impl Iterator<Item = Right<'_>> {
        let verified = self
            .numbered()
            .filter(|(_, it)| it.verdict == Verdict::Verified)
            .map(|(sequence, it)| Right {
                sequence,
                taken_at: it.snapshot.taken_at,
                by_a_person: false,
                items: &it.items,
                fingerprints: &it.fingerprints,
            });
        let accepted = self.acceptances().map(|(sequence, it)| Right {
            sequence,
            taken_at: it.snapshot.taken_at,
            by_a_person: true,
            items: &it.items,
            fingerprints: &it.fingerprints,
        });
        verified.chain(accepted)
    }

    /// The last verification of these very objects, together with those that it continues now.
    pub fn of_object(&self, snapshot: &Snapshot) -> Option<&Verification> {
        self.all_of_object(snapshot).next()
    }

    /// Every verification of these very objects, the last one first.
    pub fn all_of_object(&self, snapshot: &Snapshot) -> impl Iterator<Item = &Verification> {
        // What is continued and not known was not restored: of that a record names nothing.
        let before = snapshot.before().unwrap_or_default();
        let runs = self.verifications().rev();
        runs.filter(move |it| is_same(&it.snapshot, snapshot, &before))
    }

    /// Who read this very object to its last byte, and the SHA-256 they saw: the newest record that
    /// verified it, else the newest that did not. One that saw different bytes at two readings is
    /// no witness.
    pub fn read_whole(&self, object: &ObjectMeta) -> Option<(&Verification, &str)> {
        let read = self.verifications().rev().filter_map(|run| {
            let SnapshotEvidence {
                artifacts,
                continues,
                ..
            } = &run.snapshot;
            let mut read = artifacts.iter().chain(continues);
            let same = read.find(|written| is_same_object(written, object))?;
            Some((run, same.sha256.as_deref()?))
        });
        let steady = read.filter(|(run, _)| run.reason != Some(Reason::UnstableRead));
        steady.min_by_key(|(run, _)| run.verdict != Verdict::Verified)
    }

    /// Why the newest recovery point could not be judged, if only configuration can mend it: a
    /// sentence, with the hint of the check that stopped it where there was one.
    pub fn undecided(&self) -> Option<String> {
        let newest = self.newest()?;
        let reason = newest.reason.filter(|reason| reason.is_mendable())?;
        let hinted = newest.findings.iter().find(|finding| {
            finding.outcome != Outcome::Passed && finding.message.contains("\nhint: ")
        });
        let why = hinted.map_or_else(String::new, |finding| format!(": {}", finding.message));
        let label = reason.as_label();
        Some(format!("its newest proof is inconclusive ({label}){why}"))
    }

    /// How many runs in a row, up to the last, could not tell.
    pub fn consecutive_inconclusive(&self) -> usize {
        self.verifications()
            .rev()
            .take_while(|it| it.verdict == Verdict::Inconclusive)
            .count()
    }

    /// Whether a person accepted the contents of the snapshot that this record says are unexpected.
    pub fn is_accepted(&self, failed: &Verification) -> bool {
        failed.reason == Some(Reason::Expectation)
            && self.acceptances().any(|(_, it)| {
                it.ended_at >= failed.ended_at && same_objects(&it.snapshot, &failed.snapshot)
            })
    }

    /// How long the newest verified snapshot took until it was usable.
    pub fn recovery_time(&self) -> Option<Duration> {
        let verified = self.newest_verified()?;
        verified.recovery_milliseconds.map(Duration::from_millis)
    }

    /// How long a snapshot of this size, with all that it continues, will take: the median of the
    /// newest five measurements (of an even number the longer), each scaled up in proportion where
    /// it was of a smaller one. Never scaled down: part of it is the server's own start.
    pub fn forecast(&self, size_bytes: u64) -> Option<Duration> {
        let verified = self
            .verifications()
            .filter(|it| it.verdict == Verdict::Verified);
        let mut expected: Vec<u64> = verified
            .rev()
            .filter_map(|it| Some((it.recovery_milliseconds?, it.chain_bytes())))
            .map(|(milliseconds, measured)| scaled(milliseconds, measured, size_bytes))
            .take(MEASURED_MAX)
            .collect();
        expected.sort_unstable_by_key(|&milliseconds| Reverse(milliseconds));
        let middle = expected.len().saturating_sub(1) / 2;
        expected.get(middle).copied().map(Duration::from_millis)
    }
}

impl Verification {
    /// Sum over the objects of its snapshot, as stored.
    pub fn size_bytes(&self) -> u64 {
        sum(&self.snapshot.artifacts)
    }

    /// The same with those it continues: all that was restored.
    pub fn chain_bytes(&self) -> u64 {
        self.size_bytes()
            .saturating_add(sum(&self.snapshot.continues))
    }
}

fn sum(objects: &[ArtifactEvidence]) -> u64 {
    let sizes = objects.iter().map(|it| it.size_bytes);
    sizes.fold(0, u64::saturating_add)
}

pub(super) const fn by_recovery_point((sequence, run): &(u64, &Verification)) -> (Timestamp, u64) {
    (run.snapshot.taken_at, *sequence)
}

fn scaled(milliseconds: u64, measured: u64, size: u64) -> u64 {
    if size <= measured || measured == 0 {
        return milliseconds;
    }
    let scaled = u128::from(milliseconds) * u128::from(size) / u128::from(measured);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn is_same(record: &SnapshotEvidence, snapshot: &Snapshot, before: &[&Snapshot]) -> bool {
    record.artifacts.len() == snapshot.artifacts.len()
        && record.continues.len() == before.len()
        && snapshot.artifacts.iter().all(|artifact| {
            record
                .artifacts
                .iter()
                .any(|written| is_same_object(written, &artifact.meta))
        })
        && record
            .continues
            .iter()
            .zip(before)
            .all(|(written, before)| {
                let mut artifacts = before.artifacts.iter();
                artifacts.all(|artifact| is_same_object(written, &artifact.meta))
            })
}

/// The version decides where both know it; else the entity tag; else the time of the last change.
fn is_same_object(written: &ArtifactEvidence, listed: &ObjectMeta) -> bool {
    written.key == listed.key.as_str()
        && written.size_bytes == listed.size_bytes
        && match (
            &written.version_id,
            &listed.version_id,
            &written.etag,
            &listed.etag,
        ) {
            (Some(written), Some(listed), ..) | (_, _, Some(written), Some(listed)) => {
                written == listed
            }
            _ => written.modified_at == listed.modified_at,
        }
}

fn same_objects(one: &SnapshotEvidence, other: &SnapshotEvidence) -> bool {
    let objects = |it: &SnapshotEvidence| {
        let objects = it.continues.iter().chain(&it.artifacts);
        objects
            .map(|it| (it.key.clone(), it.version_id.clone(), it.etag.clone()))
            .collect::<Vec<_>>()
    };
    one.id == other.id && objects(one) == objects(other)
}
