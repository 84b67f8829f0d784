//! A drill: its sources restored in their order as a rehearsal of a full recovery, timed, and a
//! report of it.
//!
//! | file | does |
//! |---|---|
//! | `carry.rs` | the whole drill: order, attempts, times |
//! | `places.rs` | how many attempts run at once |
//! | `choose.rs` | the snapshot of each source |
//! | `keep.rs` | the report at the place of the records |
//! | `assemble.rs`, `deviations.rs` | what became of the sources → the report. Pure |
//! | `order.rs` | which sources may begin; the longest way; time in which nothing ran. Pure |
//! | `form.rs` | the report as text, Markdown and HTML. Pure |

mod assemble;
mod carry;
mod choose;
mod deviations;
mod form;
mod keep;
mod order;
mod part;
mod places;

pub(crate) use carry::{DrillEnd, DrillOrder, DrillStep, carry_out_drill};
pub(crate) use form::{brief, html, markdown, text};
pub(crate) use places::{DrillPlaces, OwnPlaces, PlacedAttempt};
