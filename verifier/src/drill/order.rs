//! The order of the sources of a drill, and what follows from it. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use catalog::{config::Drill, model::SourceName};

/// A part of the time of a drill: beginning and end, counted from the beginning of the drill.
pub(super) type Span = (Duration, Duration);

/// The sources that may begin: not begun yet, and all before them have their verdict. In the order
/// of the configuration.
pub(super) fn ready(
    drill: &Drill,
    begun: &BTreeSet<SourceName>,
    judged: &BTreeSet<SourceName>,
) -> Vec<SourceName> {
    let is_ready = |it: &&SourceName| {
        !begun.contains(*it)
            && drill
                .before(it)
                .iter()
                .all(|before| judged.contains(before))
    };
    drill.sources.iter().filter(is_ready).cloned().collect()
}

/// The longest way along the order, with its length; `None` if one of the sources has no recovery
/// time. `recovery` is in milliseconds.
pub(super) fn critical_path(
    drill: &Drill,
    recovery: &BTreeMap<SourceName, u64>,
) -> Option<(u64, Vec<SourceName>)> {
    let mut known = BTreeMap::new();
    let ways = drill
        .sources
        .iter()
        .map(|it| way_to(drill, it, recovery, &mut known));
    let ways: Option<Vec<_>> = ways.collect();
    // Of several the first one in the configuration.
    ways?.into_iter().rev().max_by_key(|(length, _)| *length)
}

/// The longest way that ends with this source. `known` holds those found before; there is no
/// circle.
fn way_to(
    drill: &Drill,
    source: &SourceName,
    recovery: &BTreeMap<SourceName, u64>,
    known: &mut BTreeMap<SourceName, (u64, Vec<SourceName>)>,
) -> Option<(u64, Vec<SourceName>)> {
    if let Some(way) = known.get(source) {
        return Some(way.clone());
    }
    let mut longest = (0, Vec::new());
    for before in drill.before(source) {
        let way = way_to(drill, before, recovery, known)?;
        if longest.1.is_empty() || way.0 > longest.0 {
            longest = way;
        }
    }
    let own = *recovery.get(source)?;
    longest.0 = longest.0.saturating_add(own);
    longest.1.push(source.clone());
    known.insert(source.clone(), longest.clone());
    Some(longest)
}

/// Time in which a source waited for a place and no source of the drill had one: somebody else had
/// them all.
pub(super) fn idle(waits: &[Span], runs: &[Span]) -> Duration {
    let spans = || waits.iter().chain(runs);
    let edges: BTreeSet<Duration> = spans().flat_map(|(from, to)| [*from, *to]).collect();
    let edges: Vec<_> = edges.into_iter().collect();
    let within =
        |spans: &[Span], from: Duration| spans.iter().any(|it| it.0 <= from && from < it.1);
    let pieces = edges.windows(2).filter_map(|pair| {
        let is_idle = within(waits, pair[0]) && !within(runs, pair[0]);
        is_idle.then(|| pair[1].saturating_sub(pair[0]))
    });
    pieces.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::part::fixtures::{drill, name};

    fn names(text: &str) -> BTreeSet<SourceName> {
        text.split_whitespace().map(name).collect()
    }

    #[test]
    fn a_source_begins_when_those_before_it_have_their_verdict() {
        let drill = drill("a b c d", &[("c", "a b"), ("d", "c")]);
        let check = |begun: &str, judged: &str, expected: &str| {
            let found = ready(&drill, &names(begun), &names(judged));
            let found: Vec<_> = found.iter().map(SourceName::as_str).collect();
            assert_eq!(found.join(" "), expected, "begun {begun}, judged {judged}");
        };
        check("", "", "a b");
        check("a b", "", "");
        check("a b", "a", "");
        check("a b", "a b", "c");
        check("a b c", "a b", "");
        check("a b c", "a b c", "d");
        check("a b c d", "a b c d", "");
    }

    #[test]
    fn the_recovery_time_of_a_drill_is_that_of_its_longest_way() {
        let check = |sources: &str, after: &[(&str, &str)], times: &[u64], expected: &str| {
            let drill = drill(sources, after);
            let recovery = drill.sources.iter().cloned().zip(times.iter().copied());
            let found = critical_path(&drill, &recovery.collect());
            let found = found.map_or_else(String::new, |(length, way)| {
                let way: Vec<_> = way.iter().map(SourceName::as_str).collect();
                format!("{length}: {}", way.join(" "))
            });
            assert_eq!(found, expected, "{sources} {after:?} {times:?}");
        };
        check("a", &[], &[7], "7: a");
        check("a b", &[], &[7, 9], "9: b");
        check("a b", &[("b", "a")], &[7, 9], "16: a b");
        check("b a", &[("b", "a")], &[9, 7], "16: a b");
        check("a b c", &[("c", "a b")], &[7, 9, 1], "10: b c");
        check(
            "a b c d",
            &[("b", "a"), ("d", "c")],
            &[1, 1, 1, 1],
            "2: a b",
        );
        check("a b c", &[("b", "a"), ("c", "a")], &[1, 5, 3], "6: a b");
        check("a b", &[], &[7], "");
        check("a b", &[("b", "a")], &[0, 0], "0: a");
    }

    #[test]
    fn only_time_in_which_nothing_of_the_drill_ran_is_waiting() {
        let span = |(from, to): &(u64, u64)| (Duration::from_secs(*from), Duration::from_secs(*to));
        let check = |waits: &[(u64, u64)], runs: &[(u64, u64)], expected: u64| {
            let waits: Vec<_> = waits.iter().map(span).collect();
            let runs: Vec<_> = runs.iter().map(span).collect();
            assert_eq!(
                idle(&waits, &runs).as_secs(),
                expected,
                "{waits:?} {runs:?}"
            );
        };
        check(&[], &[(0, 9)], 0);
        check(&[(0, 3)], &[(3, 9)], 3);
        // The second waits for the first one of the drill: that is the drill's own time.
        check(&[(0, 0), (0, 9)], &[(0, 9), (9, 12)], 0);
        check(&[(0, 2), (0, 9)], &[(2, 7), (9, 12)], 4);
        check(&[(5, 5)], &[(5, 5)], 0);
    }
}
