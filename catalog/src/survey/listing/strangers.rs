//! Strangers: entries that belong to no source, known again without being kept.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
};

use crate::model::Key;

/// Largest number of strangers below one prefix that are known again: 5 MiB of hashes. A further
/// stranger is counted twice if a store lists it twice.
const STRANGERS_MAX: usize = 1 << 18;

/// Keys and versions as hashes of 64 bits. Among [`STRANGERS_MAX`] entries two have the same hash
/// in one of half a billion listings.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    hasher: RandomState,
    seen: HashSet<u64>,
}

impl Strangers {
    /// True if the entry was not seen before, as far as is remembered.
    pub(super) fn is_new(&mut self, key: &Key, version: Option<&str>) -> bool {
        let hash = self.hasher.hash_one((key, version));
        if self.seen.len() < STRANGERS_MAX {
            self.seen.insert(hash)
        } else {
            !self.seen.contains(&hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_known_again_and_memory_has_an_end() {
        let mut strangers = Strangers::default();
        let key = |number: usize| Key::new(format!("{number}"));
        for number in 0..STRANGERS_MAX {
            assert!(strangers.is_new(&key(number), None), "{number}");
        }
        assert!(!strangers.is_new(&key(0), None));
        assert!(strangers.is_new(&key(0), Some("version")));
        assert!(strangers.is_new(&key(STRANGERS_MAX), None));
        assert_eq!(strangers.seen.len(), STRANGERS_MAX);
    }
}
