//! The page that a person sees: what runs, what is due next and why, and how each source stands.
//!
//! Pure, and made to be understood in five seconds. No key of an object is ever on it.

mod doubts;
mod drills;

use askama::Template;
use catalog::{
    config::{Due, Source},
    ledger::{Stage, Trigger, Verdict, Verification},
};
use jiff::Timestamp;
use toolkit::{
    http::shell::{STALE, Shell},
    words::{ago, size},
};

use self::{
    doubts::{is_proven, warnings},
    drills::DrillLine,
};
use crate::{
    plan::{plan, prospect},
    report::{self, headline, headline_of, printable},
    scheduler::{Far, LiveRun, SourceState, State, Step},
};

#[derive(Debug, Template)]
#[template(path = "page.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    unproven: usize,
    /// Sentences about what people are not told.
    untold: Vec<String>,
    drills: Vec<DrillLine>,
}

/// One source on the page.
#[derive(Debug)]
struct Row {
    stands: Stands,
    name: String,
    engine: &'static str,
    owner: Option<String>,
    why: String,
    warnings: Vec<String>,
    rehearsals: Vec<Rehearsed>,
    /// The failure that stands.
    failure: Option<Failure>,
    /// What a person wrote about a break in the chain of its records.
    repaired: Option<String>,
    /// True if the newest snapshot is verified, as far as all is known.
    is_proven: bool,
    now: Cell,
    last: Cell,
    next: Cell,
    /// When the source is due, for the summary.
    due_at: Option<Timestamp>,
    runs: bool,
}

/// The failure that stands, as whoever looks into it wants to read it.
#[derive(Debug)]
struct Failure {
    /// When it was found.
    when: String,
    /// What is wrong.
    findings: Vec<String>,
    /// What the server said; empty if that was before the program began.
    log: String,
}

/// A rehearsal of the last snapshot in another image; it changes nothing of where the source
/// stands.
#[derive(Debug)]
struct Rehearsed {
    class: &'static str,
    sentence: String,
}

/// A value, and a smaller line below it.
#[derive(Debug, Default)]
struct Cell {
    value: String,
    note: String,
}

/// The verdict on the newest recovery point that was tried, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stands {
    Failed,
    Inconclusive,
    Untried,
    Verified,
}

impl Stands {
    fn of(last: Option<&Verification>) -> Self {
        match last.map(|last| last.verdict) {
            None => Self::Untried,
            Some(Verdict::Verified) => Self::Verified,
            Some(Verdict::Failed) => Self::Failed,
            Some(Verdict::Inconclusive) => Self::Inconclusive,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Failed => "Failed",
            Self::Inconclusive => "Inconclusive",
            Self::Untried => "Untried",
            Self::Verified => "Verified",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Failed => "no",
            Self::Inconclusive => "unknown",
            Self::Untried => "unproven",
            Self::Verified => "yes",
        }
    }
}

/// The landing page as HTML.
pub(super) fn page(state: &State, now: Timestamp) -> Result<String, askama::Error> {
    let provable = state.provable();
    let mut rows: Vec<_> = provable
        .map(|(source, known)| row(state, source, known, now))
        .collect();
    rows.sort_by_key(|row| (row.stands, row.is_proven));
    let (title, tone) = title(&rows);
    let page = Page {
        shell: Shell {
            brand: "Backup Witness",
            title,
            tone,
            detail: detail(&rows, now),
            now: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            program: "backup-verifier",
            version: env!("CARGO_PKG_VERSION"),
            loaded: ago(state.loaded_at, now),
            problem: state.reload_failed.then_some(STALE),
        },
        unproven: state.config.sources.len() - rows.len(),
        rows,
        untold: untold(state, now),
        drills: drills::drills(state, now),
    };
    page.render()
}

