//! Where each source stands: when it is looked at next, and what goes on with it. Pure: it holds
//! times, and reads no clock.
//!
//! Whatever goes wrong with a source holds up no other.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use catalog::{ledger::Trigger, model::SourceName};
use jiff::Timestamp;

use super::{opened::OpenedConfig, turn::DrillAsk};
use crate::{carry_out::ChosenSnapshot, plan::pause_after};

/// Every source that expects a proof, and those that left the configuration while they ran.
#[derive(Debug, Default)]
pub(super) struct Standings(BTreeMap<SourceName, Standing>);

/// Where one source stands.
#[derive(Debug)]
pub(super) struct Standing {
    /// The time of the next look; `None`: the source left the configuration.
    look_at: Option<Timestamp>,
    /// The time before which the source is not verified, whatever a look says.
    rests_until: Timestamp,
    /// Looks in a row that saw nothing.
    missed: usize,
    /// Verifications in a row that left no record.
    lost: usize,
    /// The end of the last verification, whether or not it left a record.
    ended_at: Option<Timestamp>,
    /// The end of the last verification of which the last look read a record.
    pub(super) recorded_at: Option<Timestamp>,
    /// The look under way.
    pub(super) look: Option<Freshness>,
    /// A snapshot that is due, until there is room.
    pub(super) waiting: Option<Waiting>,
    /// An attempt of a drill, until there is room.
    drill: Option<DrillAsk>,
    /// The configuration under which the verification under way began.
    pub(super) running: Option<Arc<OpenedConfig>>,
}

/// A snapshot that is due, until there is room.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The time of the look that found it due.
    pub(super) seen_at: Timestamp,
    pub(super) chosen: ChosenSnapshot,
}

/// What a source may do now that there is room.
#[derive(Debug)]
pub(super) enum Turn {
    /// Be verified because that is due.
    Due(Waiting),
    /// Be attempted by a drill.
    Drill(DrillAsk),
}

/// Validity of the result of a look, when the look ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The result holds, as far as is known.
    Fresh,
    /// A verification of the source ended during the look: the result is thrown away.
    Stale,
}

impl Standing {
    fn new(look_at: Option<Timestamp>) -> Self {
        Self {
            look_at,
            rests_until: Timestamp::MIN,
            missed: 0,
            lost: 0,
            ended_at: None,
            recorded_at: None,
            look: None,
            waiting: None,
            drill: None,
            running: None,
        }
    }

    /// True if something goes on that a look would disturb.
    pub(super) fn is_busy(&self) -> bool {
        self.look.is_some() || self.waits() || self.running.is_some()
    }

    /// True if a snapshot waits for room.
    const fn waits(&self) -> bool {
        self.waiting.is_some() || self.drill.is_some()
    }

    /// True if the source may be verified again.
    pub(super) fn is_rested(&self, now: Timestamp) -> bool {
        self.rests_until <= now
    }

    /// The end of the last verification, also of one without a record.
    fn last_run(&self) -> Option<Timestamp> {
        self.recorded_at.max(self.ended_at)
    }

    /// Notes that the source was seen; the next look is at `again_at`, but not before its rest is
    /// over.
    pub(super) fn looked(&mut self, again_at: Timestamp) {
        self.missed = 0;
        self.look_at = Some(again_at.max(self.rests_until));
    }

    /// Notes that the source could not be seen; the next look is after a pause, each longer.
    pub(super) fn missed(&mut self, now: Timestamp) {
        self.missed += 1;
        self.look_at = Some(after(now, pause_after(self.missed)));
    }

    /// Notes that another verifier verifies the source: it rests until `again_at`.
    pub(super) fn is_elsewhere(&mut self, again_at: Timestamp) {
        self.rests_until = again_at;
        self.look_at = Some(again_at);
    }

