//! When each source is looked at next. Pure: it holds times, and reads no clock.
//!
//! Whatever goes wrong with a source holds up no other.

use std::{collections::BTreeMap, time::Duration};

use catalog::model::SourceName;
use jiff::Timestamp;

use crate::plan::doubled;

/// The first pause after something could not be done, and the least between two verifications of
/// one source, so that no mistake of ours becomes a busy loop: as often as cron can ask.
const PAUSE_FIRST: Duration = Duration::from_mins(1);

/// The longest pause between two tries: an outage that is over is noticed within the hour.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// When to look at which source.
#[derive(Debug)]
pub(super) struct Agenda(BTreeMap<SourceName, Entry>);

#[derive(Debug)]
struct Entry {
    look_at: Timestamp,
    /// Not verified before, whatever a look says.
    rests_until: Timestamp,
    /// In a row: looks that saw nothing.
    missed: usize,
    /// In a row: verifications that left no record.
    lost: usize,
    /// The last verification of it, whether or not it left a record.
    ended_at: Option<Timestamp>,
}

impl Agenda {
    /// Looks at all of them at once.
    pub(super) fn new(sources: impl IntoIterator<Item = SourceName>, now: Timestamp) -> Self {
        let entry = |_: &SourceName| Entry {
            look_at: now,
            rests_until: Timestamp::MIN,
            missed: 0,
            lost: 0,
            ended_at: None,
        };
        let sources = sources.into_iter();
        Self(sources.map(|name| (name.clone(), entry(&name))).collect())
    }

    /// The same for these sources; when they were verified last is not forgotten.
    pub(super) fn anew(
        &self,
        sources: impl IntoIterator<Item = SourceName>,
        now: Timestamp,
    ) -> Self {
        let mut next = Self::new(sources, now);
        for (name, entry) in &mut next.0 {
            entry.ended_at = self.ended_at(name).map(|at| at.min(now));
        }
        next
    }

    /// When a verification of it ended last, as far as this program saw one.
    pub(super) fn ended_at(&self, name: &SourceName) -> Option<Timestamp> {
        self.0.get(name)?.ended_at
    }

    /// Those to look at now, but for the ones that are busy.
    pub(super) fn now(
        &self,
        now: Timestamp,
        busy: impl Fn(&SourceName) -> bool,
    ) -> Vec<SourceName> {
        let free = self.0.iter().filter(|(name, _)| !busy(name));
        let due = free.filter(|(_, entry)| entry.look_at <= now);
        due.map(|(name, _)| name.clone()).collect()
    }

    /// When the next of those that are not busy is to be looked at.
    pub(super) fn next(&self, busy: impl Fn(&SourceName) -> bool) -> Option<Timestamp> {
        let free = self.0.iter().filter(|(name, _)| !busy(name));
        free.map(|(_, entry)| entry.look_at).min()
    }

    /// It was seen, and is looked at again then.
    pub(super) fn looked(&mut self, name: &SourceName, again_at: Timestamp) {
        self.change(name, |entry| {
            entry.missed = 0;
            entry.look_at = again_at.max(entry.rests_until);
        });
    }

    /// It could not be seen.
    pub(super) fn missed(&mut self, name: &SourceName, now: Timestamp) {
        self.change(name, |entry| {
            entry.missed += 1;
            entry.look_at = after(now, doubled(PAUSE_FIRST, entry.missed, PAUSE_MAX));
        });
    }

    /// Whether it may be verified again.
    pub(super) fn is_rested(&self, name: &SourceName, now: Timestamp) -> bool {
        let entry = self.0.get(name);
        entry.is_some_and(|entry| entry.rests_until <= now)
    }

    /// A verification of it ended, with a record or without.
    pub(super) fn ran(&mut self, name: &SourceName, is_written: bool, now: Timestamp) {
        self.change(name, |entry| {
            entry.lost = if is_written { 0 } else { entry.lost + 1 };
            entry.rests_until = after(now, doubled(PAUSE_FIRST, entry.lost, PAUSE_MAX));
            entry.look_at = entry.rests_until;
            entry.ended_at = Some(now);
        });
    }

    /// One that a reload took away is nobody's.
    fn change(&mut self, name: &SourceName, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.0.get_mut(name) {
            change(entry);
        }
    }
}

fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + minute.minutes()
    }

    fn name(name: &str) -> SourceName {
        SourceName::new(name).expect("a name")
    }

    fn agenda() -> Agenda {
        Agenda::new([name("a"), name("b")], at(0))
    }

    #[test]
    fn everything_is_looked_at_first_and_each_then_at_its_time() {
        let mut agenda = agenda();
        assert_eq!(agenda.now(at(0), |_| false).len(), 2);
        agenda.looked(&name("a"), at(5));
        agenda.looked(&name("b"), at(9));
        assert!(agenda.now(at(4), |_| false).is_empty());
        assert_eq!(agenda.next(|_| false), Some(at(5)));
        assert_eq!(agenda.next(|it| *it == name("a")), Some(at(9)));
        assert_eq!(agenda.now(at(9), |it| *it == name("a")), [name("b")]);
    }

    #[test]
    fn what_cannot_be_seen_is_tried_ever_later_and_holds_up_no_other() {
        let mut agenda = agenda();
        let (mut now, mut pauses) = (0, Vec::new());
        for _ in 0..9 {
            agenda.looked(&name("b"), at(100_000));
            agenda.missed(&name("a"), at(now));
            let next = agenda.next(|_| false).expect("one is there");
            let minutes = next.duration_since(at(now)).as_mins();
            pauses.push(minutes);
            now += minutes;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        agenda.looked(&name("a"), at(now));
        agenda.missed(&name("a"), at(now));
        assert_eq!(agenda.next(|_| false), Some(at(now + 1)));
    }

    #[test]
    fn a_source_rests_after_a_verification_and_longer_where_no_record_was_left() {
        let mut agenda = agenda();
        assert!(agenda.is_rested(&name("a"), at(0)));
        agenda.ran(&name("a"), true, at(10));
        agenda.looked(&name("a"), at(0));
        assert_eq!(agenda.now(at(10), |_| false), [name("b")]);
        assert!(!agenda.is_rested(&name("a"), at(10)));
        assert!(agenda.is_rested(&name("a"), at(11)));
        for (lost, rests) in [(1, 1), (2, 2), (3, 4)] {
            agenda.ran(&name("a"), false, at(20));
            assert!(!agenda.is_rested(&name("a"), at(20 + rests - 1)), "{lost}");
            assert!(agenda.is_rested(&name("a"), at(20 + rests)), "{lost}");
        }
        agenda.ran(&name("a"), true, at(30));
        assert!(agenda.is_rested(&name("a"), at(31)));
    }

    #[test]
    fn the_end_of_a_verification_is_remembered_whatever_it_left_and_through_reloads() {
        let mut agenda = agenda();
        assert_eq!(agenda.ended_at(&name("a")), None);
        agenda.ran(&name("a"), false, at(10));
        assert_eq!(agenda.ended_at(&name("a")), Some(at(10)));
        let set_back = agenda.anew([name("a"), name("c")], at(5));
        assert_eq!(set_back.ended_at(&name("a")), Some(at(5)));
        assert_eq!(set_back.ended_at(&name("c")), None);
    }

    #[test]
    fn a_source_that_is_gone_is_nobodys() {
        let mut agenda = agenda();
        agenda.ran(&name("c"), true, at(0));
        assert!(!agenda.is_rested(&name("c"), at(0)));
        assert_eq!(Agenda::new([], at(0)).next(|_| false), None);
    }
}
