//! A notice about one run, from its record, the proofs before it and the configuration. Pure.

use std::{path::Path, time::Duration};

use catalog::{
    assess::VERIFICATION,
    config::{NoticeKind, Notify, Source, Verifier},
    ledger::{Proofs, Verification},
};
use jiff::Timestamp;

use super::{LastGood, Notice, NoticedSnapshot, change::ToldState};
use crate::report;

/// A run, between what was known of its source before and what is known now.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The source, as configured.
    pub source: &'a Source,
    /// The run that ended.
    pub run: &'a Verification,
    /// The proofs that there were before the run.
    pub before: &'a Proofs,
    /// The proofs that there are now; `None` if the run is in no ledger that was read.
    pub after: Option<&'a Proofs>,
    /// Why the run has no record, if it has none.
    pub unrecorded: Option<&'a str>,
    /// Path of the configuration file, for the commands that are told.
    pub config_file: &'a Path,
}

/// Returns the notice about a change; `None` if there is nothing to tell.
pub fn change(of: Change<'_>, verifier: &Verifier, now: Timestamp) -> Option<Notice> {
    let promised = of.source.objectives.verification;
    let promised = promised.unwrap_or(VERIFICATION).as_std();
    let standing = |it: &Proofs| ToldState::of(it, verifier.inconclusive_after, promised, now);
    let was = standing(of.before);
    let after = of.after.filter(|_| of.unrecorded.is_none());
    // Without a record the run itself is what is known: its verdict is told all the same.
    let is = after.map_or_else(|| ToldState::unrecorded(of.run), standing);
    let kind = is.since_then(was, of.run.verdict)?;
    Some(notice(kind, of, (was, is), &verifier.notify, now))
}

/// Makes the notice of this kind about a run; the states are those before and after it.
fn notice(
    kind: NoticeKind,
    of: Change<'_>,
    (was, is): (ToldState, ToldState),
    notify: &Notify,
    now: Timestamp,
) -> Notice {
    let Change { source, run, .. } = of;
    let is_well = matches!(kind, NoticeKind::Verified | NoticeKind::Recovered);
    let ended = if was.failed.is_some() {
        NoticeKind::Failed
    } else {
        NoticeKind::Inconclusive
    };
    let headline = match kind {
        NoticeKind::Recovered => "recovered".into(),
        _ => report::headline(run),
    };
    let last_good = of.before.verified().filter(|_| !is_well);
    let last_good = last_good.filter(|it| it.snapshot.id != run.snapshot.id);
    let mention = source.owner.as_ref();
    let runbook = notify.runbooks.as_ref().filter(|_| !is_well);
    Notice {
        ends: (kind == NoticeKind::Recovered).then_some(ended),
        mention: mention.and_then(|it| notify.mentions.get(it)).cloned(),
        findings: report::told(run).map(|it| it.message.clone()).collect(),
        snapshot: Some(NoticedSnapshot {
            name: report::called(run),
            taken_at: run.snapshot.taken_at,
            size_bytes: run.size_bytes(),
        }),
        counted: report::counted(&run.items),
        recovery_time: run.recovery_milliseconds.map(Duration::from_millis),
        recovery_time_max: source
            .objectives
            .recovery_time
            .map(settings::Duration::as_std),
        since: if is_well { was.since } else { is.since },
        last_good: last_good.map(|good| LastGood {
            taken_at: good.snapshot.taken_at,
            verified_at: good.ended_at,
            fetch: fetch(of.config_file, source, good),
        }),
        unrecorded: of.unrecorded.map(Into::into),
        runbook: runbook.map(|base| format!("{base}/{}", kind.alert())),
        ..bare(kind, source, headline, now)
    }
}

/// A notice about a source that says nothing but its headline.
pub fn bare(kind: NoticeKind, source: &Source, headline: String, now: Timestamp) -> Notice {
    Notice {
        kind,
        ends: None,
        is_test: false,
        source: source.name.clone(),
        engine: source.format.engine().as_str().into(),
        owner: source.owner.clone(),
        mention: None,
        headline,
        findings: Vec::new(),
        snapshot: None,
        counted: None,
        recovery_time: None,
        recovery_time_max: None,
        since: None,
        last_good: None,
        unrecorded: None,
        runbook: None,
        at: now,
    }
}

/// A step that the verifier cannot do, of which people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Name of the source or repository.
    pub of: String,
    /// What cannot be done, in words.
    pub what: &'static str,
    /// Why, with what to do.
    pub why: String,
    /// When it began.
    pub since: Timestamp,
    /// True if it has ended.
    pub is_over: bool,
}

/// Makes the notice about a trouble, for one of the sources that it concerns.
pub fn trouble(source: &Source, of: &Trouble, now: Timestamp) -> Notice {
    let (headline, findings) = if of.is_over {
        (format!("no longer: {}", of.what), Vec::new())
    } else {
        (of.what.into(), vec![of.why.clone()])
    };
    Notice {
        ends: of.is_over.then_some(NoticeKind::Trouble),
        findings,
        since: Some(of.since),
        ..bare(NoticeKind::Trouble, source, headline, now)
    }
}

/// The command that copies a snapshot into a directory of its own.
fn fetch(config_file: &Path, source: &Source, good: &Verification) -> String {
    format!(
        "backup-verifier --config.file {} fetch --source {} --snapshot {} --to ./{}",
        quoted(&config_file.display().to_string()),
        source.name,
        quoted(&good.snapshot.id.to_string()),
        source.name
    )
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_./:".contains(it);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_command_is_quoted_where_a_shell_would_part_it() {
        let check = |text: &str, expected: &str| assert_eq!(quoted(text), expected);
        check("20261122-0100", "20261122-0100");
        check("/etc/my backups.yaml", "'/etc/my backups.yaml'");
        check("it's", r"'it'\''s'");
        check("", "''");
        check("$(x)", "'$(x)'");
    }
}
