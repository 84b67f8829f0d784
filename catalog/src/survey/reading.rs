//! Reader of the heads and manifests of listed snapshots: each is read once while it lies there.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use jiff::Timestamp;

use super::{
    known::{Described, KnownSnapshot, KnownSnapshots, Unknown, place},
    source::{CONCURRENT, SurveySource},
};
use crate::{
    format::{Format, HEAD_MAX, Settings, TAIL, wrapper},
    grouping::Group,
    manifest::{Manifest, ManifestError, SIZE_MAX},
    model::{Pin, SnapshotFacts, Unread},
    storage::{Storage, StorageError, StorageReason},
};

/// Largest number of snapshots of one source whose heads are read: the newest ones. An older
/// snapshot is dated by evidence, name or modification, unless an earlier survey read its head.
pub const HEADS_MAX: usize = 512;

/// The snapshots of one source with what was read of them.
#[derive(Debug)]
pub(super) struct Heads {
    pub(super) groups: Vec<(Group, Described)>,
    pub(super) duplicates: u64,
}

/// Reads the head of one object and returns its facts: for callers that need an object whose head
/// no survey read. Errs if the head cannot be read.
pub async fn describe_object(
    storage: &dyn Storage,
    pin: &Pin,
    format: &dyn Format,
    settings: &Settings,
) -> Result<SnapshotFacts, StorageError> {
    let end = pin.size_bytes.min(format.head_bytes());
    let head = storage.read(pin, 0..end).await?;
    Ok(format.describe(&[head], settings))
}

/// Number of heads of one source that could not be read, by reason.
pub(super) type UnreadHeads = BTreeMap<Unread, u64>;

/// Reads the heads, manifests and ends of a source that are not known. `listed`: its snapshots and
/// duplicates, or why it was not wholly seen.
pub(super) async fn read_source(
    storage: &dyn Storage,
    source: &SurveySource,
    listed: Result<(Vec<Group>, u64), String>,
    known: &mut KnownSnapshots,
    now: Timestamp,
) -> (Result<Heads, String>, UnreadHeads) {
    let (groups, duplicates) = match listed {
        Ok(listed) => listed,
        Err(error) => return (Err(error), UnreadHeads::new()),
    };
    let reader = Reader {
        storage,
        source,
        now,
        broken: AtomicBool::new(false),
        unread: Mutex::default(),
    };
    let groups = reader.read(groups, known).await;
    let unread = reader.unread.into_inner();
    (
        groups.map(|groups| Heads { groups, duplicates }),
        unread.unwrap_or_else(PoisonError::into_inner),
    )
}

/// Returns the label under which a reason is counted.
pub(super) fn unread(reason: StorageReason) -> Unread {
    match reason {
        StorageReason::AccessDenied => Unread::AccessDenied,
        StorageReason::KeyDenied => Unread::KeyDenied,
        StorageReason::Archived => Unread::Archived,
        StorageReason::Replaced => Unread::Replaced,
        _ => Unread::Unanswered,
    }
}

/// Why one head says nothing.
#[derive(Debug)]
enum Silence {
    /// The object was deleted since it was listed.
    Gone,
    /// The content was replaced or may not be read: the other witnesses will do.
    Unreadable,
    /// The store failed: the source was not wholly seen.
    Broken(StorageError),
}

/// Reader of the heads and manifests of one source.
struct Reader<'a> {
    storage: &'a dyn Storage,
    source: &'a SurveySource,
    now: Timestamp,
    /// Set by the first failure, so that a store that hangs is not asked hundreds of times.
    broken: AtomicBool,
    unread: Mutex<UnreadHeads>,
}

