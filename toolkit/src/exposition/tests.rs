use super::*;

fn family(name: &str, samples: Vec<Sample>) -> Family {
    Family {
        name: name.into(),
        help: "What it is.".into(),
        kind: Kind::Gauge,
        samples,
    }
}

fn sample(labels: &[(&'static str, &str)], value: f64) -> Sample {
    let labels = labels
        .iter()
        .map(|&(name, value)| (name, value.to_owned()))
        .collect();
    Sample { labels, value }
}

#[test]
fn order_does_not_depend_on_the_order_of_the_input() {
    let one = family(
        "b_age",
        vec![
            sample(&[("source", "x"), ("engine", "redis")], 2.0),
            sample(&[("engine", "redis"), ("source", "a")], 1.5),
        ],
    );
    let two = Family {
        kind: Kind::Counter,
        ..family("a_total", vec![sample(&[], 3.0)])
    };
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
fn label_values_cannot_break_out_of_their_quotes() {
    let text = render(vec![family(
        "a",
        vec![sample(&[("owner", "x\"} 9\n\\")], 1.0)],
    )])
    .unwrap();
    assert!(text.ends_with("a{owner=\"x\\\"} 9\\n\\\\\"} 1\n"), "{text}");
}

#[test]
fn an_empty_family_is_not_written() {
    assert_eq!(render(vec![family("a", vec![])]).unwrap(), "");
}

#[test]
fn mistakes_are_refused_as_a_whole() {
    let check = |families: Vec<Family>, expected: ExpositionError| {
        assert_eq!(render(families), Err(expected));
    };
    let some = || vec![sample(&[], 1.0)];
    check(
        vec![family("a b", some())],
        ExpositionError::Name("a b".into()),
    );
    check(
        vec![family("a", vec![sample(&[("le-ss", "")], 1.0)])],
        ExpositionError::Name("le-ss".into()),
    );
    check(
        vec![family("a", some()), family("a", some())],
        ExpositionError::DuplicateFamily("a".into()),
    );
    let equal = vec![
        sample(&[("x", "1"), ("y", "2")], 1.0),
        sample(&[("y", "2"), ("x", "1")], 2.0),
    ];
    check(
        vec![family("a", equal)],
        ExpositionError::DuplicateSeries("a".into()),
    );
    let twice = vec![sample(&[("x", "1"), ("x", "2")], 1.0)];
    check(
        vec![family("a", twice)],
        ExpositionError::DuplicateSeries("a".into()),
    );
    for value in [f64::NAN, f64::INFINITY] {
        let bad = vec![family("a", vec![sample(&[], value)])];
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
