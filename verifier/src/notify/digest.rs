//! The digest: how all sources stand, once a day, whether or not anything happened. Pure.

use std::{cmp::Reverse, time::Duration};

use catalog::{
    config::Source,
    ledger::{Verdict, anchor},
    model::SourceName,
};
use jiff::{SignedDuration, Timestamp};

use super::told::KnownSource;

/// How long a repair of the evidence is told (facts/alerting.md 3).
const REPAIRS_TOLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Lateness that is allowed where no grace is configured (design §3).
const GRACE: Duration = Duration::from_hours(1);

/// How all sources that expect a proof stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digest {
    /// When it was made.
    pub at: Timestamp,
    /// Sources by the verdict that stands.
    pub counts: Counts,
    /// Sources whose newest complete snapshot is older than the promised recovery point, the
    /// oldest first; `None` is one without any.
    pub late: Vec<(SourceName, Option<Timestamp>)>,
    /// The source whose proof is the oldest, and when it was verified.
    pub oldest_proof: Option<(SourceName, Timestamp)>,
    /// The source that takes longest to recover, and how long.
    pub slowest: Option<(SourceName, Duration)>,
    /// Complete snapshots and their bytes, as stored.
    pub stored: (usize, u64),
    /// Repairs of the evidence in the last 30 days.
    pub repairs: Vec<String>,
    /// Sources that were not looked at: their records are in no head and not in the anchor.
    pub unseen: Vec<SourceName>,
    /// The head of each ledger: source, number, digest.
    pub heads: Vec<(SourceName, u64, String)>,
    /// One digest over all heads; `evidence check --anchor` takes it.
    pub anchor: String,
}

/// Sources by how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The newest recovery point that was tried is verified.
    pub verified: usize,
    /// A failure stands.
    pub failed: usize,
    /// The last run came to no verdict.
    pub inconclusive: usize,
    /// Nothing was ever tried, or the source was not looked at.
    pub untried: usize,
}

impl Counts {
    /// All sources that expect a proof.
    pub const fn all(self) -> usize {
        self.verified + self.failed + self.inconclusive + self.untried
    }
}

impl Digest {
    /// Makes the digest of these sources; what is known of a source is `None` before it was looked
    /// at.
    pub fn of<'a>(
        sources: impl IntoIterator<Item = (&'a Source, Option<KnownSource<'a>>)>,
        now: Timestamp,
    ) -> Self {
        let mut digest = Self {
            at: now,
            ..Self::default()
        };
        let mut ledgers = Vec::new();
        for (source, known) in sources {
            let Some(known) = known else {
                digest.counts.untried += 1;
                digest.unseen.push(source.name.clone());
                continue;
            };
            digest.add(source, &known, now);
            ledgers.push(known.ledger);
        }
        digest.late.sort_unstable_by_key(|(_, taken_at)| *taken_at);
        digest.anchor = anchor(ledgers);
        digest
    }

    fn add(&mut self, source: &Source, known: &KnownSource<'_>, now: Timestamp) {
        let name = || source.name.clone();
        let proofs = known.proofs;
        let verdict = proofs.newest().map(|it| it.verdict);
        match (proofs.failed(), verdict) {
            (Some(_), _) | (_, Some(Verdict::Failed)) => self.counts.failed += 1,
            (None, Some(Verdict::Verified)) => self.counts.verified += 1,
            (None, Some(Verdict::Inconclusive)) => self.counts.inconclusive += 1,
            (None, None) => self.counts.untried += 1,
        }
        let newest = known.inventory.newest_complete().map(|it| it.taken_at);
        if promised(source).is_some_and(|most| is_older(newest, most, now)) {
            self.late.push((name(), newest));
        }
        if let Some(at) = proofs.proven_at {
            let oldest = self.oldest_proof.take().into_iter().chain([(name(), at)]);
            self.oldest_proof = oldest.min_by_key(|(_, at)| *at);
        }
        if let Some(took) = proofs.recovery_time() {
            let slowest = self.slowest.take().into_iter().chain([(name(), took)]);
            self.slowest = slowest.min_by_key(|(_, took)| Reverse(*took));
        }
        for snapshot in known.inventory.whole() {
            self.stored.0 += 1;
            let bytes = snapshot.artifacts.iter().map(|it| it.meta.size_bytes);
            self.stored.1 = bytes.fold(self.stored.1, u64::saturating_add);
        }
        let recent = known.ledger.repairs().map(|it| &it.repair);
        let recent = recent.filter(|it| now.duration_since(it.ended_at) <= REPAIRS_TOLD);
        self.repairs.extend(recent.map(|it| {
            let day = it.ended_at.strftime("%Y-%m-%d");
            format!(
                "{}: repaired on {day} by {}: {}",
                source.name, it.by, it.message
            )
        }));
        if let Some(head) = known.ledger.own_records().next_back() {
            self.heads
                .push((name(), head.sequence, head.digest.to_string()));
        }
    }
}

/// How old the newest snapshot of a source may be; `None` where nothing is promised.
fn promised(source: &Source) -> Option<Duration> {
    let written = source
        .objectives
        .recovery_point
        .map(settings::Duration::as_std);
    let grace = source.grace.map_or(GRACE, settings::Duration::as_std);
    let gap = source
        .schedule
        .as_ref()
        .map(|it| it.longest_gap().as_std() + grace);
    written.or(gap)
}

fn is_older(taken_at: Option<Timestamp>, most: Duration, now: Timestamp) -> bool {
    let age = taken_at.map(|it| now.duration_since(it));
    age.is_none_or(|age| Duration::try_from(age).is_ok_and(|age| age > most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_snapshot_is_late_and_a_young_one_is_not() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().expect("a time");
        let hours = |hours: i64| now - SignedDuration::from_hours(hours);
        let most = Duration::from_hours(26);
        let check = |taken_at, expected| assert_eq!(is_older(taken_at, most, now), expected);
        check(None, true);
        check(Some(hours(27)), true);
        check(Some(hours(26)), false);
        // A snapshot from the future is not late.
        check(Some(hours(-1)), false);
    }
}
