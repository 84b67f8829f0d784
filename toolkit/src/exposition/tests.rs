use prometheus::{Encoder as _, TextEncoder};

use super::*;

/// A family of gauges; a series is the values of the labels and a value.
fn family<'a>(
    name: &'static str,
    labels: &[&'static str],
    series: &[(&[&'a str], f64)],
) -> Family<'a> {
    let mut family = Family::new(name.into(), "What it is.".into(), Kind::Gauge, labels);
    for (row, value) in series {
        family.put(row.iter().copied(), *value);
    }
    family
}

/// The same families as the encoder of the `prometheus` crate writes them.
fn by_the_crate(families: &[Family<'_>]) -> String {
    let families: Vec<_> = families.iter().map(message).collect();
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn message(family: &Family<'_>) -> proto::MetricFamily {
    let mut message = proto::MetricFamily::default();
    message.set_name(family.name.to_string());
    message.set_help(family.help.to_string());
    message.set_field_type(match family.kind {
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Counter => proto::MetricType::COUNTER,
    });
    let series = family.sorted().map(|(row, value)| {
        let pairs = family.labels().iter().zip(row).map(|(name, value)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        });
        let mut metric = proto::Metric::from_label(pairs.collect());
        let (mut gauge, mut counter) = (proto::Gauge::default(), proto::Counter::default());
        gauge.set_value(value);
        counter.set_value(value);
        metric.set_gauge(gauge);
        metric.set_counter(counter);
        metric
    });
    message.set_metric(series.collect());
    message
}

#[test]
fn order_does_not_depend_on_the_order_of_the_input() {
    let one = family(
        "b_age",
        &["source", "engine"],
        &[(&["x", "redis"], 2.0), (&["a", "redis"], 1.5)],
    );
    let mut two = family("a_total", &[], &[(&[], 3.0)]);
    two.kind = Kind::Counter;
    let text = render(vec![one.clone(), two.clone()]).unwrap();
    assert_eq!(
        text,
        "# HELP a_total What it is.\n# TYPE a_total counter\na_total 3\n\
         # HELP b_age What it is.\n# TYPE b_age gauge\n\
         b_age{engine=\"redis\",source=\"a\"} 1.5\nb_age{engine=\"redis\",source=\"x\"} 2\n"
    );
    assert_eq!(render(vec![two, one]).unwrap(), text);
}

#[test]
fn series_are_sorted_by_values_and_not_by_their_text() {
    // In the text a quote follows the shorter value, and is greater than a space or an `!`.
    let rows = ["a!", "a", "a b", ""].map(|it| [it]);
    let series: Vec<_> = rows.iter().map(|row| (&row[..], 1.0)).collect();
    let text = render(vec![family("a", &["x"], &series)]).unwrap();
    let lines = "a{x=\"\"} 1\na{x=\"a\"} 1\na{x=\"a b\"} 1\na{x=\"a!\"} 1\n";
    assert!(text.ends_with(lines), "{text}");
}

#[test]
fn label_values_cannot_break_out_of_their_quotes() {
    let series: (&[&str], f64) = (&["x\"} 9\n\\"], 1.0);
    let text = render(vec![family("a", &["owner"], &[series])]).unwrap();
    assert!(text.ends_with("a{owner=\"x\\\"} 9\\n\\\\\"} 1\n"), "{text}");
}

#[test]
fn the_text_is_that_of_the_crates_encoder() {
    let mut values = vec![
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1.5,
        1e-7,
        1e-300,
        5e-324,
        1e15,
        1e16,
        1e21,
        1e300,
        1_795_324_800.25,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
    ];
    for power in [31, 32, 52, 53, 54, 63, 64, 65] {
        let power = f64::powi(2.0, power);
        values.extend([power - 1.0, power, power + 1.0, -power]);
    }
    for value in values {
        let all = [family("a", &[], &[(&[], value)])];
        assert_eq!(render(all.to_vec()).unwrap(), by_the_crate(&all), "{value}");
    }
    let odd = [
        "",
        " ",
        "a",
        "a\\",
        "\n\n",
        "\"",
        "\t\r",
        "ä€😀",
        "a\\nb\"c\nd",
        "{x=\"y\"} 3",
    ];
    for help in odd {
        let rows: Vec<_> = odd.iter().flat_map(|x| odd.map(|y| [*x, y, "z"])).collect();
        let series: Vec<_> = rows.iter().map(|row| (&row[..], 7.0)).collect();
        for kind in [Kind::Gauge, Kind::Counter] {
            let mut odd = family("a:b", &["source", "engine", "_own"], &series);
            (odd.help, odd.kind) = (help.into(), kind);
            let all = [odd];
            assert_eq!(render(all.to_vec()).unwrap(), by_the_crate(&all), "{help}");
        }
    }
}

#[test]
fn an_empty_family_is_not_written() {
    assert_eq!(render(vec![family("a", &[], &[])]).unwrap(), "");
}

#[test]
#[should_panic(expected = "labels of a")]
fn a_series_without_a_value_for_each_label_is_no_series() {
    family("a", &["x", "y"], &[(&["1"], 1.0)]);
}

#[test]
#[should_panic(expected = "labels of a")]
fn a_series_with_a_value_too_many_is_no_series() {
    family("a", &["x"], &[(&["1", "2"], 1.0)]);
}

#[test]
fn mistakes_are_refused_as_a_whole() {
    let check = |families: Vec<Family<'_>>, expected: ExpositionError| {
        assert_eq!(render(families), Err(expected));
    };
    let some = |name| family(name, &[], &[(&[], 1.0)]);
    check(vec![some("a b")], ExpositionError::Name("a b".into()));
    check(
        vec![family("a", &["le-ss"], &[(&[""], 1.0)])],
        ExpositionError::Name("le-ss".into()),
    );
    check(
        vec![some("a"), some("a")],
        ExpositionError::DuplicateFamily("a".into()),
    );
    let equal = family("a", &["x", "y"], &[(&["1", "2"], 1.0), (&["1", "2"], 2.0)]);
    check(vec![equal], ExpositionError::DuplicateSeries("a".into()));
    let bare = family("a", &[], &[(&[], 1.0), (&[], 2.0)]);
    check(vec![bare], ExpositionError::DuplicateSeries("a".into()));
    let twice = family("a", &["x", "x"], &[(&["1", "2"], 1.0)]);
    check(vec![twice], ExpositionError::DuplicateSeries("a".into()));
    for value in [f64::NAN, f64::INFINITY] {
        let bad = vec![family("a", &[], &[(&[], value)])];
        check(bad, ExpositionError::NotFinite("a".into()));
    }
}

#[test]
fn the_process_describes_itself() {
    let text = render(process()).unwrap();
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(text.contains(&format!("\n{name} ")), "{name} in {text}");
    }
}
