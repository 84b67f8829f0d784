use jiff::tz::TimeZone;
use settings::Duration;

use super::*;
use crate::layout::Layout;

const NOW: Timestamp = Timestamp::constant(1_795_309_200, 0);

fn object(key: &str, age_minutes: i64) -> ObjectMeta {
    ObjectMeta {
        key: Key::new(key),
        size_bytes: 10,
        modified_at: NOW - SignedDuration::from_mins(age_minutes),
        etag: Some(key.into()),
        version_id: None,
        storage_class: None,
    }
}

fn layout(patterns: &[&str]) -> Layout {
    let patterns = patterns.iter().map(|text| text.parse().unwrap()).collect();
    Layout::new(patterns, TimeZone::UTC)
}

fn grouping(patterns: &[&str], objects: &[ObjectMeta]) -> Grouping {
    let layout = layout(patterns);
    let mut grouping = Grouping::default();
    for object in objects {
        grouping.add(layout.recognise(&object.key).unwrap(), object.clone());
    }
    grouping
}

/// Compares the snapshots, each as `id: keys`, newest first, and the number of duplicates. The
/// order of the objects must not matter.
fn check(patterns: &[&str], keys: &[(&str, i64)], expected: &[&str], duplicates: u64) {
    let mut objects: Vec<_> = keys.iter().map(|(key, age)| object(key, *age)).collect();
    for _ in 0..2 {
        let (groups, counted) = grouping(patterns, &objects).finish();
        let shown = |group: &Group| {
            let keys: Vec<_> = group
                .artifacts
                .iter()
                .map(|artifact| artifact.meta.key.as_str())
                .collect();
            format!("{}: {}", group.id, keys.join(" "))
        };
        assert_eq!(
            groups.iter().map(shown).collect::<Vec<_>>(),
            expected,
            "{keys:?}"
        );
        assert_eq!(counted, duplicates, "{keys:?}");
        objects.reverse();
    }
}

#[test]
fn objects_of_one_time_are_the_artifacts_of_one_snapshot() {
    let keys = [
        ("d/2026-11-21/b", 9),
        ("d/2026-11-21/a", 9),
        ("d/2026-11-22/a", 9),
    ];
    let expected = [
        "20261122: d/2026-11-22/a",
        "20261121: d/2026-11-21/a d/2026-11-21/b",
    ];
    check(&["d/%F/*"], &keys, &expected, 0);
}

#[test]
fn of_two_snapshots_of_one_time_the_newest_layout_is_kept_and_the_other_counted() {
    let patterns = ["new/%Y%m%d.rdb", "old/%F/*.rdb", "old/%F.rdb"];
    let keys = [
        ("old/2026-11-22.rdb", 1),
        ("new/20261122.rdb", 9),
        ("old/2026-11-21.rdb", 9),
    ];
    let expected = ["20261122: new/20261122.rdb", "20261121: old/2026-11-21.rdb"];
    check(&patterns, &keys, &expected, 1);
    let keys = [
        ("old/2026-11-22.rdb", 1),
        ("old/2026-11-22/a.rdb", 9),
        ("old/2026-11-22/b.rdb", 9),
    ];
    check(
        &patterns,
        &keys,
        &["20261122: old/2026-11-22/a.rdb old/2026-11-22/b.rdb"],
        1,
    );
}

#[test]
fn of_two_objects_of_one_name_the_later_is_kept_and_the_other_counted() {
    // The hour that New York skips is read as the next one.
    let patterns = ["%Y%m%d-%H".parse().unwrap()];
    let layout = Layout::new(patterns.into(), TimeZone::get("America/New_York").unwrap());
    let mut grouping = Grouping::default();
    for object in [object("20260308-02", 5), object("20260308-03", 6)] {
        grouping.add(layout.recognise(&object.key).unwrap(), object);
    }
    let (groups, duplicates) = grouping.finish();
    assert_eq!((groups.len(), duplicates), (1, 1));
    assert_eq!(groups[0].artifacts[0].meta.key.as_str(), "20260308-02");
}

#[test]
fn without_a_time_each_version_is_a_snapshot() {
    check(&["dump.rdb"], &[("dump.rdb", 3)], &["current: dump.rdb"], 0);
    check(
        &["*.rdb"],
        &[("a.rdb", 3), ("b.rdb", 3)],
        &["current: a.rdb b.rdb"],
        0,
    );
    let version = |version: &str, age| ObjectMeta {
        version_id: Some(version.into()),
        ..object("dump.rdb", age)
    };
    let (groups, _) = grouping(&["dump.rdb"], &[version("z", 9), version("a", 1)]).finish();
    let ids: Vec<_> = groups.iter().map(|group| group.id.0.as_str()).collect();
    assert_eq!(ids, ["a", "z"]);
}

