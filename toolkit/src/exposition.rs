//! Metrics as values, and the one place that writes them in the Prometheus text format 0.0.4.
//!
//! Own values instead of a registry: a page is a pure function of the state it shows, so a series
//! that should be absent is simply not there. Only [`render`] would change for another encoder.
//!
//! The text is that of the `prometheus` crate's encoder to the byte, which tests hold. It is not
//! made by that encoder: its messages own every name and value of every sample, and copying them
//! took longer than all else in a scrape.

mod family;
mod names;
mod table;
mod text;

use prometheus::{core::Collector, process_collector::ProcessCollector, proto};
use thiserror::Error;

pub use family::Family;
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
}

/// Checks the families and writes them as text, sorted by name and labels. Errs if a name or value
/// is not acceptable, or if a family or series is there twice.
pub fn render(mut families: Vec<Family<'_>>) -> Result<String, ExpositionError> {
    families.retain(|family| !family.is_empty());
    families.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = families
        .windows(2)
        .find(|pair| pair[0].name == pair[1].name)
    {
        return Err(ExpositionError::DuplicateFamily(pair[0].name.to_string()));
    }
    let mut text = String::with_capacity(families.iter().map(text::length).sum());
    for family in &families {
        text::write(&mut text, family)?;
    }
    Ok(text)
}

/// CPU, memory, file descriptors and threads of this process, as the client library names them.
pub fn process() -> Vec<Family<'static>> {
    let collected = ProcessCollector::for_self().collect();
    collected.iter().map(decode).collect()
}

/// Converts a family of the process collector, whose samples have no labels.
fn decode(collected: &proto::MetricFamily) -> Family<'static> {
    let (name, help) = (collected.name().to_owned(), collected.help().to_owned());
    let is_counter = collected.get_field_type() == proto::MetricType::COUNTER;
    let kind = if is_counter {
        Kind::Counter
    } else {
        Kind::Gauge
    };
    let mut family = Family::new(name.into(), help.into(), kind, &[]);
    for metric in collected.get_metric() {
        let value = match kind {
            Kind::Counter => metric.get_counter().get_value(),
            Kind::Gauge => metric.get_gauge().get_value(),
        };
        family.put([], value);
    }
    family
}

#[cfg(test)]
mod tests;
