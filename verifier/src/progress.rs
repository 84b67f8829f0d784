//! Progress as a person sees it: one moving line on a terminal, plain lines elsewhere.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use catalog::{ledger::Stage, model::SourceName};
use tokio::sync::Notify;
use toolkit::words;

use crate::supervise;

/// Percentage of the bytes after which a line is written, elsewhere than on a terminal.
const PERCENT_STEP: u64 = 25;

/// Erases the line the cursor is in and returns to its beginning (ECMA-48, EL and CR).
const ERASE: &str = "\r\u{1b}[K";

/// The progress of everything that runs, as text to write.
#[derive(Debug, Clone)]
pub(crate) struct ProgressLines {
    terminal: bool,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<SourceName, Running>,
    /// Lines to write, elsewhere than on a terminal: stages, percentages and sentences.
    lines: String,
    /// Sentences to write above the moving line of a terminal.
    said: String,
}

#[derive(Debug, Default, Clone, Copy)]
struct Running {
    stage: Option<Stage>,
    read: u64,
    of: u64,
    /// True once the verdict stands and a rehearsal runs.
    rehearses: bool,
}

impl ProgressLines {
    /// Progress of nothing yet. `terminal`: there is a moving line.
    pub(crate) fn new(terminal: bool) -> Self {
        Self {
            terminal,
            shared: Arc::default(),
        }
    }

    /// Returns the function to which a verification or a fetch of `source` tells its progress.
    pub(crate) fn of(&self, source: &SourceName) -> supervise::OnProgress {
        let (shared, source) = (Arc::clone(&self.shared), source.clone());
        Arc::new(move |progress| {
            let mut state = shared.lock();
            let line = state
                .running
                .entry(source.clone())
                .or_default()
                .take(progress);
            if let Some(line) = line {
                let _ = writeln!(state.lines, "{source}: {line}");
            }
            drop(state);
            shared.changed.notify_one();
        })
    }

