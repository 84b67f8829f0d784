//! Checks that engines have in common, in the same words. Pure.

use catalog::{
    format::{Bounds, ChecksumRule},
    ledger::{Basis, Integrity, Reason},
    manifest::Manifest,
};
use jiff::{SignedDuration, Timestamp};
use settings::{Duration, Percent};

use super::{Case, CheckResult, Stopped, Whole};

/// Answer of a canary that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CanarySeen {
    At(Timestamp),
    /// The canary does not exist, or holds no time.
    NoTime,
}

/// The only answer where nothing could be judged: `check` was not run, because of `stopped`.
pub(super) fn unanswered(check: &str, stopped: Stopped) -> Vec<CheckResult> {
    let Stopped { reason, message } = stopped;
    vec![CheckResult::not_run(check, Some(reason), message)]
}

/// Judges whether anything beside the engine vouches for the bytes; `hint` says how to get such a
/// witness.
pub(super) fn checksum(
    check: &str,
    integrity: Integrity,
    rule: ChecksumRule,
    hint: &str,
) -> CheckResult {
    let passed = |by| CheckResult::passed(check, format!("every byte is covered by {by}"));
    match (integrity, rule) {
        (Integrity::File, _) => passed("a checksum inside the file"),
        (Integrity::Manifest, _) => passed("the digest in the manifest"),
        (Integrity::Object, _) => passed("the checksum of its upload"),
        (Integrity::None, ChecksumRule::Optional) => CheckResult::warning(
            check,
            "nothing vouches for the bytes; accepted by configuration",
        ),
        (Integrity::None, ChecksumRule::Required) => CheckResult::failed(
            check,
            Reason::NoChecksum,
            format!(
                "nothing vouches for the bytes: the file carries no checksum, so changed values \
                 would load unnoticed\nhint: {hint}"
            ),
        ),
    }
}

/// Returns the manifest if the object is the one that it describes; else the finished answer.
pub(super) fn manifest<'a>(
    check: &str,
    evidence: &'a Case<'_>,
) -> Result<&'a Manifest, CheckResult> {
    let Some(manifest) = evidence.manifest else {
        return Err(CheckResult::not_applicable(check, "there is no manifest"));
    };
    let unlike = |what| {
        let message = format!("the object has another {what} than its manifest says");
        CheckResult::failed(check, Reason::Inconsistent, message)
    };
    let artifact = evidence.artifact;
    let size = manifest.size_bytes;
    if let Some(size) = size.filter(|size| *size != artifact.size_bytes) {
        let judged = unlike("size").observed(artifact.size_bytes);
        return Err(judged.expected(size, Basis::Manifest));
    }
    let read = artifact.sha256.as_deref().unwrap_or_default();
    let written = manifest.sha256.as_deref();
    if let Some(sha256) = written.filter(|sha256| !sha256.eq_ignore_ascii_case(read)) {
        let judged = unlike("SHA-256").observed(read);
        return Err(judged.expected(sha256, Basis::Manifest));
    }
    Ok(manifest)
}

/// Compares a count with the number `said` by the manifest. A producer counts a moment before or
/// after the snapshot is taken, so only a drop beyond `max_drop` is an error. `what`: e.g. `keys`.
pub(super) fn as_produced(
    check: &str,
    what: &str,
    (counted, said): (u64, u64),
    max_drop: Option<Percent>,
) -> CheckResult {
    let allowed = max_drop.map(|max_drop| said - max_drop.of(said));
    let judged = if counted == said {
        let message = format!("the snapshot holds as many {what} as its manifest says");
        CheckResult::passed(check, message)
    } else if allowed.is_some_and(|least| counted < least) {
        let message = format!("the snapshot holds far fewer {what} than its manifest says");
        CheckResult::failed(check, Reason::Expectation, message)
    } else {
        let message = format!("the snapshot holds another number of {what} than its manifest says");
        CheckResult::warning(check, message)
    };
    judged.observed(counted).expected(said, Basis::Manifest)
}

