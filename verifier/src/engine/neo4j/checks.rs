//! The checks of a restored Neo4j, and what each answer means. Pure.
//!
//! Five things condemn a snapshot: a consistency report, damage shown by the bytes, a load that
//! fails, a server or manifest that contradicts the files, and a missed expectation. Records that
//! contradict stored counts leave it open.

use catalog::{
    format::neo4j::{Archive, CheckLevel, Kind, Neo4jExpect, Restore},
    ledger::{Basis, Reason},
};

use super::{
    observations::{self, Asked, Neo4jObservations},
    schema::{self, Compared},
};
use crate::engine::{
    Case, CheckResult, Whole,
    common_checks::{self, CanarySeen},
};

/// Everything the checks look at.
pub(super) struct Neo4jCase<'a> {
    pub(super) evidence: &'a Case<'a>,
    pub(super) archive: &'a Archive,
    pub(super) expect: &'a Neo4jExpect,
    pub(super) own: &'a Restore,
    pub(super) seen: Neo4jObservations,
}

const HINT: &str = "Upload a manifest with the SHA-256, or upload to S3 with a checksum of the \
    whole object (CRC64NVME), or write expect: { checksum: optional }.";

/// Answers the checks that the archive must pass by itself.
pub(super) fn of_artifact(case: &Neo4jCase<'_>) -> Vec<CheckResult> {
    let integrity = case.evidence.artifact.integrity;
    vec![
        common_checks::checksum("neo4j.checksum", integrity, case.expect.checksum, HINT),
        trailing_bytes(case),
        whole(case),
        identity(case),
        consistency(case),
        migration(case),
        sample(case),
        indexes(case),
        manifest(case),
        roles(case),
        server(case),
    ]
}

/// Answers the checks of what is expected of the source.
pub(super) fn of_snapshot(whole: &Whole<'_>, case: &Neo4jCase<'_>) -> Vec<CheckResult> {
    vec![
        counted(case, "neo4j.nodes", observations::NODES),
        counted(case, "neo4j.relationships", observations::RELATIONSHIPS),
        labels(case),
        schema(whole, case),
        change(whole, case),
        queries(case),
        canary(whole, case),
        common_checks::recovery_time("neo4j.recovery_time", whole),
    ]
}

fn trailing_bytes(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.trailing_bytes";
    match case.evidence.inspection.trailing_bytes {
        0 => CheckResult::passed(CHECK, "the file ends where the archive ends"),
        count => CheckResult::warning(CHECK, "bytes lie behind the archive")
            .observed(count)
            .expected(0, Basis::Snapshot),
    }
}

fn whole(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.chain";
    match case.archive.full() {
        Some(true) => CheckResult::passed(CHECK, "the archive is a whole database"),
        _ => CheckResult::not_run(
            CHECK,
            Some(Reason::NeedsEnterprise),
            "whether the archive is a whole database is not known",
        ),
    }
}

/// Judges whether the unpacked files are those of the archive, and the database that answers has
/// them.
fn identity(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.identity";
    let unknown = |message: &str| CheckResult::not_run(CHECK, Some(Reason::Internal), message);
    let seen = &case.seen;
    let (Some(files), Some(bytes)) = (
        seen.count(observations::FILES),
        seen.count(observations::BYTES),
    ) else {
        return unknown("what was unpacked could not be counted");
    };
    let observed = format!("{files} files, {bytes} bytes");
    let expected = format!("{} files, {} bytes", case.archive.files, case.archive.bytes);
    if (files, bytes) != (case.archive.files, case.archive.bytes) {
        let message = "what was unpacked is not what the archive holds";
        let judged = unknown(message).observed(observed);
        return judged.expected(expected, Basis::Snapshot);
    }
    served(CHECK, case)
        .observed(observed)
        .expected(expected, Basis::Snapshot)
}

