//! Fingerprints of indexes and constraints by their definitions, and of labels and relationship
//! types by their names, so that one that gets lost is missed. Records hold no names.

use std::collections::{BTreeMap, BTreeSet};

use catalog::digest::Sha256;
use catalog::ledger::Fingerprints;
use serde_json::Value;

use super::{
    DATABASE,
    client::{ClientError, GraphClient, Rows},
    observations,
};
use crate::engine::{Observation, Observed};

/// Most definitions of each kind: a record has room for no more. A kind that has more is not
/// compared.
const DEFINITIONS_MAX: usize = 500;

/// Hexadecimal digits of a fingerprint: 64 bits, of at most a thousand definitions.
const DIGITS: usize = 16;

/// Columns that versions since 4.4 have (Cypher manual, `SHOW INDEXES`, `SHOW CONSTRAINTS`).
const COLUMNS: &str = "name, type, entityType, labelsOrTypes, properties";

/// Kinds that have definitions, called as in records, with the statements that list them.
const KINDS: [(&str, &str); 2] = [
    (observations::INDEXES, "SHOW INDEXES"),
    (observations::CONSTRAINTS, "SHOW CONSTRAINTS"),
];

/// Observes indexes and constraints: a fingerprint for each definition.
pub(super) async fn observe(client: &mut GraphClient<'_>) -> Result<Vec<Observation>, ClientError> {
    let mut all = Vec::new();
    for (kind, show) in KINDS {
        let most = DEFINITIONS_MAX + 1;
        let statement = format!("{show} YIELD {COLUMNS} RETURN {COLUMNS} LIMIT {most}");
        let rows = match client.ask(DATABASE, &statement).await {
            Ok(rows) if rows.len() < most => rows,
            // Too many, or columns of another version.
            Ok(_) | Err(ClientError::Refused(_)) => continue,
            Err(error) => return Err(error),
        };
        all.extend(defined(kind, &rows));
    }
    Ok(all)
}

/// Observes labels or relationship types: a fingerprint for each name of which something is there,
/// because names outlive what they named. Empty if they were not counted or are too many.
pub(super) fn present(kind: &str, names: &[String], counts: Option<&[u64]>) -> Vec<Observation> {
    let counted = names.iter().zip(counts.unwrap_or_default());
    let there = counted.filter(|(_, count)| **count > 0);
    let row = |name: &String| vec![name.as_str().into(), kind.into()];
    let rows: Rows = there.map(|(name, _)| row(name)).collect();
    if counts.is_none() || rows.len() > DEFINITIONS_MAX {
        return Vec::new();
    }
    defined(kind, &rows).collect()
}

/// The observations of a kind of which all definitions are known.
fn defined(kind: &str, rows: &Rows) -> impl Iterator<Item = Observation> {
    let name = format!("{}{kind}", observations::DEFINITION);
    let marks = marks(rows).into_iter();
    let all = marks.map(move |mark| observations::word(&name, mark));
    [observations::word(observations::DEFINED, kind)]
        .into_iter()
        .chain(all)
}

/// Fingerprints of all rows, in an order of their own.
fn marks(rows: &Rows) -> BTreeSet<String> {
    rows.iter().map(|row| mark(row)).collect()
}

fn mark(row: &[Value]) -> String {
    let mut digest = Sha256::new();
    for (column, value) in row.iter().enumerate() {
        let text = match value {
            Value::String(text) if column == 1 => said(text).to_owned(),
            value => value.to_string(),
        };
        digest.update(text.as_bytes());
        digest.update(b"\0");
    }
    let mut mark = digest.finish();
    mark.truncate(DIGITS);
    mark
}

/// Shortens the type of a constraint: newer versions have longer words for it, e.g.
/// `NODE_PROPERTY_UNIQUENESS`.
fn said(kind: &str) -> &str {
    let known = ["UNIQUENESS", "EXISTENCE", "KEY"];
    let known = known.into_iter().find(|word| kind.ends_with(word));
    known.unwrap_or(kind)
}

/// Returns the fingerprints for the record; a kind that was not seen is not there.
pub(super) fn fingerprints(observations: &[Observation]) -> Fingerprints {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Observation { name, value } in observations {
        let Observed::Word(word) = value else {
            continue;
        };
        if name == observations::DEFINED {
            all.entry(word.clone()).or_default();
        } else if let Some(kind) = name.strip_prefix(observations::DEFINITION) {
            all.entry(kind.to_owned()).or_default().push(word.clone());
        }
    }
    let all = all.into_iter();
    all.map(|(kind, marks)| (kind, marks.into())).collect()
}

/// Comparison of the definitions of now with those of before, by kinds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Compared {
    /// Kinds seen at both times, with the number of definitions that are gone.
    pub(super) gone: BTreeMap<String, usize>,
    /// Kinds seen only before: now they are too many to be compared.
    pub(super) untold: Vec<String>,
}

