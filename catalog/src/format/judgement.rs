//! What becomes of one file while it is read: the same for every format, but for its facts.

use std::borrow::Cow;

use super::{
    Checksum, FINDINGS_MAX, InspectionFinding, InspectionState,
    wrapper::{Unwrapped, WrapperFault},
};

/// A place in a file, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Bytes from the beginning of what is read.
    pub(super) offset: u64,
    /// What is wrong, in words for people.
    pub(super) what: Cow<'static, str>,
}

/// What is known of a file in the end.
#[derive(Debug)]
pub(super) struct Judgement<T> {
    pub(super) state: InspectionState,
    /// The damage is that the file ends before its end.
    pub(super) truncated: bool,
    pub(super) checksum: Checksum,
    pub(super) bytes: u64,
    pub(super) trailing_bytes: u64,
    pub(super) findings: Vec<InspectionFinding>,
    /// Worth saying of an intact file.
    pub(super) warnings: Vec<InspectionFinding>,
    /// What the format counted.
    pub(super) facts: T,
}

impl<T> Judgement<T> {
    /// Worth saying; beyond [`FINDINGS_MAX`] nothing more is.
    pub(super) fn find(&mut self, offset: u64, message: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(InspectionFinding { offset, message });
        }
    }

    /// Ended like this, for this reason only.
    pub(super) fn be(&mut self, state: InspectionState, offset: u64, message: String) {
        self.state = state;
        self.truncated = false;
        self.findings.clear();
        self.warnings.clear();
        self.find(offset, message);
    }

    /// A wrapper's fault explains everything found behind it.
    pub(super) fn heed(&mut self, wrapper: &Unwrapped<'_>) {
        let bytes = self.bytes;
        if wrapper.ended() {
            // Nothing more will come: the wrapper's own end is there.
            self.truncated = false;
        }
        match wrapper.fault() {
            Some(WrapperFault::Truncated(message)) => {
                self.be(InspectionState::Damaged, bytes, message.clone());
                self.truncated = true;
            }
            Some(WrapperFault::Damaged(message)) => {
                self.be(InspectionState::Damaged, bytes, message.clone());
            }
            Some(WrapperFault::Unsupported(message)) => {
                self.be(InspectionState::NotUnderstood, bytes, message.clone());
            }
            None => {
                if let Some(trailing) = wrapper.trailing() {
                    self.trailing_bytes += trailing.bytes;
                    self.find(bytes, trailing.to_string());
                }
            }
        }
    }
}