/// Judges whether the database that answers has the files that lie there, and its counts agree.
fn served(check: &str, case: &Neo4jCase<'_>) -> CheckResult {
    let unknown = |message: &str| CheckResult::not_run(check, Some(Reason::Internal), message);
    let seen = &case.seen;
    let loaded = seen.count(observations::LOADED_TRANSACTION);
    let both = loaded.zip(seen.count(observations::TRANSACTION));
    if both.is_some_and(|(loaded, served)| served < loaded) {
        let message = "the server's last transaction is older than that of the files";
        return CheckResult::failed(check, Reason::Identity, message);
    }
    if seen.count(observations::NODES).is_none() {
        return unknown("the server did not count its nodes");
    }
    match (
        seen.count(observations::RELATIONSHIPS),
        seen.count(observations::TYPED),
    ) {
        (Some(all), Some(typed)) if all != typed => {
            unknown("the stored count of relationships is not the sum of those of their types")
        }
        _ => CheckResult::passed(check, "the server serves the files of the archive"),
    }
}

fn consistency(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.consistency";
    if case.own.check.level == CheckLevel::None {
        return CheckResult::not_applicable(CHECK, "no check is configured");
    }
    match case.seen.word(observations::CHECKED) {
        Some("full") => CheckResult::passed(CHECK, "neo4j-admin database check found nothing"),
        Some(_) => {
            let message = "neo4j-admin database check found nothing in the graph and its counts; \
                           indexes were not checked";
            CheckResult::passed(CHECK, message)
        }
        None => CheckResult::not_run(CHECK, Some(Reason::Internal), "the files were not checked"),
    }
}

/// Tells the format of the store, and whether it was migrated. A store that needs a migration and
/// had none never comes here.
fn migration(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.migration";
    let word = |name| case.seen.word(name);
    match (
        word(observations::STORE_FORMAT),
        word(observations::MIGRATED_FROM),
    ) {
        (Some(format), Some(before)) => {
            let message = "the server opens the store after neo4j-admin database migrate";
            let migrated = format!("migrated from {before} to {format}");
            CheckResult::passed(CHECK, message).observed(migrated)
        }
        (Some(format), None) => {
            CheckResult::passed(CHECK, "the server opens the store as it is").observed(format)
        }
        (None, _) => {
            let Some(format) = word(observations::SERVED_FORMAT) else {
                return CheckResult::not_run(CHECK, None, "the format of the store was not told");
            };
            let message = "the server opens the store without a migration, in this format";
            CheckResult::passed(CHECK, message).observed(format)
        }
    }
}

fn sample(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.sample";
    let unread = |message: &str| CheckResult::not_run(CHECK, Some(Reason::Internal), message);
    if case.seen.contradicts() {
        return unread(
            "the records that can be read are not as many as the stored counts say\nhint: Let neo4j-admin \
             database check judge them: leave out neo4j: { check: { level: none } }.",
        );
    }
    match (
        case.seen.count(observations::SAMPLED),
        case.seen.count(observations::NODES),
    ) {
        (Some(0), Some(1..)) => unread("no node could be read, although nodes are counted"),
        (Some(0), _) => CheckResult::not_applicable(CHECK, "there is no node to read"),
        (Some(read), _) => {
            let message = "nodes were read with their properties and neighbours";
            CheckResult::passed(CHECK, message).observed(read)
        }
        (None, _) => unread("no node was read"),
    }
}

fn indexes(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.indexes";
    let count = |name| case.seen.count(name);
    let Some(all) = count(observations::INDEXES) else {
        return CheckResult::not_run(CHECK, Some(Reason::Internal), "no index was asked for");
    };
    let failed = count(observations::INDEXES_FAILED).unwrap_or(0);
    let populating = count(observations::INDEXES_POPULATING).unwrap_or(0);
    let judged = if failed > 0 {
        let message = format!(
            "{failed} of the indexes failed to build\nhint: Look at SHOW INDEXES \
                               in production, too."
        );
        CheckResult::warning(CHECK, message)
    } else if populating > 0 {
        let message = format!("{populating} of the indexes are still being built");
        CheckResult::warning(CHECK, message)
    } else {
        CheckResult::passed(CHECK, "every index is online")
    };
    judged.observed(all)
}

