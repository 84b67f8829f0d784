//! Reader of the heads and manifests of listed snapshots: each is read once while it lies there.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
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
    oddities::Oddities,
    source::{CONCURRENT, SurveySource},
};
use crate::{
    format::{Format, HEAD_MAX, Settings, TAIL, wrapper},
    grouping::{Group, Seen},
    manifest::{Manifest, ManifestError, SIZE_MAX},
    model::{Inventory, ObjectMeta, Pin, SnapshotFacts, SourceName, Unread},
    storage::{Storage, StorageError, StorageReason},
};

/// Largest number of snapshots of one source whose heads are read: the newest ones. An older
/// snapshot is dated by evidence, name or modification, unless an earlier survey read its head.
pub const HEADS_MAX: usize = 512;

/// Cache of what surveys of one repository read, by the exact bytes it was read from ([`Pin`]).
///
/// The cache holds only what the last survey met, so it is as large as the repository and no
/// larger.
#[derive(Debug, Default)]
pub struct HeadCache {
    /// Facts by source and artifacts; by source, because its settings decide what a head says.
    facts: HashMap<(SourceName, Vec<Pin>), SnapshotFacts>,
    manifests: HashMap<Pin, Said>,
    /// True if a young file has its end; `None` if that cannot be told.
    ends: HashMap<(SourceName, Pin), Option<bool>>,
    /// Oddities that the last survey warned of.
    warned: Oddities,
}

impl HeadCache {
    fn extend(&mut self, learned: Self) {
        self.facts.extend(learned.facts);
        self.manifests.extend(learned.manifests);
        self.ends.extend(learned.ends);
    }

    /// Warns of each oddity of an inventory that the inventory before did not have.
    pub(super) fn warn(&mut self, inventory: &Inventory) {
        self.warned = Oddities::of(inventory).told(&self.warned, inventory);
    }
}

/// Result of reading a manifest; `None` if the object is no manifest.
#[derive(Debug, Clone)]
struct Said(Option<Manifest>);

/// Facts and manifests that were read of one snapshot.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) facts: SnapshotFacts,
    /// Valid manifests, and the ends of young files.
    pub(super) seen: Seen,
}

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

/// Reads the heads, manifests and ends that the cache does not hold. Returns one entry per source,
/// in order.
pub(super) async fn read_all(
    storage: &dyn Storage,
    sources: &[SurveySource],
    listed: Vec<Result<(Vec<Group>, u64), String>>,
    cache: &mut HeadCache,
    now: Timestamp,
) -> Vec<(Result<Heads, String>, UnreadHeads)> {
    let mut known = mem::take(cache);
    cache.warned = mem::take(&mut known.warned);
    let mut all = Vec::new();
    for (source, listed) in sources.iter().zip(listed) {
        all.push(match listed {
            Ok((groups, duplicates)) => {
                let reader = Reader {
                    storage,
                    source,
                    known: &known,
                    now,
                    broken: AtomicBool::new(false),
                    unread: Mutex::default(),
                };
                let groups = reader.read(groups, cache).await;
                let unread = reader.unread.into_inner();
                (
                    groups.map(|groups| Heads { groups, duplicates }),
                    unread.unwrap_or_else(PoisonError::into_inner),
                )
            }
            Err(error) => (Err(error), UnreadHeads::new()),
        });
    }
    all
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
    known: &'a HeadCache,
    now: Timestamp,
    /// Set by the first failure, so that a store that hangs is not asked hundreds of times.
    broken: AtomicBool,
    unread: Mutex<UnreadHeads>,
}

