//! Listpacks of a hash whose field names are stored apart from its values (Redis 8.10).

use super::{PackedLayout, listpack::Entries};
use crate::format::redis::{input::RdbResult, repeats::Repeats, slice::Bytes};

/// A listpack of field names alone; finds how many there are.
pub(crate) struct TemplateNames;

impl PackedLayout for TemplateNames {
    type Found = u64;

    fn walk<B: Bytes>(self, bytes: &mut B, names: &mut Repeats) -> RdbResult<u64> {
        let mut entries = Entries::open(bytes)?;
        while entries.name(names)? {}
        let count = entries.count();
        entries.finish()?;
        Ok(count)
    }
}

/// A listpack of values behind the number of their template; finds that number, and how many values
/// there are.
pub(crate) struct TemplateValues;

impl PackedLayout for TemplateValues {
    type Found = (u64, u64);

    fn walk<B: Bytes>(self, bytes: &mut B, _: &mut Repeats) -> RdbResult<(u64, u64)> {
        let mut entries = Entries::open(bytes)?;
        let number = entries.number()?.flatten();
        let Some(Ok(template)) = number.map(u64::try_from) else {
            return entries.refused("a hash does not say which template it has");
        };
        while entries.pass()? {}
        let values = entries.count() - 1;
        entries.finish()?;
        Ok((template, values))
    }
}
