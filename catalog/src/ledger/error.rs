//! Why records could not be read or written, and what to do about it.

use std::borrow::Cow;

use thiserror::Error;

use super::{MARKER, RecordError, SEQUENCE_MAX};
use crate::model::SourceName;

/// Why records could not be read or written.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Another writer wrote this sequence number first; read the chain again and try the next
    /// number.
    #[error("evidence record {sequence:08} of {source_name} already exists")]
    Taken {
        /// Source whose chain it is.
        source_name: SourceName,
        /// Position in the chain.
        sequence: u64,
    },
    /// The record is not there, although it was listed.
    #[error("evidence record {sequence:08} of {source_name} is gone")]
    Gone {
        /// Source whose chain it is.
        source_name: SourceName,
        /// Position in the chain.
        sequence: u64,
    },
    /// The file or object is there, but no record can be read from it: too large, or not text.
    #[error("evidence record {sequence:08} of {source_name} is unreadable: {what}")]
    Unreadable {
        /// Source whose chain it is.
        source_name: SourceName,
        /// Position in the chain.
        sequence: u64,
        /// Why it is not readable, as words that end a sentence.
        what: String,
    },
    /// The chain has come to [`SEQUENCE_MAX`].
    #[error("{source_name} has no sequence number left: {SEQUENCE_MAX} is the last")]
    Exhausted {
        /// Source whose chain it is.
        source_name: SourceName,
    },
    /// The draft cannot be written as a record.
    #[error("cannot seal a record of {source_name}")]
    Seal {
        /// Source whose chain it is.
        source_name: SourceName,
        /// What is wrong with the draft.
        #[source]
        source: RecordError,
    },
    /// Sixteen other writers were faster in a row.
    #[error("cannot append to the evidence of {source_name}: others were faster {attempts} times")]
    Contended {
        /// Source whose chain it is.
        source_name: SourceName,
        /// How often appending was tried.
        attempts: u32,
    },
    /// The store overwrites: two writers of one record would not notice each other.
    #[error(
        "{location} cannot hold evidence: the store overwrites what it is told to create only \
         once\nhint: Use a store with conditional writes (If-None-Match: *), or a directory."
    )]
    Overwrites {
        /// URL of the place.
        location: String,
    },
    /// Neither a marker nor a record lies at the place: not mounted, or never used.
    #[error(
        "there is no evidence at {location}: neither {MARKER} nor a record lies there\nhint: Mount \
         the volume of the evidence; at a new place the first verification makes {MARKER}."
    )]
    Unmarked {
        /// Directory or URL of the place.
        location: String,
    },
    /// The store refused or failed.
    #[error("cannot {operation} evidence at {location}{}", behind(hint))]
    Store {
        /// `list`, `read`, `write` or `prune`.
        operation: &'static str,
        /// Directory or URL of the place.
        location: String,
        /// What to do, as a sentence; empty where nothing is known.
        hint: Cow<'static, str>,
        /// The driver's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Returns a hint as a message carries it, on a line of its own; empty for an empty hint.
fn behind(hint: &str) -> String {
    let word = if hint.is_empty() { "" } else { "\nhint: " };
    format!("{word}{hint}")
}
