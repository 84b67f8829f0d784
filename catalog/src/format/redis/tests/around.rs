//! Everything around the keys: facts of the writer, databases, functions, modules, expiry.

use jiff::Timestamp;

use super::{
    builder::{Rdb, string},
    census, expect,
};
use crate::format::{
    InspectionState::{Damaged, Intact},
    redis::Database,
};

/// Letters as numbers of six bits.
fn packed(name: &str) -> u64 {
    name.bytes().fold(0, |packed, letter| {
        packed << 6 | u64::from(letter - b'a' + 26)
    })
}

fn module_identifier(name: &str) -> Vec<u8> {
    [&[0x81][..], &(packed(name) << 10 | 3).to_be_bytes()].concat()
}

#[test]
fn facts_of_the_writer_are_noted_and_unknown_ones_ignored() {
    let file = Rdb::new("REDIS0012")
        .aux("redis-ver", "8.0.2")
        .aux("redis-bits", "64")
        .item(250, &[b"ctime"])
        .bytes(&[0xc2, 0x00, 0xf1, 0x53, 0x65])
        .aux("used-mem", "1234567")
        .aux("repl-id", &"f".repeat(40))
        .aux("repl-offset", "42")
        .aux("aof-base", "1")
        .aux("of-a-later-version", &"x".repeat(3000))
        .end();
    let inspection = expect(&file, Intact);
    assert_eq!(
        inspection.taken_at.map(Timestamp::as_second),
        Some(1_700_000_000)
    );
    let census = census(&inspection);
    assert_eq!(census.writer.as_deref(), Some("8.0.2"));
    assert_eq!(census.used_memory_bytes, Some(1_234_567));
    assert_eq!(census.bits, Some(64));
    assert!(census.append_only_base);
    assert_eq!(census.replication, (Some("f".repeat(40)), Some(42)));
    let file = Rdb::new("VALKEY080")
        .aux("valkey-ver", "9.1.0")
        .aux("ctime", "soon")
        .end();
    let inspection = expect(&file, Intact);
    assert_eq!(inspection.taken_at, None);
    assert_eq!(super::census(&inspection).writer.as_deref(), Some("9.1.0"));
}

#[test]
fn keys_and_expiries_are_counted_per_database() {
    let file = Rdb::new("REDIS0011")
        .select(0)
        .bytes(&[251, 3, 1])
        .bytes(&[244, 1, 2, 3])
        .bytes(&[252, 1, 0, 0, 0, 0, 0, 0, 0])
        .bytes(&[248, 9])
        .key(0, &string(b"a"))
        .bytes(&[249, 200])
        .key(0, &string(b"b"))
        .key(0, &string(b"c"))
        .select(9)
        .bytes(&[251, 1, 1])
        .bytes(&[253, 1, 0, 0, 0])
        .key(0, &string(b"d"));
    let inspection = expect(&file.end(), Intact);
    assert!(inspection.findings.is_empty(), "{inspection:?}");
    assert_eq!(
        (inspection.items["keys"], inspection.items["expiring_keys"]),
        (4, 2)
    );
    let census = census(&inspection);
    let zero = Database {
        keys: 3,
        expiring_keys: 1,
        announced: Some((3, 1)),
    };
    let nine = Database {
        keys: 1,
        expiring_keys: 1,
        announced: Some((1, 1)),
    };
    assert_eq!(
        census.databases.iter().collect::<Vec<_>>(),
        [(&0, &zero), (&9, &nine)]
    );
    assert_eq!(census.announced_keys(), Some(4));
    let printed = serde_json::json!({
        "0": { "keys": 3, "expiring_keys": 1 },
        "9": { "keys": 1, "expiring_keys": 1 },
    });
    assert_eq!(inspection.json()["databases"], printed);
}

