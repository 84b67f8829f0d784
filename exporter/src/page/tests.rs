use catalog::evidence::{
    Break, BrokenBy, Draft, Reason,
    fixtures::{self, verification},
};

use super::*;
use crate::fixtures::{at, fresh, healthy, inventory, proven, snapshot, survey_failed, surveyed};

fn shown(state: &State, now: &str) -> String {
    let html = page(state, at(now)).unwrap();
    for never in ["MARKER", "<script", "://"] {
        assert!(!html.contains(never), "{never} in {html}");
    }
    html
}

/// What a reader sees: tags and spaces gone.
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

#[test]
fn a_file_that_was_touched_is_not_said_to_be_gone() {
    let mut run = verification(at("04:00:00"), None);
    run.snapshot.artifacts[0].etag = Some("1-3e8-6a.0-6a.0".into());
    let mut touched = snapshot("cache", "04:00:00", 4096);
    touched.artifacts[0].meta.etag = Some("1-3e8-6a.0-6b.0".into());
    let told = |lying| {
        let mut state = fresh();
        surveyed(&mut state, inventory("05:05:00", vec![lying]));
        proven(&mut state, [Draft::Verification(Box::new(run.clone()))]);
        let words = words_of(&shown(&state, "05:30:00"));
        ["verified, touched since", "verified, no longer there"].map(|it| words.contains(it))
    };
    assert_eq!(told(touched), [true, false]);
    let other = snapshot("cache", "05:00:00", 4096);
    assert_eq!(told(other), [false, true]);
}
