//! Layout of a source: path patterns that say where its snapshots lie, and what a key means by
//! them.
//!
//! Pure: a layout sees keys and no storage. A key either means one time exactly or is not
//! recognised; nothing is guessed, no wall clock is asked.

mod directive;
mod overlap;
mod part;
mod pattern;
mod refusal;

use jiff::{Timestamp, tz::TimeZone};

pub use directive::Directive;
pub use pattern::Pattern;
pub use refusal::PatternError;

use crate::{manifest, model::Key};

/// The paths of one source, the newest layout first.
///
/// ```
/// use catalog::{layout::Layout, model::Key};
/// use jiff::tz::TimeZone;
///
/// let layout = Layout::new(vec!["redis/%Y%m%d-%H%M.rdb".parse()?], TimeZone::UTC);
/// assert!(layout.listing_prefixes().eq(["redis/"]));
///
/// let named = layout.recognise(&Key::new("redis/20261122-0100.rdb")).and_then(|it| it.named);
/// let named = named.expect("the key fits the path");
/// assert_eq!(named.id, "20261122-0100");
/// assert_eq!(named.at, "2026-11-22T01:00:00Z".parse()?);
///
/// assert_eq!(layout.recognise(&Key::new("redis/readme.txt")), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Layout {
    patterns: Vec<Pattern>,
    zone: TimeZone,
}

/// Meaning of a key by a layout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Index of the pattern that the key fits; 0 is the newest layout.
    pub pattern: usize,
    /// The time in the key; `None` for a path without time.
    pub named: Option<Named>,
    /// Text that `*` matched, joined by `/` if there are several `*`; empty if the path has none.
    pub artifact: String,
    /// The key of the object that this manifest belongs to; `None` for an object itself.
    pub manifest_of: Option<Key>,
}

/// A time as a key names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The moment. Parts that the path does not name are the earliest possible.
    pub at: Timestamp,
    /// The moment as digits, to the precision of the path: `20261122-0100`.
    pub id: String,
}

impl Layout {
    /// Makes a layout of patterns, newest first (at least one), and the zone of names without an
    /// offset.
    ///
    /// A local time that the zone skips or repeats (daylight saving) is resolved as RFC 5545 does
    /// and jiff calls "compatible": the later of a gap, the first of two.
    pub fn new(patterns: Vec<Pattern>, zone: TimeZone) -> Self {
        debug_assert!(!patterns.is_empty(), "invariant: a source has a path");
        Self { patterns, zone }
    }

    /// True if a time in the keys tells snapshots apart.
    pub fn has_time(&self) -> bool {
        self.patterns.iter().all(Pattern::has_time)
    }

    /// True if a path has neither time nor `*`: then the versions of its one object are snapshots
    /// of their own.
    pub fn has_versions(&self) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| !pattern.has_time() && !pattern.has_star())
    }

    /// Prefixes that must be listed to see every key of this source, and the strangers beside them.
    ///
    /// A prefix is the directory before the first directive or `*`. Without a directory it is the
    /// characters before them, because a file tree's root holds more than snapshots. A path without
    /// directive and `*` is its own prefix.
    pub fn listing_prefixes(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(Pattern::listing_prefix)
    }

    /// Returns what a key means by the first pattern that fits all of it; `None` if none does.
    ///
    /// `KEY.manifest.json` belongs to `KEY` and is no artifact, whatever `*` would match.
    pub fn recognise(&self, key: &Key) -> Option<Match> {
        let of = key.as_str().strip_suffix(manifest::SUFFIX);
        let manifest = of.and_then(|of| {
            let found = self.fits(of)?;
            Some(Match {
                manifest_of: Some(Key::new(of)),
                ..found
            })
        });
        manifest.or_else(|| self.fits(key.as_str()))
    }

    fn fits(&self, key: &str) -> Option<Match> {
        let mut patterns = self.patterns.iter().enumerate();
        patterns.find_map(|(index, pattern)| {
            let captured = pattern.capture(key)?;
            let named = if pattern.has_time() {
                Some(captured.fields.resolve(&self.zone)?)
            } else {
                None
            };
            let artifact = captured.stars.join("/");
            Some(Match {
                pattern: index,
                named,
                artifact,
                manifest_of: None,
            })
        })
    }

    /// True if one key could belong to both layouts.
    ///
    /// Ranges of numbers are not compared: month 13 counts as possible.
    pub fn overlaps(&self, other: &Self) -> bool {
        let meets = |pattern: &Pattern| {
            let mut others = other.patterns.iter();
            others.any(|other| overlap::overlap(pattern, other))
        };
        self.patterns.iter().any(meets)
    }

    /// True if this key, or one below it (`key/…`), could belong to this source. The configuration
    /// asks this of the place of evidence.
    pub fn may_hold(&self, key: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| overlap::may_hold(pattern, key))
    }
}

#[cfg(test)]
mod tests;
