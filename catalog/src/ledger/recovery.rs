//! Recovery points that records know of objects: one index for both programs. Pure.

use std::{collections::BTreeMap, sync::OnceLock};

use jiff::Timestamp;

use super::{
    Ledger, SnapshotRecord,
    same::{ByObject, Sameness},
    view::PlacedRecord,
};
use crate::model::{ObjectMeta, SourceName, TakenAtFrom};

/// Recovery points of objects, from records that read them in the bytes themselves or in a
/// manifest. A name or a modification time says no more in a record than it does in a listing.
///
/// It is an index because it is asked once for every snapshot of a survey; that of a source is made
/// when it is asked first.
#[derive(Debug, Default)]
pub struct RecoveryPoints {
    sources: BTreeMap<SourceName, OfSource>,
    now: Timestamp,
}

/// Recovery points of the objects of one source.
#[derive(Debug)]
struct OfSource {
    ledger: Ledger,
    index: OnceLock<Index>,
}

/// A record that dates an object, and the number of the object among its artifacts.
type Index = ByObject<(PlacedRecord, usize)>;

impl RecoveryPoints {
    /// Takes these ledgers as of `now`: a record from the future says nothing.
    pub fn new<'a>(ledgers: impl IntoIterator<Item = &'a Ledger>, now: Timestamp) -> Self {
        let known = ledgers.into_iter().filter(|ledger| ledger.dates_objects());
        let of_source = |ledger: &Ledger| OfSource {
            ledger: ledger.clone(),
            index: OnceLock::new(),
        };
        let each = known.map(|ledger| (ledger.source().clone(), of_source(ledger)));
        let sources = each.collect();
        Self { sources, now }
    }

    /// Returns the recovery point that the newest record of exactly this object names; `None` if
    /// there is no such record.
    pub fn of(&self, source: &SourceName, listed: &ObjectMeta) -> Option<Timestamp> {
        let OfSource { ledger, index } = self.sources.get(source)?;
        let index = index.get_or_init(|| made(ledger, self.now));
        let mut records = index
            .of(listed)
            .into_iter()
            .rev()
            .filter_map(|(record, number)| {
                let snapshot = &record.verification()?.snapshot;
                Some((snapshot.artifacts.get(*number)?, snapshot.taken_at))
            });
        records
            .find(|(artifact, _)| artifact.sameness(listed) == Sameness::Same)
            .map(|(_, taken_at)| taken_at)
    }
}

fn made(ledger: &Ledger, now: Timestamp) -> Index {
    let mut index = ByObject::default();
    for record in ledger.past_records(now) {
        let Some(snapshot) = record.verification().map(|run| &run.snapshot) else {
            continue;
        };
        if snapshot.is_dated_by_itself() {
            for (number, artifact) in snapshot.artifacts.iter().enumerate() {
                index.add(artifact, (record.clone(), number));
            }
        }
    }
    index
}

impl SnapshotRecord {
    /// True if the recovery point was read in the objects themselves or in a manifest.
    pub(in crate::ledger) const fn is_dated_by_itself(&self) -> bool {
        matches!(
            self.taken_at_from,
            TakenAtFrom::Content | TakenAtFrom::Manifest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{
            Draft,
            fixtures::{at, cache, sealed, verification},
        },
        model::Key,
    };

    /// Recovery points from records of the snapshot of 04:00, each given as (dated by, dated to),
    /// in the order in which they were written.
    fn points(records: &[(TakenAtFrom, &str)], now: &str) -> RecoveryPoints {
        let mut ledger = Ledger::new(cache());
        let drafts = records.iter().map(|(from, taken_at)| {
            let mut run = verification(at("04:00:00"), None);
            (run.snapshot.taken_at_from, run.snapshot.taken_at) = (*from, at(taken_at));
            Draft::Verification(Box::new(run))
        });
        for (sequence, text) in (1..).zip(sealed(drafts)) {
            ledger.take(sequence, Ok(&text));
        }
        RecoveryPoints::new([&ledger], at(now))
    }

    fn listed() -> ObjectMeta {
        ObjectMeta {
            key: Key::new("redis/20261122-0400.rdb"),
            size_bytes: 1000,
            modified_at: at("04:00:00"),
            etag: Some("tag-20261122-0400".into()),
            version_id: None,
            storage_class: None,
        }
    }

    #[test]
    fn a_record_is_believed_only_of_the_very_same_object() {
        let known = points(&[(TakenAtFrom::Content, "04:00:00")], "12:00:00");
        let check = |name: &str, change: &dyn Fn(&mut ObjectMeta), expected: Option<&str>| {
            let mut listed = listed();
            change(&mut listed);
            let found = known.of(&SourceName::new(name).expect("a name"), &listed);
            assert_eq!(found, expected.map(at), "{listed:?}");
        };
        check("cache", &|_| {}, Some("04:00:00"));
        check("cache", &|it| it.size_bytes = 1001, None);
        check("cache", &|it| it.etag = Some("other".into()), None);
        check("cache", &|it| it.modified_at = at("05:00:00"), None);
        check("cache", &|it| it.key = Key::new("redis/other.rdb"), None);
        check("secrets", &|_| {}, None);
    }

    /// A snapshot whose head a survey cannot read any more (archived, say) is verified by hand and
    /// dated by its record: that later record must not hide the one that read the date.
    #[test]
    fn a_record_dated_by_another_record_hides_none_that_read_the_date() {
        use TakenAtFrom::{Content, Evidence, Modified, Name};
        for later in [Evidence, Name, Modified] {
            let known = points(&[(Content, "03:00:00"), (later, "04:00:00")], "12:00:00");
            assert_eq!(known.of(&cache(), &listed()), Some(at("03:00:00")));
        }
        let again = points(&[(Content, "03:00:00"), (Content, "03:30:00")], "12:00:00");
        assert_eq!(again.of(&cache(), &listed()), Some(at("03:30:00")));
    }

    #[test]
    fn a_record_from_the_future_dates_nothing() {
        let known = points(&[(TakenAtFrom::Content, "04:00:00")], "04:50:00");
        assert_eq!(known.of(&cache(), &listed()), None);
    }
}
