//! What is asked of a restored Redis, and what each answer means. Pure.
//!
//! Keys are judged as counted *in the file*: what has expired by the time of the load is no loss.

use std::collections::BTreeMap;

use catalog::{
    evidence::{Basis, Integrity, Reason},
    format::{
        InspectionState,
        redis::{Bounds, Census, ChecksumRule, Expect},
    },
};
use jiff::{SignedDuration, Timestamp};

use super::seen::{CanarySeen, Seen};
use crate::engine::{Evidence, Judged};

/// Clocks of one machine, and what lies between two questions.
const SKEW_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Everything the checks look at.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence<'a>,
    pub(super) census: &'a Census,
    pub(super) expect: &'a Expect,
    pub(super) seen: Seen,
}

/// All of them, in the order of the format's table.
pub(super) fn all(case: &Case<'_>) -> Vec<Judged> {
    vec![
        checksum(case),
        trailing_bytes(case),
        identity(case),
        announced(case),
        keys(case),
        databases(case),
        change(case),
        manifest(case),
        functions(case),
        evictions(case),
        canary(case),
        recovery_time(case),
        memory(case),
        server(case),
        clock(case),
    ]
}

fn checksum(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.checksum";
    let passed = |by| Judged::passed(CHECK, format!("every byte is covered by {by}"));
    match (case.evidence.artifact.integrity, case.expect.checksum) {
        (Integrity::File, _) => passed("a checksum inside the file"),
        (Integrity::Manifest, _) => passed("the digest in the manifest"),
        (Integrity::Object, _) => passed("the checksum of its upload"),
        (Integrity::None, ChecksumRule::Optional) => Judged::warning(
            CHECK,
            "nothing vouches for the bytes; accepted by configuration",
        ),
        (Integrity::None, ChecksumRule::Required) => Judged::failed(
            CHECK,
            Reason::NoChecksum,
            "nothing vouches for the bytes: the file carries no checksum, so changed values would \
             load unnoticed\nhint: Set rdbchecksum yes, or upload a manifest with the SHA-256, or \
             write expect: { checksum: optional }.",
        ),
    }
}

fn trailing_bytes(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.trailing_bytes";
    let inspection = case.evidence.inspection;
    if inspection.trailing_bytes == 0 {
        return Judged::passed(CHECK, "the file ends where the snapshot ends");
    }
    let found = inspection
        .findings
        .last()
        .map_or("bytes lie behind the end", |found| found.message.as_str());
    Judged::warning(CHECK, format!("{found}; servers ignore them"))
        .observed(inspection.trailing_bytes)
        .expected(0, Basis::Snapshot)
}

/// Loaded + expired + dropped at load = counted natively (INFO of 7.0 and later, the log before).
fn identity(case: &Case<'_>) -> Judged {
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
    let accounted = loaded + expired + skipped;
    let judged = if accounted == counted {
        Judged::passed(CHECK, "the server loaded exactly the keys of the file")
    } else if accounted < counted && case.seen.skipped.is_none() {
        let message = "the log does not say how many keys the server dropped";
        Judged::not_run(CHECK, Some(Reason::Internal), message)
    } else {
        let message = "the server did not load the keys that the file holds";
        Judged::failed(CHECK, Reason::Identity, message)
    };
    judged.observed(observed).expected(counted, Basis::Snapshot)
}

/// Servers that count nothing while they load: what lives may be fewer only by what expires.
fn identity_by_live_keys(case: &Case<'_>, check: &str, counted: u64) -> Judged {
    let Some(live) = case.seen.live_keys else {
        let message = "the server did not say what it loaded";
        return Judged::not_run(check, Some(Reason::Internal), message);
    };
    let lasting = counted - case.census.expiring_keys();
    let judged = if (lasting..=counted).contains(&live) {
        Judged::passed(
            check,
            "the server holds the keys of the file, as far as it can tell",
        )
    } else {
        let message = "the server does not hold the keys that the file holds";
        Judged::failed(check, Reason::Identity, message)
    };
    let expected = if lasting == counted {
        counted.to_string()
    } else {
        format!("{lasting} to {counted}")
    };
    judged.observed(live).expected(expected, Basis::Snapshot)
}

