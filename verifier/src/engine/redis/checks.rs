//! The checks of a restored Redis, and what each answer means. Pure.
//!
//! Here are the checks that every artifact must pass by itself; those of the source as a whole are
//! in `whole`.
//!
//! Keys are judged as counted *in the file*: one that has expired by the time of the load is no
//! loss.

mod whole;

use std::collections::BTreeMap;

use catalog::{
    format::{
        InspectionState,
        redis::{Census, RedisExpect},
    },
    ledger::{Basis, Integrity, Reason},
};
use jiff::SignedDuration;

use super::observations::RedisObservations;
use crate::engine::{Case, CheckResult, common_checks};

pub(super) use whole::of_snapshot;

/// Largest difference between the clock of the sandbox and ours, whose readings lie some time
/// apart.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Everything the checks of one artifact look at.
pub(super) struct RedisCase<'a> {
    pub(super) evidence: &'a Case<'a>,
    pub(super) census: &'a Census,
    pub(super) expect: &'a RedisExpect,
    pub(super) seen: RedisObservations,
}

/// Answers the checks of one artifact, in the order of the format's table.
pub(super) fn of_artifact(case: &RedisCase<'_>) -> Vec<CheckResult> {
    vec![
        checksum(case),
        trailing_bytes(case),
        contents(case),
        identity(case),
        announced(case),
        manifest(case),
        functions(case),
        evictions(case),
        memory(case),
        server(case),
        clock(case),
    ]
}

/// Hint how to get a witness of the bytes.
const WITNESS: &str = "Set rdbchecksum yes, or upload a manifest with the SHA-256, or upload to S3 \
                       with a checksum of the whole object (CRC64NVME)";

fn checksum(case: &RedisCase<'_>) -> CheckResult {
    let hint = format!("{WITNESS}, or write expect: {{ checksum: optional }}.");
    let integrity = case.evidence.artifact.integrity;
    common_checks::checksum("redis.checksum", integrity, case.expect.checksum, &hint)
}

/// Judges bytes behind the end mark: they harm nothing if a witness vouches for the file, and with
/// it for its end. Without a witness the mark may be a changed byte and what follows it keys, and
/// no configuration accepts that.
fn trailing_bytes(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.trailing_bytes";
    let inspection = case.evidence.inspection;
    if inspection.trailing_bytes == 0 {
        return CheckResult::passed(CHECK, "the file ends where the snapshot ends");
    }
    let stray = case.census.stray_bytes;
    let judged = if stray > 0 && case.evidence.artifact.integrity == Integrity::None {
        let message = format!(
            "{stray} bytes lie behind the end mark, and nothing vouches for the bytes: it may be \
             damage, and what follows it keys\nhint: {WITNESS}."
        );
        CheckResult::not_run(CHECK, Some(Reason::NoChecksum), message)
    } else {
        let found = inspection.findings.last();
        let found = found.map_or("bytes lie behind the end", |found| found.message.as_str());
        CheckResult::warning(CHECK, found)
    };
    judged
        .observed(inspection.trailing_bytes)
        .expected(0, Basis::Snapshot)
}

/// Reports oddities that the native reading met. They never spoil a proof by themselves: a server
/// that dislikes them says so, and where nothing vouches for the bytes `redis.checksum` decides.
fn contents(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.contents";
    let (empty, repeating) = (case.census.empty_keys, case.census.repeating_keys);
    let Some(first) = case.evidence.inspection.warnings.first() else {
        return CheckResult::passed(CHECK, "every key holds something, and nothing twice");
    };
    let witness = match case.evidence.artifact.integrity {
        Integrity::File => "the file's checksum says that it was written so",
        Integrity::Manifest => "the digest in the manifest says that it was written so",
        Integrity::Object => "the checksum of its upload says that it was written so",
        Integrity::None => "nothing vouches for the bytes, so it may be damage",
    };
    let hold = |keys, what: &str| match keys {
        0 => None,
        1 => Some(format!("1 key holds {what}")),
        _ => Some(format!("{keys} keys hold {what}")),
    };
    let odd = [
        hold(empty, "a collection of nothing"),
        hold(repeating, "a field or member twice"),
    ];
    let odd: Vec<_> = odd.into_iter().flatten().collect();
    let message = format!(
        "{}; {witness}; the first, at byte {}: {}",
        odd.join(", and "),
        first.offset,
        first.message
    );
    CheckResult::warning(CHECK, message)
        .observed(format!("{empty} empty, {repeating} with repetitions"))
        .expected("0 empty, 0 with repetitions", Basis::Snapshot)
}

