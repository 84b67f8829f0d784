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
#[cfg(test)]
pub(crate) mod recorder;
pub mod slack;
#[cfg(test)]
mod tests;
pub mod told;

pub use catalog::config::NoticeKind;
pub use notice::{LastGood, Notice, NoticedSnapshot};
