//! Makes metrics of a state and a time. Pure: a series that should be absent is simply never put.

mod drill;
mod program;
mod proof;
mod repository;
mod source;

use jiff::Timestamp;
use toolkit::{
    exposition::{self, ExpositionError, Family, flag, length, number, seconds},
    http::DoorState,
};

use crate::{metrics::Metric, state::State};

/// The text of `/metrics`; `door` is the state of `--web.config.file`, `None` without such a file.
/// An error is a mistake of the program.
pub fn exposition_text(
    state: &State,
    now: Timestamp,
    door: Option<DoorState>,
) -> Result<String, ExpositionError> {
    let mut all = families(state, now, door);
    all.extend(exposition::process());
    exposition::render(all)
}

/// All metrics of this program, without those of its process.
pub fn families(state: &State, now: Timestamp, door: Option<DoorState>) -> Vec<Family<'_>> {
    let mut families = Families::default();
    program::put(&mut families, state);
    repository::put(&mut families, state);
    for source in &state.config.sources {
        if let Some(known) = state.sources.get(&source.name) {
            let judged = known.assess(now);
            source::put(&mut families, source, known, &judged);
            proof::put(&mut families, source, known, &judged);
        }
    }
    drill::put(&mut families, state, now);
    if let Some(door) = door {
        program::put_door(&mut families, door);
    }
    families.finish()
}

/// Samples of this program's metrics, whose labels are words of the state.
type Families<'s> = exposition::Families<'s, Metric>;

/// Puts samples of one source.
struct OfSource<'f, 's> {
    families: &'f mut Families<'s>,
    source: &'s str,
    engine: &'s str,
}

impl<'s> OfSource<'_, 's> {
    /// Puts a sample; `further` are the values of the labels behind source and engine.
    fn put(&mut self, metric: Metric, further: &[&'s str], value: f64) {
        let labels = [self.source, self.engine].into_iter();
        let labels = labels.chain(further.iter().copied());
        self.families.put(metric, labels, value);
    }

    /// Puts a sample if its value is known.
    fn put_known(&mut self, metric: Metric, value: Option<f64>) {
        if let Some(value) = value {
            self.put(metric, &[], value);
        }
    }

    /// Puts a state set, one sample for each of `all` words: 1 for the current one, else 0.
    fn put_set(
        &mut self,
        metric: Metric,
        all: impl IntoIterator<Item = &'s str>,
        current: Option<&str>,
    ) {
        for value in all {
            self.put(metric, &[value], flag(current == Some(value)));
        }
    }
}

#[cfg(test)]
mod tests;
