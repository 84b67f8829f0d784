//! Files that arrive in pieces or break off, the bytes that the tee gets, and bounds on memory.

use std::io::{self, Read};

use proptest::prelude::*;

use super::{
    builder::{Rdb, compressed, sample, string},
    expect, inspect, inspect_reader,
};
use crate::format::{
    Format, Inspection,
    InspectionState::{Aborted, Damaged, Intact, NotUnderstood},
    redis::Redis,
};

#[test]
fn lengths_beyond_all_measure_are_a_cut_file_and_cost_nothing() {
    let huge = [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let lzf = [&[0xc3][..], &huge, &huge].concat();
    let node = [&huge[..], &string(&[0; 16]), &huge].concat();
    for kind in [
        0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18, 20, 22, 23, 28, 30,
    ] {
        assert_ne!(
            inspect(&Rdb::new("REDIS0012").key(kind, &huge).end()).state,
            Intact
        );
        expect(
            &Rdb::new("REDIS0012").key(kind, &huge).end_unsummed(),
            Damaged,
        );
    }
    for (kind, value) in [(0, &lzf), (13, &lzf), (15, &node)] {
        assert_ne!(
            inspect(&Rdb::new("REDIS0012").key(kind, value).end_unsummed()).state,
            Intact
        );
    }
}

#[test]
fn more_databases_or_modules_than_are_counted_are_not_understood() {
    let mut file = Rdb::new("REDIS0011");
    for number in 0..70_000u32 {
        file = file.bytes(&[&[254, 0x80][..], &number.to_be_bytes()].concat());
    }
    expect(&file.end(), NotUnderstood);
    let mut file = Rdb::new("REDIS0011");
    for number in 0..300u64 {
        let module = [&[247, 0x81][..], &(number << 10).to_be_bytes(), &[2, 1, 0]].concat();
        file = file.bytes(&module);
    }
    expect(&file.end(), NotUnderstood);
}

/// Gives a file in pieces, then fails or ends.
struct Pieces<'f> {
    file: &'f [u8],
    piece: usize,
    end: Option<io::ErrorKind>,
    interrupt: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt = !self.interrupt;
        if self.interrupt {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if self.file.is_empty() {
            return self.end.map_or(Ok(0), |kind| Err(kind.into()));
        }
        let count = self.piece.min(buffer.len());
        (&mut self.file).take(count as u64).read(buffer)
    }
}

fn in_pieces(file: &[u8], piece: usize, end: Option<io::ErrorKind>) -> Inspection {
    inspect_reader(&mut Pieces {
        file,
        piece,
        end,
        interrupt: false,
    })
}

#[test]
fn a_reader_that_breaks_says_nothing_of_the_file_wherever_it_breaks() {
    let file = [&sample("REDIS0010").end()[..], &[b'f'; 40]].concat();
    let damaged = Rdb::new("REDIS0010").key(13, &[1, 0]).end();
    for kind in [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::Other,
        io::ErrorKind::UnexpectedEof,
    ] {
        for file in [&file, &damaged] {
            for end in 0..=file.len() {
                let inspection = in_pieces(&file[..end], 7, Some(kind));
                assert_eq!(inspection.state, Aborted, "{end}: {inspection:?}");
                assert!(inspection.findings.is_empty());
            }
        }
    }
}

#[test]
fn the_pieces_a_file_arrives_in_make_no_difference() {
    let file = sample("REDIS0010")
        .key(0, &string(&vec![b'v'; 600_000]))
        .end();
    let whole = inspect(&file);
    assert_eq!(whole.state, Intact);
    for piece in [1, 3, 4096, 262_144, 300_000] {
        assert_eq!(
            format!("{:?}", in_pieces(&file, piece, None)),
            format!("{whole:?}")
        );
    }
}

#[test]
fn the_tee_gets_every_byte_in_order_also_of_a_damaged_file() {
    let good = [sample("REDIS0010").end(), vec![1; 50]].concat();
    let bad = [
        Rdb::new("REDIS0010").key(13, &[1, 0]).end(),
        vec![2; 600_000],
    ]
    .concat();
    let foreign = vec![3; 600_000];
    for file in [good, bad, foreign, Vec::new()] {
        let mut copy = Vec::new();
        let inspection = Redis.inspect(&mut &file[..], &mut |bytes| copy.extend_from_slice(bytes));
        assert!(copy == file, "{inspection:?}");
        assert_eq!(inspection.bytes, file.len() as u64);
    }
}

#[test]
fn no_finding_quotes_a_key_or_a_value() {
    let marker = b"m4rk3r";
    for kind in 0..=255 {
        let value = [string(marker), string(marker)].concat();
        let file = Rdb::new("REDIS0012")
            .aux("x", "m4rk3r")
            .item(kind, &[marker])
            .bytes(&value);
        for file in [file.clone().end(), file.end_unsummed()] {
            let inspection = inspect(&file);
            assert!(
                !format!("{inspection:?}").contains("m4rk3r"),
                "{inspection:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_behind_a_header_are_judged_without_a_panic(
        magic in prop::sample::select(vec!["REDIS0003", "REDIS0010", "REDIS0015", "VALKEY080", ""]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        kind in 0u8..36,
    ) {
        let file = Rdb::new(magic).bytes(&[kind, 0]).bytes(&bytes);
        let inspection = inspect(&file.clone().end_unsummed());
        prop_assert_ne!(inspection.state, Aborted);
        inspect(&file.end());
    }

    #[test]
    fn a_compressed_string_of_any_text_is_read_as_it_was(
        text in prop::collection::vec(any::<u8>(), 1..20_000),
    ) {
        let file = Rdb::new("REDIS0009").key(0, &compressed(&text)).end();
        prop_assert_eq!(inspect(&file).state, Intact);
    }
}
