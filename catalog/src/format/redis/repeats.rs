//! Finds names that occur twice in one collection, in fixed memory.
//!
//! Names are compared by fingerprints of 64 bits, which are forgotten with the collection. Two
//! different names share one with a chance of 2⁻⁶⁴ for each pair; that would cost a false warning.

use super::{
    input::RdbResult,
    slice::{Bytes, NEAR},
};

/// Up to this many fingerprints are compared one by one, which is quicker for small collections.
const FEW: usize = 16;

/// Most members of one collection that are remembered; later ones are only compared with these.
pub(super) const REMEMBERED_MAX: usize = 1 << 13;

/// Number of places in the table: twice as many as are ever taken, so that a search is short.
const PLACES: usize = 2 * REMEMBERED_MAX;

/// Most bytes of a name that are mixed at once.
const PIECE: usize = NEAR / 2;

/// The members of the collection that is being read.
pub(super) struct Repeats {
    few: [u64; FEW],
    /// A hash table: each fingerprint with the number of the collection it is from.
    many: Box<[(u64, u32)]>,
    /// Number of the current collection, among those that had more than a few members.
    collection: u32,
    members: usize,
    twice: bool,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self {
            few: [0; FEW],
            many: vec![(0, 0); PLACES].into_boxed_slice(),
            collection: 0,
            members: 0,
            twice: false,
        }
    }

    /// Forgets the previous collection.
    pub(super) fn clear(&mut self) {
        self.members = 0;
        self.twice = false;
    }

    /// True if a member came twice.
    pub(super) fn twice(&self) -> bool {
        self.twice
    }

    #[inline]
    pub(super) fn add(&mut self, fingerprint: u64) {
        match self.few.get(..self.members) {
            Some(before) if self.members < FEW => {
                self.twice |= before.contains(&fingerprint);
                self.few[self.members] = fingerprint;
                self.members += 1;
            }
            _ => self.add_to_many(fingerprint),
        }
    }

    fn add_to_many(&mut self, fingerprint: u64) {
        if self.members == FEW {
            self.next_collection();
            for before in self.few {
                self.twice |= !self.enter(before);
            }
        }
        if self.members < REMEMBERED_MAX {
            self.twice |= !self.enter(fingerprint);
            self.members += 1;
        } else {
            self.twice |= self.place(fingerprint).is_none();
        }
    }

    /// Enters a fingerprint; false if it was there already.
    fn enter(&mut self, fingerprint: u64) -> bool {
        let place = self.place(fingerprint);
        if let Some(place) = place {
            self.many[place] = (fingerprint, self.collection);
        }
        place.is_some()
    }

    /// Finds the free place for a fingerprint; `None` if it is there already.
    fn place(&self, fingerprint: u64) -> Option<usize> {
        let low = usize::try_from(fingerprint & (PLACES as u64 - 1));
        let mut place = low.expect("invariant: fewer than there are places");
        loop {
            match self.many[place] {
                (_, collection) if collection != self.collection => return Some(place),
                (before, _) if before == fingerprint => return None,
                _ => place = (place + 1) % PLACES,
            }
        }
    }

    fn next_collection(&mut self) {
        self.collection = self.collection.wrapping_add(1);
        if self.collection == 0 {
            self.many.fill((0, 0));
            self.collection = 1;
        }
    }
}

/// Numbers without a pattern: digits of π, and of the golden ratio, by which lengths are spread.
const MIX: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345];
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The fingerprint of a name no longer than [`PIECE`].
#[inline]
pub(super) fn fingerprint(name: &[u8]) -> u64 {
    debug_assert!(name.len() <= PIECE);
    mixed(name, 0)
}

/// The fingerprint of the first `length` bytes of `at_hand`; `length` is at most [`PIECE`].
#[inline]
pub(super) fn fingerprint_near(at_hand: &[u8], length: usize) -> u64 {
    match at_hand.first_chunk() {
        // Reads one word and shifts out what stands behind the name. A length of 0 would shift all
        // bits, which is no valid shift.
        Some(word) if length <= 8 => {
            let name = match length {
                0 => 0,
                _ => u64::from_le_bytes(*word) << (64 - 8 * length) >> (64 - 8 * length),
            };
            let spread = (length as u64).wrapping_mul(SPREAD);
            fold(MIX[0] ^ name, spread ^ MIX[1])
        }
        _ => fingerprint(&at_hand[..length]),
    }
}

