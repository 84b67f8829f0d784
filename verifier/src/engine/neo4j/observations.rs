//! The names of what is observed of a restored Neo4j: written while it runs, read by the checks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::engine::{Observation, Observed, common_checks::CanarySeen};

/// Files that lay there after the load, and their bytes.
pub(super) const FILES: &str = "files";
pub(super) const BYTES: &str = "bytes";
/// The last transaction, as the files say it and as the server does.
pub(super) const LOADED_TRANSACTION: &str = "loaded_transaction";
pub(super) const TRANSACTION: &str = "transaction";
/// When a file of the store was changed last, as the archive says it.
pub(super) const CHANGED_AT: &str = "changed_at";
/// Its format as it lies there, and as the server says it, which upgrades a minor one by itself.
pub(super) const STORE_FORMAT: &str = "store_format";
pub(super) const SERVED_FORMAT: &str = "served_format";
/// The format it had before it was migrated.
pub(super) const MIGRATED_FROM: &str = "migrated_from";
pub(super) const CHECKED: &str = "checked";
pub(super) const SERVER: &str = "server";
pub(super) const NODES: &str = "nodes";
pub(super) const RELATIONSHIPS: &str = "relationships";
/// Relationships, summed over their types: each has exactly one.
pub(super) const TYPED: &str = "typed";
pub(super) const LABELS: &str = "labels";
/// In fingerprints only.
pub(super) const RELATIONSHIP_TYPES: &str = "relationship_types";
/// Nodes of the label with this number among those expected.
pub(super) const LABELLED: &str = "labelled:";
/// Records of nodes and of relationships that were there to be read, at most [`READ_MAX`] each.
pub(super) const READ_NODES: &str = "read_nodes";
pub(super) const READ_RELATIONSHIPS: &str = "read_relationships";
/// Nodes that were read with their properties and neighbours; relationships on the way.
pub(super) const SAMPLED: &str = "sampled";
pub(super) const CONSTRAINTS: &str = "constraints";
pub(super) const INDEXES: &str = "indexes";
pub(super) const INDEXES_FAILED: &str = "indexes_failed";
pub(super) const INDEXES_POPULATING: &str = "indexes_populating";
/// A kind of which all definitions are known, and by kind the fingerprint of one.
pub(super) const DEFINED: &str = "defined";
pub(super) const DEFINITION: &str = "definition:";
/// The answer to the query with this number, or the code of its refusal.
pub(super) const QUERY: &str = "query:";
pub(super) const CANARY: &str = "canary";
/// Of a canary that answered something else than a moment; no code of a refusal.
pub(super) const NO_TIME: &str = "no time";

/// As many are read one by one.
pub(super) const READ_MAX: u64 = 1000;

/// What became of a configured query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Number(u64),
    /// Something else than one whole number.
    NoNumber,
    /// A code such as `Neo.ClientError.Statement.SyntaxError`.
    Refused(String),
}

/// The observations, by name. `None` = it was not asked for, or not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Neo4jObservations {
    counts: BTreeMap<String, u64>,
    words: BTreeMap<String, String>,
    pub(super) canary: Option<CanarySeen>,
    pub(super) changed_at: Option<Timestamp>,
    missing: Vec<String>,
}

impl Neo4jObservations {
    /// Sorts them.
    pub(super) fn of(observations: &[Observation]) -> Self {
        let mut seen = Self::default();
        for Observation { name, value } in observations {
            match value {
                Observed::Time(at) if name == CANARY => {
                    seen.canary = Some(CanarySeen::At(*at));
                }
                Observed::Missing if name == CANARY => {
                    seen.canary = Some(CanarySeen::NoTime);
                }
                Observed::Count(count) => {
                    seen.counts.insert(name.clone(), *count);
                }
                Observed::Word(word) => {
                    seen.words.insert(name.clone(), word.clone());
                }
                Observed::Missing => seen.missing.push(name.clone()),
                Observed::Time(at) if name == CHANGED_AT => seen.changed_at = Some(*at),
                Observed::Time(_) => {}
            }
        }
        seen
    }

    pub(super) fn count(&self, name: &str) -> Option<u64> {
        self.counts.get(name).copied()
    }

    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.words.get(name).map(String::as_str)
    }

    /// Whether other records can be read than the stored counts speak of. Nothing changes a
    /// restored graph, so both are told of the same state.
    pub(super) fn contradicts(&self) -> bool {
        let of = |counted: &str, read: &str| {
            let counted = self.count(counted).map(|count| count.min(READ_MAX));
            counted
                .zip(self.count(read))
                .is_some_and(|(counted, read)| counted != read)
        };
        of(NODES, READ_NODES) || of(RELATIONSHIPS, READ_RELATIONSHIPS)
    }

    /// Nodes of an expected label, by its place among them.
    pub(super) fn labelled(&self, index: usize) -> Option<u64> {
        self.count(&format!("{LABELLED}{index}"))
    }

    /// The answer to a configured query, by its place among them.
    pub(super) fn asked(&self, index: usize) -> Option<Asked> {
        let name = format!("{QUERY}{index}");
        if let Some(number) = self.count(&name) {
            return Some(Asked::Number(number));
        }
        if let Some(code) = self.word(&name) {
            return Some(Asked::Refused(code.into()));
        }
        self.missing.contains(&name).then_some(Asked::NoNumber)
    }

    /// For the record.
    pub(super) fn items(&self) -> BTreeMap<String, u64> {
        let names = [NODES, RELATIONSHIPS, LABELS, INDEXES, CONSTRAINTS];
        let counted = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.count(name)?)));
        counted.collect()
    }
}

/// Something counted.
pub(super) fn count(name: impl Into<String>, count: u64) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Count(count),
    }
}

/// A moment.
pub(super) fn time(name: impl Into<String>, at: Timestamp) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Time(at),
    }
}

/// A word of the server about itself.
pub(super) fn word(name: impl Into<String>, word: impl Into<String>) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Word(word.into()),
    }
}
