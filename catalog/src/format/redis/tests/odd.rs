//! What is odd, but was written so: a collection of nothing, a field or member twice.

use super::{
    builder::{Entry, Rdb, compressed, length, listpack, string, ziplist},
    census, expect, inspect,
};
use crate::format::{
    FINDINGS_MAX,
    InspectionState::{Damaged, Intact, NotUnderstood, Unvouched},
};

/// A description, the magic, the type, the value.
type Case = (&'static str, &'static str, u8, Vec<u8>);

const OLD: &str = "REDIS0006";
const REDIS: &str = "REDIS0015";
const VALKEY: &str = "VALKEY080";

/// Bytes in front of the key in question: the header, and the selection of a database.
const HEAD: u64 = 11;

/// A time in milliseconds, as it stands in front of a hash with expiring fields.
const TIME: [u8; 8] = [7, 7, 7, 7, 7, 1, 0, 0];

/// Every layout of a list, set, sorted set, hash or array, without any element.
fn nothing() -> Vec<Case> {
    let (ziplist, packed) = (string(&ziplist(&[])), compressed(&ziplist(&[])));
    let (zipmap, intset) = (string(&[0, 0xff]), string(&[2, 0, 0, 0, 0, 0, 0, 0]));
    let listpack = string(&listpack(&[]));
    let nodes = [&[2][..], &ziplist, &ziplist].concat();
    let nodes_2 = [&[1, 2][..], &listpack].concat();
    let expiring = [&TIME[..], &[0]].concat();
    let expiring_listpack = [&TIME[..], &listpack].concat();
    vec![
        ("a list", OLD, 1, vec![0]),
        ("a set", OLD, 2, vec![0]),
        ("a sorted set, scores as text", OLD, 3, vec![0]),
        ("a hash", OLD, 4, vec![0]),
        ("a sorted set", REDIS, 5, vec![0]),
        ("a zipmap", OLD, 9, zipmap),
        ("a list, ziplist", OLD, 10, ziplist.clone()),
        ("an intset", OLD, 11, intset),
        ("a sorted set, ziplist", OLD, 12, ziplist),
        ("a hash, ziplist", OLD, 13, packed),
        ("a quicklist without nodes", REDIS, 14, vec![0]),
        ("a quicklist of empty nodes", REDIS, 14, nodes),
        ("a hash, listpack", REDIS, 16, listpack.clone()),
        ("a sorted set, listpack", REDIS, 17, listpack.clone()),
        ("a second quicklist without nodes", REDIS, 18, vec![0]),
        ("a second quicklist of empty nodes", REDIS, 18, nodes_2),
        ("a set, listpack", REDIS, 20, listpack.clone()),
        ("a hash of candidates", REDIS, 22, vec![0]),
        ("a listpack of candidates", REDIS, 23, listpack),
        ("expiring fields", REDIS, 24, expiring),
        ("expiring fields, listpack", REDIS, 25, expiring_listpack),
        ("an array", REDIS, 28, vec![0, 0]),
        ("Valkey's expiring fields", VALKEY, 22, vec![0]),
    ]
}

/// Every layout whose fields or members must differ, with one of them twice.
fn repeated() -> Vec<Case> {
    [singly(), in_older_layouts(), in_listpacks(), of_templates()].concat()
}

/// A collection of two equal elements, behind its count.
fn twice(parts: &[&[u8]]) -> Vec<u8> {
    [&[2], &parts.concat()[..], &parts.concat()].concat()
}

fn singly() -> Vec<Case> {
    let (field, value) = (string(b"field"), string(b"value"));
    let (long, score) = (string(&[b'n'; 700]), 1.5f64.to_le_bytes());
    let two_ways = [&[2], &compressed(b"field")[..], &field].concat();
    let number_and_text = vec![2, 0xc1, 0xfb, 0xff, 2, b'-', b'5'];
    let expiring = twice(&[&[0], &field, &value]);
    let since = [&TIME[..], &expiring].concat();
    let valkey = twice(&[&field, &value, &[0xff; 8]]);
    vec![
        ("a set", OLD, 2, twice(&[&field])),
        ("a set of numbers", OLD, 2, vec![2, 0xc0, 5, 0xc0, 5]),
        ("a number and its text", OLD, 2, number_and_text),
        ("long members", OLD, 2, twice(&[&long])),
        ("a member stored in two ways", OLD, 2, two_ways),
        ("scores as text", OLD, 3, twice(&[&field, b"\x011"])),
        ("a hash", OLD, 4, twice(&[&field, &value])),
        ("a sorted set", REDIS, 5, twice(&[&field, &score])),
        ("a hash of candidates", REDIS, 22, expiring),
        ("expiring fields", REDIS, 24, since),
        ("an array", REDIS, 28, vec![2, 0, 5, 3, 0, 5, 3, 0]),
        ("Valkey's expiring fields", VALKEY, 22, valkey),
    ]
}

