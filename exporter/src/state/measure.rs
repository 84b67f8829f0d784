//! The measure of a source, as the configuration says.
//!
//! Nothing is judged here: [`catalog::assess`] judges.

use catalog::{
    assess::{Cadence, Measure},
    config::{Config, Source},
};

/// The measure of one source of `config`. Made once per configuration, as looking through the slots
/// of a schedule is costly.
pub(super) fn measure(config: &Config, source: &Source) -> Measure {
    Measure {
        cadence: source.schedule.clone().map(Cadence::new),
        objectives: source.objectives.clone(),
        grace: source.grace,
        settle: config.lateness_of(source),
        refresh: config.refresh.into(),
        verifying: config.verifying(source),
    }
}
