//! The reader of values, and the steps that values share.

use std::collections::BTreeMap;

use super::super::{
    input::{Input, RdbResult},
    lzf::LzfWindow,
    repeats::Repeats,
    string::{length, name, skip_string},
    structure::{self, Listpack, PackedLayout, Tuple, Ziplist},
};

/// Bytes of a time in milliseconds.
pub(super) const TIME: u64 = 8;

/// Number of fields of each template, by the template's number.
pub(super) type Templates = BTreeMap<u64, u64>;

/// The bytes of a file, and room to decompress what has to be looked into.
pub(in crate::format::redis) struct Reader<'r> {
    pub(in crate::format::redis) input: Input<'r>,
    pub(in crate::format::redis) window: LzfWindow,
    /// Fields or members of the value that was read last.
    pub(in crate::format::redis) names: Repeats,
    pub(super) templates: Templates,
}

impl<'r> Reader<'r> {
    pub(in crate::format::redis) fn new(input: Input<'r>) -> Self {
        Self {
            input,
            window: LzfWindow::new(),
            names: Repeats::new(),
            templates: Templates::default(),
        }
    }

    /// Reads one string as a structure of this layout.
    pub(super) fn structure<L: PackedLayout>(&mut self, layout: L) -> RdbResult<L::Found> {
        structure::read(&mut self.input, &mut self.window, &mut self.names, layout)
    }

    pub(super) fn count(&mut self) -> RdbResult<u64> {
        length(&mut self.input)
    }

    pub(super) fn lengths(&mut self, count: u64) -> RdbResult<()> {
        for _ in 0..count {
            length(&mut self.input)?;
        }
        Ok(())
    }

    pub(super) fn strings(&mut self, count: u64) -> RdbResult<()> {
        for _ in 0..count {
            skip_string(&mut self.input)?;
        }
        Ok(())
    }

    /// Reads the name of a field or member.
    pub(super) fn name(&mut self) -> RdbResult<()> {
        let print = name(&mut self.input, &mut self.window)?;
        self.names.add(print);
        Ok(())
    }

    /// Reads a count and that many elements; returns the count.
    pub(super) fn each(&mut self, element: impl Fn(&mut Self) -> RdbResult<()>) -> RdbResult<u64> {
        let count = self.count()?;
        for _ in 0..count {
            element(self)?;
        }
        Ok(count)
    }

    pub(super) fn ziplist(&mut self, tuple: Tuple, named: bool) -> RdbResult<u64> {
        self.structure(Ziplist { tuple, named })
    }

    pub(super) fn listpack(&mut self, tuple: Tuple, named: bool) -> RdbResult<u64> {
        self.structure(Listpack { tuple, named })
    }
}
