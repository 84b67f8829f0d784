//! The settings of a Neo4j source: its own key `neo4j`, and its `verify.expect`.
//!
//! They hold what was written, and are checked only as far as they must make sense by themselves;
//! the verifier judges by them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Duration, Located, Problems, Size};

use crate::format::expectation::{Bounds, Change, ChecksumRule};

/// Length of a database's name in bytes (operations manual, "Database names").
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// Most characters of the name of a query: it appears in findings.
const QUERY_NAME_MAX: usize = 100;

/// The keys that only a source of engine `neo4j` has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Own {
    pub(super) neo4j: Restore,
}

/// How snapshots of a Neo4j source are restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Restore {
    /// Name of the database; a backup of another one is no snapshot of this source.
    pub database: Option<Located<String>>,
    /// How thoroughly `neo4j-admin database check` looks at the restored files.
    pub check: Check,
    /// How the licence of the Enterprise Edition was accepted; without it none of its images is
    /// used.
    pub accept_license: Option<License>,
}

/// Options of `neo4j-admin database check`, which looks at the restored files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    /// How much of the store is checked. Default: `counts`.
    pub level: CheckLevel,
    /// Off-heap memory of the check. Default: what the sandbox has left.
    pub memory: Option<Size>,
    /// How long the check may take; a longer one is inconclusive (`deadline`). Default: what is
    /// left of the deadline.
    pub budget: Option<Duration>,
}

crate::words! {
    /// How much of a store is checked.
    #[derive(Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum CheckLevel {
        /// Nothing is checked.
        None = "none",
        /// The graph and whether the stored counts are those of its records, but no indexes.
        #[default]
        Counts = "counts",
        /// The graph, its indexes and its counts.
        Full = "full",
    }
}

crate::words! {
    /// How the licence of the Enterprise Edition was accepted.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum License {
        /// A licence was bought.
        Yes = "yes",
        /// The licence is for evaluation.
        Eval = "eval",
    }
}

/// `verify.expect` of a source of engine `neo4j`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Neo4jExpect {
    /// Number of nodes. None at all is an error unless `min: 0` is written.
    pub nodes: Bounds,
    /// Number of relationships.
    pub relationships: Bounds,
    /// Number of nodes by label.
    pub labels: BTreeMap<String, Bounds>,
    /// How far counts may drop below those of the nearest earlier verified recovery point, and
    /// below those in the manifest.
    pub change: Change,
    /// Questions with one number as their answer.
    pub queries: Vec<Located<Query>>,
    /// A question for the time of the newest heartbeat.
    pub canary: Option<Located<Neo4jCanary>>,
    /// Whether an archive may be verified whose bytes no checksum covers.
    pub checksum: ChecksumRule,
}

/// A question with one number as its answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Name of the query in findings; unique.
    pub name: String,
    /// Cypher that returns one row with one whole number.
    pub cypher: String,
    /// Smallest answer allowed.
    pub min: Option<u64>,
    /// Largest answer allowed.
    pub max: Option<u64>,
}

impl Query {
    /// Returns the bounds of the answer.
    pub const fn bounds(&self) -> Bounds {
        Bounds {
            min: self.min,
            max: self.max,
        }
    }
}

/// A question with a time as its answer: a temporal value, epoch seconds or milliseconds, or
/// RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Neo4jCanary {
    /// Cypher that returns one row with one value.
    pub cypher: String,
    /// How old the answer may have been when the snapshot was taken.
    pub max_age: Option<Duration>,
}

/// Checks the name of the database, as far as no server is needed.
pub(super) fn check_own(own: &Own, problems: &mut Problems) {
    let Some(database) = &own.neo4j.database else {
        return;
    };
    let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-');
    let begins = database.starts_with(|it: char| it.is_ascii_alphabetic());
    if !begins || !NAME_LENGTH.contains(&database.len()) || !database.chars().all(allowed) {
        let message = format!("{:?} is not the name of a database", database.value);
        let hint = "Names have 3 to 63 letters, digits, dots and dashes, and begin with a letter.";
        problems.error(&database.place, message).hint(hint);
    }
}

/// Checks the queries and the canary, as far as that needs no answer.
pub(super) fn check_expect(expect: &Neo4jExpect, problems: &mut Problems) {
    let mut names = BTreeSet::new();
    for query in &expect.queries {
        let name = &query.name;
        if name.trim().is_empty()
            || name.chars().count() > QUERY_NAME_MAX
            || name.contains(char::is_control)
        {
            let message = format!("a query needs a name of 1 to {QUERY_NAME_MAX} characters");
            problems.error(&query.place, message);
        } else if !names.insert(name) {
            let message = format!("another query is called {name:?} already");
            problems.error(&query.place, message);
        }
        if query.cypher.trim().is_empty() {
            problems.error(&query.place, "the query asks nothing");
        }
        match (query.min, query.max) {
            (None, None) => {
                let message = "nothing is expected of its answer";
                let problem = problems.error(&query.place, message);
                problem.hint("Write min, max, or both.");
            }
            (Some(min), Some(max)) if min > max => {
                problems.error(&query.place, "min is more than max: no answer lies between");
            }
            _ => {}
        }
    }
    if let Some(canary) = expect
        .canary
        .as_ref()
        .filter(|it| it.cypher.trim().is_empty())
    {
        problems.error(&canary.place, "the canary asks nothing");
    }
}
