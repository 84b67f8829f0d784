//! The checks of a snapshot as a whole: the shards of a cluster hold the keys of one source, and
//! only one of them its canary.

use std::collections::BTreeMap;

use catalog::{
    format::redis::RedisExpect,
    ledger::{Basis, Reason},
};

use super::RedisCase;
use crate::{
    engine::{
        CheckResult, Whole,
        common_checks::{self, CanarySeen},
    },
    report,
};

/// All artifacts of a snapshot, with the sums over them.
struct Sums<'a> {
    whole: &'a Whole<'a>,
    cases: &'a [RedisCase<'a>],
    expect: &'a RedisExpect,
}

impl Sums<'_> {
    fn keys(&self) -> u64 {
        self.cases.iter().map(|case| case.census.keys()).sum()
    }

    fn database(&self, number: u64) -> u64 {
        let databases = self.cases.iter().map(|case| &case.census.databases);
        let found = databases.filter_map(|databases| databases.get(&number));
        found.map(|database| database.keys).sum()
    }

    fn live_keys(&self) -> u64 {
        let live = self.cases.iter().map(|case| case.seen.live_keys);
        live.fold(0, |sum, live| sum.saturating_add(live.unwrap_or(0)))
    }

    /// The newest heartbeat; `NoTime` if the canary was asked for and no artifact has it.
    fn canary(&self) -> Option<CanarySeen> {
        let seen = || self.cases.iter().filter_map(|case| case.seen.canary);
        let newest = seen().filter_map(|seen| match seen {
            CanarySeen::At(at) => Some(at),
            CanarySeen::NoTime => None,
        });
        newest.max().map(CanarySeen::At).or_else(|| seen().next())
    }
}

/// Answers the checks of the snapshot, in the order of the format's table; `cases` are those of its
/// artifacts.
pub(in super::super) fn of_snapshot<'a>(
    whole: &'a Whole<'a>,
    cases: &'a [RedisCase<'a>],
    expect: &'a RedisExpect,
) -> Vec<CheckResult> {
    let sums = Sums {
        whole,
        cases,
        expect,
    };
    let mut answers = vec![keys(&sums)];
    answers.extend(empty(&sums));
    answers.extend([
        distinct(&sums),
        databases(&sums),
        change(&sums),
        canary(&sums),
        common_checks::recovery_time("redis.recovery_time", whole),
    ]);
    answers
}

fn keys(sums: &Sums<'_>) -> CheckResult {
    common_checks::number("redis.keys", "keys", sums.keys(), sums.expect.keys)
}

/// Warns of shards without keys: that may be right, but their peers have some.
fn empty(sums: &Sums<'_>) -> Option<CheckResult> {
    let without = sums.cases.iter().filter(|case| case.census.keys() == 0);
    let named: Vec<_> = without.map(|case| named(case)).collect();
    let silent = sums.keys() == 0 || sums.expect.keys.min == Some(0);
    let message = || {
        format!(
            "there is no key in {}, but in others\nhint: If that is right, write expect: {{ keys: \
             {{ min: 0 }} }}.",
            few(&named)
        )
    };
    (!silent && !named.is_empty()).then(|| CheckResult::warning("redis.keys", message()))
}

/// Finds shards of equal bytes. No two shards hold the same keys, so it is one file that was
/// uploaded twice: then the keys of another shard are nowhere.
fn distinct(sums: &Sums<'_>) -> CheckResult {
    const CHECK: &str = "redis.distinct";
    if sums.cases.len() < 2 {
        return CheckResult::not_applicable(CHECK, "there is one artifact");
    }
    let mut seen: BTreeMap<&str, &RedisCase<'_>> = BTreeMap::new();
    for case in sums.cases.iter().filter(|case| case.census.keys() > 0) {
        let Some(sha256) = case.evidence.artifact.sha256.as_deref() else {
            continue;
        };
        if let Some(twin) = seen.insert(sha256, case) {
            let message = format!(
                "{} and {} hold the very same bytes: one of them was uploaded twice\nhint: Upload \
                 each shard's own file, or write a path that does not match copies.",
                named(twin),
                named(case)
            );
            return CheckResult::not_run(CHECK, Some(Reason::Replaced), message);
        }
    }
    CheckResult::passed(CHECK, "no two artifacts hold the same bytes")
}

fn named(case: &RedisCase<'_>) -> String {
    report::printable(&case.evidence.artifact.key)
}

/// Spells the first five of these names, and how many more there are.
fn few(names: &[String]) -> String {
    const FEW: usize = 5;
    let told = names[..names.len().min(FEW)].join(", ");
    match names.len() {
        ..=FEW => told,
        many => format!("{told} and {} more", many - FEW),
    }
}

fn databases(sums: &Sums<'_>) -> CheckResult {
    const CHECK: &str = "redis.databases";
    let count = |number: &u64| sums.database(*number);
    let written = &sums.expect.databases;
    let wrong = written
        .iter()
        .find(|(number, bounds)| !bounds.hold(count(number)));
    match wrong.or_else(|| written.iter().next()) {
        None => CheckResult::not_applicable(CHECK, "nothing is expected of single databases"),
        Some((number, bounds)) => {
            let expected = format!("database {number}: {}", common_checks::spelled(*bounds));
            let judged = common_checks::within(CHECK, "keys", count(number), *bounds);
            judged.expected(expected, Basis::Configured)
        }
    }
}

fn change(sums: &Sums<'_>) -> CheckResult {
    let previous = sums.whole.previous;
    let before = previous.and_then(|it| it.items.get("keys").copied());
    let max_drop = sums.expect.change.max_drop;
    common_checks::change("redis.change", "keys", (sums.keys(), before), max_drop)
}

fn canary(sums: &Sums<'_>) -> CheckResult {
    const CHECK: &str = "redis.canary";
    let Some(canary) = &sums.expect.canary else {
        return CheckResult::not_applicable(CHECK, "no canary is configured");
    };
    let failed = |message: &str| CheckResult::failed(CHECK, Reason::Expectation, message);
    let Some(seen) = sums.canary() else {
        return CheckResult::not_run(
            CHECK,
            Some(Reason::Internal),
            "the canary was not asked for",
        );
    };
    let CanarySeen::At(at) = seen else {
        let gone = sums.keys() > sums.live_keys();
        if gone {
            // The canary may be one of the keys that expired since, which is no loss (design §5).
            let message = "the canary is not there, but keys expired or were dropped while the \
                           snapshot was loaded\nhint: Let the source write it without an expiry.";
            return CheckResult::not_run(CHECK, Some(Reason::Internal), message);
        }
        return failed(
            "the canary is missing or holds no time\nhint: Let the source write the time into it: \
             epoch seconds, milliseconds or RFC 3339.",
        );
    };
    common_checks::heartbeat(CHECK, at, sums.whole.taken_at, canary.max_age)
}
