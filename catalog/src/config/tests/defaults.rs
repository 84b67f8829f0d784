//! What is not written, and who wins where something is written twice.

use std::time::Duration;

use super::{HEAD, loaded, problems, source};
use crate::{
    config::{Due, Pull},
    storage::DirectoryRoot,
};

#[test]
fn what_is_not_written_has_the_documented_default() {
    let config = loaded(&source("")).config;
    assert_eq!(config.refresh, Duration::from_mins(5));
    assert_eq!(config.verifier.runtime.name, "docker");
    assert_eq!(config.verifier.parallel, 1);
    assert_eq!(config.verifier.memory_bytes_max, 4 << 30);
    assert_eq!(config.verifier.disk_bytes_max, 50 << 30);
    assert_eq!(config.verifier.pull, Pull::Missing);
    let verify = config.sources[0].verify.as_ref().unwrap();
    assert_eq!(verify.due, Due::Objective);
    assert!(config.digest.starts_with("sha256:"));
}

#[test]
fn a_proof_is_expected_unless_it_is_turned_off() {
    assert!(
        loaded(&source("    verify: false\n")).config.sources[0]
            .verify
            .is_none()
    );
    let files = format!(
        "{HEAD}sources: [{{ name: a, engine: files, repository: local, path: \"%Y%m%d.tar\" }}]\n"
    );
    assert!(loaded(&files).config.sources[0].verify.is_none());
}

#[test]
fn the_keys_of_a_source_win_over_the_defaults_of_its_engine() {
    let due = |lines: &str| {
        let text =
            source(lines) + "defaults: { redis: { owner: all, verify: { when: new_snapshot } } }\n";
        assert_eq!(problems(&text), Vec::<String>::new());
        let config = loaded(&text).config;
        (
            config.sources[0].owner.clone(),
            config.sources[0].verify.clone().unwrap().due,
        )
    };
    assert_eq!(due(""), (Some("all".into()), Due::NewSnapshot));
    let (owner, slots) = due("    owner: me\n    verify: { schedule: \"0 6 * * *\" }\n");
    assert_eq!(owner.as_deref(), Some("me"));
    assert!(
        matches!(slots, Due::Schedule(_)),
        "its own schedule displaces the default"
    );
}

#[test]
fn directories_are_relative_to_the_file() {
    let text = source("").replace("/backups", "repository");
    let config = loaded(&text).config;
    assert_eq!(
        config.repositories[0].location.config(),
        Some(&DirectoryRoot("/etc/repository".into()))
    );
}

#[test]
fn retention_is_a_duration_or_tiers() {
    let tiers = |written: &str| {
        let config = loaded(&source(&format!(
            "    objectives: {{ retention: {written} }}\n"
        )))
        .config;
        let seconds = |it: settings::Duration| it.as_std().as_secs();
        let tiers = &config.sources[0].objectives.retention;
        tiers
            .iter()
            .map(|it| (seconds(it.keep), it.every.map(seconds)))
            .collect::<Vec<_>>()
    };
    assert_eq!(tiers("30d"), [(2_592_000, None)]);
    assert_eq!(
        tiers("[{ for: 2d, every: 1h }, { for: 30d, every: 1d }]"),
        [(172_800, Some(3_600)), (2_592_000, Some(86_400))]
    );
}
