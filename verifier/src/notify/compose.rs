//! A notice about one run, from its record, the proofs before it and the configuration. Pure.

use std::{path::Path, time::Duration};

use catalog::{
    config::{NoticeKind, Notify, Source},
    ledger::{Acceptance, Proofs, Verification},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LastGood, Notice, NoticedSnapshot, change::ToldState};
use crate::report;

/// A run that is told, and what is known of its source.
#[derive(Debug, Clone, Copy)]
pub struct ToldRun<'a> {
    /// The source, as configured.
    pub source: &'a Source,
    /// The run.
    pub run: &'a Verification,
    /// What is proven of the source now.
    pub proofs: &'a Proofs,
    /// Who accepted the contents and why, if that is what ended the failure.
    pub accepted: Option<&'a Acceptance>,
    /// Why the run has no record, if it has none.
    pub unrecorded: Option<&'a str>,
    /// Path of the configuration file, for the commands that are told.
    pub config_file: &'a Path,
}

/// Makes the notice of this kind about a run; the states are what was told before, and what stands.
pub fn notice(
    kind: NoticeKind,
    of: ToldRun<'_>,
    (was, is): (ToldState, ToldState),
    notify: &Notify,
    now: Timestamp,
) -> Notice {
    let ToldRun { source, run, .. } = of;
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
    let last_good = of.proofs.verified().filter(|_| !is_well);
    let last_good = last_good.filter(|it| it.snapshot.id != run.snapshot.id);
    let mention = source.owner.as_ref();
    let runbook = notify.runbooks.as_ref().filter(|_| !is_well);
    Notice {
        ends: (kind == NoticeKind::Recovered).then_some(ended),
        mention: mention.and_then(|it| notify.mentions.get(it)).cloned(),
        findings: match of.accepted {
            Some(act) => vec![accepted(act)],
            None => report::told(run).map(|it| it.message.clone()).collect(),
        },
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
        is_reminder: false,
        source: Some(source.name.clone()),
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

fn accepted(act: &Acceptance) -> String {
    let text = |text: &str| report::printable(text);
    format!(
        "its contents were accepted by {}: {}",
        text(&act.by),
        text(&act.message)
    )
}

/// A step that the verifier cannot do, of which people are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Name of the source, repository or receiver of messages.
    pub of: String,
    /// What cannot be done, in words.
    pub what: String,
    /// Why, with what to do.
    pub why: String,
    /// When it began.
    pub since: Timestamp,
}

/// Makes the notice about a trouble, for one of the sources that it concerns.
pub fn trouble(source: &Source, of: &Trouble, is_over: bool, now: Timestamp) -> Notice {
    let (headline, findings) = if is_over {
        (format!("no longer: {}", of.what), Vec::new())
    } else {
        (of.what.clone(), vec![of.why.clone()])
    };
    Notice {
        ends: is_over.then_some(NoticeKind::Trouble),
        findings,
        since: Some(of.since),
        ..bare(NoticeKind::Trouble, source, headline, now)
    }
}

/// Makes the notice about a trouble of the verifier itself, which concerns no source; `any` lends
/// what such a notice leaves empty.
pub fn own_trouble(any: &Source, of: &Trouble, is_over: bool, now: Timestamp) -> Notice {
    Notice {
        source: None,
        engine: String::new(),
        owner: None,
        ..trouble(any, of, is_over, now)
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
