//! Tables of what a configuration file may name, which callers hand in.

use super::runtimes::{RUNTIMES, RuntimeKind};
use crate::drivers::{DRIVERS, Driver, Holds};

/// The tables a file is read with; by default those of this version. Engines are no part of them:
/// their one table is [`FORMATS`](crate::format::FORMATS).
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Drivers of the places where repositories and evidence may lie.
    pub drivers: &'static [&'static dyn Driver],
    /// Runtimes that may provide sandboxes: at least one, the first is the default.
    pub runtimes: &'static [RuntimeKind],
}

impl Default for Known {
    fn default() -> Self {
        Self {
            drivers: &DRIVERS,
            runtimes: &RUNTIMES,
        }
    }
}

impl Known {
    /// Drivers whose places may hold `what`.
    pub(super) fn drivers_for(&self, what: Holds) -> Vec<&'static dyn Driver> {
        let drivers = self.drivers.iter().copied();
        drivers.filter(|it| it.may_hold(what)).collect()
    }

    /// The runtimes for people: `docker (default), kubernetes or process`.
    pub(super) fn runtimes_listed(&self) -> String {
        let mut names: Vec<_> = self.runtimes.iter().map(|it| it.name.to_owned()).collect();
        names[0] += " (default)";
        let last = names.pop().unwrap_or_default();
        if names.is_empty() {
            return last;
        }
        format!("{} or {last}", names.join(", "))
    }
}
