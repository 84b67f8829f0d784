//! Every kind of archive, whole: recognised, counted, described; and what only looks like one.

use std::sync::Arc;

use bytes::Bytes;
use catalog::{
    format::{
        Checksum, Format, Inspection,
        InspectionState::{self, Damaged, Intact, NotRecognised, NotUnderstood},
        neo4j::{Archive, Kind, Neo4j},
    },
    model::SnapshotFacts,
};
use jiff::Timestamp;
use tests::neo4j_archives::{
    CHANGED_AT, KINDS, Said, TAKEN_AT, Tar, archive, gzip, header, store, zstd, zstd_with,
};

pub(crate) fn inspect(file: &[u8]) -> Inspection {
    Neo4j.inspect(&mut &*file, &mut |_| ())
}

pub(crate) fn archive_of(inspection: &Inspection) -> &Archive {
    let detail = inspection.detail.as_ref();
    detail.and_then(|detail| detail.get()).expect("an archive")
}

#[track_caller]
pub(crate) fn expect(file: &[u8], state: InspectionState) -> Inspection {
    let inspection = inspect(file);
    assert_eq!(inspection.state, state, "{inspection:?}");
    let told = matches!(state, Damaged | NotUnderstood | NotRecognised);
    assert!(!told || !inspection.findings.is_empty(), "it says why");
    inspection
}

fn describe(head: &[u8]) -> SnapshotFacts {
    let heads = [Bytes::copy_from_slice(head)];
    Neo4j.describe(&heads, &(Arc::new(()) as catalog::format::Settings))
}

fn is_backup(kind: &str) -> bool {
    kind.starts_with('B')
}

#[test]
fn every_kind_is_intact_and_tells_its_facts() {
    for kind in KINDS {
        let file = archive(kind, &store(), &Said::default());
        let inspection = expect(&file, Intact);
        let found = archive_of(&inspection);
        assert_eq!(found.kind.map(Kind::as_str), Some(kind));
        let (files, bytes) = (store().files, store().content);
        assert_eq!(
            (found.files, found.bytes),
            (files.cast_unsigned(), bytes.cast_unsigned()),
            "{kind}"
        );
        let announced = kind.contains('Z') || kind == "legacy zstd";
        assert_eq!(
            found.announced,
            announced.then_some((files, bytes)),
            "{kind}"
        );
        // The cache profile and the index were changed later, and are no data.
        let data_at = found.data_at.map(Timestamp::as_second);
        assert_eq!(data_at, i64::try_from(CHANGED_AT).ok(), "{kind}");
        // What a backup of that kind says of itself lies before its frame.
        let summed = !kind.starts_with("BT") && kind != "BZV3";
        let checksum = if summed {
            Checksum::Verified
        } else {
            Checksum::Absent
        };
        assert_eq!(inspection.checksum, checksum, "{kind}");
        assert!(inspection.findings.is_empty(), "{kind}: {inspection:?}");
        assert_eq!(found.full(), Some(true), "{kind}");
        let taken_at = inspection.taken_at.map(Timestamp::as_second);
        assert_eq!(taken_at, is_backup(kind).then_some(TAKEN_AT), "{kind}");
        let format = if is_backup(kind) {
            "record-aligned-1.1"
        } else {
            "record"
        };
        assert_eq!(found.format().as_deref(), Some(format), "{kind}");
    }
}

