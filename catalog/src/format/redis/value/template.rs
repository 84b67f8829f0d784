//! Hashes of Redis 8.10 whose field names are stored once for many (`RDB_OPCODE_HASH_TEMPLATE`).
//!
//! A save writes the names of a template into the head of the file, and later values that refer to
//! the template. Names stand in front of the values only in what `DUMP` writes, which is read from
//! a file as well. Known from public readers of the format and from tests of the server; no server
//! that has them was tried.

use super::reader::Reader;
use crate::format::redis::{
    dialect::{TemplateNamesAt, Values},
    input::RdbResult,
    string::length,
    structure::{TemplateNames, TemplateValues},
};

/// Most templates that are kept; a save writes one for each set of field names in use.
const TEMPLATES_MAX: usize = 1 << 17;

impl Reader<'_> {
    /// Reads the number of a template and its field names. True if a name comes twice.
    pub(in crate::format::redis) fn template(&mut self) -> RdbResult<bool> {
        let number = length(&mut self.input)?;
        self.names.clear();
        let fields = self.each(Self::name)?;
        if fields == 0 {
            return self.input.refused("a template has no fields");
        }
        if self.templates.len() >= TEMPLATES_MAX {
            let what = format!("more than {TEMPLATES_MAX} templates of hashes");
            return self.input.unknown(what);
        }
        if self.templates.insert(number, fields).is_some() {
            return self.input.refused("two templates have one number");
        }
        Ok(self.names.twice())
    }

    pub(super) fn templated(&mut self, values: Values, names: TemplateNamesAt) -> RdbResult<u64> {
        let own = match names {
            TemplateNamesAt::Own => Some(self.own_names()?),
            TemplateNamesAt::Shared => None,
        };
        match values {
            Values::Listpack => {
                let (template, count) = self.structure(TemplateValues)?;
                // A hash with names of its own is of no template.
                let fields = own.map_or_else(|| self.fields_of(template), Ok)?;
                if count != fields {
                    let what = "a hash has another number of values than its template has fields";
                    return self.input.refused(what);
                }
                Ok(fields)
            }
            Values::Array => {
                let fields = if let Some(fields) = own {
                    fields
                } else {
                    let template = length(&mut self.input)?;
                    self.fields_of(template)?
                };
                self.strings(fields)?;
                Ok(fields)
            }
        }
    }

    /// Reads the field names of a hash, in a listpack or one by one, as the number in front says.
    /// Returns how many there are.
    fn own_names(&mut self) -> RdbResult<u64> {
        let fields = match length(&mut self.input)? {
            0 => self.structure(TemplateNames)?,
            1 => self.each(Self::name)?,
            _ => {
                let what = "the field names of a hash are laid out in an unknown way";
                return self.input.unknown(what);
            }
        };
        if fields == 0 {
            return self.input.refused("a template has no fields");
        }
        Ok(fields)
    }

    fn fields_of(&self, template: u64) -> RdbResult<u64> {
        match self.templates.get(&template) {
            Some(fields) => Ok(*fields),
            None => self
                .input
                .refused("a hash refers to a template that is not there"),
        }
    }
}