/// What keeps people from being told.
fn untold(state: &State, now: Timestamp) -> Vec<String> {
    let undelivered = state.undelivered.iter().filter_map(|(receiver, messages)| {
        let since = ago(messages.oldest?, now);
        Some(format!(
            "Messages to {receiver} do not arrive, since {since}."
        ))
    });
    let silent = state.silent.as_ref();
    let silent = silent.map(|why| sentence(&format!("no heartbeat is sent: {}", first_line(why))));
    undelivered.chain(silent).collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn title(rows: &[Row]) -> (String, &'static str) {
    let Some(worst) = rows.first().map(|row| row.stands) else {
        return ("No proof is expected here".into(), Stands::Untried.class());
    };
    let such = rows.iter().filter(|row| row.stands == worst);
    let such: Vec<_> = match worst {
        Stands::Verified => such.filter(|row| !row.is_proven).collect(),
        _ => such.collect(),
    };
    let subject = match such[..] {
        [one] => one.name.clone(),
        _ => format!("{} sources", such.len()),
    };
    let was = if such.len() == 1 { "was" } else { "were" };
    let title = match worst {
        Stands::Failed => format!("{subject} failed when last restored"),
        Stands::Inconclusive => format!("Whether {subject} can be restored is not known"),
        Stands::Untried => format!("{subject} {was} never tried"),
        Stands::Verified if such.is_empty() => "Everything was restored and verified".into(),
        Stands::Verified => {
            let title = format!("The newest state of {subject} is not proven");
            return (title, Stands::Untried.class());
        }
    };
    (title, worst.class())
}

/// The line below the title: what runs, and what comes next.
fn detail(rows: &[Row], now: Timestamp) -> String {
    let running = rows.iter().filter(|row| row.runs);
    let running: Vec<_> = running.map(|row| row.name.as_str()).collect();
    let runs = match running[..] {
        [] => "nothing runs now".to_owned(),
        _ => format!("{} runs now", running.join(", ")),
    };
    let idle = rows.iter().filter(|row| !row.runs);
    let next = idle.filter_map(|row| Some((row.due_at?, &row.name))).min();
    match next {
        None => runs,
        Some((at, name)) if at <= now => {
            format!("{runs} · next is {name}, due since {}", ago(at, now))
        }
        Some((at, name)) => format!("{runs} · next is {name} {}", ago(at, now)),
    }
}

fn row(state: &State, source: &Source, known: &SourceState, now: Timestamp) -> Row {
    let standing = known.situation(now);
    let shown = shown(known, now);
    let (stands, last) = last(shown, now);
    let running = state.running.get(&source.name);
    let waits = state.waiting.contains(&source.name);
    let due_at = standing.and_then(|it| prospect(source, &it, &state.tool).at);
    let why = standing.map(|it| plan(source, &it).why);
    Row {
        stands,
        name: source.name.to_string(),
        engine: source.format.engine().as_str(),
        owner: source.owner.clone(),
        why: sentence(why.as_deref().unwrap_or("it has not been looked at yet")),
        warnings: warnings(source, known, now),
        failure: known.failure().map(|(run, log)| Failure {
            when: ago(run.ended_at, now),
            findings: report::told(run).map(|it| printable(&it.message)).collect(),
            log: log.join("\n"),
        }),
        rehearsals: shown.map_or_else(Vec::new, |(last, _)| rehearsed(last)),
        repaired: known
            .ledger
            .as_ref()
            .and_then(|ledger| ledger.repaired())
            .map(|repaired| sentence(&repaired)),
        is_proven: stands == Stands::Verified && is_proven(source, known, now),
        now: match running {
            Some(running) => under_way(running, now),
            None if waits => Cell::new("waits", "for another to end"),
            None => Cell::new("–", ""),
        },
        last,
        next: next(source, due_at, now),
        due_at,
        runs: running.is_some(),
    }
}

/// The last verification, and the step in which it was lost if it is in no record. Of a recorded
/// and a lost one it is the worse, for neither takes the other back.
fn shown(known: &SourceState, now: Timestamp) -> Option<(&Verification, Option<Step>)> {
    let recorded = known.recorded(now);
    let apart = known.lost.as_ref();
    let apart = apart.and_then(|lost| Some((&**lost.verification.as_ref()?, Some(lost.step))));
    let apart = apart.filter(|(it, _)| Stands::of(Some(it)) <= Stands::of(recorded));
    apart.or(recorded.map(|it| (it, None)))
}

fn last(shown: Option<(&Verification, Option<Step>)>, now: Timestamp) -> (Stands, Cell) {
    let Some((shown, lost)) = shown else {
        return (Stands::Untried, Cell::new("never", ""));
    };
    let when = ago(shown.ended_at, now);
    let note = match lost {
        Some(Step::WriteRecords) => format!("{when}, in no record"),
        _ => when,
    };
    let cell = Cell::new(headline(shown).replace('_', " "), note);
    (Stands::of(Some(shown)), cell)
}

fn rehearsed(last: &Verification) -> Vec<Rehearsed> {
    let told = last.rehearsals.iter().map(|rehearsal| Rehearsed {
        class: match rehearsal.verdict {
            Verdict::Verified => "info",
            Verdict::Failed | Verdict::Inconclusive => "warning",
        },
        sentence: format!(
            "Rehearsed in {}: {}.",
            printable(&rehearsal.image),
            headline_of(rehearsal).replace('_', " ")
        ),
    });
    told.collect()
}

impl Cell {
    fn new(value: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            note: note.into(),
        }
    }
}

fn under_way(running: &LiveRun, now: Timestamp) -> Cell {
    let Far {
        stage,
        read,
        of,
        rehearses,
    } = running.progress.get();
    let percent = read.saturating_mul(100).checked_div(of).unwrap_or_default();
    let read = (1..100)
        .contains(&percent)
        .then(|| format!(" {percent} % of {}", size(of)));
    let stage = stage.map_or("begins", Stage::as_label);
    let of_what = if rehearses { "rehearsal: " } else { "" };
    let why = match running.trigger {
        Trigger::Schedule => "as scheduled",
        Trigger::NewSnapshot => "a new snapshot",
        Trigger::Retry => "once more",
        Trigger::Manual => "by hand",
        Trigger::Drill => "a drill",
    };
    let since = ago(running.began_at, now);
    Cell::new(
        format!("{of_what}{stage}{}", read.unwrap_or_default()),
        format!("{why}, begun {since}"),
    )
}

fn next(source: &Source, due_at: Option<Timestamp>, now: Timestamp) -> Cell {
    let by = match source.verify.as_ref().map(|verify| &verify.due) {
        Some(Due::Schedule(schedule)) => format!("schedule {}", schedule.text()),
        Some(Due::NewSnapshot) => "or with the next snapshot".to_owned(),
        Some(Due::Objective) | None => "so that its proof stays young".to_owned(),
    };
    match due_at {
        None => Cell::new("–", by),
        Some(at) if at <= now => Cell::new("now", format!("due since {}", ago(at, now))),
        Some(at) => Cell::new(ago(at, now), by),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests;
