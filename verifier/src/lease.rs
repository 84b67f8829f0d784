//! Leases: which of the verifiers of one evidence verifies a source, and which one speaks.
//!
//! A lease is a file beside the records, `.leases/<source>/<number>.json`, created only if absent.
//! The newest number is the lease. Its holder renews it under the next number every five minutes.
//!
//! | the newest file | the lease is |
//! |---|---|
//! | none, or one that says that it has ended | free |
//! | older than 15 min, by the clock of the store | free: its holder is gone |
//! | of this installation, and the lock of its run is free | free: its process is gone |
//! | else | held |

mod held;
mod text;

use std::{sync::Arc, time::Duration};

use catalog::{
    ledger::{LedgerError, RecordWriter, ReservedEntry, ReservedPath, SEQUENCE_MAX, Verification},
    model::SourceName,
};
use jiff::SignedDuration;
use toolkit::clock::Clock;

use crate::runtime::{Instance, RunId};

pub use held::{HeldLease, Renewal};
pub use text::LeaseText;

/// How often a lease is renewed (facts/alerting.md 25).
pub const RENEWED_EVERY: Duration = Duration::from_mins(5);

/// Age at which a lease that was not renewed ends (facts/alerting.md 25).
const ENDS_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// How often others may be faster before the lease counts as theirs.
const ATTEMPTS_MAX: usize = 16;

/// Files of one lease that are kept: the lease, and the one before.
const KEPT: usize = 2;

/// What a lease is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Verifying one source.
    Source(SourceName),
    /// Speaking to people: messages, reminders, the digest, drills.
    Speaker,
}

impl Scope {
    fn directory(&self) -> ReservedPath {
        let of = match self {
            Self::Source(name) => name.as_str(),
            Self::Speaker => ".speaker",
        };
        let path = ReservedPath::new(format!(".leases/{of}"));
        path.expect("invariant: names of sources are parts of paths")
    }
}

/// The leases of one place of evidence, as this installation takes them.
#[derive(Debug, Clone)]
pub struct Leases {
    evidence: Arc<dyn RecordWriter>,
    instance: Arc<Instance>,
    clock: Clock,
    by: String,
}

/// Answer to an attempt to take a lease.
#[derive(Debug)]
pub enum Taken {
    /// The lease is ours; with the record that a holder before us left unwritten when it died.
    Held(HeldLease, Option<Box<Verification>>),
    /// Another verifier holds the lease.
    By(LeaseText),
}

impl Leases {
    /// Names the place; nothing is read or written yet. `instance` has locks for leases; `by` is
    /// the host or pod, for people.
    pub fn new(
        evidence: Arc<dyn RecordWriter>,
        instance: Arc<Instance>,
        clock: Clock,
        by: String,
    ) -> Self {
        Self {
            evidence,
            instance,
            clock,
            by,
        }
    }

    /// Takes a lease for a run, unless another verifier holds it. `interrupted` is the record that
    /// is to be written if this run dies.
    ///
    /// A place that cannot be written gives a lease that nobody else sees: a verdict is worth
    /// having even if it cannot be written down. Errs if the place cannot be read.
    pub async fn take(
        &self,
        scope: &Scope,
        run: &RunId,
        interrupted: Option<&Verification>,
    ) -> Result<Taken, LedgerError> {
        let directory = scope.directory();
        let text = LeaseText::new(
            run,
            self.instance.id(),
            &self.by,
            self.clock.now(),
            interrupted,
        );
        let mut last = None;
        for _ in 0..ATTEMPTS_MAX {
            let files = numbered(self.evidence.list_reserved(&directory).await?);
            let newest = files.last();
            let (before, is_held) = match newest {
                Some((_, entry)) => self.read(entry).await?,
                None => (None, false),
            };
            if is_held {
                return Ok(Taken::By(before.unwrap_or_default()));
            }
            let number = newest.map_or(1, |(number, _)| number + 1).min(SEQUENCE_MAX);
            let held = HeldLease::new(self, directory.clone(), text.clone(), run);
            match self.create(&directory, number, &text).await {
                Err(_) => return Ok(Taken::Held(held, None)),
                Ok(false) => last = before,
                Ok(true) => {
                    let old = files.len().saturating_sub(KEPT - 1);
                    self.remove(files.iter().take(old).map(|(_, entry)| &entry.path))
                        .await;
                    let left = before.filter(|it| !it.ended);
                    if let Some(dead) = left.as_ref().filter(|it| self.is_dead(it)) {
                        self.instance.release(&RunId(dead.run.clone()));
                    }
                    let left = left.and_then(|it| it.interrupted());
                    return Ok(Taken::Held(held.at(number).await, left));
                }
            }
        }
        Ok(Taken::By(last.unwrap_or_default()))
    }

    /// Reads the newest file of a lease: its text, if it can be understood, and whether the lease
    /// is held.
    async fn read(&self, entry: &ReservedEntry) -> Result<(Option<LeaseText>, bool), LedgerError> {
        let text = self.evidence.read_reserved(&entry.path).await?;
        let text = text.and_then(|it| LeaseText::parse(&it));
        if let Some(text) = &text
            && (text.ended || self.is_dead(text))
        {
            return Ok((Some(text.clone()), false));
        }
        let time = self.evidence.time().await?;
        let now = time.unwrap_or_else(|| self.clock.now());
        let is_held = now.duration_since(entry.modified_at) <= ENDS_AFTER;
        Ok((text, is_held))
    }

    /// True if the holder was a process of this installation that is gone.
    fn is_dead(&self, text: &LeaseText) -> bool {
        let run = RunId(text.run.clone());
        text.instance == self.instance.id() && !self.instance.is_alive(&run)
    }

    async fn create(
        &self,
        directory: &ReservedPath,
        number: u64,
        text: &LeaseText,
    ) -> Result<bool, LedgerError> {
        let path = directory.join(format_args!("{number:08}.json"));
        let path = path.expect("invariant: a number is part of a path");
        self.evidence.create_reserved(&path, &text.to_json()).await
    }

    /// Removes files that count no longer. One that stays is removed by the next holder.
    async fn remove(&self, paths: impl Iterator<Item = &ReservedPath>) {
        for path in paths {
            let _ = self.evidence.remove_reserved(path).await;
        }
    }
}

/// Files of a lease with their numbers, ascending; other files are nobody's.
fn numbered(entries: Vec<ReservedEntry>) -> Vec<(u64, ReservedEntry)> {
    let number = |it: &ReservedEntry| it.path.name().strip_suffix(".json")?.parse().ok();
    let numbered = entries.into_iter();
    let mut numbered: Vec<_> = numbered.filter_map(|it| Some((number(&it)?, it))).collect();
    numbered.sort_unstable_by_key(|(number, _)| *number);
    numbered
}

#[cfg(test)]
mod tests;
