//! `settle` of one source: the value that counts, and warnings about the written one.

use settings::{Duration, Problems, Schedule};

use super::{Repository, written::WrittenSource};
use crate::settle::{SETTLE, settle_max};

/// Returns `settle` as written or by default, but never more than a tenth of the longest gap of the
/// schedule.
pub(super) fn settle(
    written: &WrittenSource,
    schedule: Option<&Schedule>,
    problems: &mut Problems,
) -> Duration {
    let gap = schedule.map(Schedule::longest_gap);
    let most = gap.map(settle_max);
    let asked = written.settle.as_ref().map_or(SETTLE, |it| it.value);
    let Some((gap, most)) = gap.zip(most).filter(|(_, most)| asked > *most) else {
        return asked;
    };
    if let Some(own) = &written.settle {
        let message = format!(
            "settle {asked} is more than a tenth of the {gap} between two runs: {most} counts"
        );
        let hint = format!("Write settle: {most}, or less.");
        problems.warning(&own.place, message).hint(hint);
    }
    most
}

/// Warns if `settle` is written at this source, and not by default of its engine, although nothing
/// waits because objects of the repository appear whole.
pub(super) fn without_effect(
    written: &WrittenSource,
    known: &[Repository],
    is_own: bool,
    problems: &mut Problems,
) {
    let mut repositories = known.iter();
    let repository = repositories.find(|it| it.name.as_str() == written.repository.value);
    let appears_whole = repository.is_some_and(|it| !it.location.grows());
    if let Some(own) = written.settle.as_ref().filter(|_| is_own && appears_whole) {
        let message = "an object of a bucket appears whole, so none is waited for: settle has no \
                       effect on when it counts as complete";
        problems.warning(&own.place, message).hint("Remove it.");
    }
}