impl Reader<'_> {
    async fn read(
        &self,
        groups: Vec<Group>,
        cache: &mut HeadCache,
    ) -> Result<Vec<(Group, Described)>, String> {
        let looks = groups.into_iter().enumerate().map(|(index, group)| {
            let may_read = index < HEADS_MAX;
            async move {
                let read = self.describe(&group, may_read).await;
                (group, read)
            }
            .boxed()
        });
        let mut looks = stream::iter(looks).buffered(CONCURRENT);
        let mut described = Vec::new();
        let mut failure = None;
        while let Some((group, read)) = looks.next().await {
            match read {
                Ok((said, learned)) => {
                    cache.extend(learned);
                    described.push((group, said));
                }
                Err(Silence::Gone) => {}
                Err(Silence::Unreadable) => described.push((group, self.nothing_said())),
                Err(Silence::Broken(error)) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) => Err(format!("{error}\nhint: {}", error.hint)),
            None => Ok(described),
        }
    }

    async fn describe(
        &self,
        group: &Group,
        may_read: bool,
    ) -> Result<(Described, HeadCache), Silence> {
        let mut said = self.nothing_said();
        let mut learned = HeadCache::default();
        for (of, meta) in &group.manifests {
            let Some(manifest) = self.manifest(meta, may_read).await? else {
                continue;
            };
            let manifests = &mut said.seen.manifests;
            manifests.extend(manifest.0.clone().map(|manifest| (of.clone(), manifest)));
            learned.manifests.insert(meta.pin(), manifest);
        }
        let pins = group.artifacts.iter().map(|artifact| artifact.meta.pin());
        let about = (self.source.name.clone(), pins.collect());
        let facts = match self.known.facts.get(&about) {
            Some(facts) => Some(facts.clone()),
            None if may_read => self.facts(&about.1).await?,
            None => None,
        };
        if let Some(facts) = facts {
            said.facts = facts.clone();
            learned.facts.insert(about, facts);
        }
        self.ends(group, may_read, &mut said.seen, &mut learned)
            .await?;
        Ok((said, learned))
    }

    fn nothing_said(&self) -> Described {
        Described {
            seen: Seen {
                grows: self.storage.grows(),
                ..Seen::default()
            },
            ..Described::default()
        }
    }

    /// Reads the ends of artifacts, where only the end tells whether the writer has ended.
    async fn ends(
        &self,
        group: &Group,
        may_read: bool,
        seen: &mut Seen,
        learned: &mut HeadCache,
    ) -> Result<(), Silence> {
        let settle = self.source.completeness.settle;
        for artifact in &group.artifacts {
            if !group
                .written(&artifact.meta, seen)
                .needs_end(settle, self.now)
            {
                continue;
            }
            let pin = artifact.meta.pin();
            let about = (self.source.name.clone(), pin.clone());
            let end = match self.known.ends.get(&about) {
                Some(end) => *end,
                None if may_read => match self.end(&pin).await {
                    Ok(end) => end,
                    // The file changed or may not be read: an end that nobody saw counts as
                    // missing.
                    Err(Silence::Unreadable) => continue,
                    Err(silence) => return Err(silence),
                },
                None => continue,
            };
            learned.ends.insert(about, end);
            let key = artifact.meta.key.clone();
            seen.ends.extend(end.map(|end| (key, end)));
        }
        Ok(())
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

    /// Reads one manifest; `None` if it was not read this time.
    async fn manifest(&self, meta: &ObjectMeta, may_read: bool) -> Result<Option<Said>, Silence> {
        if let Some(known) = self.known.manifests.get(&meta.pin()) {
            return Ok(Some(known.clone()));
        }
        if meta.size_bytes > SIZE_MAX {
            return Ok(Some(
                self.parsed(meta, Err(ManifestError::Size(meta.size_bytes))),
            ));
        }
        if !may_read {
            return Ok(None);
        }
        match self.head(&meta.pin(), SIZE_MAX).await {
            Ok(text) => Ok(Some(self.parsed(meta, Manifest::parse(&text)))),
            Err(Silence::Gone | Silence::Unreadable) => Ok(None),
            Err(silence) => Err(silence),
        }
    }

    fn parsed(&self, meta: &ObjectMeta, parsed: Result<Manifest, ManifestError>) -> Said {
        if let Err(error) = &parsed {
            let (source, key) = (&self.source.name, meta.key.as_str());
            tracing::warn!(%source, ?key, %error, "a manifest says nothing");
        }
        Said(parsed.ok())
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