/// Compares indexes, constraints, labels and relationship types with those of the nearest earlier
/// verified recovery point. A loss is a warning, because somebody may have wanted it so.
fn schema(whole: &Whole<'_>, case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.schema";
    let now = schema::fingerprints(case.evidence.observations);
    if now.is_empty() {
        let message = "indexes, constraints, labels and relationship types were not told, or are too \
                       many to be compared";
        return CheckResult::not_run(CHECK, None, message);
    }
    let before = whole.previous.map(|previous| &previous.fingerprints);
    let compared = before.map(|before| schema::compared(before, &now));
    let listed = |kinds: Vec<String>| kinds.join(", ");
    let judged = match compared.unwrap_or_default() {
        Compared { gone, untold } if gone.is_empty() && untold.is_empty() => {
            CheckResult::not_applicable(CHECK, "no earlier verified snapshot to compare with")
        }
        Compared { gone, .. } if gone.values().any(|it| *it > 0) => {
            let some = gone.iter().filter(|(_, it)| **it > 0);
            let some = some.map(|(kind, it)| format!("{it} of the {}", schema::spelled(kind)));
            let message = format!(
                "of the verified snapshot before, {} are gone or defined otherwise\nhint: Compare \
                 SHOW INDEXES, SHOW CONSTRAINTS, and the counts of labels and types with \
                 production.",
                listed(some.collect())
            );
            CheckResult::warning(CHECK, message)
        }
        Compared { untold, .. } if !untold.is_empty() => {
            let untold = untold.iter().map(|kind| schema::spelled(kind)).collect();
            let message = format!("too many to be compared: {}", listed(untold));
            CheckResult::not_run(CHECK, None, message)
        }
        Compared { gone, .. } => {
            let kinds = gone.keys().map(|kind| schema::spelled(kind)).collect();
            let message = format!("as before, or more: {}", listed(kinds));
            CheckResult::passed(CHECK, message)
        }
    };
    let observed = now.iter();
    let observed = observed.map(|(kind, it)| format!("{} {}", it.len(), schema::spelled(kind)));
    judged.observed(listed(observed.collect()))
}

fn manifest(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.manifest";
    let manifest = match common_checks::manifest(CHECK, case.evidence) {
        Ok(manifest) => manifest,
        Err(judged) => return judged,
    };
    let said = manifest.items.get(observations::NODES).copied();
    match said.zip(case.seen.count(observations::NODES)) {
        None => CheckResult::passed(CHECK, "the object is the one its manifest describes"),
        Some((said, counted)) => {
            let max_drop = case.expect.change.max_drop;
            common_checks::as_produced(CHECK, observations::NODES, (counted, said), max_drop)
        }
    }
}

fn roles(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.roles";
    let kind = case.archive.kind;
    if kind.is_some_and(Kind::is_backup) {
        return CheckResult::not_applicable(
            CHECK,
            "a backup may hold them; they were not restored",
        );
    }
    CheckResult::warning(
        CHECK,
        "a dump holds no users and no roles\nhint: Keep them elsewhere, or back up the database \
         system, too.",
    )
}

fn server(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.server";
    match case.seen.word(observations::SERVER) {
        Some(server) => {
            CheckResult::passed(CHECK, "a server that is there restored it").observed(server)
        }
        None => CheckResult::not_run(CHECK, None, "the server did not say"),
    }
}

fn counted(case: &Neo4jCase<'_>, check: &str, name: &str) -> CheckResult {
    let Some(count) = case.seen.count(name) else {
        return CheckResult::not_run(check, Some(Reason::Internal), "they were not counted");
    };
    let bounds = if name == observations::NODES {
        case.expect.nodes
    } else {
        case.expect.relationships
    };
    if name != observations::NODES && !bounds.any() {
        return CheckResult::not_applicable(check, "no number is expected").observed(count);
    }
    common_checks::number(check, name, count, bounds)
}

