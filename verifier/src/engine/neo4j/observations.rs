//! Names of the observations of a restored Neo4j: written while it runs, read by the checks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::engine::{Observation, Observed, common_checks::CanarySeen};

/// Number of files that lay there after the load, and of their bytes.
pub(super) const FILES: &str = "files";
pub(super) const BYTES: &str = "bytes";
/// Number of the last transaction, as the files tell it and as the server does.
pub(super) const LOADED_TRANSACTION: &str = "loaded_transaction";
pub(super) const TRANSACTION: &str = "transaction";
/// Time of the last change of a file of the store, as the archive tells it.
pub(super) const CHANGED_AT: &str = "changed_at";
/// Format of the store as it lies there, and as the server tells it: a server upgrades a minor
/// version by itself.
pub(super) const STORE_FORMAT: &str = "store_format";
pub(super) const SERVED_FORMAT: &str = "served_format";
/// Format of the store before it was migrated.
pub(super) const MIGRATED_FROM: &str = "migrated_from";
pub(super) const CHECKED: &str = "checked";
pub(super) const SERVER: &str = "server";
pub(super) const NODES: &str = "nodes";
pub(super) const RELATIONSHIPS: &str = "relationships";
/// Number of relationships, summed over their types: each relationship has exactly one.
pub(super) const TYPED: &str = "typed";
pub(super) const LABELS: &str = "labels";
/// Name of a kind of fingerprints; never observed by itself.
pub(super) const RELATIONSHIP_TYPES: &str = "relationship_types";
/// Number of nodes of one expected label; its place among those expected follows, from 0.
pub(super) const LABELLED: &str = "labelled:";
/// Number of records of nodes and of relationships that could be read, at most [`READ_MAX`] each.
pub(super) const READ_NODES: &str = "read_nodes";
pub(super) const READ_RELATIONSHIPS: &str = "read_relationships";
/// Number of nodes that were read with their properties, relationships and neighbours.
pub(super) const SAMPLED: &str = "sampled";
pub(super) const CONSTRAINTS: &str = "constraints";
pub(super) const INDEXES: &str = "indexes";
pub(super) const INDEXES_FAILED: &str = "indexes_failed";
pub(super) const INDEXES_POPULATING: &str = "indexes_populating";
/// Name of a kind of which all definitions are known; and, with a kind behind it, the fingerprint
/// of one definition.
pub(super) const DEFINED: &str = "defined";
pub(super) const DEFINITION: &str = "definition:";
/// Answer to a configured query, or the code of its refusal; its place among them follows, from 0.
pub(super) const QUERY: &str = "query:";
pub(super) const CANARY: &str = "canary";
/// Word for a canary that answered something else than a moment; it is no code of a refusal.
pub(super) const NO_TIME: &str = "no time";

/// Most records of each kind that are read one by one.
pub(super) const READ_MAX: u64 = 1000;

/// Outcome of a configured query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Number(u64),
    /// The answer is something else than one whole number.
    NoNumber,
    /// The server refused the query with a code such as `Neo.ClientError.Statement.SyntaxError`.
    Refused(String),
}

/// The observations by name; `None` if a thing was not asked for or not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Neo4jObservations {
    counts: BTreeMap<String, u64>,
    words: BTreeMap<String, String>,
    pub(super) canary: Option<CanarySeen>,
    pub(super) changed_at: Option<Timestamp>,
    missing: Vec<String>,
}

impl Neo4jObservations {
    /// Sorts observations by their names.
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

    /// True if other records can be read than the stored counts speak of. Nothing changes a
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

    /// Number of nodes of an expected label, by its place among them.
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

    /// Counts for the record.
    pub(super) fn items(&self) -> BTreeMap<String, u64> {
        let names = [NODES, RELATIONSHIPS, LABELS, INDEXES, CONSTRAINTS];
        let counted = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.count(name)?)));
        counted.collect()
    }
}

/// An observation of a count.
pub(super) fn count(name: impl Into<String>, count: u64) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Count(count),
    }
}

/// An observation of a moment.
pub(super) fn time(name: impl Into<String>, at: Timestamp) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Time(at),
    }
}

/// An observation of a word of the server about itself, or of ours.
pub(super) fn word(name: impl Into<String>, word: impl Into<String>) -> Observation {
    Observation {
        name: name.into(),
        value: Observed::Word(word.into()),
    }
}
