//! What configuration is written in: located YAML with all its errors at once, durations, sizes,
//! percentages, schedules and secrets.
//!
//! It must not know what is configured: no word of backups, and no other crate of the workspace.

mod duration;
mod percent;
mod schedule;
mod size;
mod text;

pub use self::duration::{Duration, DurationError};
pub use self::percent::{Percent, PercentError};
pub use self::schedule::{Field, FieldFault, Schedule, ScheduleError};
pub use self::size::{Size, SizeError};
