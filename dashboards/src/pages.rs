//! The dashboards themselves: one file each.

pub(crate) mod overview;
pub(crate) mod source;
pub(crate) mod storage;
pub(crate) mod verification;

mod shared;
