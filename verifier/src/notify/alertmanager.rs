//! Notices as Alertmanager's webhook sends alerts, version 4, so that every relay can read them.
//!
//! | kind | alert | status | severity |
//! |---|---|---|---|
//! | failed | `BackupVerificationFailed` | firing | critical |
//! | inconclusive | `BackupVerificationInconclusive` | firing | warning |
//! | trouble | `BackupVerifierTrouble` | firing | warning |
//! | recovered | that of what it ends | resolved | info |
//! | verified | `BackupVerificationFailed` | resolved | info |
//! | the end of a trouble | `BackupVerifierTrouble` | resolved | warning |
//! | a drill that did not go as it should | `BackupDrill` | firing | warning |
//! | a drill that was verified within its objective | `BackupDrill` | resolved | info |
//!
//! A test is an alert of its own (label `test`) with severity info: it pages nobody and ends no
//! real alert.

mod drill;

use std::collections::BTreeMap;

use catalog::digest::sha256;
use jiff::Timestamp;
use serde_json::{Value, json};
use toolkit::words;

use super::{Notice, NoticeKind};
use crate::report::printable;

pub(crate) use drill::payload as drill_payload;

/// Labels or annotations by name.
type Pairs = BTreeMap<&'static str, String>;

/// Version of the webhook's format.
const VERSION: &str = "4";
/// Labels that tell alerts apart in a group's key.
const GROUPED_BY: [&str; 4] = ["alertname", "source", "drill", "test"];
/// Labels that differ between a firing alert and its end, and so are not in the fingerprint.
const OF_ONE_STATUS: [&str; 2] = ["severity", "reason"];
/// End of an alert that still fires: the zero time of Go.
const NO_END: &str = "0001-01-01T00:00:00Z";
/// Most findings in a description; the others are counted.
const FINDINGS_MAX: usize = 20;
/// Most characters of one line of a description.
const LINE_MAX: usize = 1_000;

/// The webhook's payload of one group of alerts for the receiver with this name.
pub fn payload(notices: &[Notice], receiver: &str) -> Value {
    let alerts = notices.iter().map(|notice| Single {
        labels: labels(notice),
        annotations: annotations(notice),
        is_firing: !is_resolved(notice),
        since: notice.since.unwrap_or(notice.at),
        at: notice.at,
    });
    group(&alerts.collect::<Vec<_>>(), receiver)
}

/// One alert, before it is put into the format.
struct Single {
    labels: Pairs,
    annotations: Pairs,
    is_firing: bool,
    /// When it began.
    since: Timestamp,
    /// When it was made, which is its end if it does not fire.
    at: Timestamp,
}

fn group(alerts: &[Single], receiver: &str) -> Value {
    let common_labels = common(alerts.iter().map(|it| &it.labels));
    let mut group_labels = common_labels.clone();
    group_labels.retain(|name, _| GROUPED_BY.contains(name));
    let is_firing = alerts.iter().any(|it| it.is_firing);
    json!({
        "version": VERSION,
        "groupKey": group_key(&group_labels),
        "truncatedAlerts": 0,
        "status": status(is_firing),
        "receiver": receiver,
        "groupLabels": group_labels,
        "commonLabels": common_labels,
        "commonAnnotations": common(alerts.iter().map(|it| &it.annotations)),
        "externalURL": "",
        "alerts": alerts.iter().map(alert).collect::<Vec<_>>(),
    })
}

const fn status(is_firing: bool) -> &'static str {
    if is_firing { "firing" } else { "resolved" }
}

fn alert(of: &Single) -> Value {
    let ends_at = if of.is_firing {
        NO_END.into()
    } else {
        of.at.to_string()
    };
    json!({
        "status": status(of.is_firing),
        "labels": of.labels,
        "annotations": of.annotations,
        "startsAt": of.since.to_string(),
        "endsAt": ends_at,
        "generatorURL": "",
        "fingerprint": fingerprint(&of.labels),
    })
}

const fn is_resolved(notice: &Notice) -> bool {
    notice.ends.is_some() || matches!(notice.kind, NoticeKind::Recovered | NoticeKind::Verified)
}

