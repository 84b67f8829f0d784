//! Questions to `neo4j-admin` about the restored files while they are at rest.

use catalog::{
    format::neo4j::{Check, CheckLevel},
    ledger::{Reason, Stage},
};
use serde::Deserialize;
use settings::Duration;

use super::{
    DATABASE, admin_output, image, log, migrate, observations,
    script::{self, Work},
};
use crate::{
    engine::{Bench, Observation, Purpose, Stopped},
    runtime::Exit,
};

/// Facts of the files before a server has touched them.
pub(super) struct AtRest {
    pub(super) observations: Vec<Observation>,
    /// True if only a start and a clean stop of a server make the files whole. A check says so,
    /// too.
    pub(super) needs_recovery: bool,
}

/// Answer of `database info --format=json`: all values are strings (`InfoCommand`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    store_format: Option<String>,
    store_format_introduced: Option<String>,
    store_format_superseded: Option<String>,
    last_committed_transaction: Option<String>,
    recovery_required: Option<String>,
}

/// Counts of the files, as [`script::count`] prints them.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    files: u64,
    bytes: u64,
    /// True if the load spoke of another version; `None` if its words were not kept.
    is_outdated: Option<bool>,
}

/// Counts the files, and asks `neo4j-admin database info` about them where there is reason to. A
/// store that only a migration makes readable is migrated in a rehearsal, and ends every other run.
pub(super) async fn inspect(bench: &Bench<'_>) -> Result<AtRest, Stopped> {
    bench.stage(Stage::Restore, at_rest(bench)).await
}

async fn at_rest(bench: &Bench<'_>) -> Result<AtRest, Stopped> {
    let counted = bench.sandbox.exec(&script::count(), None).await?;
    let counted = counted_of(&counted);
    let mut rest = AtRest {
        observations: counted.iter().flat_map(Counted::observations).collect(),
        needs_recovery: false,
    };
    // The question costs the start of a Java machine, and tells three things. The version of the
    // store: a load says when only a migration opens it. Whether the store was closed: a check
    // looks at that first. Its last transaction: only the Enterprise Edition tells one to compare
    // it with.
    let is_current = counted.is_some_and(|it| it.is_outdated == Some(false));
    if !is_current || !image::is_community(bench.spec) {
        informed(bench, &mut rest).await?;
    }
    Ok(rest)
}

async fn informed(bench: &Bench<'_>, rest: &mut AtRest) -> Result<(), Stopped> {
    let seen = &mut rest.observations;
    let mut info = info(bench).await?;
    if let Err(superseded) = info.is_current() {
        if bench.purpose == Purpose::Proof {
            return Err(superseded);
        }
        let before = info.store_format.take().unwrap_or_default();
        migrate::migrate(bench).await?;
        info = self::info(bench).await?;
        info.is_current()?;
        seen.push(observations::word(observations::MIGRATED_FROM, before));
    }
    let number = |text: Option<String>| text?.parse().ok();
    if let Some(last) = number(info.last_committed_transaction) {
        seen.push(observations::count(observations::LOADED_TRANSACTION, last));
    }
    seen.extend(
        info.store_format
            .map(|it| observations::word(observations::STORE_FORMAT, it)),
    );
    rest.needs_recovery = info.recovery_required.as_deref() == Some("true");
    Ok(())
}

async fn info(bench: &Bench<'_>) -> Result<Info, Stopped> {
    let words = ["database", "info", "--format=json", DATABASE];
    let told = script::admin(bench.spec, Work::Light, &words, None);
    let told = bench.sandbox.exec(&told, None).await?;
    bench.note_log(log::shown(&told.stderr.text()));
    info_of(&told).ok_or_else(|| why_nothing_told(&told))
}

impl Info {
    /// Errs if only a migration opens the store. This server opens it as it is, or with an upgrade
    /// that it makes when it starts: one within the same generation (operations manual, "Store
    /// formats").
    fn is_current(&self) -> Result<(), Stopped> {
        let introduced = self.store_format_introduced.as_deref();
        let since = self.store_format_superseded.as_deref();
        let Some(since) = since else { return Ok(()) };
        let (before, after) = (introduced.and_then(generation), generation(since));
        if before.is_some() && before == after {
            return Ok(());
        }
        let format = self.store_format.as_deref().unwrap_or_default();
        Err(admin_output::superseded(&format!(
            "the store is of the format {format}, which {since} superseded: this server opens it \
             only after neo4j-admin database migrate"
        )))
    }
}

/// Generation of a version: `4.3.0` is of the fourth; calendar versions went on from 5.
fn generation(version: &str) -> Option<u32> {
    const CALENDAR: u32 = 2025;
    let major = version.split('.').next()?.parse().ok()?;
    Some(if major >= CALENDAR { 5 } else { major })
}

fn why_nothing_told(told: &Exit) -> Stopped {
    admin_output::known(told).unwrap_or_else(|| {
        let message = format!(
            "neo4j-admin database info ended with code {}, and told nothing of the store",
            told.code
        );
        Stopped::new(Reason::Internal, message)
    })
}

/// Parses the last line that is an object: warnings precede it. `None` unless the tool ended with
/// 0.
fn info_of(told: &Exit) -> Option<Info> {
    let text = told.stdout.text();
    let mut lines = text.lines().rev();
    let line = lines.find(|line| line.trim_start().starts_with('{'))?;
    serde_json::from_str(line).ok().filter(|_| told.code == 0)
}