#[test]
fn an_older_version_is_a_snapshot_without_the_newest_ones_manifest() {
    let version = |key: &str, version: &str, age| ObjectMeta {
        version_id: Some(version.into()),
        ..object(key, age)
    };
    let mut grouping = grouping(
        &["dump.rdb", "%F/x"],
        &[
            version("dump.rdb", "b", 1),
            version("dump.rdb.manifest.json", "d", 1),
            version("2026-11-22/x", "e", 5),
        ],
    );
    let layout = layout(&["dump.rdb", "%F/x"]);
    for (key, id) in [
        ("dump.rdb", "a"),
        ("dump.rdb.manifest.json", "c"),
        ("2026-11-22/x", "f"),
    ] {
        let found = layout.recognise(&Key::new(key)).unwrap();
        grouping.add_older(found, version(key, id, 9));
    }
    let (groups, duplicates) = grouping.finish();
    let seen: Vec<_> = groups
        .iter()
        .map(|group| {
            let artifact = &group.artifacts[0].meta;
            (
                &*group.id.0,
                artifact.version_id.as_deref(),
                group.manifests.len(),
            )
        })
        .collect();
    let expected = [
        ("b", Some("b"), 1),
        ("a", Some("a"), 0),
        ("20261122", None, 0),
    ];
    assert_eq!((seen.as_slice(), duplicates), (&expected[..], 0));
}

#[test]
fn a_manifest_goes_with_its_object_and_is_no_artifact() {
    let keys = [
        "2026-11-22/a",
        "2026-11-22/a.manifest.json",
        "2026-11-22/gone.manifest.json",
    ];
    let objects = keys.map(|key| object(key, 9));
    let grouping = grouping(&["%F/*"], &objects);
    assert_eq!(grouping.objects(), 3);
    let (groups, duplicates) = grouping.finish();
    assert_eq!((groups.len(), duplicates), (1, 0));
    assert_eq!(groups[0].artifacts.len(), 1);
    let manifest = (Key::new("2026-11-22/a"), objects[1].clone());
    assert_eq!(groups[0].manifests, [manifest].into());
}

/// A snapshot with so many artifacts, the newest so many minutes old.
struct Case {
    artifacts: usize,
    age: i64,
    size: u64,
    rule: Completeness,
    promised: Option<u64>,
    invalid: Option<&'static str>,
    /// True if each artifact has its end; `None` in a store where objects appear whole.
    end: Option<bool>,
}

const CASE: Case = Case {
    artifacts: 1,
    age: 60,
    size: 10,
    rule: Completeness {
        settle: SignedDuration::from_mins(10),
        artifacts: None,
        manifest: ManifestRule::Optional,
        settles: false,
    },
    promised: None,
    invalid: None,
    end: Some(true),
};