fn labels(notice: &Notice) -> Pairs {
    let alert = notice.ends.unwrap_or(notice.kind).alert();
    let severity = match notice.kind {
        NoticeKind::Failed => "critical",
        NoticeKind::Inconclusive | NoticeKind::Trouble => "warning",
        NoticeKind::Recovered | NoticeKind::Verified => "info",
    };
    let severity = if notice.is_test { "info" } else { severity };
    let mut labels = Pairs::from([("alertname", alert.into()), ("severity", severity.into())]);
    if let Some(source) = &notice.source {
        labels.insert("source", source.to_string());
        labels.insert("engine", printable(&notice.engine));
    }
    if let Some(owner) = &notice.owner {
        labels.insert("owner", printable(owner));
    }
    if let Some(reason) = reason(&notice.headline) {
        labels.insert("reason", printable(reason));
    }
    if notice.is_test {
        labels.insert("test", "true".into());
    }
    labels
}

/// The reason in a headline: `damaged` of `failed (damaged)`.
fn reason(headline: &str) -> Option<&str> {
    let (_, reason) = headline.strip_suffix(')')?.rsplit_once(" (")?;
    (!reason.is_empty()).then_some(reason)
}

fn annotations(notice: &Notice) -> Pairs {
    let test = if notice.is_test { "TEST " } else { "" };
    let headline = line(&notice.headline);
    let summary = format!("{test}{}: {headline}", notice.subject());
    let mut annotations = Pairs::from([("summary", summary), ("description", description(notice))]);
    if let Some(runbook) = &notice.runbook {
        annotations.insert("runbook_url", line(runbook));
    }
    annotations
}

/// Findings, the snapshot, and what else a person needs, as lines.
fn description(notice: &Notice) -> String {
    let findings = notice.findings.iter().take(FINDINGS_MAX);
    let mut lines: Vec<String> = findings.flat_map(|it| finding(it)).collect();
    let more = notice.findings.len().saturating_sub(FINDINGS_MAX);
    if more > 0 {
        lines.push(format!("+{more} more"));
    }
    if let Some(snapshot) = &notice.snapshot {
        let (name, size) = (printable(&snapshot.name), words::size(snapshot.size_bytes));
        let taken = words::time(snapshot.taken_at);
        lines.push(format!("snapshot: {name} ({size}), recovery point {taken}"));
    }
    if let Some(reason) = &notice.unrecorded {
        lines.push(format!("No record was written: {}", line(reason)));
    }
    if let Some(good) = &notice.last_good {
        let (taken, command) = (words::time(good.taken_at), command(&good.fetch));
        lines.push(format!("last good snapshot: {taken}: {command}"));
    }
    lines.join("\n")
}

/// A finding, and its hint on a line of its own.
fn finding(finding: &str) -> Vec<String> {
    match finding.split_once("\nhint: ") {
        Some((message, hint)) => vec![line(message), format!("hint: {}", line(hint))],
        None => vec![line(finding)],
    }
}

/// A whole command, or a sentence in its place: half a command must not be run.
fn command(command: &str) -> String {
    if command.chars().count() > LINE_MAX {
        "the command is too long to be shown here".into()
    } else {
        line(command)
    }
}

fn line(text: &str) -> String {
    settings::one_line(text, LINE_MAX)
}

/// Pairs that every alert has.
fn common<'a>(mut all: impl Iterator<Item = &'a Pairs>) -> Pairs {
    let Some(first) = all.next() else {
        return Pairs::new();
    };
    let mut common = first.clone();
    for pairs in all {
        common.retain(|name, value| pairs.get(name) == Some(value));
    }
    common
}

/// The key of a group, in Alertmanager's form: `{}:{alertname="…", source="…"}`.
fn group_key(labels: &Pairs) -> String {
    let pairs = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"));
    format!("{{}}:{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// The fingerprint of an alert, the same while it fires and when it ends.
fn fingerprint(labels: &Pairs) -> String {
    const DIGITS: usize = 16;
    let lasting = labels
        .iter()
        .filter(|(name, _)| !OF_ONE_STATUS.contains(name));
    let lasting = lasting.flat_map(|(name, value)| [*name, "\0", value.as_str(), "\0"]);
    let digest = sha256(lasting.collect::<String>());
    digest
        .trim_start_matches("sha256:")
        .chars()
        .take(DIGITS)
        .collect()
}

#[cfg(test)]
mod tests;
