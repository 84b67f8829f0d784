//! The lines of the page about drills.

use catalog::model::DrillName;
use jiff::Timestamp;
use toolkit::words::ago;

use crate::{
    notify::drill::{DrillNews, is_well},
    scheduler::{DrillState, State},
};

/// What is known of one drill, in a line.
#[derive(Debug)]
pub(super) struct DrillLine {
    /// Class of the style sheet.
    pub(super) class: &'static str,
    pub(super) sentence: String,
}

/// A line for each drill with a schedule.
pub(super) fn drills(state: &State, now: Timestamp) -> Vec<DrillLine> {
    let drills = state.drills.iter();
    drills.map(|(name, known)| line(name, known, now)).collect()
}

fn line(name: &DrillName, known: &DrillState, now: Timestamp) -> DrillLine {
    let (class, last) = match known.news.as_deref() {
        None => ("info", String::new()),
        Some(DrillNews::Made { outcome, brief, .. }) => {
            let class = if is_well(outcome) { "info" } else { "warning" };
            let when = ago(outcome.ended_at, now);
            (class, format!(" · last: {}, {when}", brief.summary))
        }
        Some(DrillNews::Missed { since, .. }) => {
            let since = ago(*since, now);
            (
                "warning",
                format!(" · could not be carried out, since {since}"),
            )
        }
    };
    let next = match (known.running_since, known.next_at) {
        (Some(since), _) => format!("runs, begun {}", ago(since, now)),
        (None, Some(next)) if next > now => format!("next {}", ago(next, now)),
        (None, Some(next)) => format!("due since {}", ago(next, now)),
        (None, None) => "another verifier makes it, or nobody knows which".to_owned(),
    };
    DrillLine {
        class,
        sentence: format!("Drill {name}: {next}{last}."),
    }
}
