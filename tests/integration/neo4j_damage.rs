//! Damaged archives are called so, where they are damaged, and never intact; whatever a file claims
//! is bounded by what is there.

use catalog::format::{
    Checksum, Format,
    InspectionState::{Aborted, Damaged, Intact, NotUnderstood},
    neo4j::Neo4j,
};
use tests::{
    laws::Broken,
    neo4j_archives::{KINDS, Said, Tar, archive, gzip, header, store, zstd},
};

use crate::neo4j_kinds::{archive_of, expect, inspect};

/// A frame with this content behind the sentinel.
fn dump(content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [b"DZV1", &zstd(&[b"zstd", &content[..]].concat())[..]].concat()
}

#[test]
fn no_cut_archive_is_intact() {
    for kind in KINDS {
        let file = archive(kind, &store(), &Said::default());
        for end in 0..file.len() {
            let inspection = expect(&file[..end], Damaged);
            assert!(inspection.truncated, "{kind} {end}: {inspection:?}");
        }
    }
}

#[test]
fn no_changed_byte_changes_what_is_said_of_the_files_unnoticed() {
    let said = Said::default();
    for kind in KINDS.into_iter().filter(|kind| !kind.starts_with("BT")) {
        let file = archive(kind, &store(), &said);
        let whole = inspect(&file);
        // What lies before the frame is covered by no checksum.
        let clear = if kind == "BZV3" {
            4 + said.second().len()
        } else {
            0
        };
        for index in clear..file.len() {
            for change in [0x01, 0x10, 0x80] {
                let mut changed = file.clone();
                changed[index] ^= change;
                let inspection = inspect(&changed);
                let same = inspection.json() == whole.json();
                assert!(
                    same || inspection.state != Intact,
                    "{kind}, byte {index} ^ {change}: {inspection:?}"
                );
            }
        }
    }
}

#[test]
fn a_changed_header_of_an_archive_without_a_frame_is_damage_at_its_offset() {
    let said = Said::default();
    let file = archive("BTV1", &store(), &said);
    let tar_at = 4 + said.first().len();
    let whole = inspect(&file).json();
    // What fills the field behind the digits of the checksum says nothing.
    let filling = tar_at + 154..tar_at + 156;
    for index in tar_at..tar_at + 512 {
        let mut changed = file.clone();
        changed[index] ^= 0x02;
        let inspection = inspect(&changed);
        if filling.contains(&index) && inspection.state == Intact {
            assert_eq!(inspection.json(), whole);
            continue;
        }
        assert_ne!(inspection.state, Intact, "byte {index}");
        assert_eq!(
            inspection.findings[0].offset, tar_at as u64,
            "{inspection:?}"
        );
    }
}

#[test]
fn a_wrong_checksum_is_called_wrong() {
    for kind in ["DZV1", "legacy zstd", "BZV1", "BZV3"] {
        let mut file = archive(kind, &store(), &Said::default());
        let end = file.len();
        file[end - 1] ^= 1;
        assert_eq!(expect(&file, Damaged).checksum, Checksum::Wrong, "{kind}");
    }
    let mut file = archive("DGV1", &store(), &Said::default());
    let end = file.len();
    file[end - 5] ^= 1;
    assert_eq!(expect(&file, Damaged).checksum, Checksum::Wrong);
}

#[test]
fn bytes_behind_a_zstd_frame_are_damage_and_behind_gzip_a_finding() {
    for (behind, count) in [(&b"garbage"[..], 7), (&[0; 3], 3)] {
        for kind in KINDS {
            let whole = archive(kind, &store(), &Said::default());
            let file = [&whole[..], behind].concat();
            let inspection = inspect(&file);
            let state = match kind {
                "DGV1" | "legacy gzip" => Intact,
                // Padding of tar, unless it is something.
                "BTV1" | "BTV2" if behind[0] == 0 => Intact,
                "BTV1" | "BTV2" => NotUnderstood,
                _ => Damaged,
            };
            assert_eq!(inspection.state, state, "{kind}: {inspection:?}");
            if !kind.starts_with("BT") {
                assert_eq!(inspection.trailing_bytes, count, "{kind}");
                assert_eq!(inspection.findings[0].offset, whole.len() as u64, "{kind}");
            }
        }
    }
}

