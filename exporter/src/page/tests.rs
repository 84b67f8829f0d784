use catalog::{
    ledger::{
        Break, BrokenBy, Draft, Ledger, OldVersions, Reason,
        fixtures::{self, verification},
    },
    model::{Snapshot, SnapshotState},
};

use super::*;
use crate::{
    fixtures::{at, fresh, healthy, inventory, proven, snapshot, source, survey_failed, surveyed},
    state::SourceState,
};

fn shown(state: &State, now: &str) -> String {
    let html = page(state, at(now)).unwrap();
    for never in ["MARKER", "<script", "://"] {
        assert!(!html.contains(never), "{never} in {html}");
    }
    html
}

/// The words that a reader of the page sees, without tags and spaces.
fn words_of(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let pieces = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |it| it.1));
    let text = pieces.collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_when_all_is_well() {
    insta::assert_snapshot!(words_of(&shown(&healthy(), "05:30:00")));
}

#[test]
fn before_the_first_survey_nothing_is_claimed() {
    insta::assert_snapshot!(words_of(&shown(&fresh(), "00:00:10")));
}

#[test]
fn the_page_says_first_what_is_wrong() {
    let mut state = fresh();
    surveyed(
        &mut state,
        inventory("05:05:00", vec![snapshot("cache", "02:00:00", 100)]),
    );
    let bad = verification(at("02:00:00"), Some(Reason::Damaged));
    proven(&mut state, [Draft::Verification(Box::new(bad))]);
    survey_failed(&mut state, "05:10:00");
    state.reload_problem = Some("backups.yaml:1: MARKER".into());
    insta::assert_snapshot!(words_of(&shown(&state, "05:30:00")));
    insta::assert_snapshot!("table", table(&state, at("05:30:00")));
}

#[test]
fn hostile_names_are_only_text() {
    let html = shown(&healthy(), "05:30:00");
    assert!(
        html.contains("&#60;script&#62;alert(&#34;x&#34;)"),
        "{html}"
    );
}

#[test]
fn what_a_person_wrote_of_a_repair_is_told_short_and_as_text() {
    let mut state = healthy();
    let Draft::Repair(mut repair) = fixtures::repair(&Break {
        sequence: 1,
        what: BrokenBy::Missing,
        found: None,
    }) else {
        unreachable!("it is one");
    };
    repair.message = "<script>\n\u{1b}[31m".repeat(1000);
    let drafts = [
        fixtures::verified(at("04:00:00")),
        Draft::Repair(repair.clone()),
        Draft::Repair(repair),
    ];
    proven(&mut state, drafts);
    let words = words_of(&shown(&state, "05:30:00"));
    let told = "Its evidence was repaired on 2026-11-22 by a person: &#60;script&#62;";
    assert!(words.contains(told), "{words}");
    assert!(words.contains("(and once before)."), "{words}");
    assert!(words.len() < 5_000, "{words}");
    let table = table(&state, at("05:30:00"));
    assert!(table.contains("Its evidence was repaired on 2026-11-22"));
    assert!(!table.contains('\u{1b}'), "{table}");
    assert!(!table.contains("evidence_broken"), "{table}");
}

/// The words about the newest verified snapshot, that of 04:00, where the snapshots `lying` lie
/// there; the snapshot of 03:00 was verified, too.
fn told(lying: Vec<Snapshot>, change: impl FnOnce(&mut SourceState)) -> String {
    let mut newest = verification(at("04:00:00"), None);
    newest.snapshot.artifacts[0].etag = Some("1-3e8-6a.0-6a.0".into());
    let older = verification(at("03:00:00"), None);
    let mut state = fresh();
    surveyed(&mut state, inventory("05:05:00", lying));
    let runs = [older, newest].map(|it| Draft::Verification(Box::new(it)));
    proven(&mut state, runs);
    change(state.sources.get_mut(&source("cache")).unwrap());
    let words = words_of(&shown(&state, "05:30:00"));
    let told = words.split_once(" verified, ").map(|(_, it)| it.to_owned());
    told.unwrap_or(words)
}

#[test]
fn a_verified_snapshot_is_told_with_what_became_of_that_very_one() {
    let tagged = |tag: &str| {
        let mut snapshot = snapshot("cache", "04:00:00", 4096);
        snapshot.artifacts[0].meta.etag = Some(tag.into());
        snapshot
    };
    let check = |lying: Vec<Snapshot>, expected: &str| {
        let told = told(lying, |_| ());
        assert!(told.starts_with(expected), "{expected} is not told: {told}");
    };
    check(vec![tagged("1-3e8-6a.0-6b.0")], "touched since");
    check(vec![tagged("other")], "overwritten since");
    check(vec![snapshot("cache", "05:00:00", 4096)], "no longer there");
    // Another verified snapshot lies there and is not complete: the words are about the newest.
    let mut unfinished = snapshot("cache", "03:00:00", 4096);
    unfinished.state = SnapshotState::InProgress;
    check(vec![unfinished], "no longer there");
    let old_version = told(Vec::new(), |known| {
        let ledger = known.evidence.ledger.clone().unwrap();
        known.old_versions = Some(OldVersions {
            record: ledger.report().head.unwrap().digest.into(),
            are_there: Some(true),
        });
        known.read(Ledger::clone(&ledger), at("05:30:00"));
    });
    assert!(
        old_version.starts_with("only an older version now"),
        "{old_version}"
    );
}
