//! Every key of the schema acts in this version, or says that it does not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{problems, source};
use crate::config::schema;

/// Keys that this version acts upon.
const ACT: &[&str] = &[
    "schema",
    "defaults",
    "repositories",
    "repositories[].name",
    "repositories[].directory",
    "repositories[].capacity",
    "repositories[].s3",
    "sources",
    "sources[].name",
    "sources[].formerly",
    "sources[].engine",
    "sources[].repository",
    "sources[].path",
    "sources[].schedule",
    "sources[].time_zone",
    "sources[].objectives",
    "sources[].objectives.recovery_point",
    "sources[].objectives.alert_after",
    "sources[].objectives.recovery_time",
    "sources[].objectives.retention",
    "sources[].objectives.retention[].for",
    "sources[].objectives.retention[].every",
    "sources[].objectives.verification",
    "sources[].objectives.minimum_size",
    "sources[].objectives.max_shrink",
    "sources[].grace",
    "sources[].settle",
    "sources[].owner",
    "sources[].artifacts",
    "sources[].artifacts.count",
    "sources[].artifacts.within",
    "sources[].manifest",
    "sources[].verify",
    "sources[].verify.schedule",
    "sources[].verify.when",
    "sources[].verify.image",
    "sources[].verify.rehearse",
    "sources[].verify.deadline",
    "sources[].verify.expect",
    "evidence",
    "evidence.repository",
    "evidence.repository.directory",
    "evidence.repository.s3",
    "evidence.retention",
    "exporter",
    "exporter.refresh",
    "verifier",
    "verifier.runtime",
    "verifier.parallel",
    "verifier.limits",
    "verifier.limits.memory",
    "verifier.limits.disk",
    "verifier.images",
    "verifier.modules",
    "verifier.programs",
    "verifier.pull",
    "verifier.time_zone",
    "verifier.slack",
    "verifier.slack.webhook_url_file",
    "verifier.slack.notify",
    "verifier.slack.inconclusive_after",
    "verifier.slack.remind",
    "verifier.slack.digest",
    "verifier.slack.owners",
    "verifier.webhooks",
    "verifier.webhooks[].url_file",
    "verifier.webhooks[].notify",
    "verifier.webhooks[].remind",
    "verifier.webhooks[].owners",
    "verifier.heartbeat",
    "verifier.heartbeat.url_file",
    "verifier.heartbeat.every",
    "verifier.mentions",
    "verifier.runbooks",
    "drills",
    "drills[].name",
    "drills[].schedule",
    "drills[].sources",
    "drills[].after",
    "drills[].recovery_time",
];

/// Keys of a bucket, of repositories and evidence alike: how it is reached.
const OF_A_BUCKET: &[&str] = &[
    "bucket",
    "prefix",
    "region",
    "endpoint",
    "path_style",
    "ca_file",
    "profile",
    "role_arn",
    "external_id",
    "access_key_id_file",
    "secret_access_key_file",
];

/// Keys that an engine reads by itself, and what stands below them: the engines' own tests ask what
/// they do.
const OF_ENGINES: [&str; 3] = [
    "sources[].verify.expect.",
    "sources[].magic",
    "sources[].neo4j",
];