/// `RESIZEDB` is exact for writers from 5.0 (file version 9) on.
fn announced(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.announced";
    const EXACT_SINCE: u32 = 9;
    let exact = case
        .census
        .version
        .is_some_and(|version| version >= EXACT_SINCE);
    let Some(announced) = case.census.announced_keys().filter(|_| exact) else {
        return Judged::not_applicable(CHECK, "its writer announced no exact number of keys");
    };
    let counted = case.census.keys();
    let judged = if announced == counted {
        Judged::passed(CHECK, "the file holds as many keys as its writer announced")
    } else if case.evidence.artifact.integrity == Integrity::None {
        let message = "the file holds another number of keys than its writer announced, and nothing \
                       vouches for its bytes";
        Judged::not_run(CHECK, Some(Reason::NoChecksum), message)
    } else {
        Judged::warning(
            CHECK,
            "the file holds another number of keys than its writer announced",
        )
    };
    judged
        .observed(counted)
        .expected(announced, Basis::Snapshot)
}

fn keys(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.keys";
    let counted = case.census.keys();
    let bounds = case.expect.keys;
    if counted == 0 && bounds.min.is_none() {
        return Judged::failed(
            CHECK,
            Reason::Expectation,
            "there is no key in the snapshot\nhint: If that is right, write expect: { keys: \
             { min: 0 } }.",
        )
        .observed(0)
        .expected("at least 1", Basis::Configured);
    }
    if !bounds.any() {
        return Judged::not_applicable(CHECK, "no number is expected").observed(counted);
    }
    bounded(CHECK, counted, bounds).expected(spelled(bounds), Basis::Configured)
}

fn databases(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.databases";
    let count = |number: &u64| {
        case.census
            .databases
            .get(number)
            .map_or(0, |found| found.keys)
    };
    let written = &case.expect.databases;
    let wrong = written
        .iter()
        .find(|(number, bounds)| !bounds.hold(count(number)));
    match wrong.or_else(|| written.iter().next()) {
        None => Judged::not_applicable(CHECK, "nothing is expected of single databases"),
        Some((number, bounds)) => {
            let expected = format!("database {number}: {}", spelled(*bounds));
            bounded(CHECK, count(number), *bounds).expected(expected, Basis::Configured)
        }
    }
}

fn bounded(check: &str, counted: u64, bounds: Bounds) -> Judged {
    let judged = if bounds.hold(counted) {
        Judged::passed(check, "as many keys as expected")
    } else {
        let message = "the snapshot holds another number of keys than expected";
        Judged::failed(check, Reason::Expectation, message)
    };
    judged.observed(counted)
}

fn spelled(bounds: Bounds) -> String {
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any".into(),
    }
}

fn change(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.change";
    let Some(max_drop) = case.expect.change.max_drop else {
        return Judged::not_applicable(CHECK, "no largest drop is configured");
    };
    let previous = case
        .evidence
        .previous
        .and_then(|items| items.get("keys").copied());
    let Some(before) = previous else {
        return Judged::not_applicable(CHECK, "no earlier verified snapshot to compare with");
    };
    let (counted, least) = (case.census.keys(), before - max_drop.of(before));
    let judged = if counted >= least {
        Judged::passed(
            CHECK,
            format!("no more than {max_drop} fewer keys than before"),
        )
    } else {
        let message = format!(
            "more than {max_drop} of the keys of the verified snapshot before are gone\nhint: If \
             that is right, record it with backup-verifier accept."
        );
        Judged::failed(CHECK, Reason::Expectation, message)
    };
    judged
        .observed(counted)
        .expected(format!("at least {least} of {before}"), Basis::Previous)
}