    /// Adds a sentence about `source`, which stays when the moving line moves on.
    pub(crate) fn say(&self, source: &SourceName, sentence: &str) {
        let mut state = self.shared.lock();
        let lines = if self.terminal {
            &mut state.said
        } else {
            &mut state.lines
        };
        let _ = writeln!(lines, "{source}: {sentence}");
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Returns what was not written yet, after the end; nothing of the moving line stays.
    pub(crate) fn rest(&self) -> String {
        let mut state = self.shared.lock();
        let (said, lines) = (take(&mut state.said), take(&mut state.lines));
        if self.terminal {
            format!("{ERASE}{said}")
        } else {
            lines
        }
    }

    /// Waits until there is something to write, and returns it.
    pub(crate) async fn line(&self) -> String {
        loop {
            self.shared.changed.notified().await;
            let mut state = self.shared.lock();
            let (said, lines) = (take(&mut state.said), take(&mut state.lines));
            if self.terminal {
                return format!("{ERASE}{said}{}", moving(&state.running));
            }
            if !lines.is_empty() {
                return lines;
            }
        }
    }

    /// Returns what is written before any other text, so that nothing of the moving line stays.
    pub(crate) fn clear(&self) -> &'static str {
        if self.terminal { ERASE } else { "" }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Takes in a step of the progress; returns what is worth a line of its own.
    fn take(&mut self, progress: supervise::Progress) -> Option<String> {
        match progress {
            supervise::Progress::Stage(stage) => {
                self.stage = Some(stage);
                Some(self.called())
            }
            supervise::Progress::Rehearsal => {
                *self = Self {
                    rehearses: true,
                    ..Self::default()
                };
                None
            }
            supervise::Progress::Bytes { read, of } => {
                let before = step(self.read, self.of);
                (self.read, self.of) = (read, of);
                let now = step(read, of);
                (now > before && now < 100).then(|| format!("{now} % of {}", words::size(of)))
            }
        }
    }
}

impl Running {
    /// Name of the stage that runs, marked if it is one of a rehearsal.
    fn called(self) -> String {
        let of_what = if self.rehearses { "rehearsal: " } else { "" };
        let stage = self.stage.map_or("", Stage::as_label);
        format!("{of_what}{stage}")
    }
}

fn step(read: u64, of: u64) -> u64 {
    percent(read, of) / PERCENT_STEP * PERCENT_STEP
}

fn percent(read: u64, of: u64) -> u64 {
    read.saturating_mul(100).checked_div(of).unwrap_or(0)
}

/// The moving line: `cache: fetch ███████░░░ 70 % of 1.00 GiB`, several side by side.
fn moving(running: &BTreeMap<SourceName, Running>) -> String {
    const CELLS: u64 = 20;
    let one = |(source, it): (&SourceName, &Running)| {
        let percent = percent(it.read, it.of);
        if percent == 0 || percent == 100 {
            return format!("{source}: {}", it.called());
        }
        let full = usize::try_from(percent * CELLS / 100).unwrap_or(0);
        let rest = usize::try_from(CELLS).unwrap_or(0) - full;
        let (full, rest) = ("█".repeat(full), "░".repeat(rest));
        format!(
            "{source}: {} {full}{rest} {percent} % of {}",
            it.called(),
            words::size(it.of)
        )
    };
    running.iter().map(one).collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use supervise::Progress::{Bytes, Stage as Begins};

    use super::*;

    #[tokio::test]
    async fn elsewhere_than_on_a_terminal_only_steps_are_lines() {
        let progress = ProgressLines::new(false);
        let tell = progress.of(&SourceName::new("cache").unwrap());
        tell(Begins(Stage::Fetch));
        for read in 0..=100 {
            tell(Bytes {
                read: read * 1024,
                of: 100 * 1024,
            });
        }
        assert_eq!(
            progress.line().await,
            "cache: fetch\ncache: 25 % of 100 KiB\ncache: 50 % of 100 KiB\n\
             cache: 75 % of 100 KiB\n"
        );
        assert_eq!(progress.clear(), "");
    }

    #[tokio::test]
    async fn a_rehearsal_begins_anew_and_says_so() {
        for (terminal, expected) in [
            (false, "cache: fetch\ncache: rehearsal: stage\n".to_owned()),
            (true, format!("{ERASE}cache: rehearsal: stage")),
        ] {
            let progress = ProgressLines::new(terminal);
            let tell = progress.of(&SourceName::new("cache").unwrap());
            tell(Begins(Stage::Fetch));
            tell(Bytes { read: 5, of: 10 });
            tell(supervise::Progress::Rehearsal);
            tell(Begins(Stage::Stage));
            let lines = progress.line().await.replace("cache: 50 % of 10 B\n", "");
            assert_eq!(lines, expected);
        }
    }

    #[tokio::test]
    async fn a_terminal_has_one_moving_line() {
        let progress = ProgressLines::new(true);
        let tell = progress.of(&SourceName::new("cache").unwrap());
        tell(Begins(Stage::Fetch));
        tell(Bytes {
            read: 512,
            of: 1024,
        });
        let bar = format!("{}{}", "█".repeat(10), "░".repeat(10));
        assert_eq!(
            progress.line().await,
            format!("{ERASE}cache: fetch {bar} 50 % of 1.00 KiB")
        );
    }

    #[tokio::test]
    async fn a_sentence_stays_above_the_moving_line_and_is_written_at_the_latest_at_the_end() {
        let cache = SourceName::new("cache").unwrap();
        for (terminal, line, rest) in [
            (
                true,
                format!("{ERASE}cache: a\ncache: fetch"),
                format!("{ERASE}cache: b\n"),
            ),
            (
                false,
                "cache: fetch\ncache: a\n".into(),
                "cache: b\n".into(),
            ),
        ] {
            let progress = ProgressLines::new(terminal);
            progress.of(&cache)(Begins(Stage::Fetch));
            progress.say(&cache, "a");
            assert_eq!(progress.line().await, line);
            progress.say(&cache, "b");
            assert_eq!(progress.rest(), rest);
        }
    }

    #[tokio::test]
    async fn an_empty_object_divides_by_nothing() {
        let progress = ProgressLines::new(true);
        progress.of(&SourceName::new("cache").unwrap())(Bytes { read: 0, of: 0 });
        assert!(progress.line().await.starts_with(ERASE));
    }
}