#[test]
fn a_backup_says_whose_it_is() {
    let said = Said {
        database: "graph".into(),
        family: "block".into(),
        engine: "block".into(),
        indexes: (33, 40),
        recovered: false,
        full: false,
        ..Said::default()
    };
    for kind in KINDS.into_iter().filter(|kind| is_backup(kind)) {
        let inspection = expect(&archive(kind, &store(), &said), Intact);
        let json = inspection.json();
        for (member, value) in [
            ("kind", kind.into()),
            ("database", "graph".into()),
            ("database_id", "30313233-3435-3637-3839-616263646566".into()),
            ("store_id", "18bcfe56800-2a".into()),
            ("full", false.into()),
            ("recovered", false.into()),
            ("store", "block-block-1.1".into()),
            ("taken_at", "2024-05-01T12:00:00Z".into()),
            (
                "append_indexes",
                serde_json::json!({ "lowest": 33, "highest": 40 }),
            ),
        ] {
            assert_eq!(json[member], value, "{kind}");
        }
        let found = archive_of(&inspection);
        assert!(found.needs_enterprise());
        let roles = found.metadata.as_ref().map(|said| said.has_roles);
        assert_eq!(roles, Some(!kind.ends_with('1')), "{kind}");
    }
}

#[test]
fn a_head_gives_the_recovery_point_of_a_backup() {
    for kind in KINDS {
        let file = archive(kind, &store(), &Said::default());
        let facts = describe(&file);
        let taken_at = facts.taken_at.map(Timestamp::as_second);
        assert_eq!(taken_at, is_backup(kind).then_some(TAKEN_AT), "{kind}");
        assert_eq!(facts.invalid, None, "{kind}");
        assert_eq!(facts.family.as_deref(), Some(kind));
        assert_eq!(facts.writer, None, "{kind}");
        for end in 1..file.len() {
            let cut = describe(&file[..end]);
            assert_eq!(cut.invalid, None, "{kind} cut at {end}");
            assert!(cut.taken_at.is_none() || cut.taken_at == facts.taken_at);
        }
    }
    let other = describe(b"REDIS0011\xff\0\0\0\0\0\0\0\0");
    assert!(other.invalid.is_some_and(|why| why.contains("Neo4j")));
    assert_eq!(describe(b"").invalid.as_deref(), Some("it is empty"));
    let block = Tar::default()
        .directory("./")
        .file("./block.x1.db", b"x", 1);
    let facts = describe(&archive("DZV1", &block, &Said::default()));
    assert_eq!(facts.writer.as_deref(), Some("enterprise"));
}

#[test]
fn a_wrapper_is_told_from_a_bare_frame_and_undone() {
    for kind in KINDS {
        let file = archive(kind, &store(), &Said::default());
        let whole = inspect(&file);
        for wrapped in [gzip(&file), zstd(&file)] {
            let mut fed: Vec<u8> = Vec::new();
            let inspection = Neo4j.inspect(&mut &*wrapped, &mut |bytes| fed.extend(bytes));
            assert_eq!(inspection.json(), whole.json(), "{kind}");
            assert_eq!(inspection.state, Intact, "{kind}");
            assert!(fed == file, "{kind}: what is restored is the archive");
            expect(&wrapped[..wrapped.len() - 3], Damaged);
        }
        let mut fed: Vec<u8> = Vec::new();
        Neo4j.inspect(&mut &*file, &mut |bytes| fed.extend(bytes));
        assert!(fed == file, "{kind}");
    }
}

#[test]
fn what_is_newer_than_this_version_is_not_understood() {
    let said = Said::default();
    let newer = |kind: &str, at: usize, byte: u8| {
        let mut file = archive(kind, &store(), &said);
        file[at] = byte;
        expect(&file, NotUnderstood)
    };
    newer("BZV3", 3, b'9');
    newer("DZV1", 3, b'7');
    newer("DZV1", 1, b'X');
    newer("BZV3", 4, 3); // metadata version
    newer("BTV1", 4, 2); // store identity version
    let content = [b"zstd", &2i32.to_be_bytes()[..], &[0; 40]].concat();
    expect(&[b"DZV1", &zstd(&content)[..]].concat(), NotUnderstood);
    let content = [b"zstd", &said.second()[..], &[0; 40]].concat();
    let later = content.iter().copied().enumerate();
    let later: Vec<u8> = later
        .map(|(at, byte)| if at == 4 { 3 } else { byte })
        .collect();
    expect(&[b"BZV2", &zstd(&later)[..]].concat(), NotUnderstood);
    let wide = [b"zstd", &header(0, 0)[..], &Tar::default().closed()].concat();
    let wide = zstd_with(&wide, true, Some(27));
    let inspection = expect(&[b"DZV1", &wide[..]].concat(), NotUnderstood);
    assert!(
        inspection.findings[0].message.contains("window"),
        "{inspection:?}"
    );
}