fn manifest(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.manifest";
    let Some(manifest) = case.evidence.manifest else {
        return Judged::not_applicable(CHECK, "there is no manifest");
    };
    let artifact = case.evidence.artifact;
    let unlike = |what| {
        let message = format!("the object has another {what} than its manifest says");
        Judged::failed(CHECK, Reason::Inconsistent, message)
    };
    if let Some(size) = manifest
        .size_bytes
        .filter(|size| *size != artifact.size_bytes)
    {
        return unlike("size")
            .observed(artifact.size_bytes)
            .expected(size, Basis::Manifest);
    }
    let read = artifact.sha256.as_deref().unwrap_or_default();
    let written = manifest.sha256.as_deref();
    if let Some(sha256) = written.filter(|sha256| !sha256.eq_ignore_ascii_case(read)) {
        return unlike("SHA-256")
            .observed(read)
            .expected(sha256, Basis::Manifest);
    }
    let Some(keys) = manifest.items.get("keys").copied() else {
        return Judged::passed(CHECK, "the object is the one its manifest describes");
    };
    manifest_keys(case, CHECK, keys)
}

/// A producer counts a moment before or after the snapshot is taken: only a drop beyond what is
/// configured is shown to be wrong.
fn manifest_keys(case: &Case<'_>, check: &str, said: u64) -> Judged {
    let counted = case.census.keys();
    let allowed = case
        .expect
        .change
        .max_drop
        .map(|max_drop| said - max_drop.of(said));
    let judged = if counted == said {
        Judged::passed(check, "the file holds as many keys as its manifest says")
    } else if allowed.is_some_and(|least| counted < least) {
        let message = "the file holds far fewer keys than its manifest says";
        Judged::failed(check, Reason::Expectation, message)
    } else {
        Judged::warning(
            check,
            "the file holds another number of keys than its manifest says",
        )
    };
    judged.observed(counted).expected(said, Basis::Manifest)
}

fn functions(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.functions";
    let counted = case.census.functions;
    let judged = match case.seen.functions {
        None if counted == 0 => {
            return Judged::not_applicable(CHECK, "neither file nor server knows functions");
        }
        None => {
            let message = "the server did not say which functions it loaded";
            Judged::not_run(CHECK, Some(Reason::Internal), message)
        }
        Some(loaded) if loaded == counted => {
            Judged::passed(CHECK, "every function library was loaded").observed(loaded)
        }
        Some(loaded) => {
            let message = "the server did not load the function libraries of the file";
            Judged::failed(CHECK, Reason::Identity, message).observed(loaded)
        }
    };
    judged.expected(counted, Basis::Snapshot)
}

fn evictions(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.evictions";
    match case.seen.evicted {
        None => Judged::not_run(CHECK, None, "the server did not say"),
        Some(0) => Judged::passed(CHECK, "the server kept everything it loaded").observed(0),
        Some(evicted) => {
            let message = "the server evicted keys although it was told to keep all";
            Judged::failed(CHECK, Reason::Internal, message)
                .observed(evicted)
                .expected(0, Basis::Snapshot)
        }
    }
}

