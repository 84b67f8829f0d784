//! Metrics of the program itself.

use toolkit::http::DoorState;

use super::{Families, flag, length, number, seconds};
use crate::{
    metrics::Metric,
    state::{State, SurveyOutcome},
};

pub(super) fn put<'s>(families: &mut Families<'s>, state: &'s State) {
    families.put(Metric::BuildInfo, [env!("CARGO_PKG_VERSION")], 1.0);
    families.put(
        Metric::ReloadSuccessful,
        [],
        flag(state.reload_problem.is_none()),
    );
    families.put(Metric::ReloadTimestamp, [], seconds(state.loaded_at));
    families.put(Metric::RefreshInterval, [], length(state.config.refresh));
    for (name, known) in &state.repositories {
        for outcome in SurveyOutcome::ALL {
            let ended = known.surveys.get(&outcome).copied().unwrap_or_default();
            families.put(
                Metric::Surveys,
                [name.as_str(), outcome.as_label()],
                number(ended),
            );
        }
    }
}

pub(super) fn put_door(families: &mut Families<'_>, door: DoorState) {
    families.put(Metric::WebReloadSuccessful, [], flag(door.is_valid));
    families.put(Metric::WebReloadTimestamp, [], seconds(door.loaded_at));
}