    /// Notes that a verification of the source ended, with a record or without.
    pub(super) fn ran(&mut self, is_written: bool, now: Timestamp) {
        self.lost = if is_written { 0 } else { self.lost + 1 };
        self.rests_until = after(now, pause_after(self.lost));
        self.look_at = Some(self.rests_until);
        self.ended_at = Some(now);
        // What waited beside a drill may be verified by now; what a person asked for is wanted.
        self.waiting
            .take_if(|it| it.chosen.trigger != Trigger::Manual);
    }
}

impl Standings {
    /// Plans a look at all of these sources at once. The end of their last verifications is not
    /// forgotten, nor what goes on with them.
    pub(super) fn anew(&mut self, sources: impl IntoIterator<Item = SourceName>, now: Timestamp) {
        let listed = sources.into_iter();
        let listed = listed
            .map(|name| (name, Standing::new(Some(now))))
            .collect();
        for (name, before) in std::mem::replace(&mut self.0, listed) {
            if before.running.is_some() || before.drill.is_some() {
                let gone = || Standing::new(None);
                self.0.entry(name.clone()).or_insert_with(gone);
            }
            if let Some(next) = self.0.get_mut(&name) {
                next.ended_at = before.ended_at.map(|at| at.min(now));
                next.recorded_at = before.recorded_at;
                next.look = before.look;
                next.waiting = before.waiting;
                next.drill = before.drill;
                next.running = before.running;
            }
        }
    }

    /// Forgets looks and waits: their outcomes would be of the configuration before. A drill goes
    /// on under the configuration that it began under.
    pub(super) fn forget_looks(&mut self) {
        for standing in self.0.values_mut() {
            standing.look = None;
            standing.waiting = None;
        }
    }

    /// The standing of a source; `None` if the source is not in the configuration.
    pub(super) fn get(&mut self, name: &SourceName) -> Option<&mut Standing> {
        let standing = self.0.get_mut(name);
        standing.filter(|standing| standing.look_at.is_some())
    }

    /// Sources to look at now, but for the busy ones.
    pub(super) fn due(&self, now: Timestamp) -> Vec<SourceName> {
        let due = self.free().filter(|(_, look_at)| *look_at <= now);
        due.map(|(name, _)| name.clone()).collect()
    }

