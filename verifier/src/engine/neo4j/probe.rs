//! Questions to a restored graph: counts from the count store, and real records beside them,
//! because stored counts can be right where records are not.

use std::time::Duration;

use catalog::format::neo4j::Neo4jExpect;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{
    DATABASE,
    client::{ClientError, GraphClient, Rows},
    observations::{self, Neo4jObservations},
    schema,
};
use crate::engine::{Observation, Observed, common_checks::time_of};

/// Most labels, and most relationship types, to be counted by name; if there are more, none is.
const NAMES_MAX: usize = 1000;

/// Most nodes read of the whole graph, and of each label on top.
const SAMPLE: u64 = observations::READ_MAX;
const SAMPLE_OF_LABEL: u64 = 20;

/// Most neighbours read of each node: one node may have millions.
const HOPS_MAX: u64 = 20;

/// Most statements put together into one.
const BATCH: usize = 100;

/// Longest wait for indexes to be rebuilt; then it is said that they are not. A restore is usable
/// before.
const INDEXES_MAX: Duration = Duration::from_mins(2);

/// Pause between two looks at the indexes.
const INDEXES_POLL: Duration = Duration::from_millis(250);

const NODES: &str = "MATCH (n) RETURN count(n)";
const RELATIONSHIPS: &str = "MATCH ()-[r]->() RETURN count(r)";
const LABEL_COUNT: &str = "CALL db.labels() YIELD label RETURN count(label)";
const LABELS: &str = "CALL db.labels() YIELD label RETURN label";
const TYPES: &str = "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType";
const INDEXES: &str = "SHOW INDEXES YIELD state RETURN state, count(*)";
const CONSTRAINTS: &str = "SHOW CONSTRAINTS YIELD type RETURN count(*)";
const VERSION: &str = "CALL dbms.components() YIELD versions, edition RETURN versions[0], edition";

/// Asks what the checks want to know of the server, and of indexes and constraints.
pub(super) async fn about(client: &mut GraphClient<'_>) -> Result<Vec<Observation>, ClientError> {
    let mut seen = Vec::new();
    seen.extend(version(client).await?);
    let constraints = client.number(DATABASE, CONSTRAINTS).await?;
    seen.extend(constraints.map(|count| observations::count(observations::CONSTRAINTS, count)));
    seen.extend(indexes(client).await?);
    seen.extend(schema::observe(client).await?);
    Ok(seen)
}

/// Asks for the number of nodes, the first question to a graph.
pub(super) async fn nodes(client: &mut GraphClient<'_>) -> Result<Option<u64>, ClientError> {
    client.number(DATABASE, NODES).await
}

/// Asks what the checks want to know of the records.
pub(super) async fn graph(
    client: &mut GraphClient<'_>,
    expect: &Neo4jExpect,
) -> Result<Vec<Observation>, ClientError> {
    let mut seen = Vec::new();
    for (name, statement) in [
        (observations::NODES, NODES),
        (observations::RELATIONSHIPS, RELATIONSHIPS),
        (observations::LABELS, LABEL_COUNT),
    ] {
        let count = client.number(DATABASE, statement).await?;
        seen.extend(count.map(|count| observations::count(name, count)));
    }
    let labels = names(client, LABELS).await?;
    let nodes = each(client, &labels, |label| format!("(it:{label})")).await?;
    seen.extend(schema::present(
        observations::LABELS,
        &labels,
        nodes.as_deref(),
    ));
    let kinds = names(client, TYPES).await?;
    let typed = each(client, &kinds, |kind| format!("()-[it:{kind}]->()")).await?;
    let typed = typed.as_deref();
    seen.extend(schema::present(
        observations::RELATIONSHIP_TYPES,
        &kinds,
        typed,
    ));
    // Every relationship has exactly one type, so the sum is the number of all.
    let sum = typed.map(|counts| counts.iter().copied().fold(0, u64::saturating_add));
    seen.extend(sum.map(|sum| observations::count(observations::TYPED, sum)));
    seen.extend(labelled(client, expect).await?);
    seen.extend(records(client).await?);
    // Where records are missing, a walk along references to them may have no end.
    if !Neo4jObservations::of(&seen).contradicts() {
        seen.push(observations::count(
            observations::SAMPLED,
            sampled(client, &labels).await?,
        ));
    }
    Ok(seen)
}

/// Asks the configured queries and the canary.
pub(super) async fn configured(
    client: &mut GraphClient<'_>,
    expect: &Neo4jExpect,
) -> Result<Vec<Observation>, ClientError> {
    let mut seen = Vec::new();
    for (index, query) in expect.queries.iter().enumerate() {
        let name = format!("{}{index}", observations::QUERY);
        let answer = client.number(DATABASE, &query.cypher).await;
        seen.push(asked(name, answer)?);
    }
    if let Some(canary) = &expect.canary {
        let answer = client.ask(DATABASE, &canary.cypher).await;
        seen.push(beaten(answer)?);
    }
    Ok(seen)
}

