//! What is no damage if a witness vouches for the bytes, under every witness and rule.

use super::*;
use crate::verdict::conclude;

const CONTENTS: &str = "redis.contents";
const CHECKSUM: &str = "redis.checksum";
const TRAILING: &str = "redis.trailing_bytes";

const WITNESSES: [Integrity; 3] = [Integrity::File, Integrity::Manifest, Integrity::Object];
const RULES: [ChecksumRule; 2] = [ChecksumRule::Required, ChecksumRule::Optional];

/// Makes one key hold a collection of nothing.
fn odd(world: &mut World) {
    world.census.empty_keys = 1;
    world.inspection.warnings.push(InspectionFinding {
        offset: 90,
        message: "a key holds a collection of nothing".into(),
    });
}

/// Puts 40 bytes behind the end; `stray_bytes` of them are no mark of a transfer.
fn tail(stray_bytes: u64) -> impl Fn(&mut World) {
    move |world| {
        world.census.stray_bytes = stray_bytes;
        world.inspection.trailing_bytes = 40;
        world.inspection.findings.push(InspectionFinding {
            offset: 960,
            message: "40 bytes lie behind".into(),
        });
    }
}

/// Returns the outcomes of two checks, and the reason of the verdict they lead to.
fn judged(
    integrity: Integrity,
    rule: ChecksumRule,
    change: &dyn Fn(&mut World),
    checks: [&str; 2],
) -> ([Outcome; 2], Option<Reason>) {
    let world = World::with(|world| {
        change(world);
        world.artifact.integrity = integrity;
        world.expect.checksum = rule;
        world.inspection.checksum = match integrity {
            Integrity::File => Checksum::Verified,
            _ => Checksum::Absent,
        };
        if integrity != Integrity::File {
            world.inspection.state = InspectionState::Unvouched;
        }
    });
    let outcomes = checks.map(|check| world.answer(check).finding.outcome);
    (outcomes, conclude(&world.judge(), true).reason)
}

#[test]
fn what_is_odd_spoils_nothing_where_a_witness_vouches_or_none_is_asked_for() {
    let check = |integrity, rule, outcomes, reason| {
        let found = judged(integrity, rule, &odd, [CONTENTS, CHECKSUM]);
        assert_eq!(found, (outcomes, reason), "{integrity:?} {rule:?}");
    };
    for (integrity, rule) in WITNESSES
        .into_iter()
        .flat_map(|it| RULES.map(|rule| (it, rule)))
    {
        check(integrity, rule, [Warning, Passed], None);
    }
    let no_checksum = Some(Reason::NoChecksum);
    check(
        Integrity::None,
        ChecksumRule::Required,
        [Warning, Failed],
        no_checksum,
    );
    check(
        Integrity::None,
        ChecksumRule::Optional,
        [Warning, Warning],
        None,
    );
}

#[test]
fn bytes_behind_the_end_spoil_nothing_where_a_witness_vouches_or_they_are_explained() {
    let check = |integrity, rule, stray_bytes, outcomes, reason| {
        let found = judged(integrity, rule, &tail(stray_bytes), [TRAILING, CHECKSUM]);
        assert_eq!(
            found,
            (outcomes, reason),
            "{integrity:?} {rule:?} {stray_bytes}"
        );
    };
    for (integrity, rule) in WITNESSES
        .into_iter()
        .flat_map(|it| RULES.map(|rule| (it, rule)))
    {
        for stray_bytes in [0, 40] {
            check(integrity, rule, stray_bytes, [Warning, Passed], None);
        }
    }
    let (required, optional) = (ChecksumRule::Required, ChecksumRule::Optional);
    let no_checksum = Some(Reason::NoChecksum);
    // No byte is stray: the 40 are the mark of a transfer, or lie behind a wrapper.
    check(Integrity::None, required, 0, [Warning, Failed], no_checksum);
    check(Integrity::None, optional, 0, [Warning, Warning], None);
    // All 40 are stray, so the end mark itself may be damage.
    check(Integrity::None, required, 40, [NotRun, Failed], no_checksum);
    check(
        Integrity::None,
        optional,
        40,
        [NotRun, Warning],
        no_checksum,
    );
}

#[test]
fn what_ends_where_the_snapshot_ends_and_holds_nothing_odd_passes() {
    check(TRAILING, Passed, None, |_| ());
    check(CONTENTS, Passed, None, |_| ());
}

#[test]
fn each_witness_is_named_and_where_there_is_none_how_to_get_one() {
    let said = |integrity, check: &str| {
        let world = World::with(|world| {
            odd(world);
            tail(40)(world);
            world.artifact.integrity = integrity;
        });
        world.answer(check).finding.message
    };
    let has = |integrity, check: &str, words: &str| {
        let said = said(integrity, check);
        assert!(said.contains(words), "{said}");
    };
    has(Integrity::File, CONTENTS, "the file's checksum says");
    has(
        Integrity::Manifest,
        CONTENTS,
        "the digest in the manifest says",
    );
    has(
        Integrity::Object,
        CONTENTS,
        "the checksum of its upload says",
    );
    has(
        Integrity::None,
        CONTENTS,
        "nothing vouches for the bytes, so it may be damage",
    );
    let hint = "hint: Set rdbchecksum yes, or upload a manifest";
    has(Integrity::None, CHECKSUM, hint);
    has(
        Integrity::None,
        CHECKSUM,
        "or write expect: { checksum: optional }.",
    );
    has(Integrity::None, TRAILING, hint);
    assert!(
        !said(Integrity::None, TRAILING).contains("optional"),
        "that accepts no such file"
    );
}

#[test]
fn what_was_counted_in_an_unvouched_file_is_in_the_record() {
    let counted = |state| {
        let world = World::with(|world| world.inspection.state = state);
        let evidence = world.evidence();
        items(&world.case(&evidence)).contains_key("keys")
    };
    assert!(counted(InspectionState::Intact) && counted(InspectionState::Unvouched));
    assert!(!counted(InspectionState::Damaged));
}