    /// The time of the next look at a source that is not busy.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.free().map(|(_, look_at)| look_at).min()
    }

    fn free(&self) -> impl Iterator<Item = (&SourceName, Timestamp)> {
        let free = self.0.iter().filter(|(_, standing)| !standing.is_busy());
        free.filter_map(|(name, standing)| Some((name, standing.look_at?)))
    }

    /// Sources that wait, in the order of their names.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &SourceName> {
        let waiting = self.0.iter().filter(|(_, it)| it.waits());
        waiting.map(|(name, _)| name)
    }

    /// Lets an attempt of a drill wait for room.
    pub(super) fn wait_for_drill(&mut self, ask: DrillAsk) {
        let name = ask.chosen.source.name.clone();
        // A source that left the configuration is still part of the drill.
        let standing = self.0.entry(name).or_insert_with(|| Standing::new(None));
        standing.drill = Some(ask);
    }

    /// Ends the wait of the source that goes first: it runs from now on. Sources of a drill go
    /// before others, for its time is measured; then the one whose last verification is the
    /// oldest.
    pub(super) fn begin_first(&mut self, under: &Arc<OpenedConfig>) -> Option<(SourceName, Turn)> {
        let free = self.0.iter_mut().filter(|(_, it)| it.running.is_none());
        let waiting = free.filter(|(_, it)| it.waits());
        let (name, first) = waiting.min_by_key(|(_, it)| (it.drill.is_none(), it.last_run()))?;
        let (under, turn) = match first.drill.take() {
            Some(ask) => (&ask.opened.clone(), Turn::Drill(ask)),
            None => (under, Turn::Due(first.waiting.take()?)),
        };
        first.running = Some(Arc::clone(under));
        Some((name.clone(), turn))
    }

    /// How many verifications are under way.
    pub(super) fn running(&self) -> usize {
        let all = self.0.values();
        all.filter(|standing| standing.running.is_some()).count()
    }

    /// Notes that a verification ended, and returns the configuration it began under. A source that
    /// left the configuration is forgotten.
    pub(super) fn end(&mut self, name: &SourceName) -> Option<Arc<OpenedConfig>> {
        let standing = self.0.get_mut(name)?;
        let under = standing.running.take();
        if standing.look_at.is_none() && standing.drill.is_none() {
            self.0.remove(name);
        }
        under
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

    fn standings() -> Standings {
        let mut standings = Standings::default();
        standings.anew([name("a"), name("b")], at(0));
        standings
    }

    fn of<'a>(standings: &'a mut Standings, of: &str) -> &'a mut Standing {
        standings.get(&name(of)).expect("it is configured")
    }

    #[test]
    fn everything_is_looked_at_first_and_each_then_at_its_time() {
        let mut standings = standings();
        assert_eq!(standings.due(at(0)).len(), 2);
        of(&mut standings, "a").looked(at(5));
        of(&mut standings, "b").looked(at(9));
        assert!(standings.due(at(4)).is_empty());
        assert_eq!(standings.next(), Some(at(5)));
        of(&mut standings, "a").look = Some(Freshness::Fresh);
        assert_eq!(standings.next(), Some(at(9)));
        assert_eq!(standings.due(at(9)), [name("b")]);
    }

    #[test]
    fn what_cannot_be_seen_is_tried_ever_later_and_holds_up_no_other() {
        let mut standings = standings();
        let (mut now, mut pauses) = (0, Vec::new());
        for _ in 0..9 {
            of(&mut standings, "b").looked(at(100_000));
            of(&mut standings, "a").missed(at(now));
            let next = standings.next().expect("one is there");
            let minutes = next.duration_since(at(now)).as_mins();
            pauses.push(minutes);
            now += minutes;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        of(&mut standings, "a").looked(at(now));
        of(&mut standings, "a").missed(at(now));
        assert_eq!(standings.next(), Some(at(now + 1)));
    }

    #[test]
    fn a_source_rests_after_a_verification_and_longer_where_no_record_was_left() {
        let mut standings = standings();
        assert!(of(&mut standings, "a").is_rested(at(0)));
        of(&mut standings, "a").ran(true, at(10));
        of(&mut standings, "a").looked(at(0));
        assert_eq!(standings.due(at(10)), [name("b")]);
        assert!(!of(&mut standings, "a").is_rested(at(10)));
        assert!(of(&mut standings, "a").is_rested(at(11)));
        for (lost, rests) in [(1, 1), (2, 2), (3, 4)] {
            of(&mut standings, "a").ran(false, at(20));
            assert!(
                !of(&mut standings, "a").is_rested(at(20 + rests - 1)),
                "{lost}"
            );
            assert!(of(&mut standings, "a").is_rested(at(20 + rests)), "{lost}");
        }
        of(&mut standings, "a").ran(true, at(30));
        assert!(of(&mut standings, "a").is_rested(at(31)));
    }

    #[test]
    fn the_end_of_a_verification_is_remembered_whatever_it_left_and_through_reloads() {
        let mut standings = standings();
        assert_eq!(of(&mut standings, "a").last_run(), None);
        of(&mut standings, "a").ran(false, at(10));
        assert_eq!(of(&mut standings, "a").last_run(), Some(at(10)));
        standings.anew([name("a"), name("c")], at(5));
        assert_eq!(of(&mut standings, "a").last_run(), Some(at(5)));
        assert_eq!(of(&mut standings, "c").last_run(), None);
    }

    #[test]
    fn a_source_that_is_gone_is_nobodys() {
        let mut standings = standings();
        assert!(standings.get(&name("c")).is_none());
        standings.anew([], at(0));
        assert_eq!(standings.next(), None);
        assert!(standings.end(&name("a")).is_none());
    }
}
