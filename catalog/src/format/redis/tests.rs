//! What an inspection must say of good files, and must never say of damaged ones.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what tests write by hand is small"
)]

mod around;
mod builder;
mod damage;
mod facts;
mod layouts;
mod reading;
mod refused;

use std::io::Read;

use super::{Census, Redis};
use crate::format::{Format, Inspection, InspectionState};

fn inspect(file: &[u8]) -> Inspection {
    inspect_reader(&mut &*file)
}

fn inspect_reader(reader: &mut dyn Read) -> Inspection {
    Redis.inspect(reader, &mut |_| ())
}

fn census(inspection: &Inspection) -> &Census {
    inspection
        .detail
        .as_ref()
        .and_then(|detail| detail.get())
        .expect("an RDB has a census")
}

#[track_caller]
fn expect(file: &[u8], state: InspectionState) -> Inspection {
    let inspection = inspect(file);
    assert_eq!(inspection.state, state, "{inspection:?}");
    inspection
}
