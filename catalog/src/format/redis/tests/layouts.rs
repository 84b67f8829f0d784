//! Every version, every type, every opcode: written by hand, read back.

use super::{
    builder::{Entry, Rdb, compressed, length, listpack, string, ziplist},
    census, expect,
};
use crate::format::{
    Checksum,
    InspectionState::{Damaged, Intact, NotRecognised, NotUnderstood},
    redis::Family,
};

const REDIS: &str = "REDIS0013";
const VALKEY: &str = "VALKEY080";

#[test]
fn every_known_version_is_read_with_the_end_it_has() {
    for version in 1..=13 {
        let file = Rdb::new(&format!("REDIS{version:04}"))
            .select(0)
            .key(0, &string(b"value"));
        let (file, checksum) = match version {
            1..5 => (file.end_bare(), Checksum::Absent),
            _ => (file.end(), Checksum::Verified),
        };
        let inspection = expect(&file, Intact);
        assert_eq!(inspection.version, Some(version));
        assert_eq!(inspection.checksum, checksum);
        assert_eq!(inspection.items["keys"], 1);
        assert_eq!(inspection.bytes, file.len() as u64);
    }
    let file = Rdb::new(VALKEY).select(0).key(0, &string(b"value")).end();
    let inspection = expect(&file, Intact);
    assert_eq!(inspection.version, Some(80));
    assert_eq!(census(&inspection).family, Some(Family::Valkey));
}

#[test]
fn a_switched_off_checksum_is_absent_and_nothing_is_wrong_with_that() {
    let inspection = expect(&Rdb::new(REDIS).select(0).end_unsummed(), Intact);
    assert_eq!(inspection.checksum, Checksum::Absent);
    assert!(inspection.findings.is_empty());
}

#[test]
fn an_unknown_version_is_not_understood_and_another_file_not_recognised() {
    for magic in [
        "REDIS0000",
        "REDIS0014",
        "REDIS9999",
        "VALKEY081",
        "VALKEY011",
    ] {
        let inspection = expect(&Rdb::new(magic).key(0, b"\0").end_unsummed(), NotUnderstood);
        assert_eq!(inspection.findings[0].offset, 0);
    }
    for magic in [
        "REDIS00x1",
        "RADIS0010",
        "VALKEY",
        "<!DOCTYPE html>",
        "REDIS 001",
    ] {
        expect(&Rdb::new(magic).key(0, b"\0").end(), NotRecognised);
    }
}

