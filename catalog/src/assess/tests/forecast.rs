//! How long a recovery takes and when the objective breaks; every figure is worked out by hand.

use jiff::SignedDuration;
use proptest::prelude::*;
use settings::Duration;

use super::world::{snapshot, time};
use crate::{assess::forecast::Forecast, ledger::Measurement, model::SourceInventory};

/// Measurements (bytes, milliseconds), the newest first.
fn measured(points: &[(u64, u64)]) -> Option<Forecast> {
    Forecast::new(points.iter().copied().map(measurement))
}

fn measurement((size_bytes, milliseconds): (u64, u64)) -> Measurement {
    Measurement {
        size_bytes,
        milliseconds,
    }
}

#[track_caller]
fn check(points: &[(u64, u64)], expected: &[(u64, u64)]) {
    let forecast = measured(points).unwrap();
    for (size, milliseconds) in expected {
        let expected = std::time::Duration::from_millis(*milliseconds);
        assert_eq!(forecast.of(*size), expected, "{size} bytes: {forecast:?}");
    }
}

#[test]
fn without_a_measurement_nothing_is_expected() {
    assert_eq!(measured(&[]), None);
}

#[test]
fn of_few_or_equal_sizes_the_median_of_five_is_expected_scaled_up() {
    check(&[(1000, 4000)], &[(1000, 4000), (1, 4000), (2000, 8000)]);
    let four = [(2000, 6000), (1000, 2000), (1000, 1000), (1000, 9000)];
    check(
        &four,
        &[(1000, 6000), (1, 6000), (2000, 6000), (4000, 12000)],
    );
    // Of equal sizes no line can be drawn, however many; only the newest five count.
    let mut equal = vec![(1000, 50), (1000, 10), (1000, 30), (1000, 20), (1000, 40)];
    equal.extend([(1000, 900); 20]);
    check(&equal, &[(1000, 30), (2000, 60)]);
}

#[test]
fn of_different_sizes_a_line_is_drawn() {
    // A second, and a millisecond a byte.
    let line = [(3000, 4000), (2000, 3000), (1000, 2000)];
    check(
        &line,
        &[(0, 1000), (500, 1500), (4000, 5000), (1_000_000, 1_001_000)],
    );
    // Five runs of two sizes are enough.
    let two = [
        (2000, 3000),
        (1000, 2000),
        (1000, 2000),
        (2000, 3000),
        (1000, 2000),
    ];
    check(&two, &[(0, 1000), (4000, 5000)]);
    // One odd run does not move it.
    let odd = [
        (3000, 4000),
        (2500, 90_000),
        (2000, 3000),
        (1500, 2500),
        (1000, 2000),
    ];
    check(&odd, &[(0, 1000), (4000, 5000)]);
    // Larger snapshots that took shorter are no promise, and what is measured at all but equal
    // sizes grows at most in proportion.
    check(
        &[(3000, 2000), (2000, 3000), (1000, 4000)],
        &[(1000, 3000), (9000, 3000)],
    );
    check(
        &[(1002, 3000), (1001, 2000), (1000, 1000)],
        &[(10_010, 20_000)],
    );
}

#[test]
fn measurements_beyond_the_newest_thirty_are_forgotten() {
    let slow = (1..100).map(|size| (size, 1_000_000));
    let newest = (1..=30).map(|size| (size * 1000, size * 1000 + 1000));
    check(
        &newest.chain(slow).collect::<Vec<_>>(),
        &[(0, 1000), (500, 1500)],
    );
}

/// Full backups of these sizes in bytes, a day apart, the newest at noon of the 22nd.
fn daily(sizes: &[u64]) -> SourceInventory {
    let newest = time("2026-11-22T12:00:00Z");
    let snapshots = (0..).zip(sizes).map(|(days, size)| {
        let mut it = snapshot(newest - SignedDuration::from_hours(24 * days));
        it.artifacts[0].meta.size_bytes = *size;
        it
    });
    SourceInventory {
        snapshots: snapshots.collect(),
        ..SourceInventory::default()
    }
}

#[test]
fn the_day_is_told_on_which_the_objective_breaks() {
    // A second, and a millisecond a byte; the snapshots grow by a hundred bytes a day.
    let forecast = measured(&[(3000, 4000), (2000, 3000), (1000, 2000)]).unwrap();
    let now = time("2026-11-22T18:00:00Z");
    let check = |sizes: &[u64], promised: u64, expected: Option<&str>| {
        let promised = Duration::from_secs(promised);
        let found = forecast.breaks(promised, &daily(sizes));
        let found = found.and_then(|it| it.told(now));
        let found = found.map(|it| it.strftime("%Y-%m-%d").to_string());
        assert_eq!(found.as_deref(), expected, "{sizes:?}");
    };
    let growing = [1400, 1300, 1200, 1100, 1000];
    // 3,000 bytes take four seconds: 16 days after the newest.
    check(&growing, 4, Some("2026-12-08"));
    check(&growing, 2, Some("2026-11-22"));
    // One odd size does not move it.
    check(&[1400, 1300, 9000, 1100, 1000], 4, Some("2026-12-08"));
    check(&growing, 1_000_000, None);
    check(&[1400; 30], 4, None);
    check(&[1000, 1100, 1200, 1300, 1400], 4, None);
    // Already longer, whether or not they grow.
    check(&[4000; 2], 4, Some("2026-11-22"));
    // Too few to tell how they grow, or none.
    check(&growing[..4], 4, None);
    check(&[], 4, None);
}

#[test]
fn a_break_is_told_once_it_is_less_than_ten_years_away() {
    let forecast = measured(&[(3000, 4000), (2000, 3000), (1000, 2000)]).unwrap();
    let growing = daily(&[1400, 1300, 1200, 1100, 1000]);
    // 399,000 bytes take four hundred seconds: 3,976 days after the newest.
    let found = forecast.breaks(Duration::from_secs(400), &growing).unwrap();
    assert_eq!(found.told(time("2026-11-22T18:00:00Z")), None);
    let later = found.told(time("2028-01-01T00:00:00Z"));
    let later = later.map(|it| it.strftime("%Y-%m-%d").to_string());
    assert_eq!(later.as_deref(), Some("2037-10-11"));
    // What is so already is told whatever the time is.
    let already = forecast.breaks(Duration::from_secs(1), &growing).unwrap();
    let newest = time("2026-11-22T12:00:00Z");
    assert_eq!(already.told(time("2000-01-01T00:00:00Z")), Some(newest));
}

#[test]
fn what_grew_long_ago_is_not_the_present_growth() {
    let forecast = measured(&[(3000, 4000), (2000, 3000), (1000, 2000)]).unwrap();
    let sizes = (0..2000_u64).map(|days| if days < 100 { 1400 } else { 1400 - days / 2 });
    let inventory = daily(&sizes.collect::<Vec<_>>());
    assert_eq!(forecast.breaks(Duration::from_secs(4), &inventory), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was measured, a larger snapshot never takes shorter, and nothing overflows.
    #[test]
    fn a_larger_snapshot_never_takes_shorter(
        points in prop::collection::vec((any::<u64>(), any::<u64>()), 1..40),
        sizes in prop::collection::vec(any::<u64>(), 2..20),
        promised in any::<u32>(),
    ) {
        let forecast = measured(&points).unwrap();
        let mut sizes = sizes;
        sizes.sort_unstable();
        let times: Vec<_> = sizes.iter().map(|size| forecast.of(*size)).collect();
        prop_assert!(times.is_sorted(), "{sizes:?} {times:?}");
        let _ = forecast.breaks(Duration::from_secs(promised.into()), &daily(&sizes));
    }
}