fn state(case: &Case) -> (SnapshotState, Option<String>) {
    let keys = ["2026-11-22/a", "2026-11-22/b", "2026-11-22/c"];
    let objects: Vec<_> = keys[..case.artifacts]
        .iter()
        .map(|key| ObjectMeta {
            size_bytes: case.size,
            ..object(key, case.age)
        })
        .collect();
    let (mut groups, _) = grouping(&["%F/*"], &objects).finish();
    if case.promised.is_some() {
        let manifest = object("2026-11-22/a.manifest.json", case.age);
        groups[0].manifests.insert(Key::new(keys[0]), manifest);
    }
    let promise = |size: u64| {
        let text = format!(r#"{{"schema":1,"size_bytes":{size}}}"#);
        (Key::new(keys[0]), Manifest::parse(text.as_bytes()).unwrap())
    };
    let ends = keys.map(|key| Some((Key::new(key), case.end?)));
    let seen = Seen {
        manifests: case.promised.map(promise).into_iter().collect(),
        ends: ends.into_iter().flatten().collect(),
        grows: case.end.is_some(),
    };
    let mut facts = SnapshotFacts {
        invalid: case.invalid.map(Into::into),
        ..Default::default()
    };
    let state = judge(&groups[0], &case.rule, &seen, &mut facts, NOW);
    (state, facts.invalid)
}

fn counted(count: usize) -> Completeness {
    let rule = ArtifactRule::new(count, Duration::from_mins(30), true).unwrap();
    Completeness {
        artifacts: Some(rule),
        ..CASE.rule
    }
}

#[test]
fn a_snapshot_is_complete_in_progress_or_partial_by_its_count() {
    use SnapshotState::{Complete, InProgress, Partial};
    for (artifacts, age, expected) in [
        (3, 0, Complete),
        (3, 60, Complete),
        (2, 29, InProgress),
        (2, 30, Partial),
        (2, -29, InProgress),
        (2, -3_000_000, Partial),
    ] {
        let case = Case {
            artifacts,
            age,
            rule: counted(3),
            ..CASE
        };
        assert_eq!(
            state(&case).0,
            expected,
            "{artifacts} artifacts, {age} minutes old"
        );
    }
    assert_eq!(
        state(&Case {
            artifacts: 3,
            rule: counted(2),
            ..CASE
        })
        .0,
        Complete
    );
    assert_eq!(
        state(&Case {
            artifacts: 2,
            age: 0,
            ..CASE
        })
        .0,
        Complete,
        "no rule"
    );
}

#[test]
fn of_uncounted_artifacts_more_may_come_for_a_while() {
    let rule = Completeness {
        settles: true,
        ..CASE.rule
    };
    let aged = |age| {
        let case = Case {
            artifacts: 2,
            age,
            rule,
            ..CASE
        };
        state(&case).0
    };
    assert_eq!(aged(9), SnapshotState::InProgress);
    assert_eq!(aged(10), SnapshotState::Complete);
}

#[test]
fn a_required_manifest_is_waited_for() {
    let rule = Completeness {
        manifest: ManifestRule::Required,
        ..CASE.rule
    };
    for (promised, age, expected) in [
        (Some(10), 0, SnapshotState::Complete),
        (None, 9, SnapshotState::InProgress),
        (None, 10, SnapshotState::Partial),
    ] {
        assert_eq!(
            state(&Case {
                age,
                rule,
                promised,
                ..CASE
            })
            .0,
            expected
        );
    }
    assert_eq!(
        state(&Case {
            artifacts: 2,
            promised: Some(10),
            rule,
            ..CASE
        })
        .0,
        SnapshotState::Partial
    );
}

#[test]
fn what_cannot_be_a_snapshot_is_invalid_once_its_writer_must_have_ended() {
    use SnapshotState::{InProgress, Invalid};
    let empty = || Some("artifact \"a\": it is empty".to_owned());
    let cut = || Some("artifact \"a\": it has 10 bytes, its manifest says 11".to_owned());
    let foreign = || Some("not an RDB file".to_owned());
    let growing = Case {
        end: Some(false),
        age: 9,
        ..CASE
    };
    let check = |case: Case, expected| assert_eq!(state(&case), expected);
    check(Case { size: 0, ..growing }, (InProgress, None));
    check(Case { size: 0, ..CASE }, (Invalid, empty()));
    let stored = Case {
        end: None,
        ..growing
    };
    check(Case { size: 0, ..stored }, (Invalid, empty()));
    // Where there is a manifest, it decides.
    let promised = Some(11);
    check(Case { promised, ..CASE }, (Invalid, cut()));
    check(
        Case {
            promised,
            ..growing
        },
        (Invalid, cut()),
    );
    let invalid = Some("not an RDB file");
    check(Case { invalid, ..growing }, (InProgress, None));
    check(
        Case {
            invalid,
            age: 10,
            ..growing
        },
        (Invalid, foreign()),
    );
    check(
        Case {
            invalid,
            age: 0,
            ..CASE
        },
        (Invalid, foreign()),
    );
    check(Case { invalid, ..stored }, (Invalid, foreign()));
}

#[test]
fn one_artifact_without_its_end_makes_the_snapshot_one_in_progress() {
    let layout = ["2026-11-22/a", "2026-11-22/b"].map(|key| object(key, 1));
    let (groups, _) = grouping(&["%F/*"], &layout).finish();
    let ended = |keys: &[&str]| {
        let seen = Seen {
            ends: keys.iter().map(|key| (Key::new(*key), true)).collect(),
            grows: true,
            ..Seen::default()
        };
        judge(
            &groups[0],
            &CASE.rule,
            &seen,
            &mut SnapshotFacts::default(),
            NOW,
        )
    };
    let (first, second) = ("2026-11-22/a", "2026-11-22/b");
    assert_eq!(ended(&[first]), SnapshotState::InProgress);
    assert_eq!(ended(&[second]), SnapshotState::InProgress);
    assert_eq!(ended(&[first, second]), SnapshotState::Complete);
}

#[test]
fn a_manifest_of_the_content_before_is_waited_for() {
    let written = |manifest_age| {
        let objects = [
            object("dump.rdb", 5),
            object("dump.rdb.manifest.json", manifest_age),
        ];
        let (groups, _) = grouping(&["dump.rdb"], &objects).finish();
        let manifest = Manifest::parse(br#"{"schema":1,"size_bytes":11}"#).unwrap();
        let seen = Seen {
            manifests: [(Key::new("dump.rdb"), manifest)].into(),
            ..Seen::default()
        };
        judge(
            &groups[0],
            &CASE.rule,
            &seen,
            &mut SnapshotFacts::default(),
            NOW,
        )
    };
    assert_eq!(written(6), SnapshotState::InProgress);
    assert_eq!(written(5), SnapshotState::Invalid);
    assert_eq!(written(4), SnapshotState::Invalid);
}

#[test]
fn a_rule_that_no_snapshot_could_keep_is_refused() {
    let refused = |count, star| {
        ArtifactRule::new(count, Duration::from_mins(1), star)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(0, true).starts_with("artifacts.count is 0\nhint: "));
    assert!(refused(2, false).contains("the path has no *"));
    ArtifactRule::new(1, Duration::from_mins(1), false).unwrap();
}
