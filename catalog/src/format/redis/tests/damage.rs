//! What is damaged is never intact, what is only unknown is never damaged.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use super::{
    builder::{Rdb, sample, string},
    census, expect, inspect,
};
use crate::format::{
    Checksum,
    InspectionState::{Damaged, Intact, NotUnderstood, Unvouched},
};

#[test]
fn no_cut_file_is_intact() {
    for file in [
        sample("REDIS0010").end(),
        sample("REDIS0010").end_unsummed(),
    ] {
        expect(&file, Intact);
        for end in 0..file.len() {
            let inspection = expect(&file[..end], Damaged);
            assert_eq!(inspection.findings[0].offset, end as u64, "{inspection:?}");
            assert!(inspection.truncated, "{inspection:?}");
        }
    }
    let old = Rdb::new("REDIS0003")
        .select(0)
        .key(0, &string(b"value"))
        .end_bare();
    for end in 0..old.len() {
        assert!(expect(&old[..end], Damaged).truncated);
    }
}

#[test]
fn only_what_is_cut_off_is_called_truncated() {
    let mut changed = sample("REDIS0010").end();
    *changed.last_mut().unwrap() ^= 1;
    assert!(!expect(&changed, Damaged).truncated);
    let packed = |content: &[u8]| zstd::encode_all(content, 0).unwrap();
    let file = sample("REDIS0010").end();
    let whole = packed(&file);
    assert!(expect(&whole[..whole.len() - 1], Damaged).truncated);
    // A whole wrapper was closed by its writer: nothing more will come.
    assert!(!expect(&packed(&file[..file.len() - 1]), Damaged).truncated);
}

#[test]
fn no_changed_byte_of_a_file_with_a_checksum_stays_unnoticed() {
    let file = sample("REDIS0010").end();
    for index in 0..file.len() {
        for change in 1..=255 {
            let mut changed = file.clone();
            changed[index] ^= change;
            let inspection = inspect(&changed);
            let ends_as_switched_off = changed[file.len() - 8..].iter().all(|byte| *byte == 0);
            assert!(
                !ends_as_switched_off,
                "the sample's checksum has more than one byte"
            );
            assert_ne!(
                inspection.state, Intact,
                "byte {index} ^ {change}: {inspection:?}"
            );
            if index >= 9 {
                assert_eq!(
                    inspection.state, Damaged,
                    "byte {index} ^ {change}: {inspection:?}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_opcode_is_damage_only_where_the_checksum_says_so() {
    for byte in [6, 8, 34, 100, 241] {
        let file = Rdb::new("REDIS0013")
            .select(0)
            .bytes(&[byte])
            .bytes(&[1, 2, 3]);
        let sealed = file.clone().end();
        let inspection = expect(&sealed, NotUnderstood);
        assert_eq!(inspection.findings[0].offset, 11);
        assert_eq!(inspection.checksum, Checksum::Verified);
        let marked = [&sealed[..], &[b'a'; 40]].concat();
        expect(&marked, NotUnderstood);
        expect(&file.clone().end_unsummed(), NotUnderstood);
        expect(&sealed[..sealed.len() - 1], Damaged);
        expect(
            &Rdb::new("REDIS0003").bytes(&[byte, 1, 2, 3]).end_bare(),
            NotUnderstood,
        );
    }
}

#[test]
fn bytes_that_make_no_sense_are_damage_unless_the_checksum_vouches_for_them() {
    for nonsense in [
        &[0, 0x90][..],
        &[0, 0xc4],
        &[254, 0xc0, 1],
        &[254, 0x81, 0xff],
        &[247, 1, 3],
    ] {
        let file = Rdb::new("REDIS0011").bytes(nonsense).bytes(&[0; 20]);
        expect(&file.clone().end(), NotUnderstood);
        expect(&file.clone().end_unsummed(), Damaged);
    }
}

#[test]
fn what_lies_behind_the_end_is_counted_and_weighed() {
    let mark = b"0123456789abcdef0123456789abcdef01234567";
    let garbage = [b'A'; 40];
    let sealed = sample("REDIS0010").end();
    let open = sample("REDIS0010").end_unsummed();
    let old = Rdb::new("REDIS0003").key(0, &string(b"a")).end_bare();
    let cases = [
        (&sealed, &mark[..], Intact),
        (&sealed, &garbage, Intact),
        (&sealed, &[0], Intact),
        (&open, mark, Intact),
        (&open, &garbage, Unvouched),
        (&open, &[0], Unvouched),
        (&old, mark, Intact),
        (&old, &[1; 8], Unvouched),
    ];
    for (file, tail, state) in cases {
        let inspection = expect(&[&file[..], tail].concat(), state);
        assert_eq!(inspection.trailing_bytes, tail.len() as u64);
        let stray = if tail == mark { 0 } else { tail.len() };
        assert_eq!(census(&inspection).stray_bytes, stray as u64);
        assert_eq!(inspection.findings.len(), 1);
        assert_eq!(inspection.findings[0].offset, file.len() as u64);
    }
}

#[test]
fn a_snapshot_over_the_end_of_a_longer_one_is_read_to_its_own_end() {
    let tail = vec![7; 700_000];
    let inspection = expect(&[sample("REDIS0010").end(), tail].concat(), Intact);
    assert_eq!(inspection.trailing_bytes, 700_000);
    assert_eq!(inspection.checksum, Checksum::Verified);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 0).unwrap()
}

#[test]
fn what_lies_behind_the_end_of_a_wrapper_is_said_and_never_damage() {
    let file = sample("REDIS0010").end();
    let passed_over = "5 zero bytes lie behind the end of the gzip file: gzip -d passes over them";
    let left_out = "gzip -d leaves them out, warns and ends with 2";
    let refused = "zstd -dc gives all before them and ends with 1, zstd -d keeps no file";
    for (wrapped, tail, said) in [
        (gzip(&file), &[0; 5][..], passed_over),
        (gzip(&file), b"12345", left_out),
        (zstd(&file), &[0; 5], refused),
        (zstd(&file), b"12345", refused),
    ] {
        let inspection = expect(&[&wrapped[..], tail].concat(), Intact);
        assert_eq!(inspection.trailing_bytes, 5);
        assert_eq!(inspection.checksum, Checksum::Verified);
        assert_eq!(census(&inspection).stray_bytes, 0);
        assert_eq!(inspection.findings.len(), 1, "{inspection:?}");
        let message = &inspection.findings[0].message;
        assert!(
            message.starts_with("5 ") && message.ends_with(said),
            "{message}"
        );
    }
}

#[test]
fn what_lies_behind_a_wrapper_excuses_no_content_that_is_missing() {
    let file = sample("REDIS0010").end();
    let (first, second) = file.split_at(file.len() / 2);
    for wrap in [gzip, zstd] {
        let whole = [wrap(first), wrap(second)].concat();
        expect(&whole, Intact);
        // A second part whose magic is changed no longer begins a member or frame.
        for change in [0x01, 0xff] {
            let mut damaged = whole.clone();
            damaged[wrap(first).len()] ^= change;
            expect(&damaged, Damaged);
        }
        expect(&[&wrap(first)[..], &[0; 100]].concat(), Damaged);
    }
}