/// The fingerprint of a number as the text it stands for.
pub(super) fn fingerprint_of_number(number: i64) -> u64 {
    /// A sign and 19 digits.
    const LONGEST: usize = 20;
    let mut text = [0; LONGEST];
    let (mut first, mut left) = (LONGEST, number.unsigned_abs());
    loop {
        first -= 1;
        text[first] = b'0' + (left % 10).to_le_bytes()[0];
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        first -= 1;
        text[first] = b'-';
    }
    fingerprint(&text[first..])
}

/// Consumes a name of `length` bytes, piece by piece; returns its fingerprint.
pub(super) fn read_name<B: Bytes>(bytes: &mut B, length: u64) -> RdbResult<u64> {
    let (mut left, mut print) = (length, 0);
    loop {
        let piece = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        print = mixed(bytes.peek(piece)?, print);
        bytes.skip(piece as u64)?;
        left -= piece as u64;
        if left == 0 {
            return Ok(print);
        }
    }
}

/// Mixes a piece of a name into the fingerprint of the pieces before it.
#[inline]
fn mixed(piece: &[u8], before: u64) -> u64 {
    let length = piece.len() as u64;
    let mut low = before ^ MIX[0];
    let high = length.wrapping_mul(SPREAD) ^ MIX[1];
    let mut rest = piece;
    while let Some((block, behind)) = rest.split_first_chunk::<16>() {
        if behind.is_empty() {
            break;
        }
        let (first, second) = halves(block);
        low = fold(low ^ first, high ^ second);
        rest = behind;
    }
    let (first, second) = match rest.len() {
        9.. => (word(rest), word(&rest[rest.len() - 8..])),
        _ => (short_word(rest), 0),
    };
    fold(low ^ first, high ^ second)
}

/// Reads at most eight bytes as one number; missing bytes are zero.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    let count = bytes.len();
    let at = |index: usize| u64::from(bytes[index]) << (8 * index);
    match count {
        0 => 0,
        1..4 => at(0) | at(count / 2) | at(count - 1),
        _ => half_word(bytes) | half_word(&bytes[count - 4..]) << (8 * (count - 4)),
    }
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    (word(&block[..8]), word(&block[8..]))
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word))
}

#[inline]
fn half_word(bytes: &[u8]) -> u64 {
    let word = bytes
        .first_chunk()
        .map_or(0, |word| u32::from_le_bytes(*word));
    u64::from(word)
}

/// Multiplies, and folds both halves of the product into one.
#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    #[expect(clippy::cast_possible_truncation, reason = "each half is wanted")]
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_differ_have_fingerprints_that_differ() {
        let numbers = (-20_000..20_000i64).flat_map(|number| {
            let texts = [
                number.to_string(),
                format!("f{number}"),
                format!("field:{number}:name"),
                format!("user:{number:08}:a-longer-field-name"),
            ];
            texts.map(String::into_bytes)
        });
        let short = (0..=u16::MAX).map(|letters| letters.to_le_bytes().to_vec());
        let alike = (0..=PIECE).flat_map(|length| [vec![b'a'; length], vec![0; length]]);
        let names: BTreeSet<Vec<u8>> = numbers.chain(short).chain(alike).collect();
        let prints: BTreeSet<u64> = names.iter().map(|name| fingerprint(name)).collect();
        assert_eq!(prints.len(), names.len());
    }

    #[test]
    fn a_number_has_the_fingerprint_of_its_text() {
        for number in [0, 7, -7, 10, -128, 300, i64::MAX, i64::MIN] {
            let text = number.to_string();
            let print = fingerprint(text.as_bytes());
            assert_eq!(fingerprint_of_number(number), print, "{number}");
        }
    }

    #[test]
    fn what_stands_behind_a_name_does_not_matter() {
        let text = *b"a-name-that-is-longer-than-two-words";
        for length in 0..text.len() {
            let print = fingerprint(&text[..length]);
            assert_eq!(fingerprint_near(&text, length), print, "{length}");
            assert_eq!(fingerprint_near(&text[..length], length), print, "{length}");
        }
    }
}
