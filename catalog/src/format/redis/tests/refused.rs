//! Values that contradict themselves, which `redis-check-rdb` does not pass either: damage,
//! whatever the checksum says.

use super::{
    builder::{Entry, Rdb, length, listpack, string, ziplist},
    inspect,
};
use crate::format::InspectionState::{Damaged, Intact};

/// A description of the fault, the type, the value.
type Case = (&'static str, u8, Vec<u8>);

#[track_caller]
fn refuse(cases: Vec<Case>) {
    for (what, kind, value) in cases {
        let inspection = inspect(&Rdb::new("REDIS0013").select(0).key(kind, &value).end());
        assert_eq!(inspection.state, Damaged, "{what}: {inspection:?}");
        assert_eq!(inspection.findings.len(), 1, "{what}");
        assert_eq!(inspection.items["keys"], 1, "{what}");
    }
}

/// A structure as a string, one of its bytes changed.
fn changed(blob: &[u8], index: usize, byte: u8) -> Vec<u8> {
    let mut blob = blob.to_vec();
    blob[index] = byte;
    string(&blob)
}

#[test]
fn halves_of_elements_and_nodes_of_no_kind() {
    refuse(vec![
        (
            "half a listpack pair",
            16,
            string(&listpack(&[Entry::Text("field")])),
        ),
        ("half a ziplist pair", 13, string(&ziplist(&["field"]))),
        ("a large element", 18, vec![1, 1, 0]),
        (
            "a node of a third kind",
            18,
            [&[1, 3][..], &string(b"x")].concat(),
        ),
    ]);
}

#[test]
fn ziplists_that_contradict_themselves() {
    let good = ziplist(&["field", "value"]);
    let end = good.len() - 1;
    let changes: [(&'static str, usize, u8); 7] = [
        ("its length", 0, 1),
        ("its tail", 4, 11),
        ("its count", 8, 3),
        ("the length of the entry before", 17, 1),
        ("an encoding", 11, 0xff),
        ("a length beyond the end", 11, 0x3f),
        ("its end", end, 0),
    ];
    refuse(
        changes
            .map(|(what, index, byte)| (what, 13, changed(&good, index, byte)))
            .into(),
    );
}

#[test]
fn listpacks_that_contradict_themselves() {
    let good = listpack(&[Entry::Text("field"), Entry::Text("value")]);
    let end = good.len() - 1;
    let changes: [(&'static str, usize, u8); 7] = [
        ("its length", 0, 1),
        ("its count", 4, 9),
        ("the length behind an entry", 12, 9),
        ("an encoding", 6, 0xf9),
        ("an early end", 6, 0xff),
        ("a length beyond the end", 6, 0xbf),
        ("its end", end, 0),
    ];
    refuse(
        changes
            .map(|(what, index, byte)| (what, 16, changed(&good, index, byte)))
            .into(),
    );
    let late = [
        Entry::Text("field"),
        Entry::Text("value"),
        Entry::Text("soon"),
    ];
    refuse(vec![(
        "an expiry that is no time",
        23,
        string(&listpack(&late)),
    )]);
}

#[test]
fn integer_sets_and_zipmaps_that_contradict_themselves() {
    refuse(vec![
        (
            "an intset's width",
            11,
            string(&[3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]),
        ),
        (
            "an intset's count",
            11,
            string(&[2, 0, 0, 0, 9, 0, 0, 0, 1, 0]),
        ),
        (
            "an intset's order",
            11,
            string(&[2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0]),
        ),
        (
            "an intset's duplicate",
            11,
            string(&[2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 2, 0]),
        ),
        ("an integer for an intset", 11, vec![0xc0, 1]),
        ("a zipmap's count", 9, string(b"\x02\x01a\x01\0b\xff")),
        ("a zipmap without a value", 9, string(b"\x01\x01a\xff")),
        ("a zipmap's end", 9, string(b"\x01\x01a\x01\0b")),
        ("a zipmap's slack", 9, string(b"\x01\x01a\x01\0b\xff\xff")),
    ]);
}

#[test]
fn scores_that_are_no_numbers() {
    let one = |score: &[u8]| [&length(1), &string(b"member")[..], score].concat();
    refuse(vec![
        ("text", 3, one(b"\x03abc")),
        ("no text", 3, one(b"\0")),
        ("not a number", 3, one(&[253])),
        ("binary", 5, one(&f64::NAN.to_le_bytes())),
    ]);
}

#[test]
fn fields_that_expire_at_no_time() {
    let pair = [string(b"field"), string(b"value")].concat();
    let late = [0x81, 0, 1, 0, 0, 0, 0, 0, 0];
    refuse(vec![
        (
            "before the epoch",
            24,
            [&[0xff; 8], &[1, 1][..], &pair].concat(),
        ),
        (
            "beyond 48 bits",
            24,
            [&[1, 0, 0, 0, 0, 0, 0, 0], &[1][..], &late, &pair].concat(),
        ),
        (
            "beyond 48 bits, absolute",
            22,
            [&[1][..], &late, &pair].concat(),
        ),
    ]);
    let valkey = |expiry: &[u8; 8]| {
        let value = [&[1][..], &pair, expiry].concat();
        inspect(&Rdb::new("VALKEY080").key(22, &value).end()).state
    };
    assert_eq!(valkey(&(-2i64).to_le_bytes()), Damaged);
    assert_eq!(valkey(&(-1i64).to_le_bytes()), Intact);
}

#[test]
fn streams_that_contradict_themselves() {
    use Entry::{Number, Text};
    let node = |entries: &[Entry]| {
        [
            &[1][..],
            &string(&[0; 16]),
            &string(&listpack(entries)),
            &[0; 10],
        ]
        .concat()
    };
    let text = string(&listpack(&[Text("x")]));
    refuse(vec![
        (
            "a short identifier",
            15,
            [&[1][..], &string(b"x"), &text].concat(),
        ),
        ("entries without nodes", 15, vec![0, 1, 0, 0, 0]),
        ("text for a count", 15, node(&[Text("x")])),
        (
            "a count below zero",
            15,
            node(&[Number(-1), Number(0), Number(0), Number(0)]),
        ),
        (
            "no master end",
            15,
            node(&[Number(0), Number(0), Number(1), Text("f"), Number(1)]),
        ),
        (
            "an entry too few",
            15,
            node(&[Number(1), Number(0), Number(0), Number(0)]),
        ),
        (
            "an entry too many",
            15,
            node(&[Number(0), Number(0), Number(0), Number(0), Number(0)]),
        ),
        (
            "an entry's own length",
            15,
            node(&[
                Number(1),
                Number(0),
                Number(0),
                Number(0),
                Number(2),
                Number(0),
                Number(0),
                Number(9),
            ]),
        ),
    ]);
}

#[test]
fn compressed_strings_that_do_not_keep_their_word() {
    refuse(vec![
        (
            "a reference too far back",
            0,
            vec![0xc3, 4, 5, 0, b'a', 0x20, 1],
        ),
        (
            "more than declared",
            0,
            vec![0xc3, 4, 1, 2, b'a', b'b', b'c'],
        ),
        ("less than declared", 0, vec![0xc3, 2, 5, 0, b'a']),
        ("a cut run", 0, vec![0xc3, 2, 9, 8, b'a']),
        ("a cut reference", 0, vec![0xc3, 3, 9, 0, b'a', 0x20]),
        (
            "a cut long reference",
            0,
            vec![0xc3, 4, 9, 0, b'a', 0xe0, 1],
        ),
        ("nothing", 0, vec![0xc3, 0, 0]),
    ]);
}
