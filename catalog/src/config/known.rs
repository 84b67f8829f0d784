//! What a configuration file may name, as tables that are handed in.

use crate::drivers::{DRIVERS, Driver, Holds};

/// The tables a file is read with; by default those of this version. Engines are no part of them:
/// their one table is [`FORMATS`](crate::format::FORMATS).
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Where repositories and evidence may lie.
    pub drivers: &'static [&'static dyn Driver],
}

impl Default for Known {
    fn default() -> Self {
        Self { drivers: &DRIVERS }
    }
}

impl Known {
    /// The drivers whose places may hold this.
    pub(super) fn drivers_for(&self, what: Holds) -> Vec<&'static dyn Driver> {
        let drivers = self.drivers.iter().copied();
        drivers.filter(|it| it.may_hold(what)).collect()
    }
}
