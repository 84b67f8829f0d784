//! The forms of one report, held against what is stored beside this file.

use catalog::ledger::Reason;

use super::*;
use crate::drill::part::fixtures::{attempt, name, part, reported};

fn example() -> DrillReport {
    let parts = [
        ("graph", part((0, 2, 8), vec![attempt(None)])),
        (
            "cache",
            part(
                (8, 8, 12),
                vec![attempt(Some(Reason::Killed)), attempt(None)],
            ),
        ),
        (
            "queue",
            part((0, 8, 11), vec![attempt(Some(Reason::Damaged))]),
        ),
    ];
    let parts = parts.map(|(of, part)| (name(of), part)).into();
    reported(("graph cache queue", &[("cache", "graph")]), &parts, 14)
}

#[test]
fn the_report_for_a_terminal_is_read_in_five_seconds() {
    insta::assert_snapshot!(text(&example()));
}

#[test]
fn the_report_for_a_ticket_cannot_be_broken_out_of() {
    insta::assert_snapshot!(markdown(&example()));
}

#[test]
fn the_page_needs_nothing_outside_itself_and_escapes_everything() {
    let page = html(&example()).expect("a page");
    for part in ["<script", "http", "src=", "url(", "<b>host"] {
        assert!(!page.contains(part), "{part}");
    }
    // The style sheet is that of all pages.
    let (before, style) = page.split_once("<style>").expect("a style sheet");
    let (_, after) = style.split_once("</style>").expect("its end");
    insta::assert_snapshot!(format!("{before}{after}"));
}

#[test]
fn the_line_of_the_objective_stands_where_bars_can_still_be_seen() {
    let mut report = example();
    let picture = picture::picture(&report);
    assert_eq!(
        (picture.far, picture.objective.map(|it| it.x)),
        (false, Some(822))
    );
    report.outcome.objective_milliseconds = Some(3_600_000);
    let picture = picture::picture(&report);
    assert_eq!(
        (picture.far, picture.objective.map(|it| it.x)),
        (true, None)
    );
    report.outcome.objective_milliseconds = None;
    assert!(picture::picture(&report).objective.is_none());
}
