//! From a state and a time to metrics: pure, so that what is absent is simply never put.

mod own;
mod proof;
mod repository;
mod source;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use toolkit::{
    exposition::{Family, Sample},
    http::DoorState,
};

use crate::{metrics::Metric, state::State};

/// Everything this program publishes, process metrics apart.
pub fn families(state: &State, now: Timestamp) -> Vec<Family> {
    let mut families = Families::default();
    own::put(&mut families, state);
    repository::put(&mut families, state);
    for source in &state.config.sources {
        source::put(&mut families, state, source, now);
        proof::put(&mut families, state, source);
    }
    families.finish()
}

/// What is said of a door that a file configures.
pub fn door_families(door: DoorState) -> Vec<Family> {
    let mut families = Families::default();
    own::put_door(&mut families, door);
    families.finish()
}

/// Samples by metric; names of labels come from the table.
#[derive(Debug, Default)]
struct Families(BTreeMap<Metric, Vec<Sample>>);

impl Families {
    /// One sample; `values` in the order of the table's labels.
    fn put(&mut self, metric: Metric, values: &[&str], value: f64) {
        let names = metric.labels();
        assert_eq!(names.len(), values.len(), "labels of {}", metric.name());
        let labels = names.iter().zip(values);
        let labels = labels
            .map(|(&name, &value)| (name, value.to_owned()))
            .collect();
        self.0
            .entry(metric)
            .or_default()
            .push(Sample { labels, value });
    }

    fn finish(self) -> Vec<Family> {
        let families = self.0.into_iter();
        families
            .map(|(metric, samples)| Family {
                name: metric.name().to_owned(),
                help: metric.help().to_owned(),
                kind: metric.kind(),
                samples,
            })
            .collect()
    }
}

/// Puts samples of one source.
struct OfSource<'a> {
    families: &'a mut Families,
    source: &'a str,
    engine: &'a str,
}

impl OfSource<'_> {
    /// `further` are the values of the labels behind source and engine.
    fn put(&mut self, metric: Metric, further: &[&str], value: f64) {
        let values = [&[self.source, self.engine], further].concat();
        self.families.put(metric, &values, value);
    }

    /// Nothing where nothing is known.
    fn put_known(&mut self, metric: Metric, value: Option<f64>) {
        if let Some(value) = value {
            self.put(metric, &[], value);
        }
    }

    /// A state set: 1 for the current of all values.
    fn put_set<'b>(
        &mut self,
        metric: Metric,
        all: impl IntoIterator<Item = &'b str>,
        current: Option<&str>,
    ) {
        for value in all {
            self.put(metric, &[value], flag(current == Some(value)));
        }
    }
}

fn flag(set: bool) -> f64 {
    if set { 1.0 } else { 0.0 }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus has only doubles: exact up to 2^53, 8 PiB"
)]
fn number(count: u64) -> f64 {
    count as f64
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

fn length(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests;