/// Judges a number of things; none is an error unless `min: 0` is configured. `what` is also the
/// key behind `expect`.
pub(super) fn number(check: &str, what: &str, counted: u64, bounds: Bounds) -> CheckResult {
    if counted == 0 && bounds.min.is_none() {
        let message = format!(
            "there are no {what} in the snapshot\nhint: If that is right, write expect: {{ {what}: \
             {{ min: 0 }} }}."
        );
        let judged = CheckResult::failed(check, Reason::Expectation, message).observed(0);
        return judged.expected("at least 1", Basis::Configured);
    }
    if !bounds.any() {
        return CheckResult::not_applicable(check, "no number is expected").observed(counted);
    }
    within(check, what, counted, bounds).expected(spelled(bounds), Basis::Configured)
}

/// Judges whether a count lies within the configured bounds.
pub(super) fn within(check: &str, what: &str, counted: u64, bounds: Bounds) -> CheckResult {
    let judged = if bounds.hold(counted) {
        CheckResult::passed(check, format!("as many {what} as expected"))
    } else {
        let message = format!("the snapshot holds another number of {what} than expected");
        CheckResult::failed(check, Reason::Expectation, message)
    };
    judged.observed(counted)
}

/// Spells bounds for people.
pub(super) fn spelled(bounds: Bounds) -> String {
    match (bounds.min, bounds.max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any".into(),
    }
}

/// Compares a count with the one of the nearest earlier verified recovery point.
pub(super) fn change(
    check: &str,
    what: &str,
    (counted, before): (u64, Option<u64>),
    max_drop: Option<Percent>,
) -> CheckResult {
    let Some(max_drop) = max_drop else {
        return CheckResult::not_applicable(check, "no largest drop is configured");
    };
    let Some(before) = before else {
        return CheckResult::not_applicable(check, "no earlier verified snapshot to compare with");
    };
    let least = before - max_drop.of(before);
    let judged = if counted >= least {
        let message = format!("no more than {max_drop} fewer {what} than before");
        CheckResult::passed(check, message)
    } else {
        let message = format!(
            "more than {max_drop} of the {what} of the verified snapshot before are gone\nhint: If \
             that is right, record it with backup-verifier accept."
        );
        CheckResult::failed(check, Reason::Expectation, message)
    };
    let expected = format!("at least {least} of {before}");
    judged.observed(counted).expected(expected, Basis::Previous)
}

/// Compares the newest heartbeat inside with the recovery point.
pub(super) fn heartbeat(
    check: &str,
    at: Timestamp,
    taken_at: Timestamp,
    max_age: Option<Duration>,
) -> CheckResult {
    let age = taken_at.duration_since(at);
    let within = |judged: CheckResult, max: Duration| judged.expected(max, Basis::Configured);
    let judged = match max_age {
        Some(max) if age > SignedDuration::from(max) => {
            let message = "the newest heartbeat is older than allowed";
            within(
                CheckResult::failed(check, Reason::Expectation, message),
                max,
            )
        }
        Some(max) => within(
            CheckResult::passed(check, "the newest heartbeat is recent enough"),
            max,
        ),
        None => CheckResult::passed(check, "the canary holds a time"),
    };
    judged.observed(format!("{} s older than the snapshot", age.as_secs()))
}

/// Compares the recovery time with the objective. A miss is a warning, because the snapshot is none
/// the worse for it.
pub(super) fn recovery_time(check: &str, whole: &Whole<'_>) -> CheckResult {
    let Some(max) = whole.recovery_milliseconds_max else {
        return CheckResult::not_applicable(check, "no recovery time is promised");
    };
    let Some(took) = whole.recovery_milliseconds else {
        return CheckResult::not_run(check, None, "it was not measured");
    };
    let judged = if took <= max {
        CheckResult::passed(check, "restored within the promised time")
    } else {
        CheckResult::warning(check, "restored, but not within the promised time")
    };
    judged
        .observed(format!("{took} ms"))
        .expected(format!("{max} ms"), Basis::Objective)
}

/// Parses the time that a canary holds: epoch seconds or milliseconds, or RFC 3339.
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
