//! Breaks that a person repaired, and those that stand again.

use super::*;
use crate::ledger::{Draft, fixtures::repair};

type Records = Vec<(u64, String)>;

/// Puts a record of this draft behind what lies there.
fn append(records: &mut Records, draft: Draft) {
    let (last, text) = records.last().unwrap();
    let previous = digest_to_follow(Ok(text));
    let text = Record::seal(draft, last + 1, Some(&previous)).unwrap();
    records.push((last + 1, text));
}

/// Repairs until nothing is broken, as the command does; how many records that took.
fn repair_all(records: &mut Records) -> usize {
    for done in 0..10 {
        match checker(records).report().first_break {
            None => return done,
            Some(standing) => append(records, repair(&standing)),
        }
    }
    panic!("it is never repaired: {:?}", checker(records).report());
}

fn checker(records: &[(u64, String)]) -> Checker {
    let mut checker = Checker::new(cache());
    for (sequence, text) in records {
        checker.take(*sequence, Ok(text));
    }
    checker
}

fn edited(sequence: usize) -> Records {
    let mut records = five();
    let text = &mut records[sequence - 1].1;
    *text = text.replacen("\"keys\": ", "\"keys\": 9", 1);
    records
}

fn forged(sequence: u64) -> String {
    let before = usize::try_from(sequence).unwrap() - 1;
    Record::seal(verified(at("09:00:00")), sequence, Some(&digest(before))).unwrap()
}

#[test]
fn whatever_is_broken_one_repair_ends_it() {
    let mut torn = five();
    torn[2].1.truncate(70);
    let mut swapped = five();
    swapped[1].1 = five()[2].1.clone();
    let mut resealed = five();
    resealed[2].1 = forged(3);
    for (what, broken, sequence) in [
        ("edited", edited(2), 2),
        ("the first edited", edited(1), 1),
        ("the newest edited", edited(5), 5),
        ("torn", torn, 3),
        ("another one", swapped, 2),
        ("written anew", resealed, 4),
        ("gone", without(&five(), &[3]), 3),
        ("several gone", without(&five(), &[2, 3]), 2),
        ("the first gone", without(&five(), &[1, 2]), 2),
    ] {
        let mut records = broken;
        let standing = checker(&records).report().first_break.expect(what);
        assert_eq!(standing.sequence, sequence, "{what}: {standing}");
        assert_eq!(repair_all(&mut records), 1, "{what}");
        append(&mut records, verified(at("05:00:00")));
        check(&records, None);
        let told: Vec<_> = checker(&records).repairs().cloned().collect();
        assert_eq!(told.len(), 1, "{what}");
        assert_eq!(told[0].repair.first_break, sequence);
        assert!(told[0].repair.found.is_some(), "{what}");
    }
}

#[test]
fn every_break_is_repaired_by_itself() {
    let mut records = edited(2);
    records.remove(3);
    assert_eq!(repair_all(&mut records), 2);
    assert_eq!(checker(&records).repairs().count(), 2);
}

#[test]
fn a_later_break_stands_whatever_was_repaired_before() {
    let mut repaired = edited(2);
    repair_all(&mut repaired);
    append(&mut repaired, verified(at("06:00:00")));
    let broken = |change: &dyn Fn(&mut Records)| {
        let mut records = repaired.clone();
        change(&mut records);
        records
    };
    // The same record changed once more, another one, its repair, or one that is gone.
    let again = broken(&|it| it[1].1 = it[1].1.replacen("9100", "8100", 1));
    assert_ne!(again, repaired);
    check(&again, Some((2, "was changed")));
    let other = broken(&|it| it[2].1 = it[2].1.replacen("100", "101", 1));
    check(&other, Some((3, "was changed")));
    let repair = broken(&|it| it[5].1 = it[5].1.replacen("a disk", "a cat", 1));
    check(&repair, Some((2, "was changed")));
    check(&without(&repaired, &[6]), Some((2, "was changed")));
    check(&without(&repaired, &[2]), Some((2, "is missing")));
    check(&without(&repaired, &[4]), Some((4, "is missing")));

    for mut records in [again, other, repair] {
        assert!(repair_all(&mut records) > 0);
        check(&records, None);
    }
}

#[test]
fn a_gap_is_repaired_as_wide_as_it_was() {
    let mut records = without(&five(), &[3]);
    repair_all(&mut records);
    check(&without(&records, &[4]), Some((3, "is missing")));
    // Put back, nothing is broken any more.
    let mut whole = records.clone();
    whole.insert(2, five()[2].clone());
    check(&whole, None);
    // A forgery in its place is found out by who follows it.
    let mut filled = records.clone();
    filled.insert(2, (3, forged(3)));
    check(&filled, Some((4, "does not follow")));
}

#[test]
fn a_repair_of_something_else_or_out_of_place_ends_nothing() {
    let standing = checker(&edited(2)).report().first_break.unwrap();
    for wrong in [
        Break {
            sequence: 3,
            ..standing.clone()
        },
        Break {
            found: Some("sha256:0".into()),
            ..standing.clone()
        },
        Break {
            found: None,
            ..standing.clone()
        },
    ] {
        let mut records = edited(2);
        append(&mut records, repair(&wrong));
        check(&records, Some((2, "was changed")));
    }
    let mut records = edited(2);
    let text = Record::seal(repair(&standing), 6, Some("sha256:0")).unwrap();
    records.push((6, text));
    check(&records, Some((2, "was changed")));
}

#[test]
fn what_was_remembered_ends_with_a_repair_of_it_and_of_nothing_else() {
    let mut records = edited(2);
    let mut kept = checker(&records);
    let other = kept.report().first_break.unwrap();
    kept.remember(Break {
        sequence: 5,
        what: BrokenBy::Rewritten,
        found: None,
    });
    assert_eq!(kept.report().first_break.unwrap().sequence, 2);
    append(&mut records, repair(&other));
    kept.take(6, Ok(&records[5].1));
    assert_eq!(kept.report().first_break.unwrap().sequence, 5);
    let standing = kept.report().first_break.unwrap();
    append(&mut records, repair(&standing));
    kept.take(7, Ok(&records[6].1));
    assert_eq!(kept.report().first_break, None);
}

#[test]
fn more_breaks_than_are_told_apart_are_never_called_repaired() {
    let mut checker = Checker::new(cache());
    let junk = |sequence: u64| format!("junk {sequence}");
    for sequence in 1..=60 {
        checker.take(sequence, Ok(&junk(sequence)));
    }
    let (mut last, mut previous) = (60, digest_to_follow(Ok(&junk(60))));
    for _ in 0..60 {
        let standing = checker.report().first_break.unwrap();
        last += 1;
        let text = Record::seal(repair(&standing), last, Some(&previous)).unwrap();
        previous = digest_to_follow(Ok(&text));
        checker.take(last, Ok(&text));
    }
    assert_eq!(checker.report().first_break.unwrap().sequence, 51);
}
