//! Whether the sign of life may be given: a dead man's switch outside then stays quiet. Pure.

use jiff::{SignedDuration, Timestamp};

use super::UNDELIVERED_MAX;
use crate::scheduler::State;

/// Age of the scheduler's last turn at which it counts as stuck (facts/alerting.md 19).
const TURNED_MAX: SignedDuration = SignedDuration::from_mins(30);

/// Age of the last renewal of the speaker's lease at which evidence counts as not writable: that at
/// which a lease ends.
const LEASED_MAX: SignedDuration = SignedDuration::from_mins(15);

/// Says why no sign of life may be given; `None` if all is well.
pub(super) fn silent(state: &State, now: Timestamp) -> Option<String> {
    let is_old = |at: Option<Timestamp>, most| at.is_none_or(|at| now.duration_since(at) > most);
    if is_old(state.turned_at, TURNED_MAX) {
        return Some("nothing was planned for half an hour".into());
    }
    if is_old(state.leased_at, LEASED_MAX) {
        return Some("the evidence could not be written for 15 min".into());
    }
    let mut late = state.undelivered.iter().filter(|(_, messages)| {
        let since = messages.oldest.map(|at| now.duration_since(at));
        since.is_some_and(|since| since >= UNDELIVERED_MAX)
    });
    let (receiver, _) = late.next()?;
    Some(format!("messages to {receiver} do not arrive for an hour"))
}
