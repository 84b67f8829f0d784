mod repaired;

use super::*;
use crate::ledger::fixtures::{acceptance, at, cache, checkpoint, sealed, verified};

/// Five intact records.
fn five() -> Vec<(u64, String)> {
    let hours = ["01:00:00", "02:00:00", "03:00:00", "04:00:00"];
    let drafts = hours.map(|hour| verified(at(hour)));
    (1..)
        .zip(sealed(
            drafts.into_iter().chain([acceptance(at("04:00:00"), 7)]),
        ))
        .collect()
}

fn check(records: &[(u64, String)], expected: Option<(u64, &str)>) -> ChainReport {
    let mut checker = Checker::new(cache());
    for (sequence, text) in records {
        checker.take(*sequence, Ok(text));
    }
    let report = checker.report();
    let found = report
        .first_break
        .as_ref()
        .map(|it| (it.sequence, it.to_string()));
    match (&found, expected) {
        (None, None) => {}
        (Some((at, text)), Some((sequence, part))) => {
            assert!(
                *at == sequence && text.contains(part),
                "{found:?} is not {expected:?}"
            );
        }
        _ => panic!("{found:?} is not {expected:?}"),
    }
    report
}

#[test]
fn an_intact_chain_has_a_head_and_no_break() {
    assert_eq!(check(&[], None).head, None);
    let report = check(&five(), None);
    assert_eq!(report.records, 5);
    let last = Record::parse(&five()[4].1).unwrap();
    assert_eq!(
        report.head,
        Some(Head {
            sequence: 5,
            digest: last.digest.to_string()
        })
    );
}

#[test]
fn the_first_break_is_named() {
    let edited = |index: usize, from: &str, to: &str| {
        let mut records = five();
        assert!(records[index].1.contains(from), "{from}");
        records[index].1 = records[index].1.replacen(from, to, 1);
        records
    };
    check(
        &edited(2, "\"verified\"", "\"failed\""),
        Some((3, "record 00000003 was changed")),
    );
    check(
        &edited(4, "\"keys\": 7", "\"keys\": 8"),
        Some((5, "was changed")),
    );
    check(&edited(0, "{", ""), Some((1, "not one JSON object")));
    check(
        &edited(0, "{", "{\"schema\": 1,"),
        Some((1, "\"schema\" occurs twice")),
    );

    let mut torn = five();
    torn[1].1.truncate(100);
    torn[3].1.truncate(0);
    check(&torn, Some((2, "EOF")));

    let mut missing = five();
    missing.remove(2);
    check(&missing, Some((3, "is missing")));

    let mut swapped = five();
    let (left, right) = swapped.split_at_mut(2);
    std::mem::swap(&mut left[1].1, &mut right[0].1);
    check(&swapped, Some((2, "says that it is record 00000003")));

    // Rewritten from the third on, with right digests everywhere but one link.
    let mut forged = five();
    forged[2].1 = Record::seal(verified(at("09:00:00")), 3, Some("sha256:0")).unwrap();
    check(&forged, Some((3, "does not follow")));
    let first = Record::seal(verified(at("09:00:00")), 1, Some("sha256:0")).unwrap();
    check(&[(1, first)], Some((1, "does not follow")));
}

#[test]
fn a_record_of_another_source_is_named() {
    let mut checker = Checker::new(SourceName::new("other").unwrap());
    assert!(checker.take(1, Ok(&five()[0].1)).is_some());
    let what = checker.report().first_break.unwrap().what;
    assert_eq!(what, BrokenBy::Source(cache()));
}

/// The five, and a checkpoint behind them.
fn five_and(through: u64, pruned: &str) -> Vec<(u64, String)> {
    let mut records = five();
    let text = Record::seal(checkpoint(through, pruned), 6, Some(&digest(5))).unwrap();
    records.push((6, text));
    records
}

/// Digest of one of the five records.
fn digest(sequence: usize) -> String {
    Record::parse(&five()[sequence - 1].1)
        .unwrap()
        .digest
        .to_string()
}

fn without(records: &[(u64, String)], gone: &[u64]) -> Vec<(u64, String)> {
    let left = records
        .iter()
        .filter(|(sequence, _)| !gone.contains(sequence));
    left.cloned().collect()
}

#[test]
fn only_a_checkpoint_excuses_records_that_are_not_there() {
    check(&five()[2..], Some((2, "is missing")));

    // However far the removal came, and wherever a reader was meanwhile.
    let pruned = five_and(3, &digest(3));
    for gone in [&[][..], &[1], &[1, 2], &[1, 2, 3], &[2, 3], &[3]] {
        check(&without(&pruned, gone), None);
    }
    check(&without(&pruned, &[1, 2, 3, 4]), Some((4, "is missing")));
    check(&without(&pruned, &[4]), Some((4, "is missing")));
    // A checkpoint vouches for what lies before the record it names, and not for another gap.
    check(&without(&pruned, &[1, 2, 4]), Some((4, "is missing")));
    check(&without(&five_and(5, &digest(5)), &[1, 2, 3, 4, 5]), None);

    // A checkpoint that does not know what it vouches for excuses nothing.
    check(
        &without(&five_and(3, "sha256:0"), &[1]),
        Some((1, "is missing")),
    );
    check(
        &without(&five_and(2, &digest(3)), &[1, 2]),
        Some((2, "is missing")),
    );
    check(
        &without(&five_and(9, &digest(3)), &[1]),
        Some((1, "is missing")),
    );
}

#[test]
fn what_a_checkpoint_says_is_pruned_counts_no_more_whether_it_lies_there_or_not() {
    let pruned = five_and(3, &digest(3));
    for gone in [&[][..], &[1], &[1, 2, 3]] {
        let mut checker = Checker::new(cache());
        for (sequence, text) in without(&pruned, gone) {
            checker.take(sequence, Ok(&text));
        }
        assert_eq!(
            (checker.report().records, checker.first()),
            (3, 4),
            "{gone:?}"
        );
    }
}

#[test]
fn a_kept_checker_goes_on_where_it_stopped() {
    let records = five();
    let mut checker = Checker::new(cache());
    checker.take(1, Ok(&records[0].1));
    let mut kept = checker.clone();
    kept.take(3, Ok(&records[2].1));
    assert_eq!(kept.report().first_break.unwrap().what, BrokenBy::Missing);
    for (sequence, text) in &records[1..] {
        checker.take(*sequence, Ok(text));
    }
    assert_eq!(checker.report(), check(&records, None));
}

#[test]
fn a_chain_goes_on_after_what_cannot_be_read() {
    let mut records = five();
    records[4].1 = "not a record".into();
    let follow = digest_to_follow(Ok("not a record"));
    records.push((
        6,
        Record::seal(verified(at("06:00:00")), 6, Some(&follow)).unwrap(),
    ));
    let report = check(&records, Some((5, "was changed or torn")));
    assert_eq!(report.head.unwrap().sequence, 6);

    let mut checker = Checker::new(cache());
    assert!(checker.take(1, Err("not UTF-8")).is_none());
    let found = checker.report();
    assert_eq!(
        found.first_break.unwrap().what,
        BrokenBy::Contents("not UTF-8".into())
    );
    assert_eq!(
        found.head.unwrap().digest,
        digest_to_follow(Err("not UTF-8"))
    );
}
