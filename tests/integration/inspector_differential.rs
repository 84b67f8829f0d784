//! The native inspector against the `rdb` crate, which somebody else wrote from the same source.
//!
//! The crate verifies no checksum and knows no Valkey 9; what both read, both must count alike.

use std::{cell::Cell, collections::BTreeMap, rc::Rc};

use catalog::format::{
    Format,
    InspectionState::Intact,
    redis::{Census, Redis},
};
use rdb::{Filter, RdbDecoder, RdbValue};
use tests::corpus;

/// Counts every key the decoder meets.
struct Counting {
    keys: Rc<Cell<u64>>,
    /// Whether values are decoded, or only passed over.
    decode: bool,
}

impl Filter for Counting {
    fn matches_db(&self, _database: u32) -> bool {
        true
    }

    fn matches_type(&self, _kind: u8) -> bool {
        true
    }

    fn matches_key(&self, _key: &[u8]) -> bool {
        self.keys.set(self.keys.get() + 1);
        self.decode
    }
}

/// Keys per database; `None` where the crate cannot read the file.
fn theirs(file: &[u8], decode: bool) -> Option<BTreeMap<u64, u64>> {
    let keys = Rc::new(Cell::new(0));
    let filter = Counting {
        keys: Rc::clone(&keys),
        decode,
    };
    let mut databases = BTreeMap::new();
    let mut selected = 0;
    let mut settle = |selected: u64| {
        let counted = keys.take();
        if counted > 0 {
            *databases.entry(selected).or_default() += counted;
        }
    };
    for item in RdbDecoder::new(file, filter).ok()? {
        if let RdbValue::SelectDb(number) = item.ok()? {
            settle(selected);
            selected = number.into();
        }
    }
    settle(selected);
    Some(databases)
}

/// Keys per database, of a file that is intact.
fn ours(file: &[u8]) -> Option<BTreeMap<u64, u64>> {
    let inspection = Redis.inspect(&mut &*file, &mut |_| ());
    let census = inspection.detail.as_ref()?.get::<Census>()?;
    let counted = census
        .databases
        .iter()
        .filter(|(_, database)| database.keys > 0);
    (inspection.state == Intact).then(|| {
        counted
            .map(|(number, database)| (*number, database.keys))
            .collect()
    })
}

/// A small generator (xorshift64, Marsaglia 2003): the same damage every time.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % below
    }

    /// One byte changed, added or taken away, behind the header.
    fn apply(&mut self, file: &[u8]) -> Vec<u8> {
        let mut file = file.to_vec();
        let at = 9 + self.next(file.len() - 9);
        match self.next(4) {
            0 => drop(file.remove(at)),
            1 => file.insert(at, self.next(256).to_le_bytes()[0]),
            _ => file[at] ^= 1 << self.next(8),
        }
        file
    }
}

fn files() -> Option<Vec<Vec<u8>>> {
    let folder = corpus::folder("redis")?;
    let entries = std::fs::read_dir(folder).expect("the folder");
    Some(
        entries
            .map(|entry| std::fs::read(entry.expect("a file").path()).expect("it"))
            .collect(),
    )
}

#[test]
fn good_files_are_counted_alike() {
    let Some(files) = files() else { return };
    let mut compared = 0;
    for file in files {
        let Some(ours) = ours(&file) else { continue };
        assert_eq!(Some(&ours), theirs(&file, false).as_ref());
        assert_eq!(Some(&ours), theirs(&file, true).as_ref());
        compared += 1;
    }
    assert!(compared > 30, "{compared} files");
}

#[test]
fn damage_that_no_checksum_shows_is_counted_alike_or_refused() {
    let Some(files) = files() else { return };
    let mut damage = Damage(0x9e37_79b9_7f4a_7c15);
    let (mut compared, mut refused) = (0, 0);
    for file in files.iter().filter(|file| file.len() < 3000) {
        let mut unsummed = file.clone();
        if file[5..9] >= b"0005"[..] {
            let end = file.len();
            unsummed[end - 8..].fill(0);
        }
        for _ in 0..200 {
            let damaged = damage.apply(&unsummed);
            match ours(&damaged) {
                Some(ours) => {
                    assert_eq!(Some(ours), theirs(&damaged, false));
                    compared += 1;
                }
                None => refused += 1,
            }
        }
    }
    assert!(
        compared > 500 && refused > 500,
        "{compared} compared, {refused} refused"
    );
}
