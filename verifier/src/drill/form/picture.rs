//! The timeline of a drill as a picture: a bar for each source, and a line at the objective.
//!
//! Only numbers and names, which the template puts into SVG.

use std::time::Duration;

use catalog::drill::{DrillReport, DrillSource};
use jiff::Timestamp;
use toolkit::words::length;

use super::{class, known, verdict};

/// Width of the picture, in its own units.
const WIDTH: u64 = 960;

/// Height of one source: a line of text and a bar.
const ROW: u64 = 52;

/// Number of parts that the axis is divided into.
const TICKS: u64 = 4;

/// An objective this many times longer than the drill lies outside the picture: the bars would be
/// too short to be seen.
const FAR: u64 = 4;

/// A picture of all sources.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: u64,
    pub(super) height: u64,
    /// Height of the part with bars.
    pub(super) bars: u64,
    pub(super) rows: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    /// The line at the objective; `None` without one.
    pub(super) objective: Option<Tick>,
    /// True if the objective lies far behind the right edge.
    pub(super) far: bool,
}

/// The bar of one source.
#[derive(Debug)]
pub(super) struct Bar {
    /// Upper edge of the row.
    pub(super) y: u64,
    /// Left edge of the bar.
    pub(super) x: u64,
    /// Length of the bar, at least one that can be seen.
    pub(super) width: u64,
    /// Left edge of the line that shows the waiting before the bar; `None` if it did not wait.
    pub(super) waited_from: Option<u64>,
    pub(super) class: &'static str,
    /// True if the source is on the critical path.
    pub(super) is_critical: bool,
    pub(super) label: String,
}

/// A place on the axis with its time.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) x: u64,
    pub(super) label: String,
    /// True near the right edge, where the label stands left of its line.
    pub(super) is_right: bool,
}

/// Draws the timeline of a report.
pub(super) fn picture(report: &DrillReport) -> Picture {
    let outcome = &report.outcome;
    let began = outcome.began_at;
    let took = since(began, outcome.ended_at).max(1);
    // Waiting for others is no part of what the objective is about, and moves its line.
    let objective = outcome.objective_milliseconds;
    let objective = objective.map(|it| it.saturating_add(report.waited_milliseconds));
    let far = objective.is_some_and(|it| it / FAR >= took);
    let whole = objective.filter(|_| !far).unwrap_or(0).max(took);
    let at = |milliseconds: u64| scaled(milliseconds, whole);
    let tick = |milliseconds: u64, label: String| Tick {
        x: at(milliseconds),
        label,
        is_right: at(milliseconds) > WIDTH / 10 * 7,
    };
    let rows = (0..).zip(&report.sources).map(|(row, source)| {
        let is_critical = report.critical_path.contains(&source.source);
        Bar {
            y: row * ROW,
            is_critical,
            ..bar(source, began, &at)
        }
    });
    let rows: Vec<_> = rows.collect();
    let bars = ROW * rows.len() as u64;
    let words = |milliseconds| length(Duration::from_millis(milliseconds));
    let ticks = (0..=TICKS).map(|part| {
        let milliseconds = whole / TICKS * part;
        tick(milliseconds, words(milliseconds))
    });
    let line = objective.filter(|_| !far).map(|it| {
        let written = outcome.objective_milliseconds.unwrap_or(it);
        tick(it, format!("objective {}", words(written)))
    });
    Picture {
        width: WIDTH,
        height: bars + ROW,
        bars,
        ticks: ticks.collect(),
        objective: line,
        far,
        rows,
    }
}

fn bar(source: &DrillSource, began: Timestamp, at: &impl Fn(u64) -> u64) -> Bar {
    let from = source.began_at.map_or(0, |it| since(began, it));
    let to = source.ended_at.map_or(from, |it| since(began, it));
    let x = at(from);
    let waited_from = at(from.saturating_sub(source.waited_milliseconds));
    Bar {
        y: 0,
        x,
        width: at(to).saturating_sub(x).max(3),
        waited_from: (waited_from < x && source.waited_milliseconds > 0).then_some(waited_from),
        class: class(source.verdict),
        is_critical: false,
        label: format!(
            "{} · {} · recovery time {}",
            source.source,
            verdict(source),
            known(source.recovery_milliseconds)
        ),
    }
}

fn scaled(milliseconds: u64, whole: u64) -> u64 {
    let scaled = u128::from(milliseconds) * u128::from(WIDTH) / u128::from(whole.max(1));
    u64::try_from(scaled).unwrap_or(WIDTH).min(WIDTH)
}

/// Milliseconds from one time to another; zero if the clock went back.
fn since(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}
