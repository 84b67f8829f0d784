//! A notice: what people are told, before it is put into the words of a receiver.

use std::time::Duration;

use catalog::{config::NoticeKind, model::SourceName};
use jiff::Timestamp;

/// One message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// What a recovery, or the end of a trouble, ends.
    pub ends: Option<NoticeKind>,
    /// True if a person tries the set-up: the message is marked TEST and mentions nobody.
    pub is_test: bool,
    /// True if the same was told before, and still stands.
    pub is_reminder: bool,
    /// The source that is told of; `None` if it is the verifier itself.
    pub source: Option<SourceName>,
    /// Name of the engine of the source; empty if it is the verifier itself.
    pub engine: String,
    /// Whom to ask about the source, if configured.
    pub owner: Option<String>,
    /// Text that mentions the owner in the receiver's own markup, if configured.
    pub mention: Option<String>,
    /// The verdict with its reason, e.g. `failed (damaged)`.
    pub headline: String,
    /// Findings that a person has to read, the worst first; each may end in `\nhint: …`.
    pub findings: Vec<String>,
    /// The snapshot that was verified; `None` if there was none.
    pub snapshot: Option<NoticedSnapshot>,
    /// What was counted in it, e.g. `44,013 keys · 3 databases`.
    pub counted: Option<String>,
    /// Measured recovery time.
    pub recovery_time: Option<Duration>,
    /// `objectives.recovery_time`.
    pub recovery_time_max: Option<Duration>,
    /// When the source began to be as it is told now; `None` for a single event.
    pub since: Option<Timestamp>,
    /// The last snapshot that was verified, if another one is told of.
    pub last_good: Option<LastGood>,
    /// Why no record was written, if none was: the verdict is told all the same.
    pub unrecorded: Option<String>,
    /// Address of the page that says what to do, if configured.
    pub runbook: Option<String>,
    /// When the notice was made.
    pub at: Timestamp,
}

impl Notice {
    /// What it is about, in a word: the source, or the program itself.
    pub fn subject(&self) -> &str {
        self.source
            .as_ref()
            .map_or("backup-verifier", SourceName::as_str)
    }
}

/// The snapshot that a notice tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticedSnapshot {
    /// Its key, or its name where it has several objects.
    pub name: String,
    /// Its recovery point.
    pub taken_at: Timestamp,
    /// Size in bytes, as stored.
    pub size_bytes: u64,
}

/// The last verified snapshot, and how to have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGood {
    /// Its recovery point.
    pub taken_at: Timestamp,
    /// When it was verified.
    pub verified_at: Timestamp,
    /// The command that copies it into a directory.
    pub fetch: String,
}