/// Compares the keys that the server accounts for with those counted natively: loaded + expired +
/// dropped at load (by `INFO` of 7.0 and later, by the log before).
fn identity(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.identity";
    let counted = case.census.keys();
    let Some(loaded) = case.seen.loaded else {
        return identity_by_live_keys(case, CHECK, counted);
    };
    let (expired, skipped) = (
        case.seen.expired.unwrap_or(0),
        case.seen.skipped.unwrap_or(0),
    );
    let dropped = if skipped == 0 {
        String::new()
    } else {
        format!(" + {skipped} dropped")
    };
    let observed = format!("{loaded} + {expired} expired{dropped}");
    let accounted = loaded
        .checked_add(expired)
        .and_then(|it| it.checked_add(skipped));
    let Some(accounted) = accounted else {
        let message = "the server counts more keys than there can be";
        return CheckResult::not_run(CHECK, Some(Reason::Internal), message);
    };
    let judged = if accounted == counted {
        CheckResult::passed(CHECK, "the server loaded exactly the keys of the file")
    } else if accounted < counted && case.seen.skipped.is_none() {
        let message = "the log does not say how many keys the server dropped";
        CheckResult::not_run(CHECK, Some(Reason::Internal), message)
    } else {
        let message = "the server did not load the keys that the file holds";
        CheckResult::failed(CHECK, Reason::Identity, message)
    };
    judged.observed(observed).expected(counted, Basis::Snapshot)
}

/// Compares the live keys, for servers that count nothing while they load: they may be fewer than
/// those of the file only by what expires or is empty.
fn identity_by_live_keys(case: &RedisCase<'_>, check: &str, counted: u64) -> CheckResult {
    let Some(live) = case.seen.live_keys else {
        let message = "the server did not say what it loaded";
        return CheckResult::not_run(check, Some(Reason::Internal), message);
    };
    // Keys that expire may be gone, and the load may have dropped those that hold nothing.
    let lasting = counted.saturating_sub(case.census.expiring_keys() + case.census.empty_keys);
    let judged = if (lasting..=counted).contains(&live) {
        CheckResult::passed(
            check,
            "the server holds the keys of the file, as far as it can tell",
        )
    } else {
        let message = "the server does not hold the keys that the file holds";
        CheckResult::failed(check, Reason::Identity, message)
    };
    let expected = if lasting == counted {
        counted.to_string()
    } else {
        format!("{lasting} to {counted}")
    };
    judged.observed(live).expected(expected, Basis::Snapshot)
}

/// Compares the announced number of keys with those counted: `RESIZEDB` is exact for writers from
/// 5.0 (file version 9) on.
fn announced(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.announced";
    const EXACT_SINCE: u32 = 9;
    let exact = case
        .census
        .version
        .is_some_and(|version| version >= EXACT_SINCE);
    let Some(announced) = case.census.announced_keys().filter(|_| exact) else {
        return CheckResult::not_applicable(CHECK, "its writer announced no exact number of keys");
    };
    let counted = case.census.keys();
    let judged = if announced == counted {
        CheckResult::passed(CHECK, "the file holds as many keys as its writer announced")
    } else if case.evidence.artifact.integrity == Integrity::None {
        let message = format!(
            "the file holds another number of keys than its writer announced, and nothing vouches \
             for its bytes\nhint: {WITNESS}."
        );
        CheckResult::not_run(CHECK, Some(Reason::NoChecksum), message)
    } else {
        CheckResult::warning(
            CHECK,
            "the file holds another number of keys than its writer announced",
        )
    };
    judged
        .observed(counted)
        .expected(announced, Basis::Snapshot)
}