#[test]
fn what_was_announced_must_be_there() {
    let tar = store();
    for (files, bytes) in [
        (tar.files + 1, tar.content),
        (tar.files - 1, tar.content),
        (tar.files, tar.content - 1),
        (-tar.files, tar.content),
        (i64::MAX, i64::MIN),
    ] {
        let inspection = expect(&dump(&[&header(files, bytes), &tar.closed()]), Damaged);
        let why = &inspection.findings[0].message;
        assert!(why.starts_with("the header announces"), "{why}");
        assert!(why.contains("unpacked content"), "{why}");
    }
}

#[test]
fn a_tar_archive_must_end_as_tar_archives_do() {
    let tar = store();
    let head = header(tar.files, tar.content);
    let open = tar.open();
    let closed = expect(&dump(&[&head, &open]), Damaged);
    assert!(!closed.truncated, "the frame around it is whole");
    expect(&dump(&[&head, &open, &[0; 512]]), Damaged);
    expect(&dump(&[&head, &open, &[0; 1023]]), Damaged);
    expect(&dump(&[&head, &open[..open.len() - 512]]), Damaged);
    expect(&dump(&[&head, &open, &[0; 10_240]]), Intact);
    expect(&dump(&[&head, &open, &[0; 512], &[1; 512]]), NotUnderstood);
    let inspection = expect(&dump(&[&head, &open, &[0; 1024], b"more"]), NotUnderstood);
    assert_eq!(inspection.trailing_bytes, 4);
    let at = 4 + 20 + open.len() as u64 + 1024;
    assert_eq!(inspection.findings[0].offset, at);
}

#[test]
fn odd_entries_are_not_understood() {
    for (name, kind) in [
        ("./link", b'2'),
        ("./pipe", b'6'),
        ("./sparse", b'S'),
        ("./../../etc/passwd", b'0'),
        ("/etc/passwd", b'0'),
    ] {
        let mut tar = Tar::default().directory("./").entry(name, kind, b"", 1);
        tar.files = i64::from(kind == b'0');
        expect(&archive("DZV1", &tar, &Said::default()), NotUnderstood);
        expect(&archive("BTV1", &tar, &Said::default()), NotUnderstood);
    }
}

#[test]
fn claims_are_bounded_by_what_is_there() {
    let huge = |kind: u8| {
        let mut tar = Tar::default().directory("./");
        tar.header(
            "./neostore",
            kind,
            &[
                0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
            1,
        );
        tar
    };
    expect(&dump(&[&header(1, i64::MAX), &huge(b'0').open()]), Damaged);
    expect(
        &dump(&[&header(1, i64::MAX), &huge(b'x').open()]),
        NotUnderstood,
    );
    expect(
        &dump(&[&header(1, i64::MAX), &huge(b'L').open()]),
        NotUnderstood,
    );
    expect(&dump(&[&header(1, i64::MAX), &huge(b'g').open()]), Damaged);
    let said = Said::default();
    let mut endless = [b"BTV2\x02", &said.first()[..]].concat();
    endless.extend(i32::MAX.to_be_bytes());
    expect(&endless, Damaged);
    endless.extend(i32::MAX.to_be_bytes());
    expect(&endless, Damaged);
    let at = endless.len();
    endless.truncate(at - 4);
    endless.extend((-1i32).to_be_bytes());
    expect(&endless, Damaged);
    for record in [
        "9 a=b\n",
        "6 path\n",
        "x path=y\n",
        "99999999999999999999 a=b\n",
    ] {
        let tar = Tar::default().entry("./x", b'x', record.as_bytes(), 1);
        expect(&dump(&[&header(0, 0), &tar.closed()]), Damaged);
    }
    let tar = Tar::default().pax(&[("size", "many")]);
    expect(&dump(&[&header(0, 0), &tar.closed()]), Damaged);
}

#[test]
fn names_that_are_no_text_are_not_printed() {
    let said = Said {
        database: "a\u{1b}[2J".into(),
        ..Said::default()
    };
    for kind in KINDS.into_iter().filter(|kind| kind.starts_with('B')) {
        let inspection = expect(&archive(kind, &store(), &said), NotUnderstood);
        assert_eq!(archive_of(&inspection).metadata, None);
    }
}

#[test]
fn our_own_broken_stream_is_never_the_snapshots_fault() {
    for kind in KINDS {
        let file = archive(kind, &store(), &Said::default());
        for file in [file.clone(), gzip(&file)] {
            for end in 0..=file.len() {
                let inspection = Neo4j.inspect(&mut Broken(&file[..end]), &mut |_| ());
                assert_eq!(inspection.state, Aborted, "{kind} at {end}: {inspection:?}");
                assert!(inspection.findings.is_empty());
            }
        }
    }
}
