//! Look-backs: runs of an older snapshot after a newer one was tried. They say nothing of their
//! source. Pure.

use jiff::Timestamp;

use super::judged::{Judged, age, verdict};
use crate::ledger::{Verdict, view::Turn};

/// The first runs of the objects that lie there. This is asked about every object, and a ledger may
/// know thousands.
#[derive(Debug)]
pub(super) struct FirstTries(Vec<Try>);

/// The first run of one object; they are kept in the order of their recovery points.
#[derive(Debug)]
struct Try {
    taken_at: Timestamp,
    /// The two earliest places among this run and all first runs of later recovery
    /// points. The second is for an object that must not count its own.
    earliest: [Option<Turn>; 2],
}

impl FirstTries {
    pub(super) fn new(objects: &[Judged]) -> Self {
        let lying = objects.iter().filter(|it| it.place.lies());
        let mut points: Vec<_> = lying.map(|it| age(&it.runs[0])).collect();
        points.sort_unstable();
        let mut earliest = [None; 2];
        let tries = points.into_iter().rev().map(|(taken_at, tried)| {
            let [first, second] = earliest;
            let mut all: Vec<Turn> = [Some(tried), first, second].into_iter().flatten().collect();
            all.sort_unstable();
            earliest = [all.first().copied(), all.get(1).copied()];
            Try { taken_at, earliest }
        });
        let mut tries: Vec<_> = tries.collect();
        tries.reverse();
        Self(tries)
    }

    /// True if a later recovery point that lies there was tried first: before this object was found
    /// bad, or, if it never was, before its last run. Then somebody looked back, and that says
    /// nothing of the source.
    pub(super) fn is_look_back(&self, object: &Judged) -> bool {
        let mut runs = object.runs.iter();
        let failed = runs.find(|it| verdict(it) == Some(Verdict::Failed));
        let (taken_at, turn) = age(failed.unwrap_or_else(|| object.last()));
        let later = self.0.partition_point(|it| it.taken_at <= taken_at);
        let own = object.runs[0].turn;
        let tried = self.0.get(later).map(|it| it.earliest);
        let of_others = tried.into_iter().flatten().flatten().find(|it| *it != own);
        of_others.is_some_and(|tried| tried < turn)
    }
}

#[cfg(test)]
mod tests {
    use std::{array, sync::Arc};

    use super::*;
    use crate::ledger::{
        Draft, Reason, Record,
        fixtures::{at, verification},
        view::{PlacedRecord, proofs::Place},
    };

    /// The same answer, found by asking every other object.
    fn is_look_back(object: &Judged, objects: &[Judged]) -> bool {
        let mut runs = object.runs.iter();
        let failed = runs.find(|it| verdict(it) == Some(Verdict::Failed));
        let (taken_at, turn) = age(failed.unwrap_or_else(|| object.last()));
        let mut later = objects.iter().filter(|it| it.place.lies());
        later.any(|it| {
            let (of_later, tried) = age(&it.runs[0]);
            !std::ptr::eq(it, object) && of_later > taken_at && tried < turn
        })
    }

    /// Record number `sequence`, of an earlier or a later recovery point, good or bad.
    fn record(sequence: u64, is_later: bool, is_bad: bool) -> PlacedRecord {
        let taken_at = at(if is_later { "05:00:00" } else { "04:00:00" });
        let run = verification(taken_at, is_bad.then_some(Reason::Damaged));
        let record = Record {
            sequence,
            previous: None,
            digest: Arc::default(),
            draft: Draft::Verification(Box::new(run)),
        };
        PlacedRecord {
            turn: Turn::new(0, &record),
            record: Arc::new(record),
        }
    }

    /// The objects of a case. Its digits choose kind and object of each of four records, and where
    /// each of the three objects is.
    fn objects(records: &[[PlacedRecord; 4]; 4], case: usize) -> Vec<Judged> {
        let mut rest = case;
        let mut digit = |base| {
            let digit = rest % base;
            rest /= base;
            digit
        };
        let mut runs: [Vec<_>; 3] = array::from_fn(|_| Vec::new());
        for of_number in records {
            runs[digit(3)].push(of_number[digit(4)].clone());
        }
        let mut place = || match digit(2) {
            0 => Place::Gone,
            _ => Place::Unchanged,
        };
        let tried = runs.into_iter().map(|runs| Judged {
            place: place(),
            runs,
            accepted: None,
        });
        tried.filter(|it| !it.runs.is_empty()).collect()
    }

    #[test]
    fn what_is_looked_up_is_what_each_pair_of_objects_says() {
        let records = array::from_fn(|index| {
            array::from_fn(|kind| record(index as u64 + 1, kind & 1 != 0, kind & 2 != 0))
        });
        let mut found = [0; 2];
        for case in 0..12_usize.pow(4) * 8 {
            let objects = objects(&records, case);
            let tries = FirstTries::new(&objects);
            for object in &objects {
                let expected = is_look_back(object, &objects);
                assert_eq!(tries.is_look_back(object), expected, "{objects:#?}");
                found[usize::from(expected)] += 1;
            }
        }
        assert!(found.iter().all(|count| *count > 10_000), "{found:?}");
    }
}
