use super::*;
use crate::ledger::{
    Break, BrokenBy, Checkpoint, Repaired,
    fixtures::{at, cache, checkpoint, repair, sealed, verification, verified},
};

#[test]
fn what_is_sealed_is_read_back_unchanged() {
    let draft = verified(at("01:00:00"));
    let text = Record::seal(draft.clone(), 12, Some("sha256:before")).unwrap();
    let record = Record::parse(&text).unwrap();
    assert_eq!(record.draft, draft);
    assert_eq!(
        (record.sequence, record.previous.as_deref()),
        (12, Some("sha256:before"))
    );
    assert_eq!(record.draft.source(), Some(&cache()));
    assert_eq!(serde_json::to_string_pretty(&record).unwrap() + "\n", text);
}

#[test]
fn a_repair_is_written_as_the_documentation_has_it_and_carried_by_a_checkpoint() {
    let standing = Break {
        sequence: 2,
        what: BrokenBy::Missing,
        found: Some("sha256:found".into()),
    };
    let draft = repair(&standing);
    let text = Record::seal(draft.clone(), 3, None).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "schema": 1, "kind": "repair", "sequence": 3, "previous": null,
        "digest": value["digest"], "id": "act", "source": "cache", "by": "a person",
        "ended_at": "2026-11-22T03:00:00Z", "first_break": 2, "broken_by": "is missing",
        "found": "sha256:found", "message": "a disk was replaced",
    });
    assert_eq!(value, expected);
    assert_eq!(Record::parse(&text).unwrap().draft, draft);

    let (Draft::Repair(repair), Draft::Checkpoint(empty)) = (draft, checkpoint(4, "sha256:0"))
    else {
        unreachable!("they are");
    };
    let text = Record::seal(Draft::Checkpoint(empty.clone()), 5, None).unwrap();
    assert!(
        !text.contains("repairs"),
        "as earlier versions wrote it: {text}"
    );
    let draft = Draft::Checkpoint(Box::new(Checkpoint {
        repairs: vec![Repaired {
            sequence: 3,
            repair: *repair,
        }],
        ..*empty
    }));
    let text = Record::seal(draft.clone(), 5, None).unwrap();
    assert_eq!(Record::parse(&text).unwrap().draft, draft);
}

#[test]
fn members_stand_in_the_order_of_the_documentation() {
    let text = Record::seal(verified(at("01:00:00")), 1, None).unwrap();
    let places: Vec<usize> = [
        "schema", "kind", "sequence", "previous", "digest", "id", "source",
    ]
    .iter()
    .map(|name| text.find(&format!("\n  {name:?}: ")).expect(name))
    .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("\"previous\": null"), "{text}");
}

#[test]
fn any_change_of_any_member_is_noticed_and_no_change_of_layout_is() {
    let text = sealed([verified(at("01:00:00"))]).remove(0);
    for (from, to) in [
        ("\"verified\"", "\"failed\""),
        ("\"keys\": 100", "\"keys\": 101"),
        ("\"sequence\": 1", "\"sequence\": 2"),
        ("\"previous\": null", "\"previous\": \"sha256:00\""),
        ("\"schema\": 1", "\"schema\": 2"),
        ("\"by\": \"test\"", "\"by\": \"test\", \"extra\": null"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Record::parse(&text.replacen(from, to, 1)).expect_err(from);
        assert!(
            matches!(error, RecordError::Digest { .. }),
            "{from}: {error}"
        );
    }
    let value: Value = serde_json::from_str(&text).unwrap();
    Record::parse(&value.to_string()).expect("compact and sorted: the same record");
}

#[test]
fn a_record_of_a_newer_version_is_read_as_far_as_it_is_understood() {
    let text = sealed([verified(at("01:00:00"))]).remove(0);
    let reseal = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut members = canonical::parse(&text).unwrap();
        change(&mut members);
        let digest = canonical::record_digest(&members);
        members.insert("digest".into(), digest.into());
        Record::parse(&Value::Object(members).to_string())
            .unwrap()
            .draft
    };

    let unknown_member = reseal(&|members| {
        members.insert("schema".into(), 2.into());
        members.insert("weather".into(), serde_json::json!({"rain": 0.5}));
    });
    assert_eq!(unknown_member, verified(at("01:00:00")));

    let unknown_kind = reseal(&|members| {
        members.insert("kind".into(), "rumor".into());
    });
    assert!(matches!(unknown_kind, Draft::Unknown { kind, .. } if kind == "rumor"));

    let unknown_reason = reseal(&|members| {
        members.insert("reason".into(), "eclipse".into());
    });
    assert!(
        matches!(&unknown_reason, Draft::Unknown { why, .. } if why.contains("eclipse")),
        "{unknown_reason:?}"
    );
}

#[test]
fn what_is_no_record_says_why() {
    let text = sealed([verified(at("01:00:00"))]).remove(0);
    let torn = Record::parse(&text[..text.len() / 2]).expect_err("torn");
    assert!(matches!(torn, RecordError::Json(_)), "{torn}");
    for (from, to) in [
        ("\"sequence\": 1,", ""),
        ("\"schema\": 1", "\"schema\": \"1\""),
    ] {
        let error = Record::parse(&text.replacen(from, to, 1)).expect_err(from);
        assert!(matches!(error, RecordError::Envelope(_)), "{from}: {error}");
    }
}

#[test]
fn what_not_every_reader_keeps_exactly_is_never_written() {
    let mut large = verification(at("01:00:00"), None);
    large.items.insert("keys".into(), u64::MAX);
    let error = Record::seal(Draft::Verification(Box::new(large)), 1, None).expect_err("2^64");
    assert_eq!(
        error.to_string(),
        "18446744073709551615 is no integer within 2^53"
    );

    let mut long = verification(at("01:00:00"), None);
    long.log_tail = vec!["x".repeat(1024); 1024];
    let error = Record::seal(Draft::Verification(Box::new(long)), 1, None).expect_err("1 MiB");
    assert!(matches!(error, RecordError::TooLarge { .. }), "{error}");

    let unknown = Draft::Unknown {
        kind: "rumor".into(),
        why: String::new(),
    };
    let error = Record::seal(unknown, 1, None).expect_err("unknown");
    assert!(matches!(error, RecordError::UnknownKind(_)), "{error}");

    Record::seal(checkpoint(1, "sha256:0"), 1, None).expect("a checkpoint may be written");
}
