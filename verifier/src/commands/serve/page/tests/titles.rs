//! When everything may be called restored and verified, and when not.

use jiff::SignedDuration;

use super::*;
use crate::scheduler::LostRun;

const EVERYTHING: &str = "Everything was restored and verified";

fn ledger(taken_at: Timestamp, first: u64) -> Ledger {
    let mut ledger = Ledger::new(fixtures::cache());
    for (sequence, text) in (first..).zip(fixtures::sealed([fixtures::verified(taken_at)])) {
        ledger.take(sequence, Ok(&text));
    }
    ledger
}

/// Two sources whose newest snapshots are verified, but for this change of one.
fn but(change: impl FnOnce(&mut SourceState)) -> State {
    let mut state = fresh();
    let taken_at = fixtures::at("02:00:00");
    let mut known = looked(vec![recorded(taken_at)]);
    known.take(ledger(taken_at, 1), fixtures::at("05:30:00"));
    for before in state.sources.values_mut() {
        before.clone_from(&known);
    }
    change(
        state
            .sources
            .get_mut(&fixtures::cache())
            .expect("it is there"),
    );
    state
}

type Change = fn(&mut SourceState);

#[test]
fn everything_is_verified_only_where_nothing_is_missed_old_new_or_broken() {
    says(&but(|_| ()), &[EVERYTHING]);
    let changes: [(&str, Change); 6] = [
        ("not surveyed", |it| it.missed = Some(Step::Survey)),
        ("not looked at", |it| it.seen_at = None),
        ("a newer one", |it| {
            it.newest = Some(Arc::new(recorded(fixtures::at("04:00:00"))));
        }),
        ("none left", |it| it.newest = None),
        ("an old proof", |it| {
            let old = fixtures::at("02:00:00") - SignedDuration::from_hours(24 * 365);
            *it = looked(vec![recorded(old)]);
            it.take(ledger(old, 1), fixtures::at("05:30:00"));
        }),
        ("a broken chain", |it| {
            let broken = ledger(fixtures::at("02:00:00"), 2);
            it.take(broken, fixtures::at("05:30:00"));
        }),
    ];
    for (what, change) in changes {
        let page = shown(&but(change));
        assert!(!page.contains(EVERYTHING), "{what}: {page}");
        let title = "The newest state of cache is not proven";
        assert!(page.contains(title), "{what}: {page}");
    }
}

/// A verification that ended at 04:00, of which no record was written.
fn lost(reason: Option<Reason>) -> LostRun {
    let verification = fixtures::verification(fixtures::at("04:00:00"), reason);
    LostRun {
        at: verification.ended_at,
        step: Step::WriteRecords,
        why: "full".into(),
        verification: Some(Arc::new(verification)),
    }
}

#[test]
fn a_verdict_that_is_in_no_record_is_told() {
    let unwritten = |reason| but(|it| it.lost = Some(lost(reason)));
    let unable = "The last time its record could not be written";
    let failed = "cache failed when last restored";
    let note = "failed (damaged) 30 min ago, in no record";
    says(&unwritten(Some(Reason::Damaged)), &[failed, note, unable]);
    let inconclusive = "Whether cache can be restored is not known";
    says(&unwritten(Some(Reason::Deadline)), &[inconclusive, unable]);
    let unproven = "The newest state of cache is not proven";
    says(&unwritten(None), &[unproven, unable]);
    let recorded = |it: &mut SourceState| {
        let mut ledger = Ledger::new(fixtures::cache());
        let run = fixtures::verification(fixtures::at("02:00:00"), Some(Reason::Damaged));
        let text = fixtures::sealed([Draft::Verification(Box::new(run))]);
        ledger.take(1, Ok(&text[0]));
        it.take(ledger, fixtures::at("05:30:00"));
    };
    let verified = but(|it| {
        recorded(it);
        it.lost = Some(lost(None));
    });
    says(&verified, &[failed, "failed (damaged) 2 h 30 min ago"]);
}

#[test]
fn what_was_lost_is_over_with_a_later_record_but_no_failure_with_one_that_cannot_tell() {
    let later = |ended: &str, reason| {
        let mut run = fixtures::verification(fixtures::at("02:00:00"), reason);
        run.ended_at = fixtures::at(ended);
        let text = fixtures::sealed([Draft::Verification(Box::new(run))]);
        let mut ledger = Ledger::new(fixtures::cache());
        ledger.take(1, Ok(&text[0]));
        ledger
    };
    let unknown = Some(Reason::Deadline);
    for (of, ended, reason, is_over) in [
        (unknown, "04:59:00", None, false),
        (unknown, "05:00:00", unknown, true),
        (Some(Reason::Damaged), "05:10:00", unknown, false),
        (Some(Reason::Damaged), "05:10:00", None, true),
    ] {
        let mut known = SourceState {
            lost: Some(lost(of)),
            ..SourceState::default()
        };
        known.take(later(ended, reason), fixtures::at("05:30:00"));
        assert_eq!(known.lost.is_none(), is_over, "{of:?} {ended} {reason:?}");
    }
    let mut known = SourceState::default();
    known.ran(Some(Verdict::Failed), Some(lost(Some(Reason::Damaged))));
    known.ran(None, None);
    known.ran(Some(Verdict::Inconclusive), Some(lost(unknown)));
    assert_eq!(
        known.lost.as_ref().and_then(LostRun::verdict),
        Some(Verdict::Failed)
    );
    known.ran(Some(Verdict::Verified), None);
    assert!(known.lost.is_none());
}
