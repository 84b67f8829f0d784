//! Metrics as values, and the one place that writes them in the Prometheus text format 0.0.4.
//!
//! Own values instead of a registry: a page is a pure function of the state it shows, so a series
//! that should be absent is simply not there. Only [`render`] would change for another encoder.

mod names;
mod table;

use std::collections::BTreeSet;

use prometheus::{TextEncoder, core::Collector, process_collector::ProcessCollector, proto};
use thiserror::Error;

pub use names::{is_label_name, is_metric_name};
pub use table::{Described, Families, Row, flag, length, markdown, number, seconds};

/// The content type of [`render`]'s text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Kind of a family: how its values may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up, until a restart.
    Counter,
}

impl Kind {
    /// The word for a `# TYPE` line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
        }
    }
}

/// All series of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// Name of the metric, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub name: String,
    /// One line for people.
    pub help: String,
    /// Gauge or counter.
    pub kind: Kind,
    /// The series, in any order; a family without series is not written.
    pub samples: Vec<Sample>,
}

/// One series and its value now.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Labels as name and value, in any order.
    pub labels: Vec<(&'static str, String)>,
    /// The value now, finite.
    pub value: f64,
}

/// Reason why a page was refused as a whole: a mistake of the program, never of its data.
#[derive(Debug, PartialEq, Error)]
pub enum ExpositionError {
    /// A name of a metric or label that Prometheus does not accept.
    #[error("{0:?} is no name of a metric or label")]
    Name(String),
    /// Two families of one name.
    #[error("metric {0} is there twice")]
    DuplicateFamily(String),
    /// Two samples of one family with the same labels, or one label given twice.
    #[error("metric {0} has two series with the same labels, or a label twice")]
    DuplicateSeries(String),
    /// A value that is infinite or not a number.
    #[error("metric {0} has a value that is not finite")]
    NotFinite(String),
    /// The encoder refused, with this message.
    #[error("cannot encode the metrics: {0}")]
    Encode(String),
}

/// Checks the families and writes them as text, sorted by name and labels. Errs if a name or value
/// is not acceptable, or if a family or series is there twice.
pub fn render(mut families: Vec<Family>) -> Result<String, ExpositionError> {
    families.retain(|family| !family.samples.is_empty());
    families.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = families
        .windows(2)
        .find(|pair| pair[0].name == pair[1].name)
    {
        return Err(ExpositionError::DuplicateFamily(pair[0].name.clone()));
    }
    let encoded: Vec<_> = families.into_iter().map(encode).collect::<Result<_, _>>()?;
    TextEncoder::new()
        .encode_to_string(&encoded)
        .map_err(|error| ExpositionError::Encode(error.to_string()))
}

/// CPU, memory, file descriptors and threads of this process, as the client library names them.
pub fn process() -> Vec<Family> {
    let collected = ProcessCollector::for_self().collect();
    collected.iter().map(decode).collect()
}

fn encode(family: Family) -> Result<proto::MetricFamily, ExpositionError> {
    let Family {
        name,
        help,
        kind,
        mut samples,
    } = family;
    if !is_metric_name(&name) {
        return Err(ExpositionError::Name(name));
    }
    for sample in &mut samples {
        sample.labels.sort();
        check(&name, sample)?;
    }
    samples.sort_by(|a, b| a.labels.cmp(&b.labels));
    if samples
        .windows(2)
        .any(|pair| pair[0].labels == pair[1].labels)
    {
        return Err(ExpositionError::DuplicateSeries(name));
    }
    let mut encoded = proto::MetricFamily::default();
    encoded.set_name(name);
    encoded.set_help(help);
    encoded.set_field_type(match kind {
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Counter => proto::MetricType::COUNTER,
    });
    encoded.set_metric(
        samples
            .into_iter()
            .map(|sample| metric(sample, kind))
            .collect(),
    );
    Ok(encoded)
}

fn check(name: &str, sample: &Sample) -> Result<(), ExpositionError> {
    let mut seen = BTreeSet::new();
    for (label, _) in &sample.labels {
        if !is_label_name(label) {
            return Err(ExpositionError::Name((*label).to_owned()));
        }
        if !seen.insert(label) {
            return Err(ExpositionError::DuplicateSeries(name.to_owned()));
        }
    }
    if sample.value.is_finite() {
        Ok(())
    } else {
        Err(ExpositionError::NotFinite(name.to_owned()))
    }
}

fn metric(sample: Sample, kind: Kind) -> proto::Metric {
    let pairs = sample.labels.into_iter().map(|(name, value)| {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value);
        pair
    });
    let mut metric = proto::Metric::from_label(pairs.collect());
    match kind {
        Kind::Gauge => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(sample.value);
            metric.set_gauge(gauge);
        }
        Kind::Counter => {
            let mut counter = proto::Counter::default();
            counter.set_value(sample.value);
            metric.set_counter(counter);
        }
    }
    metric
}

/// Converts a family of the process collector, whose samples have no labels.
fn decode(family: &proto::MetricFamily) -> Family {
    let counter = family.get_field_type() == proto::MetricType::COUNTER;
    let value = |metric: &proto::Metric| {
        if counter {
            metric.get_counter().get_value()
        } else {
            metric.get_gauge().get_value()
        }
    };
    let samples = family.get_metric().iter();
    Family {
        name: family.name().to_owned(),
        help: family.help().to_owned(),
        kind: if counter { Kind::Counter } else { Kind::Gauge },
        samples: samples
            .map(|metric| Sample {
                labels: Vec::new(),
                value: value(metric),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