/// Turns the answer to a configured query into an observation. A refusal is an answer, too: it may
/// be the configuration's fault.
fn asked(
    name: String,
    answer: Result<Option<u64>, ClientError>,
) -> Result<Observation, ClientError> {
    Ok(match answer {
        Ok(Some(number)) => observations::count(name, number),
        Ok(None) => Observation {
            name,
            value: Observed::Missing,
        },
        Err(ClientError::Refused(code)) => observations::word(name, code),
        Err(error) => return Err(error),
    })
}

/// Turns the answer to the canary into an observation: a time, in whatever way it is written.
fn beaten(answer: Result<Rows, ClientError>) -> Result<Observation, ClientError> {
    let rows = match answer {
        Ok(rows) => rows,
        Err(ClientError::Refused(code)) => {
            return Ok(observations::word(observations::CANARY, code));
        }
        Err(error) => return Err(error),
    };
    let at = match rows.first().and_then(|row| row.first()) {
        None | Some(Value::Null) => {
            return Ok(Observation {
                name: observations::CANARY.into(),
                value: Observed::Missing,
            });
        }
        Some(Value::String(text)) => moment(text),
        Some(Value::Number(number)) => time_of(&number.to_string()),
        Some(_) => None,
    };
    Ok(at.map_or_else(
        || observations::word(observations::CANARY, observations::NO_TIME),
        |at| observations::time(observations::CANARY, at),
    ))
}

/// Parses a time: epoch or RFC 3339, also with Cypher's own way to write a zone (`…Z[UTC]`). A time
/// without a zone is none, because it may be hours away.
fn moment(text: &str) -> Option<Timestamp> {
    time_of(text.split('[').next().unwrap_or(text))
}

async fn version(client: &mut GraphClient<'_>) -> Result<Option<Observation>, ClientError> {
    let rows = client.ask("system", VERSION).await?;
    let Some([Value::String(version), Value::String(edition)]) = rows.first().map(Vec::as_slice)
    else {
        return Ok(None);
    };
    let plain = |text: &str| {
        let letters = text.chars();
        letters
            .filter(|it| it.is_ascii_alphanumeric() || *it == '.')
            .take(20)
            .collect::<String>()
    };
    let told = format!("Neo4j {} {}", plain(version), plain(edition));
    Ok(Some(observations::word(observations::SERVER, told)))
}

/// Returns the names that a statement lists; [`NAMES_MAX`] and one more if there are too many.
async fn names(client: &mut GraphClient<'_>, statement: &str) -> Result<Vec<String>, ClientError> {
    let statement = format!("{statement} LIMIT {}", NAMES_MAX + 1);
    let rows = client.ask(DATABASE, &statement).await?;
    let names = rows
        .into_iter()
        .filter_map(|row| match row.into_iter().next() {
            Some(Value::String(name)) => Some(name),
            _ => None,
        });
    Ok(names.collect())
}

/// Counts each name from the count store; `None` if there are too many names.
async fn each(
    client: &mut GraphClient<'_>,
    names: &[String],
    pattern: impl Fn(String) -> String,
) -> Result<Option<Vec<u64>>, ClientError> {
    if names.len() > NAMES_MAX {
        return Ok(None);
    }
    let count = |(index, name): (usize, &String)| {
        let pattern = pattern(quoted(name));
        format!("MATCH {pattern} WITH count(it) AS c RETURN {index} AS i, c")
    };
    let statements: Vec<_> = names.iter().enumerate().map(count).collect();
    let mut counts = vec![0; names.len()];
    for row in united(client, &statements).await? {
        let mut numbers = row.iter().map(Value::as_u64);
        let (index, count) = (numbers.next().flatten(), numbers.next().flatten());
        let index = index.and_then(|it| usize::try_from(it).ok());
        if let (Some(index), Some(count)) = (index, count)
            && let Some(counted) = counts.get_mut(index)
        {
            *counted = count;
        }
    }
    Ok(Some(counts))
}

/// Returns the rows of all statements, which have the same columns.
async fn united(client: &mut GraphClient<'_>, statements: &[String]) -> Result<Rows, ClientError> {
    let mut rows = Rows::new();
    for batch in statements.chunks(BATCH) {
        rows.extend(client.ask(DATABASE, &batch.join(" UNION ALL ")).await?);
    }
    Ok(rows)
}