fn canary(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.canary";
    let Some(canary) = &case.expect.canary else {
        return Judged::not_applicable(CHECK, "no canary is configured");
    };
    let failed = |message: &str| Judged::failed(CHECK, Reason::Expectation, message);
    let Some(seen) = case.seen.canary else {
        return Judged::not_run(
            CHECK,
            Some(Reason::Internal),
            "the canary was not asked for",
        );
    };
    let CanarySeen::At(at) = seen else {
        let gone = case.census.keys() > case.seen.live_keys.unwrap_or(0);
        if gone {
            // It may be one of those that expired since, which is no loss (design §5).
            let message = "the canary is not there, but keys expired or were dropped while the \
                           snapshot was loaded\nhint: Let the source write it without an expiry.";
            return Judged::not_run(CHECK, Some(Reason::Internal), message);
        }
        return failed(
            "the canary is missing or holds no time\nhint: Let the source write the time into it: \
             epoch seconds, milliseconds or RFC 3339.",
        );
    };
    let age = case.evidence.taken_at.duration_since(at);
    let judged = match canary.max_age {
        Some(max) if age > SignedDuration::from(max) => {
            failed("the newest heartbeat is older than allowed").expected(max, Basis::Configured)
        }
        Some(max) => Judged::passed(CHECK, "the newest heartbeat is recent enough")
            .expected(max, Basis::Configured),
        None => Judged::passed(CHECK, "the canary holds a time"),
    };
    judged.observed(format!("{} s older than the snapshot", age.as_secs()))
}

fn recovery_time(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.recovery_time";
    let Some(max) = case.evidence.recovery_milliseconds_max else {
        return Judged::not_applicable(CHECK, "no recovery time is promised");
    };
    let Some(took) = case.evidence.recovery_milliseconds else {
        return Judged::not_run(CHECK, None, "it was not measured");
    };
    let judged = if took <= max {
        Judged::passed(CHECK, "restored within the promised time")
    } else {
        Judged::warning(CHECK, "restored, but not within the promised time")
    };
    judged
        .observed(format!("{took} ms"))
        .expected(format!("{max} ms"), Basis::Objective)
}

fn memory(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.memory";
    let Some(used) = case.seen.used_memory else {
        return Judged::not_run(CHECK, None, "the server did not say");
    };
    let judged = Judged::passed(CHECK, "what a server for this data needs at least");
    let judged = judged.observed(format!("{used} bytes"));
    match case.census.used_memory_bytes {
        Some(before) => judged.expected(format!("{before} bytes"), Basis::Snapshot),
        None => judged,
    }
}

fn server(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.server";
    let Some(server) = &case.seen.server else {
        return Judged::not_run(CHECK, None, "the server did not say");
    };
    let judged = Judged::passed(CHECK, "a server that is there restored it").observed(server);
    match &case.census.writer {
        Some(writer) => judged.expected(format!("written by {writer}"), Basis::Snapshot),
        None => judged,
    }
}

/// A wrong clock expires everything, or nothing.
fn clock(case: &Case<'_>) -> Judged {
    const CHECK: &str = "redis.clock";
    let Some(said) = case.seen.time else {
        return Judged::not_run(CHECK, None, "the server did not say");
    };
    let skew = case.evidence.asked_at.duration_since(said).abs();
    let observed = format!("{} s", skew.as_secs());
    if skew <= SKEW_MAX {
        return Judged::passed(CHECK, "the sandbox's clock is ours").observed(observed);
    }
    Judged::warning(
        CHECK,
        "the sandbox's clock is not ours: keys expire at the wrong time",
    )
    .observed(observed)
}

/// What was counted, for the record.
pub(super) fn items(case: &Case<'_>) -> BTreeMap<String, u64> {
    let census = case.census;
    let mut items = BTreeMap::new();
    if case.evidence.inspection.state == InspectionState::Intact {
        items.insert("keys".into(), census.keys());
        items.insert("expiring_keys".into(), census.expiring_keys());
        items.insert("functions".into(), census.functions);
    }
    if let Some(live) = case.seen.live_keys {
        items.insert("live_keys".into(), live);
    }
    items
}

/// The time a canary holds: epoch seconds or milliseconds, or RFC 3339.
pub(super) fn time_of(text: &str) -> Option<Timestamp> {
    /// Epoch seconds have 12 digits only after the year 5138; milliseconds have 12 since 1973.
    const MILLISECOND_DIGITS: usize = 12;
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let number = text.parse().ok()?;
    if text.len() < MILLISECOND_DIGITS {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

#[cfg(test)]
mod tests;
