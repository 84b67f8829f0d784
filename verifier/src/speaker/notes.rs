//! Notes of delivered messages, beside the records:
//!
//! | path below the evidence | says |
//! |---|---|
//! | `.notices/<receiver>/<source>/<record>.json` | how the source stood as of that record |
//! | `.notices/<receiver>/<source>/<record>.r<n>.json` | the same, of the n-th reminder |
//! | `.notices/<receiver>/.troubles/<n>.json` | every trouble that was told and stands |
//! | `.notices/<receiver>/.digest/<slot>.json` | that the digest of this slot was sent |
//! | `.notices/<receiver>/.drill.<name>/<time>.json` | that the drill of this time was told |

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    ledger::{LedgerError, RecordWriter, ReservedEntry, ReservedPath},
    model::{DrillName, SourceName},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    console::Refusal,
    notify::{
        compose::Trouble,
        told::{Tell, Told},
    },
    world::World,
};

/// Notes that are read at once.
const READ_AT_ONCE: usize = 16;

/// Beginning of the directory of the notes of a drill.
const DRILL: &str = ".drill.";

/// Notes of a kind that has no records that are kept.
const KEPT: usize = 2;

/// The notes of one place of evidence.
#[derive(Debug, Clone)]
pub(super) struct Notes(Arc<dyn RecordWriter>);

/// What one receiver was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReceiverNotes {
    /// By source, the last message.
    pub(crate) told: BTreeMap<SourceName, Told>,
    /// The troubles that stood after the last message about troubles.
    pub(crate) troubles: Vec<Trouble>,
    /// The last slot of the digest that was sent.
    pub(crate) digest: Option<String>,
    /// By drill, the time of the last one that was told.
    pub(crate) drills: BTreeMap<DrillName, String>,
}

/// Reads what a receiver was told; errs if the place of the evidence takes longer than a survey
/// may.
pub(crate) async fn read(world: &World, receiver: &str) -> Result<ReceiverNotes, Refusal> {
    let notes = Notes::of(world)?;
    let reading = notes.read(receiver);
    Ok(world.in_time("its notes were not read", reading).await??)
}

/// Notes that a receiver was told of a source, if what it was told lies in the records.
pub(crate) async fn note(
    world: &World,
    receiver: &str,
    source: &SourceName,
    tell: &Tell,
) -> Result<(), Refusal> {
    if !tell.is_recorded {
        return Ok(());
    }
    let notes = Notes::of(world)?;
    let noting = notes.write_told(receiver, source, &tell.told, tell.first);
    Ok(world.in_time("it was not noted", noting).await??)
}

impl Notes {
    pub(super) const fn new(evidence: Arc<dyn RecordWriter>) -> Self {
        Self(evidence)
    }

    /// The notes beside the records of a world; errs if no evidence is configured.
    pub(super) fn of(world: &World) -> Result<Self, Refusal> {
        Ok(Self::new(Arc::clone(world.evidence()?)))
    }

    /// Reads what a receiver was told. A note that cannot be understood counts as none.
    pub(super) async fn read(&self, receiver: &str) -> Result<ReceiverNotes, LedgerError> {
        let below = directory(receiver, None);
        let prefix = format!("{below}/");
        let mut newest: BTreeMap<String, ReservedEntry> = BTreeMap::new();
        for entry in self.0.list_reserved(&below).await? {
            let path = entry.path.as_str().strip_prefix(&prefix);
            if let Some((of, _)) = path.and_then(|it| it.split_once('/')) {
                newest.insert(of.to_owned(), entry);
            }
        }
        let mut notes = ReceiverNotes::default();
        let reading = stream::iter(newest).map(|(of, entry)| async move {
            let text = self.0.read_reserved(&entry.path).await?;
            Ok::<_, LedgerError>((of, entry, text.unwrap_or_default()))
        });
        let mut reading = reading.buffer_unordered(READ_AT_ONCE);
        while let Some((of, entry, text)) = reading.try_next().await? {
            match of.as_str() {
                ".troubles" => notes.troubles = serde_json::from_str(&text).unwrap_or_default(),
                ".digest" => notes.digest = time(&entry),
                drill if let Some(name) = drill.strip_prefix(DRILL) => {
                    let drill = DrillName::new(name).ok();
                    notes.drills.extend(drill.zip(time(&entry)));
                }
                name => {
                    let told = serde_json::from_str(&text).ok();
                    notes.told.extend(SourceName::new(name).ok().zip(told));
                }
            }
        }
        Ok(notes)
    }

    /// Notes that a receiver was told of a source. Notes of records before `first` are removed, for
    /// those records are pruned.
    pub(super) async fn write_told(
        &self,
        receiver: &str,
        source: &SourceName,
        told: &Told,
        first: u64,
    ) -> Result<(), LedgerError> {
        let directory = directory(receiver, Some(source.as_str()));
        let record = format!("{:08}", told.sequence);
        let listed = self.0.list_reserved(&directory).await?;
        let same = listed
            .iter()
            .filter(|it| it.path.name().starts_with(&record));
        let name = match same.count() {
            0 => format!("{record}.json"),
            reminders => format!("{record}.r{reminders:04}.json"),
        };
        self.write(&directory, &name, told).await?;
        let pruned = listed
            .iter()
            .filter(|it| number(it).is_none_or(|number| number < first));
        for old in pruned {
            self.0.remove_reserved(&old.path).await?;
        }
        Ok(())
    }

