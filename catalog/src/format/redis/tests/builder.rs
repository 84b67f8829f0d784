//! Writes RDB files by hand, byte for byte.

use crc_fast::{CrcAlgorithm, checksum};

/// A file under construction.
#[derive(Clone)]
pub(super) struct Rdb(Vec<u8>);

impl Rdb {
    pub(super) fn new(magic: &str) -> Self {
        Self(magic.as_bytes().to_vec())
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// An opcode, and the strings behind it.
    pub(super) fn item(self, opcode: u8, strings: &[&[u8]]) -> Self {
        strings.iter().fold(self.bytes(&[opcode]), |file, text| {
            file.bytes(&string(text))
        })
    }

    pub(super) fn aux(self, name: &str, value: &str) -> Self {
        self.item(250, &[name.as_bytes(), value.as_bytes()])
    }

    pub(super) fn select(self, database: u8) -> Self {
        self.bytes(&[254, database])
    }

    /// A key of some type whose value is laid out like this.
    pub(super) fn key(self, kind: u8, value: &[u8]) -> Self {
        self.item(kind, &[b"key"]).bytes(value)
    }

    /// End mark and checksum.
    pub(super) fn end(self) -> Vec<u8> {
        let file = self.bytes(&[255]);
        let sum = checksum(CrcAlgorithm::Crc64Redis, &file.0).to_le_bytes();
        file.bytes(&sum).0
    }

    /// End mark and the zeros of a checksum that was switched off.
    pub(super) fn end_unsummed(self) -> Vec<u8> {
        self.bytes(&[255]).bytes(&[0; 8]).0
    }

    /// The end mark only, as before version 5.
    pub(super) fn end_bare(self) -> Vec<u8> {
        self.bytes(&[255]).0
    }
}

/// A length in its shortest form.
pub(super) fn length(length: usize) -> Vec<u8> {
    match u32::try_from(length).expect("a test's length") {
        short @ 0..64 => vec![short as u8],
        middle @ 64..16_384 => vec![0x40 | (middle >> 8) as u8, middle as u8],
        long => [&[0x80], &long.to_be_bytes()[..]].concat(),
    }
}

pub(super) fn string(text: &[u8]) -> Vec<u8> {
    [&length(text.len()), text].concat()
}

/// A string compressed with LZF, with nothing but literal runs.
pub(super) fn compressed(text: &[u8]) -> Vec<u8> {
    let tokens: Vec<u8> = text
        .chunks(32)
        .flat_map(|run| [&[run.len() as u8 - 1], run].concat())
        .collect();
    [
        &[0xc3],
        &length(tokens.len())[..],
        &length(text.len()),
        &tokens,
    ]
    .concat()
}

/// A listpack of short texts and small numbers.
pub(super) fn listpack(entries: &[Entry]) -> Vec<u8> {
    let body: Vec<u8> = entries
        .iter()
        .flat_map(|entry| {
            let entry = match *entry {
                Entry::Text(text) => [&[0x80 | text.len() as u8], text.as_bytes()].concat(),
                Entry::Number(number @ 0..=127) => vec![number as u8],
                Entry::Number(number) => [&[0xf4], &number.to_le_bytes()[..]].concat(),
            };
            let length = entry.len() as u8;
            [entry, vec![length]].concat()
        })
        .collect();
    let total = (body.len() + 7) as u32;
    [
        &total.to_le_bytes()[..],
        &(entries.len() as u16).to_le_bytes(),
        &body,
        &[0xff],
    ]
    .concat()
}

#[derive(Clone, Copy)]
pub(super) enum Entry {
    Text(&'static str),
    Number(i64),
}

/// A ziplist of short texts.
pub(super) fn ziplist(entries: &[&str]) -> Vec<u8> {
    let (mut body, mut before) = (Vec::new(), 0);
    for entry in entries {
        let start = body.len();
        body.extend([before, entry.len() as u8]);
        body.extend(entry.as_bytes());
        before = (body.len() - start) as u8;
    }
    let total = (body.len() + 11) as u32;
    let tail = total - 1 - u32::from(before);
    let count = (entries.len() as u16).to_le_bytes();
    [
        &total.to_le_bytes()[..],
        &tail.to_le_bytes(),
        &count,
        &body,
        &[0xff],
    ]
    .concat()
}

/// A bit of everything, small enough to be flipped byte by byte.
pub(super) fn sample(magic: &str) -> Rdb {
    Rdb::new(magic)
        .aux("redis-ver", "7.0.15")
        .aux("ctime", "1700000000")
        .item(245, &[b"#!lua name=library"])
        .select(0)
        .bytes(&[251, 4, 1])
        .bytes(&[252, 1, 2, 3, 4, 5, 6, 0, 0])
        .key(0, &compressed(&[b'x'; 90]))
        .key(
            1,
            &[&length(2)[..], &string(b"one"), &[0xc1, 1, 2]].concat(),
        )
        .key(13, &string(&ziplist(&["field", "value"])))
        .key(
            16,
            &compressed(&listpack(&[Entry::Text("field"), Entry::Number(-1)])),
        )
        .select(3)
        .bytes(&[251, 1, 0])
        .key(
            5,
            &[&length(1)[..], &string(b"member"), &2.5f64.to_le_bytes()].concat(),
        )
}