/// Keys without effect in this version, each as it may be written in a whole file.
fn warned() -> [(&'static str, String); 6] {
    let repository = |keys: &str| source("").replace("directory: /backups", keys);
    let below = |lines: &str| source("") + lines;
    [
        (
            "repositories[].replica",
            repository("directory: /backups, replica: { bucket: b }"),
        ),
        (
            "repositories[].require",
            repository("directory: /backups, require: [encryption, versioning]"),
        ),
        (
            "sources[].producer",
            source("    producer: { cron_job: a/b }\n"),
        ),
        (
            "sources[].objectives.retention[].class",
            source("    objectives: { retention: [{ for: 30d, every: 1h, class: GLACIER }] }\n"),
        ),
        (
            "exporter.kubernetes",
            below("exporter: { kubernetes: auto }\n"),
        ),
        (
            "verifier.registry",
            below("verifier: { registry: { mirror: m } }\n"),
        ),
    ]
}

#[test]
fn every_key_acts_or_warns_that_it_has_no_effect() {
    let schema = schema();
    let root = schema.as_value();
    let mut keys = BTreeSet::new();
    walk(root, root, String::new(), &mut Vec::new(), &mut keys);
    // One receiver may be written without a list.
    let mut keys: BTreeSet<_> = keys
        .iter()
        .map(|it| it.replace("slack[]", "slack"))
        .collect();
    keys.retain(|key| !OF_ENGINES.iter().any(|own| key.starts_with(own)));
    let warned = warned();
    let buckets = ["repositories[].s3", "evidence.repository.s3"];
    let of_buckets = buckets
        .iter()
        .flat_map(|of| OF_A_BUCKET.iter().map(move |key| format!("{of}.{key}")));
    // What stands below a key without effect has none either.
    let is_below = |key: &String| {
        let mut warned = warned.iter();
        warned
            .any(|(of, _)| key.starts_with(&format!("{of}.")) || key.starts_with(&format!("{of}[")))
    };
    keys.retain(|key| !is_below(key));
    let known: BTreeSet<String> = (ACT.iter().map(ToString::to_string))
        .chain(of_buckets)
        .chain(warned.iter().map(|(key, _)| (*key).to_owned()))
        .collect();
    let unknown: Vec<_> = keys.difference(&known).collect();
    assert!(
        unknown.is_empty(),
        "whether these act is not said here: {unknown:#?}"
    );
    let gone: Vec<_> = known.difference(&keys).collect();
    assert!(gone.is_empty(), "no keys any more: {gone:#?}");
}

#[test]
fn a_key_without_effect_warns() {
    for (key, text) in warned() {
        let warned = problems(&text);
        let [warning] = warned.as_slice() else {
            panic!("{key}: {warned:#?}")
        };
        let expected = "not built into this version: it has no effect";
        assert!(warning.ends_with(expected), "{key}: {warning}");
    }
    assert_eq!(
        problems(&(source("") + "exporter: { kubernetes: never }\n")),
        Vec::<String>::new(),
        "never is what is done"
    );
}

#[test]
fn a_key_that_only_another_runtime_looks_at_warns() {
    let under = |runtime: &str, keys: &str, lines: &str| {
        source(lines) + &format!("verifier: {{ runtime: {runtime}{keys} }}\n")
    };
    for (key, keys, lines) in [
        ("images", ", images: { redis: [\"redis:9\"] }", ""),
        ("pull", ", pull: always", ""),
        ("image", "", "    verify: { image: \"redis:9\" }\n"),
        ("rehearse", "", "    verify: { rehearse: \"redis:9\" }\n"),
    ] {
        assert_eq!(
            problems(&under("docker", keys, lines)),
            Vec::<String>::new()
        );
        let warned = problems(&under("process", keys, lines));
        let [warning] = warned.as_slice() else {
            panic!("{key}: {warned:#?}")
        };
        let expected = format!(".{key}: the runtime process has no images: {key} has no effect");
        assert!(warning.ends_with(&expected), "{warning}");
    }
    let programs = ", programs: { redis: /opt/redis-server }";
    assert_eq!(
        problems(&under("process", programs, "")),
        Vec::<String>::new()
    );
    let expected = "the runtime docker has its own programs: programs has no effect";
    let warned = problems(&under("docker", programs, ""));
    assert!(
        warned.len() == 1 && warned[0].ends_with(expected),
        "{warned:#?}"
    );
}

/// Every key below a part of the schema, as `of.a.list[].of.mappings`.
fn walk<'a>(
    root: &'a Value,
    node: &'a Value,
    path: String,
    within: &mut Vec<&'a str>,
    keys: &mut BTreeSet<String>,
) {
    if let Some(reference) = node.get("$ref").and_then(Value::as_str)
        && !within.contains(&reference)
    {
        within.push(reference);
        let definition = root.pointer(&reference[1..]).expect("a definition");
        walk(root, definition, path.clone(), within, keys);
        within.pop();
    }
    let properties = node.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if *property == Value::Bool(false) || path == "defaults" {
            continue;
        }
        let dot = if path.is_empty() { "" } else { "." };
        let key = format!("{path}{dot}{name}");
        keys.insert(key.clone());
        walk(root, property, key, within, keys);
    }
    if let Some(items) = node.get("items") {
        walk(root, items, format!("{path}[]"), within, keys);
    }
    for way in ["anyOf", "oneOf", "allOf"] {
        let ways = node.get(way).and_then(Value::as_array);
        for way in ways.into_iter().flatten() {
            walk(root, way, path.clone(), within, keys);
        }
    }
    if let Some(then) = node.get("then") {
        walk(root, then, path, within, keys);
    }
}
