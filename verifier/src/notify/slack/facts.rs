//! The facts of notices in Slack's markup, before they are put into blocks or lines.

use std::time::Duration;

use jiff::Timestamp;
use toolkit::words;

use super::markup::{SECTION_MAX, command, link, listed, literal};
use crate::notify::{LastGood, Notice, NoticeKind, NoticedSnapshot};
use crate::report::printable;

/// Widest sentence, name or hint: two of them fit into every list.
const SENTENCE_MAX: usize = 500;
/// Widest line that stands for the whole message, e.g. in a notification of a phone.
const LINE_MAX: usize = 300;
/// Widest list of mentions.
const MENTIONS_MAX: usize = 1_000;

/// The facts of a message; every text but the title is escaped and short enough.
pub(super) struct Facts {
    /// Sign, source and headline, not yet escaped.
    pub(super) title: String,
    /// Mentions of the owners; `None` if nobody is to be mentioned.
    pub(super) mention: Option<String>,
    /// Short facts, each with its label.
    pub(super) fields: Vec<(&'static str, String)>,
    /// Longer texts, the most important first.
    pub(super) sections: Vec<String>,
    /// Link to the runbook, and the time.
    pub(super) context: String,
}

impl Facts {
    /// The facts of one notice; its findings are at most `list_max` wide.
    pub(super) fn of_one(notice: &Notice, list_max: usize) -> Self {
        let one = std::slice::from_ref(notice);
        let mut sections = common_sections(one, list_max);
        sections.extend(notice.last_good.as_ref().map(|it| good(it, notice.at)));
        Self {
            title: title(notice, notice.subject()),
            mention: mention(one),
            fields: fields(notice),
            sections,
            context: context(notice, one),
        }
    }

    /// The facts of several notices that share kind and headline with the `first`; lists are at
    /// most `list_max` wide. The last good snapshots are left out: each needs its own command.
    pub(super) fn of_several(first: &Notice, notices: &[Notice], list_max: usize) -> Self {
        let sources = notices.iter().map(|it| literal(it.subject(), SENTENCE_MAX));
        let sources: Vec<_> = sources.collect();
        let mut sections = vec![listed(&sources, ", ", list_max)];
        sections.extend(common_sections(notices, list_max));
        let number = words::counted(notices.len(), "source", "sources");
        Self {
            title: title(first, &number),
            mention: mention(notices),
            fields: Vec::new(),
            sections,
            context: context(first, notices),
        }
    }

