//! Good wrappers give their content, damaged ones a fault, broken readers neither.

use std::io::{self, Read, Write};

use flate2::{Compression, write::GzEncoder};
use zstd::stream::write::Encoder as ZstdEncoder;

use super::{Packing, Trailing, Unwrapped, WrapperFault};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zstd(content: &[u8], checksum: bool, window_log: u32) -> Vec<u8> {
    let mut encoder = ZstdEncoder::new(Vec::new(), 1).expect("a level");
    encoder.include_checksum(checksum).expect("a parameter");
    encoder.window_log(window_log).expect("a parameter");
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}

fn content() -> Vec<u8> {
    (0..200_000u32)
        .flat_map(|number| (number % 1009).to_le_bytes())
        .collect()
}

#[derive(Debug, PartialEq)]
struct Seen {
    content: Vec<u8>,
    error: Option<io::ErrorKind>,
    fault: Option<WrapperFault>,
    verified: bool,
    trailing: Option<Trailing>,
}

fn read(reader: &mut dyn Read) -> Seen {
    let mut unwrapped = Unwrapped::new(reader);
    let mut content = Vec::new();
    let error = unwrapped
        .read_to_end(&mut content)
        .err()
        .map(|error| error.kind());
    Seen {
        content,
        error,
        fault: unwrapped.fault().cloned(),
        verified: unwrapped.verified(),
        trailing: unwrapped.trailing(),
    }
}

#[track_caller]
fn good(file: &[u8], verified: bool, trailing: Option<Trailing>) {
    let seen = read(&mut &*file);
    assert!(seen.content == content(), "{} bytes", seen.content.len());
    assert_eq!((seen.error, seen.fault), (None, None));
    assert_eq!((seen.verified, seen.trailing), (verified, trailing));
}

#[test]
fn what_has_no_wrapper_is_given_as_it_is() {
    good(&content(), false, None);
    for short in [&b""[..], b"\x1f", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"RED"] {
        let seen = read(&mut &*short);
        assert_eq!((&seen.content[..], seen.verified), (short, false));
    }
}

#[test]
fn members_and_frames_in_a_row_are_one_content() {
    let (first, second) = (&content()[..1000], &content()[1000..]);
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    good(&gzip(&content()), true, None);
    good(&[gzip(first), gzip(b""), gzip(second)].concat(), true, None);
    good(&zstd(&content(), true, 20), true, None);
    good(&zstd(&content(), false, 20), false, None);
    good(
        &[zstd(first, true, 20), zstd(second, false, 20)].concat(),
        false,
        None,
    );
    good(
        &[
            &skippable[..],
            &zstd(first, true, 20),
            &skippable,
            &zstd(second, true, 20),
        ]
        .concat(),
        true,
        None,
    );
}

#[test]
fn what_lies_behind_the_last_member_or_frame_is_told_and_harms_no_content() {
    let zeros = vec![0; 100_000];
    let late = [&zeros[..], b"late"].concat();
    let cases = [
        (&b"garbage"[..], false),
        (&[0], true),
        (&zeros, true),
        (&late, false),
    ];
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    let (gzip, zstd) = (gzip(&content()), zstd(&content(), true, 20));
    let wrappers = [
        (gzip, Packing::Gzip),
        (zstd.clone(), Packing::Zstd),
        ([&zstd[..], &skippable].concat(), Packing::Zstd),
    ];
    for (file, behind) in &wrappers {
        good(file, true, None);
        for (tail, zeros) in cases {
            let trailing = Trailing {
                bytes: tail.len() as u64,
                zeros,
                behind: *behind,
            };
            // Only what gzip takes for padding leaves no doubt that the content is whole.
            let verified = *behind == Packing::Gzip && zeros;
            good(&[file, tail].concat(), verified, Some(trailing));
        }
    }
}

#[test]
fn no_cut_or_changed_wrapper_is_verified_and_its_fault_is_named() {
    let content = content();
    for file in [gzip(&content), zstd(&content, true, 20)] {
        for end in (5..file.len())
            .step_by(97)
            .chain(file.len() - 9..file.len())
        {
            let seen = read(&mut &file[..end]);
            assert!(
                matches!(seen.fault, Some(WrapperFault::Truncated(_))),
                "{end}: {:?}",
                seen.fault
            );
            assert_eq!(
                (seen.error, seen.verified),
                (Some(io::ErrorKind::InvalidData), false)
            );
        }
        for index in (0..file.len()).step_by(97) {
            let mut changed = file.clone();
            changed[index] ^= 0xff;
            let seen = read(&mut &changed[..]);
            assert!(!seen.verified || seen.content == content, "byte {index}");
        }
    }
}

#[test]
fn what_needs_more_than_we_give_is_not_called_damaged() {
    let large = zstd(&content(), true, 27);
    let mut with_dictionary = zstd(&content(), true, 20);
    with_dictionary[4] |= 1;
    for file in [large, with_dictionary] {
        let seen = read(&mut &file[..]);
        assert!(
            matches!(seen.fault, Some(WrapperFault::Unsupported(_))),
            "{:?}",
            seen.fault
        );
        assert!(seen.content.is_empty());
    }
    good(&zstd(&content(), true, 25), true, None);
}

/// A reader that gives these bytes, then fails.
struct Breaking<'f>(&'f [u8]);

impl Read for Breaking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.0.read(buffer)
    }
}

#[test]
fn a_broken_reader_is_no_fault_of_the_wrapper_wherever_it_breaks() {
    let content = content();
    let mut damaged = gzip(&content);
    damaged[200] ^= 0xff;
    let trailing = [&gzip(&content)[..], b"garbage"].concat();
    for file in [
        content.clone(),
        gzip(&content),
        zstd(&content, true, 20),
        damaged,
        trailing,
    ] {
        for end in (0..file.len()).step_by(501).chain([file.len()]) {
            let seen = read(&mut Breaking(&file[..end]));
            assert_eq!(seen.error, Some(io::ErrorKind::ConnectionAborted), "{end}");
            assert_eq!((seen.fault, seen.verified), (None, false), "{end}");
        }
    }
}
