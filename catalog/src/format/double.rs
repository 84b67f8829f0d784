//! A format for tests: each test gives only those parts that it is about.

use std::{io::Read, sync::Arc};

use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};
use settings::{Problems, Section};

use super::{CheckName, Format, Inspection, InspectionState, Settings};
use crate::model::{EngineName, SnapshotFacts};

/// See [`Format::describe`]; gets no settings.
pub type Describe = fn(&[Bytes]) -> SnapshotFacts;

/// See [`Format::inspect`].
pub type Inspect = fn(&mut dyn Read, &mut dyn FnMut(&[u8])) -> Inspection;

/// A format whose parts are given; `..Double::new("name")` leaves the rest empty.
#[derive(Debug, Clone, Copy)]
pub struct Double {
    /// See [`Format::engine`].
    pub engine: &'static str,
    /// See [`Format::restorable`].
    pub restorable: bool,
    /// See [`Format::items`].
    pub items: &'static [&'static str],
    /// See [`Format::checks`].
    pub checks: &'static [CheckName],
    /// See [`Format::head_bytes`].
    pub head_bytes: u64,
    /// See [`Format::describe`]; tells no facts by default.
    pub describe: Describe,
    /// See [`Format::end`]; cannot tell by default.
    pub end: fn(&[u8]) -> Option<bool>,
    /// See [`Format::inspect`]; by default reads everything and recognises nothing.
    pub inspect: Inspect,
}

impl Double {
    /// Creates a format that is restorable, and tells nothing of what it reads.
    pub const fn new(engine: &'static str) -> Self {
        Self {
            engine,
            restorable: true,
            items: &[],
            checks: &[],
            head_bytes: 0,
            describe: |_| SnapshotFacts::default(),
            end: |_| None,
            inspect: |input, tee| {
                let (content, state) = read_whole(input, tee, |_| InspectionState::NotRecognised);
                Inspection {
                    bytes: content.len() as u64,
                    ..Inspection::new("double", state)
                }
            },
        }
    }
}

/// Reads all of `input` and gives it to `tee`. Returns it with the state that `judge` says, or
/// `Aborted` if the reader broke.
pub fn read_whole(
    input: &mut dyn Read,
    tee: &mut dyn FnMut(&[u8]),
    judge: impl FnOnce(&[u8]) -> InspectionState,
) -> (Vec<u8>, InspectionState) {
    let mut content = Vec::new();
    let read = input.read_to_end(&mut content);
    tee(&content);
    let state = read.map_or(InspectionState::Aborted, |_| judge(&content));
    (content, state)
}

impl Format for Double {
    fn engine(&self) -> EngineName {
        EngineName::new(self.engine)
    }

    fn restorable(&self) -> bool {
        self.restorable
    }

    fn items(&self) -> &'static [&'static str] {
        self.items
    }

    fn checks(&self) -> &'static [CheckName] {
        self.checks
    }

    fn default_images(&self) -> &'static [&'static str] {
        &[]
    }

    fn expect(&self, _: Option<&Section>, _: &mut Problems) -> Option<Settings> {
        Some(Arc::new(()))
    }

    fn expect_schema(&self, _: &mut SchemaGenerator) -> Schema {
        false.into()
    }

    fn head_bytes(&self) -> u64 {
        self.head_bytes
    }

    fn describe(&self, heads: &[Bytes], _: &Settings) -> SnapshotFacts {
        (self.describe)(heads)
    }

    fn end(&self, tail: &[u8]) -> Option<bool> {
        (self.end)(tail)
    }

    fn recognises(&self, _: &[u8]) -> bool {
        false
    }

    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
        (self.inspect)(input, tee)
    }
}