/// Values of every type: magic, type, layout.
fn values() -> Vec<(&'static str, u8, Vec<u8>)> {
    let count = |number: usize, parts: &[&[u8]]| [&length(number), &parts.concat()[..]].concat();
    let one = string(b"one");
    let two = string(b"two");
    let time = [7, 7, 7, 7, 7, 1, 0, 0];
    let pairs = listpack(&[Entry::Text("one"), Entry::Number(-5)]);
    let triple = listpack(&[Entry::Text("one"), Entry::Number(300), Entry::Number(0)]);
    let intset = |width: u8, integers: &[u8]| {
        let count = integers.len() as u8 / width;
        string(&[&[width, 0, 0, 0, count, 0, 0, 0], integers].concat())
    };
    let quick = [&[2], &string(&pairs)[..], &[1], &one].concat();
    vec![
        (REDIS, 0, string(b"text")),
        (REDIS, 0, vec![0xc0, 0xff]),
        (REDIS, 0, vec![0xc1, 0xff, 0x7f]),
        (REDIS, 0, vec![0xc2, 0, 0, 0, 0x80]),
        (REDIS, 0, compressed(&[b'x'; 100])),
        (
            REDIS,
            0,
            [&[0x81, 0, 0, 0, 0, 0, 0, 0, 3], &b"abc"[..]].concat(),
        ),
        (REDIS, 0, string(&[b'y'; 70])),
        (REDIS, 0, string(&vec![b'z'; 20_000])),
        (REDIS, 1, count(2, &[&one, &two])),
        (REDIS, 2, count(2, &[&one, &[0xc0, 9]])),
        (
            REDIS,
            3,
            count(
                4,
                &[
                    &one,
                    b"\x041e10",
                    &two,
                    &[254],
                    &two,
                    &[255],
                    &two,
                    b"\x02-1",
                ],
            ),
        ),
        (REDIS, 4, count(1, &[&one, &two])),
        (REDIS, 5, count(1, &[&one, &1.5f64.to_le_bytes()])),
        (REDIS, 9, string(b"\x01\x03one\x03\x02two..\xff")),
        (REDIS, 10, string(&ziplist(&["one", "two", "three"]))),
        (REDIS, 11, intset(2, &[0xff, 0xff, 1, 0])),
        (REDIS, 11, intset(4, &[0, 0, 0, 0x80, 1, 0, 0, 0])),
        (
            REDIS,
            11,
            intset(8, &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ),
        (REDIS, 12, compressed(&ziplist(&["member", "1"]))),
        (REDIS, 13, string(&ziplist(&["field", "value"]))),
        (
            REDIS,
            14,
            count(2, &[&string(&ziplist(&[])), &string(&ziplist(&["one"]))]),
        ),
        (REDIS, 15, stream(1)),
        (REDIS, 16, string(&pairs)),
        (REDIS, 17, compressed(&pairs)),
        (REDIS, 18, count(2, &[&quick])),
        (REDIS, 19, stream(2)),
        (REDIS, 20, string(&pairs)),
        (REDIS, 21, stream(3)),
        (REDIS, 22, count(1, &[&[0], &one, &two])),
        (REDIS, 23, string(&triple)),
        (
            REDIS,
            24,
            [&time[..], &count(1, &[&[5], &one, &two])].concat(),
        ),
        (REDIS, 25, [&time[..], &string(&triple)].concat()),
        (REDIS, 26, stream(4)),
        (
            VALKEY,
            22,
            count(2, &[&one, &two, &time, &two, &two, &[0xff; 8]]),
        ),
        (VALKEY, 21, stream(3)),
    ]
}

/// Two entries, one of them with fields of its own, and a group with a consumer and a message.
fn stream(layout: u8) -> Vec<u8> {
    use Entry::{Number, Text};
    let master = [Number(2), Number(0), Number(1), Text("field"), Number(0)];
    let same = [Number(2), Number(0), Number(0), Text("value"), Number(4)];
    let own = [
        Number(0),
        Number(1),
        Number(9),
        Number(1),
        Text("other"),
        Text("value"),
        Number(6),
    ];
    let entries: Vec<Entry> = master.into_iter().chain(same).chain(own).collect();
    let (id, time) = ([1; 16], [2; 8]);
    let more = |since, bytes: &'static [u8]| if layout >= since { bytes } else { &[] };
    [
        &[1][..],
        &string(&id),
        &string(&listpack(&entries)),
        &[2, 7, 1],
        more(2, &[1, 1, 0, 0, 2]),
        &[1],
        &string(b"group"),
        &[7, 1],
        more(2, &[2]),
        &[1],
        &id,
        &time,
        &[3],
        &[1],
        &string(b"consumer"),
        &time,
        more(3, &[2; 8]),
        &[1],
        &id,
        more(4, &[9, 9, 1, 1, b'p', 1, 1, b'i', 7, 1, 1, 0]),
    ]
    .concat()
}

#[test]
fn a_value_of_every_type_is_passed_over_exactly() {
    for (magic, kind, value) in values() {
        let inspection = expect(&Rdb::new(magic).select(0).key(kind, &value).end(), Intact);
        assert_eq!(inspection.items["keys"], 1, "type {kind}");
        // One byte more or less, and what follows no longer fits.
        let longer = [&value[..], &[0xee]].concat();
        expect(
            &Rdb::new(magic).select(0).key(kind, &longer).end_unsummed(),
            NotUnderstood,
        );
        let shorter = &value[..value.len() - 1];
        expect(
            &Rdb::new(magic).select(0).key(kind, shorter).end_unsummed(),
            Damaged,
        );
    }
}

#[test]
fn numbers_that_redis_and_valkey_use_differently_are_read_by_the_magic() {
    let valkey_hash = [&[1][..], &string(b"f"), &string(b"v"), &[0xff; 8]].concat();
    expect(&Rdb::new(VALKEY).key(22, &valkey_hash).end(), Intact);
    expect(
        &Rdb::new(REDIS).key(22, &valkey_hash).end_unsummed(),
        Damaged,
    );
    let slots = [&[243][..], &string(b"job"), &[1, 0, 5]].concat();
    expect(&Rdb::new(VALKEY).bytes(&slots).select(0).end(), Intact);
    for kind in 23..=26 {
        expect(&Rdb::new(VALKEY).key(kind, &[0]).end(), NotUnderstood);
    }
}
