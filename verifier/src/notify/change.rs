//! What people are told of a source. Pure: what a receiver was told and what stands now go in, the
//! kind of a message comes out. A message that did not arrive is so made up for, whatever happened
//! in between.

use std::time::Duration;

use catalog::{
    config::NoticeKind,
    ledger::{Proofs, Reason, Verdict, Verification},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The part of a source's state that messages follow; concerns follow the same functions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// True if there is nothing that people must know.
    pub const fn is_well(self) -> bool {
        self.failed.is_none() && !self.inconclusive
    }

    /// Returns the kind of message about a source that stands so, of which a receiver was told
    /// `told`; `None` if there is nothing new to tell.
    ///
    /// | told | now | message |
    /// |---|---|---|
    /// | no failure, or one of another reason | a failure stands | `failed` |
    /// | a failure, but all was well in between | a failure stands | `failed` |
    /// | that somebody knew | no failure, and nobody knows | `inconclusive` |
    /// | that nobody knew, but all was well in between | the same | `inconclusive` |
    /// | a failure, or nobody knew | well, by a proof since then | `recovered` |
    /// | well, but it was not in between | well, by a proof since then | `recovered` |
    /// | well | well, and the newest run verified | `verified` |
    /// | else | | none |
    pub fn after(self, told: Self, news: News) -> Option<NoticeKind> {
        if self.failed.is_some() {
            let is_new = self.failed != told.failed || news.was_well;
            return is_new.then_some(NoticeKind::Failed);
        }
        if self.inconclusive {
            let is_new = !told.inconclusive || news.was_well;
            return is_new.then_some(NoticeKind::Inconclusive);
        }
        let was_well = told.is_well() && news.worst.is_none();
        match (was_well, news.is_proven) {
            (true, true) if news.is_newest_verified => Some(NoticeKind::Verified),
            (false, true) => Some(NoticeKind::Recovered),
            _ => None,
        }
    }
}

/// What happened to a source since a receiver was last told of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    /// True if a snapshot was verified, or accepted by a person.
    pub is_proven: bool,
    /// True if the newest run verified a snapshot.
    pub is_newest_verified: bool,
    /// True if all was well in between.
    pub was_well: bool,
    /// A state in between in which the source was not well, of which the receiver was not told.
    pub worst: Option<ToldState>,
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
    const NOTHING: News = News {
        is_proven: false,
        is_newest_verified: false,
        was_well: false,
        worst: None,
    };
    const VERIFIED: News = News {
        is_proven: true,
        is_newest_verified: true,
        was_well: false,
        worst: None,
    };
    const ACCEPTED: News = News {
        is_newest_verified: false,
        ..VERIFIED
    };

    fn failed(reason: Reason) -> ToldState {
        ToldState {
            failed: Some(reason),
            ..WELL
        }
    }

    #[test]
    fn only_a_change_is_told_and_only_a_proof_takes_it_back() {
        use NoticeKind::{Failed, Inconclusive, Recovered, Verified};
        let check = |told: ToldState, now: ToldState, news, expected: Option<NoticeKind>| {
            assert_eq!(now.after(told, news), expected, "{told:?} {now:?} {news:?}");
        };
        let damaged = failed(Reason::Damaged);
        check(WELL, WELL, NOTHING, None);
        check(WELL, WELL, VERIFIED, Some(Verified));
        check(WELL, WELL, ACCEPTED, None);
        check(WELL, damaged, NOTHING, Some(Failed));
        check(damaged, damaged, NOTHING, None);
        check(damaged, damaged, VERIFIED, None);
        let was_well = News {
            was_well: true,
            ..NOTHING
        };
        check(damaged, damaged, was_well, Some(Failed));
        check(UNKNOWN, UNKNOWN, was_well, Some(Inconclusive));
        let other = failed(Reason::Expectation);
        check(damaged, other, NOTHING, Some(Failed));
        check(damaged, WELL, VERIFIED, Some(Recovered));
        check(damaged, WELL, ACCEPTED, Some(Recovered));
        check(damaged, WELL, NOTHING, None);
        check(WELL, UNKNOWN, NOTHING, Some(Inconclusive));
        check(UNKNOWN, UNKNOWN, NOTHING, None);
        check(UNKNOWN, WELL, VERIFIED, Some(Recovered));
        check(UNKNOWN, WELL, NOTHING, None);
        check(UNKNOWN, damaged, NOTHING, Some(Failed));
        check(damaged, UNKNOWN, NOTHING, Some(Inconclusive));
    }

    #[test]
    fn a_failure_that_nobody_was_told_of_is_told_with_its_end() {
        let news = News {
            worst: Some(failed(Reason::Damaged)),
            ..VERIFIED
        };
        assert_eq!(WELL.after(WELL, news), Some(NoticeKind::Recovered));
        // Without a proof the end is none yet.
        let unproven = News {
            is_proven: false,
            ..news
        };
        assert_eq!(WELL.after(WELL, unproven), None);
    }
}
