//! Where the sources of a survey lie: which of them a key may belong to, and which lie below a
//! prefix, without asking each.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::super::source::SurveySource;
use crate::layout::Match;

/// Sources by the prefixes that are listed for them.
#[derive(Debug)]
pub(super) struct Places<'a> {
    pub(super) sources: &'a [SurveySource],
    /// Indexes of sources, ascending, by prefix.
    by_prefix: BTreeMap<&'a str, Vec<usize>>,
    /// The lengths that prefixes have.
    lengths: BTreeSet<usize>,
}

/// Sources that an entry belongs to, by index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fit {
    /// The first source whose path the entry fits; the bytes are counted to that source.
    pub(super) owner: Option<usize>,
    /// Sources that keep the entry as an object, a manifest or a version, and what its key means to
    /// each.
    pub(super) keepers: Vec<(usize, Match)>,
}

impl<'a> Places<'a> {
    pub(super) fn of(sources: &'a [SurveySource]) -> Self {
        let mut by_prefix: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, source) in sources.iter().enumerate() {
            for prefix in source.layout.listing_prefixes() {
                let here = by_prefix.entry(prefix).or_default();
                if here.last() != Some(&index) {
                    here.push(index);
                }
            }
        }
        Self {
            sources,
            lengths: by_prefix.keys().map(|it| it.len()).collect(),
            by_prefix,
        }
    }

    /// The prefixes, in byte order.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &'a str> {
        self.by_prefix.keys().copied()
    }

    /// Indexes of the sources that may have this key, ascending, each once: a path of theirs begins
    /// as the key does.
    pub(super) fn may_have(&self, key: &str) -> Cow<'_, [usize]> {
        let beginnings = self.lengths.iter().filter_map(|length| key.get(..*length));
        let mut found = beginnings.filter_map(|it| self.by_prefix.get(it));
        let Some(first) = found.next() else {
            return Cow::default();
        };
        let mut all = Cow::from(first);
        for more in found {
            all.to_mut().extend(more);
        }
        if let Cow::Owned(several) = &mut all {
            several.sort_unstable();
            several.dedup();
        }
        all
    }

    /// Sources of which a listing of this prefix shows snapshots; one may come several times.
    pub(super) fn below<'b>(
        &'b self,
        prefix: &'b str,
    ) -> impl Iterator<Item = &'a SurveySource> + use<'a, 'b> {
        let from = self.by_prefix.range(prefix..);
        let below = from.take_while(move |(its, _)| its.starts_with(prefix));
        let indexes = below.flat_map(|(_, sources)| sources);
        indexes.map(|index| &self.sources[*index])
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        format::double::Double, grouping::Completeness, layout::Layout, model::SourceName,
    };

    static FORMAT: Double = Double::new("double");

    fn source(name: &str, path: &str) -> SurveySource {
        SurveySource {
            name: SourceName::new(name).expect("a name"),
            format: &FORMAT,
            settings: std::sync::Arc::new(()),
            layout: Layout::new(vec![path.parse().expect("a pattern")], TimeZone::UTC),
            completeness: Completeness::default(),
        }
    }

    #[test]
    fn a_key_may_be_of_every_source_whose_path_begins_as_it_does() {
        let sources = [
            source("a", "backups/a/%Y%m%d.rdb"),
            source("all", "backups/*/%Y%m%d.rdb"),
            source("b", "backups/b/%Y%m%d.rdb"),
            source("top", "top-%Y%m%d.rdb"),
            source("one", "dump.rdb"),
        ];
        let places = Places::of(&sources);
        let check = |key: &str, expected: &[usize]| {
            assert_eq!(*places.may_have(key), *expected, "{key}");
        };
        check("backups/a/20261122.rdb", &[0, 1]);
        check("backups/c/20261122.rdb", &[1]);
        check("top-20261122.rdb", &[3]);
        check("dump.rdb.manifest.json", &[4]);
        check("töp", &[]);
        check("", &[]);
        let below = |prefix: &str| {
            let names = places.below(prefix).map(|it| it.name.as_str());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(below("backups/"), "all a b");
        assert_eq!(below("backups/b/"), "b");
        assert_eq!(below(""), "all a b one top");
    }
}
