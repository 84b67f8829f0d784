//! Dumps of real servers, which nobody in this project made.

use catalog::format::{
    Checksum, Inspection,
    InspectionState::Intact,
    neo4j::{Archive, Kind},
};
use tests::corpus;

use crate::neo4j_kinds::{archive_of, inspect};

/// Files and bytes are those of the header, and of `tar`.
const DUMPS: [(&str, &str, u64, u64, &str); 3] = [
    ("movies-50.dump", "DZV1", 83, 1_189_511, "2022-09-29T"),
    (
        "movies-43.dump",
        "legacy zstd",
        78,
        1_267_809,
        "2021-06-21T",
    ),
    ("movies-35.dump", "legacy zstd", 55, 482_299, "2020-12-04T"),
];

fn read(name: &str) -> Option<Vec<u8>> {
    let folder = corpus::folder("neo4j")?;
    Some(std::fs::read(folder.join(name)).expect("a file the README lists"))
}

fn facts(inspection: &Inspection) -> &Archive {
    archive_of(inspection)
}

#[test]
fn dumps_of_three_versions_are_intact_and_counted() {
    for (name, kind, files, bytes, day) in DUMPS {
        let Some(file) = read(name) else { return };
        let inspection = inspect(&file);
        assert_eq!(inspection.state, Intact, "{name}: {inspection:?}");
        assert_eq!(inspection.checksum, Checksum::Verified, "{name}");
        assert_eq!(inspection.bytes, file.len() as u64, "{name}");
        let archive = facts(&inspection);
        assert_eq!(archive.kind.map(Kind::as_str), Some(kind), "{name}");
        assert_eq!((archive.files, archive.bytes), (files, bytes), "{name}");
        assert_eq!(archive.format().as_deref(), Some("record"), "{name}");
        let data_at = archive.data_at.expect("files have times").to_string();
        assert!(data_at.starts_with(day), "{name}: {data_at}");
        assert_eq!(inspection.taken_at, None, "a dump says no time");
    }
}

#[test]
fn no_cut_dump_is_intact() {
    for (name, ..) in DUMPS {
        let Some(file) = read(name) else { return };
        let near = file.len().saturating_sub(40)..file.len();
        for end in (0..file.len()).step_by(97).chain(0..40).chain(near) {
            let inspection = inspect(&file[..end]);
            assert_ne!(
                inspection.state, Intact,
                "{name} cut at {end}: {inspection:?}"
            );
        }
    }
}

#[test]
fn no_changed_byte_of_a_dump_changes_its_facts_unnoticed() {
    let Some(file) = read("movies-50.dump") else {
        return;
    };
    let whole = inspect(&file).json();
    let sample = (0..file.len()).step_by(23);
    for index in (0..64).chain(sample).chain(file.len() - 64..file.len()) {
        for change in [0x01, 0x80] {
            let mut changed = file.clone();
            changed[index] ^= change;
            let inspection = inspect(&changed);
            let unnoticed = inspection.state == Intact && inspection.json() != whole;
            assert!(!unnoticed, "byte {index} ^ {change}: {inspection:?}");
        }
    }
}
