//! Rows of sources, the worst first.

use catalog::{
    assess::{Assessment, Concern, Severity},
    config::Source,
    ledger::{Place, Verdict},
};
use jiff::Timestamp;
use toolkit::words;

use super::answer::{Answer, Cell};
use crate::state::{SourceState, State};

/// Most concerns of a source that are spelled out; of more only the number is said.
const SENTENCES_MAX: usize = 3;

/// One source on the page.
#[derive(Debug)]
pub(super) struct SourceRow {
    pub(super) recoverable: Answer,
    pub(super) name: String,
    pub(super) engine: &'static str,
    pub(super) owner: Option<String>,
    pub(super) sentences: Vec<Line>,
    pub(super) newest: Cell,
    pub(super) size: Cell,
    pub(super) proof: Cell,
    pub(super) next: Cell,
}

/// One sentence with its severity: `critical`, `warning` or `info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) severity: &'static str,
    pub(super) text: String,
}

/// Rows of all sources, the worst answer first, then in the order of the file.
pub(super) fn rows(state: &State, now: Timestamp) -> Vec<SourceRow> {
    let sources = state.config.sources.iter();
    let mut rows: Vec<_> = sources
        .filter_map(|source| row(state, source, now))
        .collect();
    rows.sort_by_key(|row| row.recoverable);
    rows
}

fn row(state: &State, source: &Source, now: Timestamp) -> Option<SourceRow> {
    let known = state.sources.get(&source.name)?;
    let judged = state.assess(&source.name, now)?;
    Some(SourceRow {
        recoverable: recoverable(source, &judged),
        name: source.name.to_string(),
        engine: source.format.engine().as_str(),
        owner: source.owner.clone(),
        sentences: sentences(source, known, &judged, now),
        newest: newest(&judged),
        size: size(&judged),
        proof: proof(source, known, &judged, now),
        next: next(&judged, now),
    })
}

/// Answers whether a source is recoverable. A critical concern is an answer also where no proof is
/// expected.
fn recoverable(source: &Source, judged: &Assessment<'_>) -> Answer {
    let critical = judged
        .standing()
        .any(|concern| concern.severity == Severity::Critical);
    match judged.recoverable {
        _ if critical => Answer::No,
        Some(true) => Answer::Yes,
        Some(false) => Answer::No,
        None if judged.holdings.is_some() && source.verify.is_none() => Answer::Unproven,
        None => Answer::Unknown,
    }
}

fn sentences(
    source: &Source,
    known: &SourceState,
    judged: &Assessment<'_>,
    now: Timestamp,
) -> Vec<Line> {
    let line = |severity, text: &str| Line {
        severity,
        text: sentence(text),
    };
    let mut standing: Vec<&Concern> = judged.standing().collect();
    // The sort is stable: of equal severity the first disagreement comes first.
    standing.sort_by_key(|concern| std::cmp::Reverse(concern.severity));
    let mut lines: Vec<_> = standing
        .iter()
        .take(SENTENCES_MAX)
        .map(|concern| line(concern.severity.as_label(), concern.sentence))
        .collect();
    if let Some(more @ 1..) = standing.len().checked_sub(SENTENCES_MAX) {
        lines.push(line("info", &format!("and {more} more")));
    }
    if matches!(
        recoverable(source, judged),
        Answer::Unknown | Answer::Unproven
    ) {
        lines.insert(0, line("info", unknown_because(source, known)));
    }
    let ledger = source.verify.as_ref().and(known.evidence.ledger.as_ref());
    if let Some(repaired) = ledger.and_then(|ledger| ledger.repaired()) {
        lines.push(line("info", &repaired));
    }
    if known.problem.is_some() {
        let as_of = known.surveyed_at.map_or("never seen".to_owned(), |at| {
            format!("as of {}", words::ago(at, now))
        });
        let text = format!("the last survey could not see all of it: {as_of}");
        lines.push(line("warning", &text));
    }
    lines
}

fn unknown_because(source: &Source, known: &SourceState) -> &'static str {
    match (&known.inventory, &source.verify, &known.evidence.ledger) {
        (None, ..) => "it has not been surveyed yet",
        (_, None, _) => "no proof is expected of it",
        (_, _, None) => "its evidence has not been read yet",
        _ => "it is still to be verified",
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn newest(judged: &Assessment<'_>) -> Cell {
    let Some(holdings) = &judged.holdings else {
        return Cell::none();
    };
    let promised = judged.promises.recovery_point;
    let promise = promised.map_or("no age promised".to_owned(), |promised| {
        format!("promised {}", words::length(promised.as_std()))
    });
    let Some(age) = holdings.age else {
        return Cell::new("none", promise);
    };
    let old = promised.is_some_and(|promised| age > promised);
    Cell::new(format!("{} old", words::length(age.as_std())), promise).bad_if(old)
}

fn size(judged: &Assessment<'_>) -> Cell {
    let holdings = judged.holdings.as_ref();
    let Some(newest) = holdings.and_then(|holdings| holdings.newest) else {
        return Cell::none();
    };
    let typical = holdings.and_then(|holdings| holdings.typical_size);
    let typical = typical.map(|typical| format!("{} typical", words::size(typical)));
    Cell::new(
        words::size(newest.size_bytes()),
        typical.unwrap_or_default(),
    )
}

fn proof(source: &Source, known: &SourceState, judged: &Assessment<'_>, now: Timestamp) -> Cell {
    if source.verify.is_none() {
        return Cell::new("not expected", "");
    }
    let unread = known.evidence.up == Some(false);
    let last = judged.proof.as_ref().and_then(|proof| proof.newest);
    let Some(last) = last else {
        let value = if unread { "unreadable" } else { "none yet" };
        return Cell::new(value, "").bad_if(unread);
    };
    let verdict = last.verdict.as_label();
    let place = judged
        .proof
        .as_ref()
        .and_then(|it| it.proofs.newest_place());
    let value = match (last.reason, place.and_then(since)) {
        (None, None) => verdict.to_owned(),
        (None, Some(since)) => format!("{verdict}, {since}"),
        (Some(reason), _) => format!("{verdict}: {}", reason.as_label().replace('_', " ")),
    };
    let when = words::ago(last.ended_at, now);
    let note = if unread {
        format!("{when}; evidence unreadable now")
    } else {
        when
    };
    Cell::new(value, note).bad_if(unread || last.verdict == Verdict::Failed)
}

/// Words for what became of a verified object; `None` if it lies there unchanged.
fn since(place: Place) -> Option<&'static str> {
    match place {
        Place::Unchanged => None,
        Place::Touched => Some("touched since"),
        Place::Aside => Some("not whole any more"),
        Place::Overwritten => Some("overwritten since"),
        Place::Gone => Some("no longer there"),
        Place::OldVersion => Some("only an older version now"),
    }
}

fn next(judged: &Assessment<'_>, now: Timestamp) -> Cell {
    let Some(holdings) = &judged.holdings else {
        return Cell::none();
    };
    let Some(at) = holdings.next_expected else {
        return Cell::new("no schedule", "");
    };
    let missed = holdings.missed_runs.unwrap_or_default();
    let note = match missed {
        0 => words::time(at),
        1 => "1 run missed".to_owned(),
        missed => format!("{missed} runs missed"),
    };
    let value = if at > now {
        words::ago(at, now)
    } else {
        let due = now.duration_since(at).unsigned_abs();
        format!("due since {}", words::length(due))
    };
    Cell::new(value, note).bad_if(missed > 0)
}