    /// The title as the one line that stands for the message.
    pub(super) fn one_line(&self) -> String {
        literal(&self.title, LINE_MAX)
    }
}

fn title(notice: &Notice, whose: &str) -> String {
    let test = if notice.is_test { "TEST " } else { "" };
    let sign = sign(notice.kind);
    let still = if notice.is_reminder { "still " } else { "" };
    format!("{test}{sign} {whose}: {still}{}", notice.headline)
}

const fn sign(kind: NoticeKind) -> char {
    match kind {
        NoticeKind::Failed => '✘',
        NoticeKind::Inconclusive => '?',
        NoticeKind::Recovered | NoticeKind::Verified => '✔',
        NoticeKind::Trouble => '!',
    }
}

/// The mentions of all notices, each whole and once; `None` for a test.
fn mention(notices: &[Notice]) -> Option<String> {
    if notices.iter().any(|notice| notice.is_test) {
        return None;
    }
    let configured = notices.iter().filter_map(|it| it.mention.as_deref());
    let configured = configured.map(str::trim).filter(|it| !it.is_empty());
    let mentions = distinct(configured.filter(|it| !it.contains(char::is_control)));
    (!mentions.is_empty()).then(|| listed(&mentions, " ", MENTIONS_MAX))
}

fn fields(notice: &Notice) -> Vec<(&'static str, String)> {
    let (at, mut fields) = (notice.at, Vec::new());
    if let Some(snapshot) = &notice.snapshot {
        fields.push(("snapshot", described(snapshot)));
        fields.push(("recovery point", dated(snapshot.taken_at, at)));
    }
    if let Some(time) = notice.recovery_time {
        fields.push(("recovery time", compared(time, notice.recovery_time_max)));
    }
    if let Some(since) = notice.since {
        let is_over = notice.ends.is_some();
        let label = if is_over { "not well since" } else { "since" };
        fields.push((label, dated(since, at)));
    }
    if let Some(counted) = &notice.counted {
        fields.push(("counted", literal(counted, SENTENCE_MAX)));
    }
    if notice.source.is_some() {
        fields.push(("engine", literal(&notice.engine, SENTENCE_MAX)));
    }
    if let Some(owner) = &notice.owner {
        fields.push(("owner", literal(owner, SENTENCE_MAX)));
    }
    fields
}

fn described(snapshot: &NoticedSnapshot) -> String {
    let name = literal(&printable(&snapshot.name), SENTENCE_MAX);
    format!("{name} ({})", words::size(snapshot.size_bytes))
}

fn dated(then: Timestamp, now: Timestamp) -> String {
    format!("{}, {}", words::time(then), words::ago(then, now))
}

/// A recovery time beside its objective: `1.2 s (objective: 15 min)`.
fn compared(time: Duration, objective: Option<Duration>) -> String {
    let measured = words::length(time);
    match objective {
        Some(most) if time > most => {
            format!(
                "{measured}, longer than the objective: {}",
                words::length(most)
            )
        }
        Some(most) => format!("{measured} (objective: {})", words::length(most)),
        None => measured,
    }
}

/// Findings, and why no record was written, each once.
fn common_sections(notices: &[Notice], list_max: usize) -> Vec<String> {
    let findings = distinct(
        notices
            .iter()
            .flat_map(|it| &it.findings)
            .map(String::as_str),
    );
    let findings: Vec<_> = findings.iter().map(|it| finding(it)).collect();
    let unrecorded = distinct(notices.iter().filter_map(|it| it.unrecorded.as_deref()));
    let unrecorded = unrecorded
        .iter()
        .map(|reason| literal(reason, SENTENCE_MAX));
    let unrecorded: Vec<_> = unrecorded.collect();
    let mut sections = Vec::new();
    if !findings.is_empty() {
        sections.push(listed(&findings, "\n", list_max));
    }
    if !unrecorded.is_empty() {
        let reasons = listed(&unrecorded, "\n", SECTION_MAX - SENTENCE_MAX);
        sections.push(format!("*No record was written:* {reasons}"));
    }
    sections
}

/// A finding behind a bullet, with its hint on a line of its own.
fn finding(finding: &str) -> String {
    match finding.split_once("\nhint: ") {
        Some((message, hint)) => {
            let (message, hint) = (literal(message, SENTENCE_MAX), literal(hint, SENTENCE_MAX));
            format!("• {message}\n    hint: {hint}")
        }
        None => format!("• {}", literal(finding, SENTENCE_MAX)),
    }
}

fn good(good: &LastGood, now: Timestamp) -> String {
    let verified = words::ago(good.verified_at, now);
    let taken = dated(good.taken_at, now);
    let command = command(&good.fetch, SECTION_MAX - SENTENCE_MAX);
    format!("*Last good snapshot:* {taken} (verified {verified})\n{command}")
}

/// Links to the runbooks, each once, and the time of the notice.
fn context(first: &Notice, notices: &[Notice]) -> String {
    let runbooks = distinct(notices.iter().filter_map(|it| it.runbook.as_deref()));
    let links: Vec<_> = runbooks.iter().map(|it| link(it, "runbook")).collect();
    let time = words::time(first.at);
    if links.is_empty() {
        return time;
    }
    let links = listed(&links, " · ", SECTION_MAX - SENTENCE_MAX);
    format!("{links} · {time}")
}

/// The texts without repetitions, in their order.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut known = std::collections::BTreeSet::new();
    let new = texts.filter(|text| known.insert(*text));
    new.map(Into::into).collect()
}
