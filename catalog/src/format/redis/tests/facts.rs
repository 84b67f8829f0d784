//! What a survey learns from the head, and what wrappers change.

use std::{io::Write, sync::Arc};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;

use super::{
    builder::{Rdb, sample, string},
    expect, inspect,
};
use crate::{
    format::{
        Format,
        InspectionState::{Damaged, Intact, NotUnderstood},
        Settings,
        redis::Redis,
    },
    model::SnapshotFacts,
};

fn none() -> Settings {
    Arc::new(())
}

fn describe(head: &[u8]) -> SnapshotFacts {
    Redis.describe(&[Bytes::copy_from_slice(head)], &none())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn the_head_tells_when_and_by_whom_also_cut_and_compressed() {
    let file = sample("REDIS0010").key(0, &string(&[b'v'; 5000])).end();
    for head in [&file[..], &file[..60], &gzip(&file), &gzip(&file)[..90]] {
        let facts = describe(head);
        assert_eq!(
            facts.taken_at.map(Timestamp::as_second),
            Some(1_700_000_000)
        );
        assert_eq!(facts.family.as_deref(), Some("REDIS"));
        assert_eq!(facts.version, Some(10));
        assert_eq!(facts.engine_version.as_deref(), Some("7.0.15"));
        assert_eq!(facts.writer.as_deref(), Some("redis"));
        assert_eq!(facts.invalid, None);
    }
}

#[test]
fn a_head_of_a_version_above_those_known_tells_as_much_as_any() {
    for (magic, family, version) in [("VALKEY081", "VALKEY", 81), ("REDIS0016", "REDIS", 16)] {
        let facts = describe(&Rdb::new(magic).aux("ctime", "1").end());
        assert_eq!(facts.family.as_deref(), Some(family));
        let taken_at = facts.taken_at.map(Timestamp::as_second);
        assert_eq!(
            (facts.version, taken_at, facts.invalid),
            (Some(version), Some(1), None)
        );
    }
    // No file has version 79 of Valkey, so nothing is read of this one.
    let facts = describe(&Rdb::new("VALKEY079").aux("ctime", "1").end());
    assert_eq!((facts.version, facts.taken_at), (Some(79), None));
}

#[test]
fn the_product_that_wrote_it_is_told_where_the_magic_does_not() {
    let facts = describe(&Rdb::new("REDIS0011").aux("valkey-ver", "8.1.1").end());
    assert_eq!(facts.family.as_deref(), Some("REDIS"));
    assert_eq!(facts.writer.as_deref(), Some("valkey"));
    assert_eq!(facts.engine_version.as_deref(), Some("8.1.1"));
    assert_eq!(describe(&Rdb::new("REDIS0011").end()).writer, None);
}

#[test]
fn what_can_never_be_a_snapshot_is_invalid_and_what_cannot_be_read_is_not() {
    for never in [&b""[..], b"<html>", b"RDEIS0010", b"REDIS"] {
        assert!(describe(never).invalid.is_some(), "{never:?}");
    }
    assert_eq!(describe(&gzip(b"REDIS0003")[..12]).invalid, None);
    assert_eq!(Redis.describe(&[], &none()), SnapshotFacts::default());
}

#[test]
fn a_wrapper_is_undone_and_what_lies_behind_it_is_told() {
    let file = sample("REDIS0010").end_unsummed();
    let inspection = expect(&gzip(&file), Intact);
    assert_eq!(inspection.bytes, file.len() as u64);
    let trailing = [&gzip(&file)[..], b"rest"].concat();
    let behind = expect(&trailing, Intact);
    assert_eq!((behind.findings.len(), behind.trailing_bytes), (1, 4));
}

#[test]
fn no_cut_or_changed_wrapper_is_intact_and_vouches() {
    let packed = gzip(&sample("REDIS0010").end_unsummed());
    for end in 1..packed.len() {
        assert_ne!(inspect(&packed[..end]).state, Intact, "{end}");
    }
    for index in 0..packed.len() {
        let mut changed = packed.clone();
        changed[index] ^= 1;
        let inspection = inspect(&changed);
        // Time, flags and system in the header of gzip change no content.
        let harmless = (3..10).contains(&index);
        assert!(
            inspection.state != Intact || harmless,
            "byte {index}: {inspection:?}"
        );
    }
    expect(&packed[..packed.len() - 1], Damaged);
}

#[test]
fn a_wrapper_that_needs_too_much_is_not_understood() {
    let mut file = zstd::encode_all(&sample("REDIS0010").end()[..], 1).expect("in memory");
    file[4] |= 1;
    expect(&file, NotUnderstood);
}

#[test]
fn of_several_artifacts_the_oldest_dates_the_snapshot_and_any_may_spoil_it() {
    let shard = |ctime: &str, used: &str| {
        let file = Rdb::new("REDIS0010").aux("ctime", ctime);
        Bytes::from(file.aux("used-mem", used).end())
    };
    let (new, old) = (shard("1700000000", "30"), shard("1600000000", "12"));
    let of = |heads: &[Bytes]| Redis.describe(heads, &none());
    for heads in [[new.clone(), old.clone()], [old.clone(), new.clone()]] {
        let facts = of(&heads);
        let taken_at = facts.taken_at.map(Timestamp::as_second);
        assert_eq!(taken_at, Some(1_600_000_000));
        assert_eq!(facts.used_memory_bytes, Some(42));
        assert_eq!((facts.version, facts.invalid), (Some(10), None));
    }
    let foreign = Bytes::from_static(b"<html>");
    let facts = of(&[new, foreign, old]);
    let why = "artifact 2 of 3: it does not begin as an RDB file does";
    assert_eq!(facts.invalid.as_deref(), Some(why));
    assert_eq!(of(&[]), SnapshotFacts::default());
}