/// Compares the fingerprints of two snapshots.
pub(super) fn compared(before: &Fingerprints, now: &Fingerprints) -> Compared {
    let mut compared = Compared::default();
    for (kind, before) in before {
        match now.get(kind) {
            Some(now) => {
                let gone = before.iter().filter(|it| !now.contains(it)).count();
                compared.gone.insert(kind.clone(), gone);
            }
            None => compared.untold.push(kind.clone()),
        }
    }
    compared
}

/// Spells a kind for people: `relationship types`.
pub(super) fn spelled(kind: &str) -> String {
    kind.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(name: &str, kind: &str, label: &str) -> Vec<Value> {
        vec![
            json!(name),
            json!(kind),
            json!("NODE"),
            json!([label]),
            json!(["id"]),
        ]
    }

    #[test]
    fn a_definition_is_known_again_and_tells_nothing() {
        let one = mark(&row("person_id", "RANGE", "Person"));
        assert_eq!(one.len(), DIGITS);
        assert!(one.bytes().all(|it| it.is_ascii_hexdigit()));
        assert_eq!(one, mark(&row("person_id", "RANGE", "Person")));
        for other in [
            row("person", "RANGE", "Person"),
            row("person_id", "TEXT", "Person"),
            row("person_id", "RANGE", "People"),
        ] {
            assert_ne!(one, mark(&other));
        }
        let unique = |kind| mark(&row("person_id", kind, "Person"));
        assert_eq!(unique("UNIQUENESS"), unique("NODE_PROPERTY_UNIQUENESS"));
        assert_ne!(unique("UNIQUENESS"), unique("NODE_KEY"));
    }

    #[test]
    fn a_name_counts_while_there_is_something_of_it() {
        let names = ["Person".to_owned(), "Movie".to_owned(), "Unused".to_owned()];
        let of = |counts| fingerprints(&present(observations::LABELS, &names, counts));
        let before = of(Some(&[133, 38, 0]));
        assert_eq!(before[observations::LABELS].len(), 2);
        let gone = |counts| {
            compared(&before, &of(counts))
                .gone
                .remove(observations::LABELS)
        };
        assert_eq!(gone(Some(&[133, 38, 1])), Some(0));
        assert_eq!(gone(Some(&[133, 0, 0])), Some(1));
        assert_eq!(gone(None), None);
        let types = present(
            observations::RELATIONSHIP_TYPES,
            &names,
            Some(&[133, 38, 0]),
        );
        let types = fingerprints(&types);
        assert_ne!(
            types[observations::RELATIONSHIP_TYPES],
            before[observations::LABELS]
        );
        let many: Vec<_> = (0..=DEFINITIONS_MAX).map(|it| it.to_string()).collect();
        let counts = vec![1; many.len()];
        assert!(present(observations::LABELS, &many, Some(&counts)).is_empty());
    }

    #[test]
    fn what_is_gone_is_counted_where_both_were_seen() {
        let of = |names: &[(&str, &[&str])]| -> Fingerprints {
            let owned = |marks: &[&str]| marks.iter().map(ToString::to_string).collect();
            names
                .iter()
                .map(|(kind, marks)| ((*kind).to_owned(), owned(marks)))
                .collect()
        };
        let before = of(&[("indexes", &["a", "b"]), ("constraints", &["c"])]);
        let check = |now: &[(&str, &[&str])], gone: &[(&str, usize)], untold: &[&str]| {
            let found = compared(&before, &of(now));
            let expected = gone.iter().map(|(kind, it)| ((*kind).to_owned(), *it));
            assert_eq!(found.gone, expected.collect(), "{now:?}");
            assert_eq!(found.untold, untold, "{now:?}");
        };
        check(
            &[("indexes", &["b", "a"]), ("constraints", &["c"])],
            &[("indexes", 0), ("constraints", 0)],
            &[],
        );
        check(
            &[("indexes", &["a", "x"]), ("constraints", &[])],
            &[("indexes", 1), ("constraints", 1)],
            &[],
        );
        check(
            &[("indexes", &["a", "b", "d"]), ("labels", &["e"])],
            &[("indexes", 0)],
            &["constraints"],
        );
        check(&[], &[], &["constraints", "indexes"]);
        assert_eq!(compared(&Fingerprints::new(), &before), Compared::default());
    }

    #[test]
    fn a_record_holds_every_kind_that_was_seen() {
        let name = format!("{}indexes", observations::DEFINITION);
        let observations = [
            observations::word(observations::DEFINED, "indexes"),
            observations::word(&name, "ab"),
            observations::word(observations::DEFINED, "constraints"),
            observations::word(observations::SERVER, "Neo4j"),
        ];
        let found = fingerprints(&observations);
        assert_eq!(*found["indexes"], ["ab"]);
        assert!(found["constraints"].is_empty());
        assert_eq!(found.len(), 2);
    }
}