/// Parses `FILES BYTES OUTDATED`; `None` if the image cannot count.
fn counted_of(counted: &Exit) -> Option<Counted> {
    let text = counted.stdout.text();
    let mut numbers = text
        .split_whitespace()
        .map_while(|it| it.parse::<u64>().ok());
    let mut number = || numbers.next().filter(|_| counted.code == 0);
    Some(Counted {
        files: number()?,
        bytes: number()?,
        is_outdated: number().map(|lines| lines > 0),
    })
}

impl Counted {
    fn observations(&self) -> [Observation; 2] {
        [
            observations::count(observations::FILES, self.files),
            observations::count(observations::BYTES, self.bytes),
        ]
    }
}

fn over_budget(budget: Duration) -> Stopped {
    let message = format!(
        "neo4j-admin database check was not done within its budget of {budget}\nhint: Raise neo4j: \
         {{ check: {{ budget }} }} of the source, or write level: none."
    );
    Stopped::new(Reason::Deadline, message)
}

/// Result of a check that ended without an accusation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// The check looked at all it was told to look at, and found nothing.
    Consistent,
    /// The check looked at nothing: only a start and a clean stop of a server make the files whole.
    NeedsRecovery,
}

/// Runs `neo4j-admin database check`. Errs if it reports inconsistencies, or could not judge the
/// files.
pub(super) async fn check(bench: &Bench<'_>, how: &Check) -> Result<Checked, Stopped> {
    let room = image::check_bytes(bench.spec.memory_bytes);
    let memory = how.memory.map_or(room, |memory| memory.bytes().min(room));
    let indexes = format!("--check-indexes={}", how.level == CheckLevel::Full);
    let memory = format!("--max-off-heap-memory={memory}");
    let words = [
        "database",
        "check",
        "--report-path=witness/logs",
        &memory,
        &indexes,
        DATABASE,
    ];
    let budget = how.budget.map(Into::into);
    let command = script::admin(bench.spec, Work::Heavy, &words, budget);
    let told = bench.sandbox.exec(&command, None).await;
    let told = told.map_err(|error| match how.budget {
        Some(budget) if error.reason == Reason::Deadline => over_budget(budget),
        _ => error.into(),
    })?;
    if told.code == 0 {
        return Ok(Checked::Consistent);
    }
    if admin_output::is_unrecovered(&told) {
        return Ok(Checked::NeedsRecovery);
    }
    bench.note_log(log::shown(&told.stderr.text()));
    Err(admin_output::why_not_consistent(&told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::exited;

    #[test]
    fn what_is_of_an_older_generation_is_migrated_first() {
        let check = |introduced: Option<&str>, superseded: Option<&str>, expected: bool| {
            let info = Info {
                store_format: Some("record-aligned-1.1".into()),
                store_format_introduced: introduced.map(Into::into),
                store_format_superseded: superseded.map(Into::into),
                last_committed_transaction: None,
                recovery_required: None,
            };
            let reason = info.is_current().err().map(|stopped| stopped.reason);
            let needed = (!expected).then_some(Reason::MigrationRequired);
            assert_eq!(reason, needed, "{introduced:?} {superseded:?}");
        };
        check(Some("5.0.0"), None, true);
        check(Some("4.3.0"), Some("5.0.0"), false);
        check(Some("5.14.0"), Some("5.22.0"), true);
        check(Some("5.26.0"), Some("2025.04.0"), true);
        check(None, Some("5.0.0"), false);
        check(Some("unknown"), Some("unknown"), false);
    }

    #[test]
    fn the_store_is_told_by_the_last_object_printed() {
        let told = |code, said: &str| {
            info_of(&exited(code, said, ""))
                .map(|info| (info.recovery_required, info.store_format_superseded))
        };
        let info = r#"{"databaseName":"neo4j","inUse":"false","storeFormat":"record-aligned-1.1",
            "storeFormatIntroduced":"5.0.0","storeFormatSuperseded":null,
            "lastCommittedTransaction":"32","recoveryRequired":"false"}"#;
        let info = info.replace('\n', "");
        let expected = Some((Some("false".to_owned()), None));
        assert_eq!(told(0, &format!("WARNING: something\n{info}\n")), expected);
        assert_eq!(told(1, &info), None);
        assert_eq!(told(0, "Unable to read store"), None);
        assert_eq!(told(0, r#"{"storeFormat":"#), None);
    }

    #[test]
    fn the_store_is_asked_about_unless_a_load_found_it_current() {
        let check = |code, said: &str, expected: Option<(u64, u64, Option<bool>)>| {
            let counted = counted_of(&exited(code, said, ""));
            let counted = counted.map(|it| (it.files, it.bytes, it.is_outdated));
            assert_eq!(counted, expected, "{said}");
        };
        check(0, "83 1134 0\n", Some((83, 1134, Some(false))));
        check(0, "83 1134 1\n", Some((83, 1134, Some(true))));
        check(0, "83 1134\n", Some((83, 1134, None)));
        check(0, "83\n", None);
        check(0, "", None);
        check(1, "83 1134 0\n", None);
    }
}