fn manifest(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.manifest";
    let manifest = match common_checks::manifest(CHECK, case.evidence) {
        Ok(manifest) => manifest,
        Err(judged) => return judged,
    };
    match manifest.items.get("keys").copied() {
        None => CheckResult::passed(CHECK, "the object is the one its manifest describes"),
        Some(said) => {
            let max_drop = case.expect.change.max_drop;
            common_checks::as_produced(CHECK, "keys", (case.census.keys(), said), max_drop)
        }
    }
}

fn functions(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.functions";
    let counted = case.census.functions;
    let judged = match case.seen.functions {
        None if counted == 0 => {
            return CheckResult::not_applicable(CHECK, "neither file nor server knows functions");
        }
        None => {
            let message = "the server did not say which functions it loaded";
            CheckResult::not_run(CHECK, Some(Reason::Internal), message)
        }
        Some(loaded) if loaded == counted => {
            CheckResult::passed(CHECK, "every function library was loaded").observed(loaded)
        }
        Some(loaded) => {
            let message = "the server did not load the function libraries of the file";
            CheckResult::failed(CHECK, Reason::Identity, message).observed(loaded)
        }
    };
    judged.expected(counted, Basis::Snapshot)
}

fn evictions(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.evictions";
    match case.seen.evicted {
        None => CheckResult::not_run(CHECK, None, "the server did not say"),
        Some(0) => CheckResult::passed(CHECK, "the server kept everything it loaded").observed(0),
        Some(evicted) => {
            let message = "the server evicted keys although it was told to keep all";
            CheckResult::failed(CHECK, Reason::Internal, message)
                .observed(evicted)
                .expected(0, Basis::Snapshot)
        }
    }
}

fn memory(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.memory";
    let Some(used) = case.seen.used_memory else {
        return CheckResult::not_run(CHECK, None, "the server did not say");
    };
    let judged = CheckResult::passed(CHECK, "what a server for this data needs at least");
    let judged = judged.observed(format!("{used} bytes"));
    match case.census.used_memory_bytes {
        Some(before) => judged.expected(format!("{before} bytes"), Basis::Snapshot),
        None => judged,
    }
}

fn server(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.server";
    let Some(server) = &case.seen.server else {
        return CheckResult::not_run(CHECK, None, "the server did not say");
    };
    let judged = match &case.seen.without {
        None => CheckResult::passed(CHECK, "a server that is there restored it"),
        Some(without) => CheckResult::warning(CHECK, without),
    };
    let judged = judged.observed(server);
    match &case.census.writer {
        Some(writer) => judged.expected(format!("written by {writer}"), Basis::Snapshot),
        None => judged,
    }
}

/// Compares the sandbox's clock with ours: a wrong one expires everything, or nothing.
fn clock(case: &RedisCase<'_>) -> CheckResult {
    const CHECK: &str = "redis.clock";
    let Some(said) = case.seen.time else {
        return CheckResult::not_run(CHECK, None, "the server did not say");
    };
    let skew = case.evidence.asked_at.duration_since(said).abs();
    let observed = format!("{} s", skew.as_secs());
    if skew <= SKEW_MAX {
        return CheckResult::passed(CHECK, "the sandbox's clock is ours").observed(observed);
    }
    CheckResult::warning(
        CHECK,
        "the sandbox's clock is not ours: keys expire at the wrong time",
    )
    .observed(observed)
}

/// Returns the counts of one artifact for the record.
pub(super) fn items(case: &RedisCase<'_>) -> BTreeMap<String, u64> {
    let census = case.census;
    let mut items = BTreeMap::new();
    let state = case.evidence.inspection.state;
    if matches!(state, InspectionState::Intact | InspectionState::Unvouched) {
        items.insert("keys".into(), census.keys());
        items.insert("expiring_keys".into(), census.expiring_keys());
        items.insert("functions".into(), census.functions);
    }
    if let Some(live) = case.seen.live_keys {
        items.insert("live_keys".into(), live);
    }
    items
}

#[cfg(test)]
mod tests;
