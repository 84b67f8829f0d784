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
mod odd;
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

#[test]
fn the_end_of_a_file_is_told_by_its_last_bytes() {
    let sealed = [&b"\xffCHECKSUM"[..], &[b'a'; 40]].concat();
    let check = |tail: &[u8], expected: bool| {
        assert_eq!(Redis.end(tail), Some(expected), "{}", tail.escape_ascii());
    };
    check(b"...\xff12345678", true);
    check(b"...\xff\0\0\0\0\0\0\0\0", true); // no checksum was asked for
    check(b"...\xff", false); // before version 5, or cut by chance
    check(&sealed, true); // with the mark of a diskless transfer
    for cut in 10..sealed.len() {
        check(&sealed[..cut], false);
    }
    check(b"...\xff1234567", false);
    check(b"...\xff123456789", false);
    check(&[b'g'; 64], false);
    check(&[&[0xff][..], &[b'a'; 40]].concat(), false);
    check(b"", false);
}