impl Reader<'_> {
    /// Reads what is not known of these snapshots, newest first, into `known`.
    async fn read(
        &self,
        groups: Vec<Group>,
        known: &mut KnownSnapshots,
    ) -> Result<Vec<(Group, Described)>, String> {
        let grows = self.storage.grows();
        let nothing = KnownSnapshot::default();
        let mut asked = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let mut its = place(group).and_then(|place| known.get_mut(&place));
            if let Some(its) = &mut its {
                its.meet(group);
            }
            if index >= HEADS_MAX {
                continue;
            }
            let its = its.as_deref().unwrap_or(&nothing);
            let unknown = its.unknown(group, self.source, grows, self.now);
            if !unknown.is_nothing() {
                // A box, because through a closure the compiler cannot see that the future is
                // `Send`.
                let learning = self.learn(group, unknown);
                asked.push(learning.map(move |learned| (index, learned)).boxed());
            }
        }
        let mut answers = stream::iter(asked).buffered(CONCURRENT);
        let mut silent = BTreeMap::new();
        let mut failure = None;
        while let Some((index, learned)) = answers.next().await {
            let group = &groups[index];
            match learned {
                Ok(learned) => {
                    if let Some(place) = place(group) {
                        let its = known.entry(place).or_default();
                        its.learn(learned);
                        its.meet(group);
                    }
                }
                Err(Silence::Broken(error)) => failure = failure.or(Some(error)),
                Err(silence) => drop(silent.insert(index, silence)),
            }
        }
        drop(answers);
        if let Some(error) = failure {
            return Err(format!("{error}\nhint: {}", error.hint));
        }
        let mut all = Vec::with_capacity(groups.len());
        for (index, group) in groups.into_iter().enumerate() {
            let described = match silent.get(&index) {
                Some(Silence::Gone) => continue,
                Some(_) => Described::nothing(grows),
                None => {
                    let its = place(&group).and_then(|place| known.get(&place));
                    its.unwrap_or(&nothing).described(&group, grows)
                }
            };
            all.push((group, described));
        }
        Ok(all)
    }

    /// Reads what is not known of a snapshot; a part that may not be read stays unknown.
    async fn learn(&self, group: &Group, unknown: Unknown) -> Result<KnownSnapshot, Silence> {
        let mut learned = KnownSnapshot::default();
        for pin in unknown.manifests {
            if let Some(manifest) = self.manifest(&pin).await? {
                learned.manifests.push((pin, manifest));
            }
        }
        if unknown.heads {
            let pins = group.artifacts.iter().map(|artifact| artifact.meta.pin());
            let pins: Vec<Pin> = pins.collect();
            let facts = self.facts(&pins).await?;
            learned.facts = facts.map(|facts| (pins, facts));
        }
        for pin in unknown.ends {
            match self.end(&pin).await {
                Ok(end) => learned.ends.push((pin, end)),
                // The file changed or may not be read: an end that nobody saw counts as missing.
                Err(Silence::Unreadable) => {}
                Err(silence) => return Err(silence),
            }
        }
        Ok(learned)
    }

    /// True if the file has its end. `None` if its format cannot tell, or if the file is wrapped.
    async fn end(&self, pin: &Pin) -> Result<Option<bool>, Silence> {
        if wrapper::is_wrapped(&self.head(pin, TAIL).await?) {
            return Ok(None);
        }
        let from = pin.size_bytes.saturating_sub(TAIL);
        let tail = self.read_range(pin, from..pin.size_bytes).await?;
        Ok(self.source.format.end(&tail))
    }

    /// Reads the heads of all artifacts of a snapshot; `None` if one could not be read.
    async fn facts(&self, pins: &[Pin]) -> Result<Option<SnapshotFacts>, Silence> {
        let format = self.source.format;
        let mut heads = Vec::with_capacity(pins.len());
        for pin in pins {
            match self.head(pin, format.head_bytes().min(HEAD_MAX)).await {
                Ok(head) => heads.push(head),
                Err(Silence::Unreadable) => return Ok(None),
                Err(silence) => return Err(silence),
            }
        }
        Ok(Some(format.describe(&heads, &self.source.settings)))
    }

    /// Reads one manifest: `Some(None)` if the object is none, `None` if it was not read this time.
    async fn manifest(&self, pin: &Pin) -> Result<Option<Option<Manifest>>, Silence> {
        let parsed = if pin.size_bytes > SIZE_MAX {
            Err(ManifestError::Size(pin.size_bytes))
        } else {
            match self.head(pin, SIZE_MAX).await {
                Ok(text) => Manifest::parse(&text),
                Err(Silence::Gone | Silence::Unreadable) => return Ok(None),
                Err(silence) => return Err(silence),
            }
        };
        if let Err(error) = &parsed {
            let (source, key) = (&self.source.name, pin.key.as_str());
            tracing::warn!(%source, ?key, %error, "a manifest says nothing");
        }
        Ok(Some(parsed.ok()))
    }

    async fn head(&self, pin: &Pin, most: u64) -> Result<Bytes, Silence> {
        self.read_range(pin, 0..most.min(pin.size_bytes)).await
    }

    async fn read_range(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, Silence> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if self.broken.load(Ordering::Relaxed) {
            return Err(Silence::Unreadable);
        }
        self.storage.read(pin, range).await.map_err(|error| {
            let (source, key) = (&self.source.name, pin.key.as_str());
            tracing::debug!(%source, ?key, %error, "a head was not read");
            if error.reason != StorageReason::NotFound {
                let mut counts = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
                *counts.entry(unread(error.reason)).or_default() += 1;
            }
            match error.reason {
                StorageReason::NotFound => Silence::Gone,
                StorageReason::Replaced
                | StorageReason::AccessDenied
                | StorageReason::KeyDenied
                | StorageReason::Archived => Silence::Unreadable,
                _ => {
                    self.broken.store(true, Ordering::Relaxed);
                    Silence::Broken(error)
                }
            }
        })
    }
}
