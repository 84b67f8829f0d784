//! The text at `/metrics` is to the byte what the encoder of the `prometheus` crate makes of the
//! same samples: our own writer is only quicker.

use std::{fs, path::Path};

use prometheus::{TextEncoder, proto};

/// The golden texts of the exporter, by name.
fn goldens() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../exporter/src/families/snapshots");
    let entries = fs::read_dir(folder).expect("the golden texts are part of the tree");
    let paths = entries.map(|entry| entry.expect("a directory that can be read").path());
    paths
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a golden text");
            let (_, text) = text[3..].split_once("---\n").expect("a head of insta");
            (path.display().to_string(), format!("{}\n", text.trim_end()))
        })
        .collect()
}

/// Reads the text format back, as far as we write it: gauges and counters without times.
fn read(text: &str) -> Vec<proto::MetricFamily> {
    let mut families = Vec::<proto::MetricFamily>::new();
    for line in text.lines() {
        if let Some((name, help)) = line
            .strip_prefix("# HELP ")
            .and_then(|it| it.split_once(' '))
        {
            let mut family = proto::MetricFamily::default();
            family.set_name(name.to_owned());
            family.set_help(unescaped(help));
            families.push(family);
            continue;
        }
        let family = families.last_mut().expect("help comes first");
        if let Some(named) = line.strip_prefix("# TYPE ") {
            let (name, kind) = named.split_once(' ').expect("a kind");
            assert_eq!(name, family.name());
            family.set_field_type(match kind {
                "gauge" => proto::MetricType::GAUGE,
                "counter" => proto::MetricType::COUNTER,
                other => panic!("{other}"),
            });
            continue;
        }
        let mut metrics = family.get_metric().to_vec();
        metrics.push(sample(line));
        family.set_metric(metrics);
    }
    families
}

fn sample(line: &str) -> proto::Metric {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let value: f64 = value.parse().expect("a number");
    let labels = series.split_once('{').map_or("", |(_, labels)| labels);
    let labels = labels.strip_suffix("\"}").unwrap_or_default();
    let pairs = labels.split("\",").filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once("=\"").expect("a label");
        let mut label = proto::LabelPair::default();
        label.set_name(name.to_owned());
        label.set_value(unescaped(value));
        label
    });
    let mut metric = proto::Metric::from_label(pairs.collect());
    let (mut gauge, mut counter) = (proto::Gauge::default(), proto::Counter::default());
    gauge.set_value(value);
    counter.set_value(value);
    metric.set_gauge(gauge);
    metric.set_counter(counter);
    metric
}

fn unescaped(text: &str) -> String {
    let mut letters = text.chars();
    let mut plain = String::new();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next() {
                Some('n') => '\n',
                other => other.expect("a letter behind a backslash"),
            },
            letter => letter,
        });
    }
    plain
}

#[test]
fn the_golden_texts_are_what_the_crates_encoder_writes() {
    let goldens = goldens();
    assert_eq!(goldens.len(), 3);
    for (name, text) in goldens {
        let families = read(&text);
        assert!(families.len() > 5, "{name}");
        let encoded = TextEncoder::new().encode_to_string(&families);
        assert_eq!(encoded.expect("it can be encoded"), text, "{name}");
    }
}