fn labels(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.labels";
    let mut first = None;
    for (index, (label, bounds)) in case.expect.labels.iter().enumerate() {
        let Some(count) = case.seen.labelled(index) else {
            let message = "nodes of an expected label were not counted";
            return CheckResult::not_run(CHECK, Some(Reason::Internal), message);
        };
        let expected = format!("{label}: {}", common_checks::spelled(*bounds));
        let judged = common_checks::within(CHECK, "nodes of each label", count, *bounds);
        let judged = judged.expected(expected, Basis::Configured);
        if judged.spoils.is_some() {
            return judged;
        }
        first.get_or_insert(judged);
    }
    first.unwrap_or_else(|| {
        CheckResult::not_applicable(CHECK, "nothing is expected of single labels")
    })
}

fn change(whole: &Whole<'_>, case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.change";
    let of = |name: &'static str| {
        let before = whole.previous.and_then(|it| it.items.get(name).copied());
        let count = case.seen.count(name).unwrap_or(0);
        common_checks::change(CHECK, name, (count, before), case.expect.change.max_drop)
    };
    let (nodes, relationships) = (of(observations::NODES), of(observations::RELATIONSHIPS));
    if nodes.spoils.is_none() && relationships.spoils.is_some() {
        return relationships;
    }
    nodes
}

fn queries(case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.queries";
    let queries = &case.expect.queries;
    for (index, query) in queries.iter().enumerate() {
        let name = &query.name;
        let unasked =
            |message: String| CheckResult::not_run(CHECK, Some(Reason::Internal), message);
        match case.seen.asked(index) {
            Some(Asked::Number(number)) if query.bounds().hold(number) => {}
            Some(Asked::Number(number)) => {
                let message = format!("{name}: the answer is not as expected");
                let judged = CheckResult::failed(CHECK, Reason::Expectation, message);
                let expected = common_checks::spelled(query.bounds());
                return judged
                    .observed(number)
                    .expected(expected, Basis::Configured);
            }
            Some(Asked::NoNumber) => {
                return unasked(format!(
                    "{name}: the answer is not one row with one whole number\nhint: End it with \
                     RETURN count(*)."
                ));
            }
            Some(Asked::Refused(code)) => {
                let message = format!(
                    "{name}: the server refused it ({code})\nhint: Try it in production; \
                     procedures of plugins are not there."
                );
                return CheckResult::not_run(CHECK, Some(refused(&code)), message);
            }
            None => return unasked(format!("{name}: it was not asked")),
        }
    }
    match queries.len() {
        0 => CheckResult::not_applicable(CHECK, "no query is configured"),
        count => CheckResult::passed(CHECK, "every answer is as expected").observed(count),
    }
}

/// Reason for a refused query: a procedure that is not there is one of a plugin.
fn refused(code: &str) -> Reason {
    match code {
        "Neo.ClientError.Procedure.ProcedureNotFound" => Reason::ModuleMissing,
        _ => Reason::Internal,
    }
}

fn canary(whole: &Whole<'_>, case: &Neo4jCase<'_>) -> CheckResult {
    const CHECK: &str = "neo4j.canary";
    let Some(canary) = &case.expect.canary else {
        return CheckResult::not_applicable(CHECK, "no canary is configured");
    };
    match case.seen.canary {
        Some(CanarySeen::At(at)) => {
            common_checks::heartbeat(CHECK, at, whole.taken_at, canary.max_age)
        }
        Some(CanarySeen::NoTime) => CheckResult::failed(
            CHECK,
            Reason::Expectation,
            "the canary is missing: its query answered nothing, or null",
        ),
        None => {
            let (reason, why) = match case.seen.word(observations::CANARY) {
                Some(observations::NO_TIME) => (
                    Reason::Internal,
                    "the canary's query answered something else than a moment\nhint: Let it \
                     return a temporal value with a zone, as datetime() has one, epoch seconds, \
                     milliseconds or RFC 3339."
                        .into(),
                ),
                Some(code) => (
                    refused(code),
                    format!("the server refused the canary's query ({code})"),
                ),
                None => (Reason::Internal, "the canary was not asked for".into()),
            };
            CheckResult::not_run(CHECK, Some(reason), why)
        }
    }
}

#[cfg(test)]
mod tests;