async fn labelled(
    client: &mut GraphClient<'_>,
    expect: &Neo4jExpect,
) -> Result<Vec<Observation>, ClientError> {
    let mut seen = Vec::new();
    for (index, label) in expect.labels.keys().enumerate() {
        let statement = format!("MATCH (n:{}) RETURN count(n)", quoted(label));
        if let Some(count) = client.number(DATABASE, &statement).await? {
            seen.push(observations::count(
                format!("{}{index}", observations::LABELLED),
                count,
            ));
        }
    }
    Ok(seen)
}

/// Counts records by reading them one by one, as they lie there: the limit keeps the count store
/// out of it.
async fn records(client: &mut GraphClient<'_>) -> Result<Vec<Observation>, ClientError> {
    let mut seen = Vec::new();
    for (name, pattern) in [
        (observations::READ_NODES, "(it)"),
        (observations::READ_RELATIONSHIPS, "()-[it]->()"),
    ] {
        let statement = format!("MATCH {pattern} WITH it LIMIT {SAMPLE} RETURN count(it)");
        let read = client.number(DATABASE, &statement).await?;
        seen.extend(read.map(|read| observations::count(name, read)));
    }
    Ok(seen)
}

/// Reads nodes with all their properties and one hop, of the whole graph and of each label; returns
/// how many.
async fn sampled(client: &mut GraphClient<'_>, labels: &[String]) -> Result<u64, ClientError> {
    let read = |pattern: &str, limit: u64| {
        format!(
            "MATCH ({pattern}) WITH n LIMIT {limit} \
             CALL (n) {{ OPTIONAL MATCH (n)-[r]-(m) WITH r, m LIMIT {HOPS_MAX} \
             RETURN sum(size(keys(properties(r))) + size(keys(properties(m)))) AS q }} \
             RETURN count(n) AS c, sum(size(keys(properties(n)))) AS p, sum(q) AS s"
        )
    };
    let of_label = |name: &String| read(&format!("n:{}", quoted(name)), SAMPLE_OF_LABEL);
    let statements = [read("n", SAMPLE)].into_iter();
    let statements = statements.chain(labels.iter().take(NAMES_MAX).map(of_label));
    let statements: Vec<_> = statements.collect();
    let rows = united(client, &statements).await?;
    let counts = rows.iter().filter_map(|row| row.first()?.as_u64());
    Ok(counts.fold(0, u64::saturating_add))
}

/// Quotes the name of a label or type for a statement: whatever is in it, it stays a name (Cypher
/// manual, "Naming rules").
fn quoted(name: &str) -> String {
    // A backslash may begin `\u0060`, which would be read as a backtick.
    let name = name.replace('\\', "\\u005C").replace('`', "``");
    format!("`{name}`")
}

/// Counts indexes by state, once none is being rebuilt or after [`INDEXES_MAX`].
async fn indexes(client: &mut GraphClient<'_>) -> Result<Vec<Observation>, ClientError> {
    let deadline = Instant::now() + INDEXES_MAX;
    loop {
        let rows = client.ask(DATABASE, INDEXES).await?;
        let of = |wanted: Option<&str>| -> u64 {
            let counted = rows
                .iter()
                .filter(|row| wanted.is_none() || row.first().and_then(Value::as_str) == wanted);
            counted.filter_map(|row| row.get(1)?.as_u64()).sum()
        };
        let populating = of(Some("POPULATING"));
        if populating == 0 || Instant::now() >= deadline {
            return Ok(vec![
                observations::count(observations::INDEXES, of(None)),
                observations::count(observations::INDEXES_FAILED, of(Some("FAILED"))),
                observations::count(observations::INDEXES_POPULATING, populating),
            ]);
        }
        sleep(INDEXES_POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        let check = |name: &str, expected: &str| assert_eq!(quoted(name), expected);
        check("Person", "`Person`");
        check("a b", "`a b`");
        check("x`) DETACH DELETE (n", "`x``) DETACH DELETE (n`");
        check("x\\u0060) RETURN 1", "`x\\u005Cu0060) RETURN 1`");
    }

    #[test]
    fn a_time_is_read_however_cypher_writes_it() {
        let check = |text: &str, expected: Option<&str>| {
            let at = moment(text).map(|at| at.to_string());
            assert_eq!(at.as_deref(), expected, "{text}");
        };
        let at = Some("2026-11-22T10:00:00Z");
        check("2026-11-22T10:00:00Z", at);
        check("2026-11-22T12:00:00+02:00", at);
        check("2026-11-22T10:00:00Z[UTC]", at);
        check("2026-11-22T10:00:00", None);
        check("2026-11-22", None);
        check("1795341600", at);
        check("1795341600000", at);
        check("yesterday", None);
    }
}
