//! RDB files of many versions, from other projects' test data, with what `redis-check-rdb` says.

use std::path::Path;

use catalog::format::{
    Format, Inspection,
    InspectionState::{Damaged, Intact},
    redis::{Census, Redis},
};
use tests::corpus;

fn inspect(file: &[u8]) -> Inspection {
    Redis.inspect(&mut &*file, &mut |_| ())
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).expect("a file the README lists")
}

/// Rows of the README's table: file, whether `redis-check-rdb` accepts it, keys it read.
fn rows(folder: &Path) -> Vec<(String, bool, u64)> {
    let readme = std::fs::read_to_string(folder.join("../README.md")).expect("its README");
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, file, magic, exit, keys, ..] = cells[..] else {
            return None;
        };
        let keys = keys.parse().ok()?;
        magic
            .starts_with("REDIS")
            .then(|| (file.to_owned(), exit == "0", keys))
    };
    let rows: Vec<_> = readme.lines().filter_map(row).collect();
    assert!(rows.len() > 30, "the README lists the files");
    rows
}

#[test]
fn every_file_is_judged_and_counted_as_redis_check_rdb_does() {
    let Some(folder) = corpus::folder("redis") else {
        return;
    };
    for (name, good, keys) in rows(&folder) {
        let file = read(&folder, &name);
        let inspection = inspect(&file);
        let state = if good { Intact } else { Damaged };
        assert_eq!(inspection.state, state, "{name}: {inspection:?}");
        assert_eq!(inspection.items["keys"], keys, "{name}: {inspection:?}");
        assert_eq!(inspection.bytes, file.len() as u64, "{name}");
    }
}

#[test]
fn no_cut_file_is_intact() {
    let Some(folder) = corpus::folder("redis") else {
        return;
    };
    for (name, good, _) in rows(&folder) {
        let file = read(&folder, &name);
        // One of them has the mark of a diskless transfer behind its end.
        let whole = inspect(&file).bytes - inspect(&file).trailing_bytes;
        let whole = usize::try_from(whole).expect("a small file");
        let step = (whole / 1500).max(1);
        for end in (0..whole)
            .step_by(step)
            .chain(whole.saturating_sub(20)..whole)
        {
            assert_eq!(
                inspect(&file[..end]).state,
                Damaged,
                "{name} cut at {end}, good: {good}"
            );
        }
    }
}

#[test]
fn no_changed_byte_of_a_file_with_a_checksum_goes_unnoticed() {
    let Some(folder) = corpus::folder("redis") else {
        return;
    };
    let names = [
        "rdb_version_5_with_checksum.rdb",
        "non_ascii_values.rdb",
        "redis_50_with_streams.rdb",
        "server-assets-hash-ziplist.rdb",
        "server-assets-scriptbackup.rdb",
    ];
    for name in names {
        let file = read(&folder, name);
        for index in 0..file.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[index] ^= change;
                let inspection = inspect(&changed);
                assert_ne!(inspection.state, Intact, "{name}, byte {index} ^ {change}");
                assert!(
                    index < 9 || inspection.state == Damaged,
                    "{name}, byte {index} ^ {change}"
                );
            }
        }
    }
}

#[test]
fn modules_a_server_needs_are_named() {
    let Some(folder) = corpus::folder("redis") else {
        return;
    };
    let inspection = inspect(&read(&folder, "redis_40_with_module.rdb"));
    let census = inspection
        .detail
        .as_ref()
        .and_then(|detail| detail.get::<Census>());
    let modules = &census.expect("an RDB has a census").modules;
    assert_eq!(modules.iter().collect::<Vec<_>>(), ["ReJSON-RL"]);
}
