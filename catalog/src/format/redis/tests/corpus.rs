//! Files that nobody here made: `FOREIGN_CORPUS`, see its README for where they come from.

use std::path::PathBuf;

use super::{census, expect, inspect};
use crate::format::{Checksum, InspectionState};

fn corpus() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = std::env::var_os("FOREIGN_CORPUS").map_or(default.into(), PathBuf::from);
    Some(root.join("redis")).filter(|folder| folder.is_dir())
}

/// Rows of the README's table: file, exit status of `redis-check-rdb`, keys it read.
fn rows(readme: &str) -> Vec<(String, bool, u64)> {
    readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let [_, file, magic, exit, keys, ..] = cells[..] else {
                return None;
            };
            magic.starts_with("REDIS").then(|| {
                (
                    file.into(),
                    exit == "0",
                    keys.parse().expect("the README counts keys"),
                )
            })
        })
        .collect()
}

#[test]
fn every_foreign_file_is_judged_and_counted_as_redis_check_rdb_does() {
    let Some(folder) = corpus() else { return };
    let readme = std::fs::read_to_string(folder.join("../README.md")).expect("its README");
    let rows = rows(&readme);
    assert!(rows.len() > 30, "the README lists the files");
    for (name, good, keys) in rows {
        let file = std::fs::read(folder.join(&name)).expect("a file of the README");
        let inspection = inspect(&file);
        let state = if good {
            InspectionState::Intact
        } else {
            InspectionState::Damaged
        };
        assert_eq!(inspection.state, state, "{name}: {inspection:?}");
        assert_eq!(inspection.items["keys"], keys, "{name}: {inspection:?}");
        assert_eq!(inspection.bytes, file.len() as u64, "{name}");
    }
}

#[test]
fn no_cut_foreign_file_is_intact() {
    let Some(folder) = corpus() else { return };
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let file = std::fs::read(&path).expect("a file");
        // One of them has the mark of a diskless transfer behind its end.
        let whole = inspect(&file).bytes - inspect(&file).trailing_bytes;
        let whole = usize::try_from(whole).expect("small files");
        let step = (whole / 1500).max(1);
        for end in (0..whole)
            .step_by(step)
            .chain(whole.saturating_sub(20)..whole)
        {
            expect(&file[..end], InspectionState::Damaged);
        }
    }
}

#[test]
fn modules_are_named() {
    let Some(folder) = corpus() else { return };
    let read = |name| std::fs::read(folder.join(name)).expect("a file");
    let inspection = expect(&read("redis_40_with_module.rdb"), InspectionState::Intact);
    assert_eq!(inspection.checksum, Checksum::Absent);
    let named: Vec<_> = census(&inspection)
        .modules
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(named, ["ReJSON-RL"]);
}