    /// Notes which troubles stand, of those that a receiver was told of.
    pub(super) async fn write_troubles(
        &self,
        receiver: &str,
        troubles: &[Trouble],
    ) -> Result<(), LedgerError> {
        let directory = directory(receiver, Some(".troubles"));
        let listed = self.0.list_reserved(&directory).await?;
        let next = listed.iter().filter_map(number).max().unwrap_or_default() + 1;
        self.write(&directory, &format!("{next:08}.json"), troubles)
            .await?;
        self.keep(&listed).await
    }

    /// Notes that the digest of a slot was sent.
    pub(super) async fn write_digest(&self, receiver: &str, slot: &str) -> Result<(), LedgerError> {
        self.write_time(receiver, ".digest", slot).await
    }

    /// Notes that a drill was told, by the time that names its news.
    pub(super) async fn write_drill(
        &self,
        receiver: &str,
        drill: &DrillName,
        time: &str,
    ) -> Result<(), LedgerError> {
        let of = format!("{DRILL}{drill}");
        self.write_time(receiver, &of, time).await
    }

    async fn write_time(&self, receiver: &str, of: &str, time: &str) -> Result<(), LedgerError> {
        let directory = directory(receiver, Some(of));
        let listed = self.0.list_reserved(&directory).await?;
        self.write(&directory, &format!("{time}.json"), time)
            .await?;
        self.keep(&listed).await
    }

    /// Removes all but the newest of these notes, behind which another one was written.
    async fn keep(&self, listed: &[ReservedEntry]) -> Result<(), LedgerError> {
        let old = listed.len().saturating_sub(KEPT - 1);
        for old in &listed[..old] {
            self.0.remove_reserved(&old.path).await?;
        }
        Ok(())
    }

    /// Creates a note; another one of the same name says the same.
    async fn write<N: serde::Serialize + ?Sized>(
        &self,
        directory: &ReservedPath,
        name: &str,
        note: &N,
    ) -> Result<(), LedgerError> {
        let path = directory
            .join(name)
            .expect("invariant: made of digits and words");
        let text = serde_json::to_string(note).unwrap_or_default();
        self.0.create_reserved(&path, &text).await.map(drop)
    }
}

/// The directory of the notes of a receiver, or of one thing that it was told of.
fn directory(receiver: &str, of: Option<&str>) -> ReservedPath {
    let below = of.map(|of| format!("/{of}")).unwrap_or_default();
    let path = ReservedPath::new(format!(".notices/{receiver}{below}"));
    path.expect("invariant: names of receivers and sources are parts of paths")
}

/// The time that a note is named by.
fn time(note: &ReservedEntry) -> Option<String> {
    note.path.name().strip_suffix(".json").map(Into::into)
}

/// The number that a note is named by.
fn number(note: &ReservedEntry) -> Option<u64> {
    note.path.name().split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use catalog::{
        ledger::{MemoryRecords, Reason, ReservedReader as _, fixtures},
        model::SourceName,
    };

    use super::*;
    use crate::notify::change::ToldState;

    fn told(sequence: u64) -> Told {
        let state = ToldState {
            failed: Some(Reason::Damaged),
            ..ToldState::default()
        };
        Told {
            sequence,
            state,
            at: Some(fixtures::at("12:00:00")),
            unrecorded: None,
        }
    }

    #[tokio::test]
    async fn what_was_noted_is_read_back_and_what_is_pruned_is_gone() {
        let records = MemoryRecords::default();
        let notes = Notes::new(Arc::new(records.clone()));
        let cache = fixtures::cache();
        for (sequence, first) in [(3, 1), (5, 1), (5, 1), (9, 5)] {
            let told = told(sequence);
            let written = notes.write_told("slack", &cache, &told, first).await;
            written.expect("written");
        }
        let other = SourceName::new("other").expect("a name");
        let of_other = told(1);
        let written = notes.write_told("slack-2", &other, &of_other, 1).await;
        written.expect("written");
        let trouble = Trouble {
            of: "cache".into(),
            what: "its repository could not be surveyed".into(),
            why: "gone".into(),
            since: fixtures::at("11:00:00"),
        };
        for troubles in [&[][..], from_ref(&trouble), &[], from_ref(&trouble)] {
            notes
                .write_troubles("slack", troubles)
                .await
                .expect("written");
        }
        for slot in ["20261129T080000", "20261130T080000"] {
            notes.write_digest("slack", slot).await.expect("written");
        }
        let drill = DrillName::new("full").expect("a name");
        for time in ["20261101T030000Z", "20261201T030000Z"] {
            let written = notes.write_drill("slack", &drill, time).await;
            written.expect("written");
        }
        let read = notes.read("slack").await.expect("read");
        let drills = [(drill, "20261201T030000Z".to_owned())];
        assert_eq!(read.drills, BTreeMap::from(drills));
        assert_eq!(read.told, BTreeMap::from([(cache, told(9))]));
        assert_eq!(read.troubles, [trouble]);
        assert_eq!(read.digest.as_deref(), Some("20261130T080000"));
        let root = ReservedPath::new(".notices").expect("a path");
        let all = records.list_reserved(&root).await.expect("listed");
        let all: Vec<_> = all.iter().map(|it| it.path.as_str()).collect();
        let expected = [
            ".notices/slack-2/other/00000001.json",
            ".notices/slack/.digest/20261129T080000.json",
            ".notices/slack/.digest/20261130T080000.json",
            ".notices/slack/.drill.full/20261101T030000Z.json",
            ".notices/slack/.drill.full/20261201T030000Z.json",
            ".notices/slack/.troubles/00000003.json",
            ".notices/slack/.troubles/00000004.json",
            ".notices/slack/cache/00000005.json",
            ".notices/slack/cache/00000005.r0001.json",
            ".notices/slack/cache/00000009.json",
        ];
        assert_eq!(all, expected);
    }
}
