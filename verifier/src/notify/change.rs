//! Which change of a source people are told of. Pure: two states go in, the kind of a message comes
//! out.

use std::time::Duration;

use catalog::{
    config::NoticeKind,
    ledger::{Proofs, Reason, Verdict, Verification},
};
use jiff::Timestamp;

/// The part of a source's state that messages follow; concerns follow the same functions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ToldState {
    /// Reason of the failure that stands.
    pub failed: Option<Reason>,
    /// True if people are told that nobody knows whether the source can be recovered.
    pub inconclusive: bool,
    /// Since when the source is not well; `None` if it is.
    pub since: Option<Timestamp>,
}

impl ToldState {
    /// The standing of a source. `after` and `promised` are as of
    /// [`ProofRow::is_told`](catalog::ledger::ProofRow::is_told).
    pub fn of(proofs: &Proofs, after: usize, promised: Duration, now: Timestamp) -> Self {
        let failed = proofs.failed();
        let inconclusive = proofs.row.is_told(after, promised, now);
        let unknown = proofs.row.since.filter(|_| inconclusive);
        Self {
            failed: failed.and_then(|run| run.reason),
            inconclusive,
            since: failed.map(|run| run.ended_at).or(unknown),
        }
    }

    /// The standing that a run alone makes, if it could not be written down.
    pub fn unrecorded(run: &Verification) -> Self {
        Self {
            failed: run.reason.filter(|_| run.verdict == Verdict::Failed),
            inconclusive: run.verdict == Verdict::Inconclusive,
            since: (run.verdict != Verdict::Verified).then_some(run.ended_at),
        }
    }

    /// Returns the kind of message about a run with this verdict, which ended between `before` and
    /// `self`; `None` if nothing changed.
    ///
    /// | before | now | message |
    /// |---|---|---|
    /// | no failure, or one of another reason | a failure stands | `failed` |
    /// | not told | no failure, and nobody knows | `inconclusive` |
    /// | a failure, or nobody knew | neither, by a run that verified | `recovered` |
    /// | well | well, by a run that verified | `verified` |
    /// | else | | none |
    pub fn since_then(self, before: Self, verdict: Verdict) -> Option<NoticeKind> {
        let is_well = |it: Self| it.failed.is_none() && !it.inconclusive;
        if self.failed.is_some() {
            return (self.failed != before.failed).then_some(NoticeKind::Failed);
        }
        if self.inconclusive {
            return (!before.inconclusive).then_some(NoticeKind::Inconclusive);
        }
        match verdict {
            Verdict::Verified if is_well(before) => Some(NoticeKind::Verified),
            Verdict::Verified => Some(NoticeKind::Recovered),
            Verdict::Failed | Verdict::Inconclusive => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: ToldState = ToldState {
        failed: None,
        inconclusive: false,
        since: None,
    };
    const UNKNOWN: ToldState = ToldState {
        inconclusive: true,
        ..WELL
    };

    fn failed(reason: Reason) -> ToldState {
        ToldState {
            failed: Some(reason),
            ..WELL
        }
    }

    #[test]
    fn only_a_change_is_told_and_only_a_proof_takes_it_back() {
        use Verdict::{Failed, Inconclusive, Verified};
        let check = |before: ToldState, now: ToldState, verdict, expected: Option<NoticeKind>| {
            let told = now.since_then(before, verdict);
            assert_eq!(told, expected, "{before:?} {now:?} {verdict:?}");
        };
        let damaged = failed(Reason::Damaged);
        check(WELL, WELL, Verified, Some(NoticeKind::Verified));
        check(WELL, damaged, Failed, Some(NoticeKind::Failed));
        check(damaged, damaged, Failed, None);
        check(damaged, damaged, Inconclusive, None);
        let other = failed(Reason::Expectation);
        check(damaged, other, Failed, Some(NoticeKind::Failed));
        check(damaged, WELL, Verified, Some(NoticeKind::Recovered));
        // Accepted by a person, then tried in vain: nothing was proven.
        check(damaged, WELL, Inconclusive, None);
        check(WELL, WELL, Inconclusive, None);
        check(WELL, UNKNOWN, Inconclusive, Some(NoticeKind::Inconclusive));
        check(UNKNOWN, UNKNOWN, Inconclusive, None);
        check(UNKNOWN, WELL, Verified, Some(NoticeKind::Recovered));
        check(UNKNOWN, damaged, Failed, Some(NoticeKind::Failed));
        check(
            damaged,
            UNKNOWN,
            Inconclusive,
            Some(NoticeKind::Inconclusive),
        );
    }
}
