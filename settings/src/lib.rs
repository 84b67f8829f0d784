//! The language of configuration files: located YAML whose errors are all found at once, durations,
//! sizes, percentages, schedules and secrets.
//!
//! It must not know what is configured: it has no word of backups, and uses no other crate of the
//! workspace.

mod document;
mod duration;
mod located;
mod node;
mod percent;
mod place;
mod problem;
mod read;
mod schedule;
mod secret;
mod size;
mod suggest;
mod text;

pub use self::document::{Document, Section};
pub use self::duration::{Duration, DurationError};
pub use self::located::{Located, OneOrMany, Switch};
pub use self::node::Node;
pub use self::percent::{Percent, PercentError};
pub use self::place::{Location, Place};
pub use self::problem::{Problem, Problems, Severity};
pub use self::schedule::{Field, FieldFault, Schedule, ScheduleError, Tally};
pub use self::secret::{Secret, SecretError, SecretFile};
pub use self::size::{Size, SizeError};
pub use self::suggest::did_you_mean;
pub use self::text::one_line;
