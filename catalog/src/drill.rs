//! The report of a drill: how the sources were restored in their order, and how long it took.
//!
//! Reports lie below `.drills/` at the place of the records, a JSON file for each drill that was
//! made. Each is created once and never changed. The verifier writes them; both programs read them.

mod outcomes;
mod report;

use jiff::Timestamp;

use crate::{ledger::ReservedPath, model::DrillName};

pub use outcomes::{DrillOutcomes, OUTCOMES_MAX};
pub use report::{
    DrillOutcome, DrillRecord, DrillReport, DrillSnapshot, DrillSource, DrillTrigger,
};

/// Version of the report that this program writes.
pub const DRILL_SCHEMA: u32 = 1;

/// Ending of the report that programs read.
const REPORT: &str = "json";

/// The directory of the reports of one drill.
///
/// # Panics
/// Never: every name of a drill is part of such a path.
pub fn reports_of(drill: &DrillName) -> ReservedPath {
    let path = ReservedPath::new(format!(".drills/{drill}"));
    path.expect("invariant: the name of a drill is a plain word")
}

/// The path of a report: `number` tells drills apart that began in one second, `ending` is that of
/// the file's form: `json`, `md` or `html`.
///
/// # Panics
/// If `ending` is no plain word.
pub fn report_path(
    drill: &DrillName,
    began_at: Timestamp,
    number: u32,
    ending: &str,
) -> ReservedPath {
    let time = began_at.strftime("%Y%m%dT%H%M%SZ");
    let path = reports_of(drill).join(format!("{time}-{number}.{ending}"));
    path.expect("invariant: a time, a number and an ending are plain words")
}
