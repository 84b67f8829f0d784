//! A scrape of a state that is scraped again and again says what one of a state made for it says.

use std::collections::BTreeMap;

use catalog::ledger::fixtures::verified;
use jiff::SignedDuration;

use super::*;
use crate::state::SourceState;

/// What a state knows, and how it is made.
type Case = (&'static str, fn() -> State);

const CASES: [Case; 6] = [
    ("before the first survey", fresh),
    ("all is well", healthy),
    ("nothing lies there", || {
        let mut state = fresh();
        surveyed(&mut state, inventory("00:05:00", vec![]));
        proven(&mut state, []);
        state
    }),
    ("a hole, and one on its way", || {
        let mut state = healthy();
        let mut growing = snapshot("cache", "05:55:00", 10);
        growing.state = SnapshotState::InProgress;
        let hours = ["05:00:00", "02:00:00", "01:00:00"];
        let mut lying = vec![growing];
        lying.extend(hours.map(|hour| snapshot("cache", hour, 4096)));
        surveyed(&mut state, inventory("06:00:00", lying));
        state
    }),
    ("records of later", || {
        let mut state = healthy();
        let hours = ["04:00:00", "09:00:00", "21:00:00"];
        proven(&mut state, hours.map(|hour| verified(at(hour))));
        state
    }),
    ("another configuration", || {
        let text = CONFIG.replace(
            "retention: 7d",
            "retention: [{ for: 2h, every: 1h }, { for: 3d, every: 2h }]",
        );
        let text = text.replace("grace: 10m", "grace: 20m");
        healthy().under(config(&text), at("05:31:00"))
    }),
];

/// Seconds after midnight at which is scraped, in this order: the clock also goes back.
fn seconds_of_scrapes() -> impl Iterator<Item = i64> {
    let day = 24 * 3600;
    let coarse = (0..40).map(move |step| step * 7919 % (2 * day));
    let around_six = (0..60).map(|step| 6 * 3600 + step * 61);
    let far = [9, 3, 400, 30, 8, 7, 4000, 1].map(|days| days * day + 1);
    coarse.chain(around_six).chain(far)
}

#[test]
fn a_scrape_does_not_depend_on_the_scrapes_before_it() {
    let text = |state: &State, seconds: i64| {
        let now = at("00:00:00") + SignedDuration::from_secs(seconds);
        render(families(state, now, None)).unwrap()
    };
    for (name, made) in CASES {
        let times: Vec<_> = seconds_of_scrapes().collect();
        let (one, other) = (made(), made());
        let mut texts: BTreeMap<_, _> = times.iter().map(|it| (*it, text(&one, *it))).collect();
        for seconds in times.iter().rev() {
            assert_eq!(
                text(&other, *seconds),
                texts[seconds],
                "{name}, after {seconds} s"
            );
        }
        // Of a state that was never scraped before; few, as states are costly to make.
        for seconds in times.into_iter().step_by(20) {
            let first = texts.remove(&seconds).unwrap();
            assert_eq!(
                text(&made(), seconds),
                first,
                "{name}, anew after {seconds} s"
            );
        }
    }
}

#[test]
fn figures_are_those_of_what_is_known_after_every_change() {
    let mut state = healthy();
    let standing = |state: &State| {
        let known: &SourceState = &state.sources[&source("cache")];
        let judged = known.assess(at("05:30:00"));
        let holdings = judged.holdings.as_ref().unwrap();
        let figures = (holdings.gaps, holdings.typical_size, judged.promises.grace);
        (figures, judged.proof.is_some(), judged.recoverable)
    };
    let minutes = settings::Duration::from_mins;
    let well = ((Some(0), Some(4096), minutes(10)), true, Some(true));
    assert_eq!(standing(&state), well);
    let with_a_hole = ["05:00:00", "04:00:00", "01:00:00"];
    let lying = with_a_hole.map(|hour| snapshot("cache", hour, 8192));
    surveyed(&mut state, inventory("05:10:00", lying.into()));
    let other = ((Some(2), Some(8192), minutes(10)), true, None);
    assert_eq!(standing(&state), other);
    let text = CONFIG.replace("grace: 10m", "grace: 20m");
    let text = text.replace("directory: /var/evidence", "directory: /var/elsewhere");
    let state = state.under(config(&text), at("05:31:00"));
    let anew = ((Some(2), Some(8192), minutes(20)), false, None);
    assert_eq!(standing(&state), anew);
}
