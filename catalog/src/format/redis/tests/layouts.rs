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

const REDIS: &str = "REDIS0015";
const VALKEY: &str = "VALKEY080";

#[test]
fn every_known_version_is_read_with_the_end_it_has() {
    for version in 1..=15 {
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
fn a_version_above_those_known_is_read_as_far_as_its_types_are_known() {
    for magic in ["REDIS0016", "REDIS0099", "REDIS9999", "VALKEY081"] {
        let file = Rdb::new(magic).select(0).key(0, &string(b"value"));
        let whole = file.clone().end();
        assert_eq!(expect(&whole, Intact).items["keys"], 1, "{magic}");
        for kind in [6, 34, 200] {
            let new = file.clone().key(kind, b"\0");
            expect(&new.clone().end(), NotUnderstood);
            expect(&new.end_unsummed(), NotUnderstood);
        }
        // What Valkey writes above 80 may be compressed behind its first bytes.
        let damaged = if magic.starts_with("VALKEY") {
            NotUnderstood
        } else {
            Damaged
        };
        expect(&whole[..whole.len() - 1], damaged);
        let mut changed = whole.clone();
        changed[14] ^= 1;
        expect(&changed, damaged);
    }
}

#[test]
fn a_version_that_no_file_has_is_not_understood_and_another_file_not_recognised() {
    for magic in ["REDIS0000", "VALKEY000", "VALKEY011"] {
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
    let (three, four) = (string(b"three"), string(b"four"));
    let time = [7, 7, 7, 7, 7, 1, 0, 0];
    let pairs = listpack(&[Entry::Text("one"), Entry::Number(-5)]);
    let triple = listpack(&[Entry::Text("one"), Entry::Number(300), Entry::Number(0)]);
    let intset = |width: u8, integers: &[u8]| {
        let count = integers.len() as u8 / width;
        string(&[&[width, 0, 0, 0, count, 0, 0, 0], integers].concat())
    };
    let fields = string(&listpack(&[Entry::Text("one"), Entry::Text("two")]));
    let values = string(&listpack(&[
        Entry::Number(0),
        Entry::Text("x"),
        Entry::Number(300),
    ]));
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
                    &three,
                    &[255],
                    &four,
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
        (REDIS, 20, compressed(&pairs)),
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
        (REDIS, 27, stream(5)),
        (REDIS, 28, array()),
        (REDIS, 29, [&[0], &fields[..], &values].concat()),
        (REDIS, 29, [&[1, 2], &one[..], &two, &values].concat()),
        (REDIS, 31, [&[0], &fields[..], &one, &[0xc0, 9]].concat()),
        (REDIS, 31, [&[1, 2], &one[..], &two, &one, &two].concat()),
        (REDIS, 33, vec![0x81, 0, 6, 0, 0, 0, 0, 0, 1]),
        (
            VALKEY,
            22,
            count(2, &[&one, &two, &time, &two, &two, &[0xff; 8]]),
        ),
        (VALKEY, 21, stream(3)),
    ]
}

/// One element of each kind, and a place for the next one.
fn array() -> Vec<u8> {
    let short = string(b"short");
    let number = (-5i64).to_le_bytes();
    let double = 2.5f64.to_le_bytes();
    let long = string(&[b'l'; 70]);
    [
        &[4, 1, 0x41, 0][..],
        &[0, 1],
        &number,
        &[2, 2],
        &double,
        &[3, 3],
        &short,
        &[0x80, 0, 1, 0, 0, 0],
        &long,
    ]
    .concat()
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
        more(5, &[1]),
        more(5, &[1; 16]),
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
    for kind in 23..=33 {
        expect(&Rdb::new(VALKEY).key(kind, &[0]).end(), NotUnderstood);
    }
}

/// A template of two fields, and a hash that has it.
fn templates(number: u8, kind: u8, value: &[u8]) -> Rdb {
    let names = [string(b"age"), string(b"name")].concat();
    Rdb::new(REDIS)
        .bytes(&[&[242, number, 2][..], &names].concat())
        .select(0)
        .key(kind, value)
}

#[test]
fn a_hash_has_as_many_values_as_its_template_has_fields() {
    let packed = |number: i64, values: &[Entry]| {
        let number = [Entry::Number(number)];
        string(&listpack(&[&number[..], values].concat()))
    };
    let two = [Entry::Text("x"), Entry::Number(300)];
    let singly = [&[7][..], &string(b"x"), &[0xc0, 9]].concat();
    for file in [
        templates(7, 30, &packed(7, &two)),
        templates(7, 32, &singly),
    ] {
        let inspection = expect(&file.end(), Intact);
        assert_eq!(inspection.items["keys"], 1);
        assert!(inspection.warnings.is_empty(), "{inspection:?}");
    }
    for (kind, value) in [
        (30, packed(8, &two)),
        (30, packed(-1, &two)),
        (30, packed(7, &two[..1])),
        (30, packed(7, &[])),
        (30, string(&listpack(&[]))),
        (
            30,
            string(&listpack(&[
                Entry::Text("x"),
                Entry::Text("y"),
                Entry::Text("z"),
            ])),
        ),
        (32, [&[8][..], &singly[1..]].concat()),
    ] {
        expect(&templates(7, kind, &value).end(), Damaged);
    }
    let again = templates(7, 32, &singly)
        .bytes(&[242, 7, 1])
        .bytes(&string(b"x"));
    expect(&again.end(), Damaged);
    let none = Rdb::new(REDIS).bytes(&[242, 7, 0]);
    expect(&none.end(), Damaged);
    expect(
        &Rdb::new(REDIS)
            .select(0)
            .key(29, &[&[1, 0][..], &packed(0, &[])].concat())
            .end(),
        Damaged,
    );
    let unknown = Rdb::new(REDIS).select(0).key(31, &[2, 0]);
    expect(&unknown.end(), NotUnderstood);
}

#[test]
fn an_array_says_whether_it_has_a_place_and_what_each_element_is() {
    expect(
        &Rdb::new(REDIS).select(0).key(28, &[1, 2, 0, 0, 0]).end(),
        Damaged,
    );
    expect(
        &Rdb::new(REDIS).select(0).key(28, &[1, 0, 0, 4, 0]).end(),
        NotUnderstood,
    );
    expect(
        &Rdb::new(REDIS).select(0).key(28, &[1, 0, 0, 3, 0]).end(),
        Intact,
    );
}

/// A hash in a listpack: so many pairs, then this pair.
fn wide(pairs: i64, last: [&'static str; 2]) -> Vec<u8> {
    let pairs = (0..pairs).flat_map(|field| [Entry::Number(field), Entry::Text("value")]);
    listpack(&pairs.chain(last.map(Entry::Text)).collect::<Vec<_>>())
}

#[test]
fn what_lies_in_memory_as_a_whole_and_what_passes_by_are_walked_alike() {
    for pairs in [10, 1000, 3000, 7000, 20_000] {
        let good = wide(pairs, ["field", "value"]);
        let stored = [string(&good), compressed(&good)];
        for value in stored {
            let inspection = expect(&Rdb::new(REDIS).select(0).key(16, &value).end(), Intact);
            assert!(inspection.warnings.is_empty(), "{pairs}: {inspection:?}");
        }
        let again = wide(pairs, ["7", "value"]);
        for value in [string(&again), compressed(&again)] {
            let inspection = expect(&Rdb::new(REDIS).select(0).key(16, &value).end(), Intact);
            assert_eq!(inspection.warnings.len(), 1, "{pairs}: {inspection:?}");
        }
        // An entry with another length behind it, a byte behind the end mark, an early end mark.
        for (from_end, byte) in [(1, 0), (2, 9), (9, 0xff)] {
            let mut bad = good.clone();
            let index = bad.len() - from_end;
            bad[index] = byte;
            let places = [string(&bad), compressed(&bad)].map(|value| {
                let inspection = expect(&Rdb::new(REDIS).select(0).key(16, &value).end(), Damaged);
                inspection.findings[0].clone()
            });
            assert_eq!(places[0].message, places[1].message, "{pairs} {from_end}");
        }
    }
}