#[test]
fn a_frame_without_a_checksum_says_so() {
    let tar = store();
    let content = [b"zstd", &header(tar.files, tar.content)[..], &tar.closed()].concat();
    let file = [b"DZV1", &zstd_with(&content, false, None)[..]].concat();
    assert_eq!(expect(&file, Intact).checksum, Checksum::Absent);
}

#[test]
fn a_tar_of_a_data_directory_is_recognised_and_never_intact() {
    let data = |tar: Tar| {
        tar.directory("data/")
            .directory("data/databases/neo4j/")
            .file("data/databases/neo4j/neostore", b"x", 1)
            .file("data/transactions/neo4j/neostore.transaction.db.0", b"y", 1)
    };
    let database = |tar: Tar| tar.directory("./").file("./neostore", b"x", 1);
    for tar in [
        data(Tar::default()),
        data(Tar::gnu()),
        database(Tar::gnu()),
        // As the format of a legacy dump, but without transaction logs.
        database(Tar::default()),
    ] {
        let tar = tar.closed();
        for file in [tar.clone(), gzip(&tar), zstd(&tar)] {
            let inspection = expect(&file, NotUnderstood);
            let why = &inspection.findings[0].message;
            assert!(why.contains("neo4j-admin did not make"), "{why}");
            assert!(why.contains("recovery"), "{why}");
            assert_eq!(archive_of(&inspection).full(), None);
        }
        assert!(Neo4j.recognises(&tar));
    }
    let other = Tar::gnu().file("readme.txt", b"x", 1).closed();
    for file in [other.clone(), gzip(&other), zstd(&other)] {
        expect(&file, NotRecognised);
    }
    assert!(!Neo4j.recognises(&other));
}

#[test]
fn other_files_are_not_recognised() {
    for file in [
        &b"REDIS0011\xff\0\0\0\0\0\0\0\0"[..],
        b"PK\x03\x04 an archive of another kind",
        b"hello",
        b"BAD",
    ] {
        expect(file, NotRecognised);
        assert!(!Neo4j.recognises(file));
        expect(&gzip(file), NotRecognised);
        expect(&zstd(file), NotRecognised);
    }
}

#[test]
fn pax_headers_long_names_and_large_numbers_are_read() {
    let long = format!("./{}/neostore.counts.db", "d".repeat(300));
    let mut tar = Tar::default()
        .directory("./")
        .pax(&[
            ("path", &long),
            ("mtime", "1714558999.75"),
            ("comment", "a=b\nc"),
        ])
        .file("./neostore.cou", b"12345", 1);
    // The header says nothing of the size, pax does.
    tar = tar.pax(&[("size", "3")]);
    tar.header("./neostore", b'0', b"00000000000\0", 7);
    tar = tar.raw(&[b"abc", &[0; 509][..]].concat());
    (tar.files, tar.content) = (tar.files + 1, tar.content + 3);
    // GNU's long name and binary size.
    tar = tar.entry("././@LongLink", b'L', b"./neostore.long\0", 0);
    tar.header(
        "./neostore.lo",
        b'0',
        &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        8,
    );
    tar = tar.raw(&[b"ab", &[0; 510][..]].concat());
    (tar.files, tar.content) = (tar.files + 1, tar.content + 2);
    let inspection = expect(&archive("DZV1", &tar, &Said::default()), Intact);
    let found = archive_of(&inspection);
    assert_eq!((found.files, found.bytes), (3, 10));
    let data_at = found.data_at.map(Timestamp::as_second);
    assert_eq!(data_at, Some(1_714_558_999));
}