#[test]
fn functions_are_counted_and_modules_named() {
    let module = module_identifier("graphdata");
    let class = (packed("rank") << 8) as u32;
    let annotated = b"\x02\x07\x01\x03\x03abcd\x04abcdefgh\x05\x02hi\x00";
    let file = Rdb::new("REDIS0013")
        .item(245, &[b"#!lua name=library"])
        .bytes(&[&[247][..], &module, &[2, 1], annotated].concat())
        .bytes(&[&[243, 1][..], &class.to_le_bytes(), &[2, 5, 0]].concat())
        .key(7, &[&module[..], annotated].concat());
    let inspection = expect(&file.end(), Intact);
    assert_eq!(
        (inspection.items["keys"], inspection.items["functions"]),
        (1, 1)
    );
    let json = inspection.json();
    assert_eq!(
        json["modules"],
        serde_json::json!(["META-rank", "graphdata"])
    );
    assert_eq!(json["functions"], 1);
}

#[test]
fn counts_other_than_announced_are_said_of_writers_that_announce_truly() {
    let file = |magic| {
        Rdb::new(magic)
            .select(0)
            .bytes(&[251, 2, 0])
            .key(0, &string(b"a"))
            .end()
    };
    let inspection = expect(&file("REDIS0009"), Intact);
    assert_eq!(inspection.findings.len(), 1, "{inspection:?}");
    assert!(expect(&file("REDIS0008"), Intact).findings.is_empty());
}

#[test]
fn an_expiry_of_minus_one_is_none() {
    let file = Rdb::new("REDIS0013")
        .bytes(&[252])
        .bytes(&[0xff; 8])
        .key(0, &string(b"a"))
        .end();
    assert_eq!(expect(&file, Intact).items["expiring_keys"], 0);
}

#[test]
fn a_type_that_newer_servers_have_built_in_is_no_missing_module() {
    let file = Rdb::new("REDIS0012").key(
        7,
        &[&module_identifier("vectorset")[..], &[2, 5, 0]].concat(),
    );
    let inspection = expect(&file.end(), Intact);
    let census = census(&inspection);
    assert!(census.modules.is_empty());
    assert!(census.built_in.contains("vectorset"));
    let json = inspection.json();
    assert_eq!(json["modules"], serde_json::json!([]));
    assert_eq!(json["built_in"], serde_json::json!(["vectorset"]));
}

#[test]
fn what_only_candidates_of_a_release_wrote_is_read_and_said() {
    let plain = [string(b"name"), string(b"LUA"), vec![0], string(b"code")].concat();
    let described = [
        string(b"name"),
        string(b"LUA"),
        vec![1],
        string(b"why"),
        string(b"code"),
    ];
    let described = described.concat();
    let hash = [&[1, 0][..], &string(b"field"), &string(b"value")].concat();
    let head = || Rdb::new("REDIS0012").aux("redis-ver", "6.9.240");
    let said = |file: &Rdb| {
        let inspection = expect(&file.clone().end(), Intact);
        assert_eq!(
            inspection.json()["pre_release"],
            census(&inspection).pre_release
        );
        (
            census(&inspection).pre_release,
            inspection.items["functions"],
        )
    };
    let function = |layout: &[u8]| head().bytes(&[246]).bytes(layout).select(0);
    assert_eq!(said(&head()), (false, 0));
    assert_eq!(said(&function(&plain)), (true, 1));
    assert_eq!(said(&function(&described)), (true, 1));
    assert_eq!(said(&head().select(0).key(22, &hash)), (true, 0));
    let released = [&[1, 0, 0, 0, 0, 0, 0, 0], &hash[..]].concat();
    assert_eq!(said(&head().select(0).key(24, &released)), (false, 0));
    // The numbers 22 and 23 mean something else in a file of Valkey.
    let valkey = [&[1][..], &string(b"f"), &string(b"v"), &[0xff; 8]].concat();
    assert_eq!(said(&Rdb::new("VALKEY080").key(22, &valkey)), (false, 0));
    let undecided = [string(b"name"), string(b"LUA"), vec![2], string(b"code")].concat();
    expect(&function(&undecided).end_unsummed(), Damaged);
}
