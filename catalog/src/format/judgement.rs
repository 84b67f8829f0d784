//! The result of reading one file, as it is collected: the same for every format, but for its
//! facts.

use std::borrow::Cow;

use super::{
    Checksum, FINDINGS_MAX, InspectionFinding, InspectionState,
    wrapper::{Unwrapped, WrapperFault},
};

/// A place in a file, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Bytes from the beginning of the stream that is read.
    pub(super) offset: u64,
    /// What is wrong, in words for people.
    pub(super) what: Cow<'static, str>,
}

/// All that is known of a file once it was read.
#[derive(Debug)]
pub(super) struct Judgement<T> {
    pub(super) state: InspectionState,
    /// True if the damage is that the file is cut off.
    pub(super) truncated: bool,
    pub(super) checksum: Checksum,
    pub(super) bytes: u64,
    pub(super) trailing_bytes: u64,
    pub(super) findings: Vec<InspectionFinding>,
    /// What is odd in a file that is intact or unvouched.
    pub(super) warnings: Vec<InspectionFinding>,
    /// Facts that the format counted.
    pub(super) facts: T,
}

impl<T> Judgement<T> {
    /// Adds a finding, unless there are [`FINDINGS_MAX`] already.
    pub(super) fn find(&mut self, offset: u64, message: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(InspectionFinding { offset, message });
        }
    }

    /// Sets the state, with this finding as its only reason: earlier findings and warnings are
    /// dropped.
    pub(super) fn be(&mut self, state: InspectionState, offset: u64, message: String) {
        self.state = state;
        self.truncated = false;
        self.findings.clear();
        self.warnings.clear();
        self.find(offset, message);
    }

    /// Adds how the wrapper ended. A fault of the wrapper explains, and so replaces, all findings.
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
