//! What people are told of verifications: messages to Slack and to webhooks.
//!
//! A [`Notice`] is made of a record, the ledger before it and the configuration; a receiver's
//! module puts it into that receiver's words. Both are pure. Nothing of a snapshot's data is in a
//! record, so nothing of it can be told.

pub mod alertmanager;
pub mod change;
pub mod compose;
pub mod deliver;
pub mod digest;
pub(crate) mod drill;
mod notice;
pub mod post;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod recorder;
pub mod slack;
#[cfg(test)]
mod tests;
pub mod told;

use jiff::SignedDuration;

pub use catalog::config::NoticeKind;
pub use notice::{LastGood, Notice, NoticedSnapshot};

/// How long the verifier cannot do something before people are told (facts/alerting.md 24).
pub(crate) const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// How long a digest is made up for, and a drill is told (facts/alerting.md 29).
pub(crate) const MADE_UP_FOR: SignedDuration = SignedDuration::from_hours(12);
