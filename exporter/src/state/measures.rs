//! The measures of each source, and its assessment by them.
//!
//! Nothing is judged here: [`catalog::assess`] judges.

use std::collections::BTreeMap;

use catalog::{
    assess::{Assessment, Cadence, Objectives, Subject, Verifying, assess},
    config::{Config, Source},
    model::SourceName,
};
use jiff::Timestamp;
use settings::Duration;

use super::source::{SourceState, Unproven};

/// The measures of every source: its schedule, objectives and times. Made once per configuration,
/// as looking through the slots of a schedule is costly.
#[derive(Debug, Default)]
pub struct Measures(BTreeMap<SourceName, Measure>);

#[derive(Debug)]
struct Measure {
    cadence: Option<Cadence>,
    objectives: Objectives,
    grace: Option<Duration>,
    settle: Duration,
    refresh: Duration,
    verifying: Verifying,
}

impl Measures {
    /// The measures of all sources of `config`.
    pub fn new(config: &Config) -> Self {
        let measure = |source: &Source| Measure {
            cadence: source.schedule.clone().map(Cadence::new),
            objectives: source.objectives.clone(),
            grace: source.grace,
            settle: config.lateness_of(source),
            refresh: config.refresh.into(),
            verifying: config.verifying(source),
        };
        let sources = config.sources.iter();
        Self(
            sources
                .map(|source| (source.name.clone(), measure(source)))
                .collect(),
        )
    }

    /// The assessment of a source at `now`; `None` if it is not configured.
    pub fn assess<'a>(
        &'a self,
        name: &SourceName,
        known: &'a SourceState,
        now: Timestamp,
    ) -> Option<Assessment<'a>> {
        let measure = self.0.get(name)?;
        let subject = Subject {
            cadence: measure.cadence.as_ref(),
            objectives: &measure.objectives,
            grace: measure.grace,
            settle: measure.settle,
            refresh: measure.refresh,
            watched_since: known.watched_since,
            was_held: known.was_held,
            inventory: known.inventory.as_deref(),
            ledger: known.evidence.ledger.as_deref(),
            proofs: known.proofs.as_deref(),
            verifying: &measure.verifying,
            unproven_since: known.unproven.and_then(Unproven::confirmed),
            untried_seen: known.untried_seen,
            intent: None,
        };
        Some(assess(&subject, now))
    }
}