fn in_older_layouts() -> Vec<Case> {
    let zipmap = string(b"\x02\x01f\x01\0a\x01f\x01\0b\xff");
    let scores = string(&ziplist(&["m", "1", "m", "2"]));
    let hash = compressed(&ziplist(&["f", "v", "g", "v", "f", "w"]));
    vec![
        ("a zipmap", OLD, 9, zipmap),
        ("a sorted set, ziplist", OLD, 12, scores),
        ("a hash, ziplist", OLD, 13, hash),
    ]
}

fn in_listpacks() -> Vec<Case> {
    use Entry::{Number, Text};
    let packed = |entries: &[Entry]| string(&listpack(entries));
    let pairs = [Text("f"), Text("v"), Text("f"), Text("w")];
    let scores = packed(&[Text("m"), Number(1), Text("m"), Number(2)]);
    let set = packed(&[Text("a"), Text("b"), Text("a")]);
    let numbers = packed(&[Number(300), Text("b"), Number(300)]);
    let number_and_text = packed(&[Number(-7), Text("-7")]);
    let once = [Text("f"), Text("v"), Number(9)];
    let expiring = packed(&[once, once].concat());
    let since = [&TIME[..], &expiring].concat();
    vec![
        ("a hash", REDIS, 16, packed(&pairs)),
        (
            "a hash, compressed",
            REDIS,
            16,
            compressed(&listpack(&pairs)),
        ),
        ("a sorted set", REDIS, 17, scores),
        ("a set", REDIS, 20, set),
        ("a set of numbers", REDIS, 20, numbers),
        ("a number and its text", REDIS, 20, number_and_text),
        ("expiring fields of candidates", REDIS, 23, expiring),
        ("expiring fields", REDIS, 25, since),
    ]
}

fn of_templates() -> Vec<Case> {
    use Entry::{Number, Text};
    let packed = |entries: &[Entry]| string(&listpack(entries));
    let (field, value) = (string(b"field"), string(b"value"));
    let values = packed(&[Number(0), Text("v"), Text("w")]);
    let names = [&[1], &twice(&[&field])[..], &values].concat();
    let packed_names = packed(&[Text("f"), Text("f")]);
    let packed_names = [&[0], &packed_names[..], &value, &value].concat();
    vec![
        ("own names", REDIS, 29, names),
        ("own names, listpack", REDIS, 31, packed_names),
    ]
}

fn of_key(magic: &str, kind: u8, value: &[u8]) -> Rdb {
    Rdb::new(magic).select(0).key(kind, value)
}

#[test]
fn a_collection_of_nothing_is_a_warning_where_the_checksum_holds() {
    for (what, magic, kind, value) in nothing() {
        let file = of_key(magic, kind, &value).key(0, &string(b"value"));
        let inspection = expect(&file.clone().end(), Intact);
        assert!(inspection.findings.is_empty(), "{what}: {inspection:?}");
        assert_eq!(inspection.warnings.len(), 1, "{what}: {inspection:?}");
        assert_eq!(inspection.warnings[0].offset, HEAD, "{what}");
        assert_eq!(inspection.items["keys"], 2, "{what}: it is one of the keys");
        let census = census(&inspection);
        assert_eq!((census.empty_keys, census.repeating_keys), (1, 0), "{what}");
        let json = inspection.json();
        assert_eq!(json["intact"], true, "{what}");
        assert_eq!(json["warnings"][0]["offset"], HEAD, "{what}");
        unvouched_or_damaged(what, &file);
    }
}

