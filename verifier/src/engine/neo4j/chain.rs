//! A differential backup, restored with all that it continues by the Enterprise Edition.
//!
//! `neo4j-admin database restore` is given the last backup with changes, and finds the others
//! beside it by what they say of themselves (operations manual, "Restore a database backup").

use std::{collections::BTreeSet, time::Duration};

use catalog::{
    evidence::Reason,
    format::{Inspection, neo4j::Metadata},
};
use jiff::{SignedDuration, Timestamp};

use super::{archive_of, log, said, script};
use crate::{
    engine::{Bench, Evidence, Link, Restorable, Staging, Stopped},
    runtime::Command,
};

/// How long one archive may take to arrive; a run's deadline is shorter.
const KEEP_MAX: Duration = Duration::from_hours(24);

/// Archives are kept under their numbers until it is known what they are.
pub(super) fn keep(link: Link) -> Staging {
    let file = script::kept(link.index);
    let shell = |script: &str| Command::new(["sh", "-c", script, file.as_str()], KEEP_MAX);
    Staging {
        put: shell(r#"mkdir -p "${0%/*}" && cat >"$0""#),
        // The restore goes on under another name for the same file.
        digest: shell(r#"sha256sum "$0""#),
    }
}

/// Why a differential backup that lies there alone says nothing.
pub(super) fn unknown() -> Stopped {
    let message = "it is a differential backup, and what it continues is not known: its head could \
                   not be read when the repository was surveyed";
    Stopped::new(Reason::Vanished, message)
}

/// Restores the last of them with changes into the default database.
pub(super) async fn restore(bench: &Bench<'_>, whole: &Restorable<'_>) -> Result<(), Stopped> {
    let backups = backups(whole.before.iter().copied().chain([whole.own]))?;
    follow(&backups)?;
    let names = names(&backups);
    let changed = backups.iter().rposition(|it| !it.chain_link().is_empty());
    let last = changed.and_then(|at| names.get(at));
    let last = last.ok_or_else(|| Stopped::new(Reason::Internal, "no backup holds a change"))?;
    let command = script::restore(bench.spec, &names, last);
    let told = bench.sandbox.exec(&command, None).await?;
    if told.code == 0 {
        return Ok(());
    }
    bench.note_log(log::shown(&told.stderr.text()));
    Err(said::why_not_restored(&told))
}

/// What each says of itself, natively read to its last byte.
fn backups<'a>(
    inspections: impl Iterator<Item = &'a Inspection>,
) -> Result<Vec<&'a Metadata>, Stopped> {
    let said = |inspection| archive_of(inspection).map(|archive| archive.metadata.as_ref());
    let said: Vec<_> = inspections.map(said).collect::<Result<_, _>>()?;
    let all: Option<Vec<_>> = said.into_iter().collect();
    all.ok_or_else(|| {
        let message = "what it continues is no backup of the Enterprise Edition";
        Stopped::new(Reason::Internal, message)
    })
}

/// Those that an artifact was restored from, itself the last.
pub(super) fn of<'a>(evidence: &Evidence<'a>) -> Result<Vec<&'a Metadata>, Stopped> {
    let before = evidence.before.iter().map(|it| it.inspection);
    backups(before.chain([evidence.inspection]))
}

/// Whether no other of them than the full one holds a change.
pub(super) fn is_of_one(evidence: &Evidence<'_>) -> bool {
    of(evidence).is_ok_and(|all| {
        let changed = all.iter().filter(|it| !it.chain_link().is_empty());
        changed.count() == 1
    })
}

/// Whether each continues the one before it: the survey knew only their heads.
pub(super) fn follow(backups: &[&Metadata]) -> Result<(), Stopped> {
    let links: Vec<_> = backups.iter().map(|it| it.chain_link()).collect();
    let changed: Vec<_> = links.iter().filter(|link| !link.is_empty()).collect();
    let first = changed.first().is_some_and(|first| first.full);
    let lineage = links
        .windows(2)
        .all(|pair| pair[0].lineage == pair[1].lineage);
    let gapless = changed
        .windows(2)
        .all(|pair| !pair[1].full && pair[0].last.checked_add(1) == Some(pair[1].first));
    if first && lineage && gapless {
        return Ok(());
    }
    let message = "what was read does not continue what was read before it, as the heads had said";
    Err(Stopped::new(Reason::Replaced, message))
}

/// As `neo4j-admin database backup` calls them: `DATABASE-YYYY-MM-DDTHH-MM-SS.backup`. Of two from
/// one second the later one gets the next.
fn names(backups: &[&Metadata]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let name = |backup: &&Metadata| {
        let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-');
        let said = &backup.database;
        let database = if said.chars().all(plain) && !said.starts_with(['.', '-']) {
            said
        } else {
            super::DATABASE
        };
        let first = backup.taken_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let later = (0..).map_while(|seconds| {
            let at = first.checked_add(SignedDuration::from_secs(seconds)).ok()?;
            Some(format!(
                "{database}-{}.backup",
                at.strftime("%Y-%m-%dT%H-%M-%S")
            ))
        });
        let mut tried = later.take(backups.len());
        let free = tried.find(|name| !taken.contains(name));
        // At the end of all times.
        let name = free.unwrap_or_else(|| format!("{database}-{}.backup", taken.len()));
        taken.insert(name.clone());
        name
    };
    backups.iter().map(name).collect()
}

#[cfg(test)]
mod tests;