#[test]
fn a_field_or_member_that_comes_twice_is_a_warning_where_the_checksum_holds() {
    for (what, magic, kind, value) in repeated() {
        let file = of_key(magic, kind, &value);
        let inspection = expect(&file.clone().end(), Intact);
        assert_eq!(inspection.warnings.len(), 1, "{what}: {inspection:?}");
        let census = census(&inspection);
        assert_eq!((census.empty_keys, census.repeating_keys), (0, 1), "{what}");
        unvouched_or_damaged(what, &file);
    }
}

/// Without a checksum nothing inside says that the writer wrote it so; with a wrong one it is
/// damage.
fn unvouched_or_damaged(what: &str, file: &Rdb) {
    let inspection = expect(&file.clone().end_unsummed(), Unvouched);
    assert!(inspection.findings.is_empty(), "{what}: {inspection:?}");
    assert_eq!(inspection.warnings.len(), 1, "{what}: {inspection:?}");
    assert_eq!(inspection.json()["intact"], false, "{what}");
    let mut changed = file.clone().end();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(expect(&changed, Damaged).warnings.is_empty(), "{what}");
}

#[test]
fn nothing_inside_a_file_older_than_checksums_vouches_for_what_is_odd() {
    let old = Rdb::new("REDIS0003").select(0).key(2, &[0]);
    let inspection = expect(&old.end_bare(), Unvouched);
    assert_eq!(inspection.warnings.len(), 1, "{inspection:?}");
}

#[test]
fn what_is_odd_in_front_of_damage_is_no_excuse() {
    let odd = Rdb::new(REDIS).select(0).key(1, &[0]);
    // A type that is not known, a length that is none, an early end.
    for (behind, state) in [
        (&[34][..], NotUnderstood),
        (&[0, 0x90], Damaged),
        (&[0, 3], Damaged),
    ] {
        let inspection = expect(&odd.clone().bytes(behind).end_unsummed(), state);
        assert!(inspection.warnings.is_empty(), "{inspection:?}");
    }
}

#[test]
fn what_may_come_twice_is_no_warning() {
    use Entry::{Number, Text};
    let one = string(b"one");
    let stream = [0; 5];
    for (kind, value) in [
        (1, [&[2], &one[..], &one].concat()),
        (10, string(&ziplist(&["a", "a"]))),
        (
            14,
            [
                &[2],
                &string(&ziplist(&["a"]))[..],
                &string(&ziplist(&["a"])),
            ]
            .concat(),
        ),
        (15, stream.to_vec()),
        (
            16,
            string(&listpack(&[Text("a"), Text("v"), Text("b"), Text("v")])),
        ),
        (
            16,
            string(&listpack(&[Text("v"), Text("a"), Text("a"), Text("v")])),
        ),
        (
            17,
            string(&listpack(&[Text("a"), Number(1), Text("b"), Number(1)])),
        ),
        (
            18,
            [&[1, 2], &string(&listpack(&[Text("a"), Text("a")]))[..]].concat(),
        ),
    ] {
        let inspection = expect(&of_key(REDIS, kind, &value).end(), Intact);
        assert!(inspection.warnings.is_empty(), "{kind}: {inspection:?}");
    }
}

/// A set of `count` numbers, the last of which is `again`.
fn numbers(count: usize, again: u32) -> Vec<u8> {
    let mut value = length(count);
    for index in 0..count as u32 - 1 {
        value.extend([0xc2].into_iter().chain(index.to_le_bytes()));
    }
    value.extend([0xc2].into_iter().chain(again.to_le_bytes()));
    value
}

#[test]
fn of_a_large_collection_the_first_members_are_remembered() {
    let warned = |count, again| {
        let inspection = expect(&of_key(REDIS, 2, &numbers(count, again)).end(), Intact);
        !inspection.warnings.is_empty()
    };
    for count in [16, 17, 18, 40, 8192, 8193, 50_000] {
        assert!(warned(count, 0), "{count}");
        assert!(!warned(count, u32::MAX), "{count}");
    }
    assert!(warned(8192, 8190));
    assert!(!warned(50_000, 49_998), "that one was not remembered");
}

#[test]
fn no_more_warnings_are_kept_than_findings() {
    let mut file = Rdb::new(REDIS).select(0);
    for _ in 0..100 {
        file = file.key(1, &[0]);
    }
    let inspection = inspect(&file.end());
    assert_eq!(inspection.warnings.len(), FINDINGS_MAX);
    assert_eq!(census(&inspection).empty_keys, 100);
}
