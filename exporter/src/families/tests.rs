mod anew;

use std::{collections::BTreeSet, sync::Arc};

use catalog::{
    drill::{DrillOutcome, DrillOutcomes, report_path},
    ledger::{Draft, Reason, Stage, StageRecord, Verdict, fixtures::verification},
    model::{SnapshotState, SourceInventory},
    storage::{Operation, StorageReason},
};
use toolkit::exposition::render;

use super::*;
use crate::fixtures::{
    CONFIG, at, config, fresh, healthy, inventory, local, proven, snapshot, source, survey_failed,
    surveyed,
};

fn text(state: &State, now: &str) -> String {
    let text = render(families(state, at(now), None)).unwrap();
    assert!(
        !text.contains("MARKER"),
        "a name of a snapshot or object: {text}"
    );
    // A version is no part of what is tested.
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// Names of metrics with at least one sample of this source.
fn of_source(state: &State, name: &str, now: &str) -> BTreeSet<String> {
    let families = families(state, at(now), None).into_iter();
    let with = families.filter(|family| {
        let place = family.labels().iter().position(|it| *it == "source");
        place.is_some_and(|place| family.series().any(|(row, _)| row[place] == name))
    });
    with.map(|family| family.name.into()).collect()
}

fn value(state: &State, now: &str, series: &str) -> Option<f64> {
    let text = text(state, now);
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.map(|value| value.parse().unwrap())
}

const CACHE: &str = r#"{engine="redis",source="cache"}"#;

#[test]
fn golden_before_the_first_survey() {
    insta::assert_snapshot!(text(&fresh(), "00:00:10"));
}

#[test]
fn golden_when_all_is_well() {
    insta::assert_snapshot!(text(&healthy(), "05:30:00"));
}

#[test]
fn golden_when_much_is_wrong() {
    let mut state = fresh();
    let mut partial = snapshot("cache", "05:00:00", 10);
    partial.state = SnapshotState::Partial;
    let small = snapshot("cache", "03:00:00", 100);
    surveyed(&mut state, inventory("05:05:00", vec![partial, small]));
    let mut bad = verification(at("03:00:00"), Some(Reason::Damaged));
    bad.stages = [Stage::Fetch, Stage::Inspect, Stage::Fetch]
        .map(|stage| StageRecord {
            stage,
            milliseconds: 700,
        })
        .into();
    bad.items.insert("made_up".into(), 1);
    proven(&mut state, [Draft::Verification(Box::new(bad))]);
    survey_failed(&mut state, "05:10:00");
    let known = state.repositories.get_mut(&local()).unwrap();
    known.requests.calls.insert(Operation::List, 3);
    let denied = (Operation::List, StorageReason::AccessDenied);
    known.requests.errors.insert(denied, 1);
    state.reload_problem = Some("bad".into());
    insta::assert_snapshot!(text(&state, "05:30:00"));
}

#[test]
fn before_its_first_survey_a_source_has_only_what_is_configured() {
    let configured = [
        "backup_objective_bytes",
        "backup_objective_seconds",
        "backup_source_formerly_info",
        "backup_source_info",
    ];
    let expected: BTreeSet<_> = configured.map(ToOwned::to_owned).into();
    let mut state = fresh();
    assert_eq!(of_source(&state, "cache", "00:01:00"), expected);
    survey_failed(&mut state, "00:01:00");
    proven(&mut state, []);
    assert_eq!(of_source(&state, "cache", "00:02:00"), expected);
}

#[test]
fn a_survey_that_fails_later_keeps_what_was_seen_while_ages_grow() {
    let mut state = healthy();
    let before = of_source(&state, "cache", "05:30:00");
    survey_failed(&mut state, "05:31:00");
    assert_eq!(of_source(&state, "cache", "06:00:00"), before);
    let age = format!("backup_age_seconds{CACHE}");
    assert_eq!(value(&state, "05:30:00", &age), Some(1800.0));
    assert_eq!(value(&state, "06:00:00", &age), Some(3600.0));
    let up = r#"backup_repository_up{repository="local"}"#;
    assert_eq!(value(&state, "06:00:00", up), Some(0.0));
    let seen = r#"backup_repository_survey_timestamp_seconds{repository="local"}"#;
    assert_eq!(
        value(&state, "06:00:00", seen),
        Some(seconds(at("05:05:00")))
    );
}

#[test]
fn a_source_that_was_not_wholly_seen_keeps_what_was_seen_before() {
    let mut state = healthy();
    let mut refused = inventory("05:10:00", vec![]);
    let error = Some("refused".into());
    let seen = SourceInventory {
        error,
        ..SourceInventory::default()
    };
    refused.sources.insert(source("cache"), Arc::new(seen));
    surveyed(&mut state, refused);
    let seen = format!("backup_source_survey_timestamp_seconds{CACHE}");
    assert_eq!(
        value(&state, "05:30:00", &seen),
        Some(seconds(at("05:05:00")))
    );
    let size = format!("backup_last_size_bytes{CACHE}");
    assert_eq!(value(&state, "05:30:00", &size), Some(4096.0));
    let up = r#"backup_repository_up{repository="local"}"#;
    assert_eq!(value(&state, "05:30:00", up), Some(1.0));
}

#[test]
fn unreadable_evidence_keeps_the_ledger_and_never_means_never_verified() {
    let mut state = healthy();
    state.sources.get_mut(&source("cache")).unwrap().evidence.up = Some(false);
    let check = |series: &str, expected| assert_eq!(value(&state, "05:30:00", series), expected);
    check(&format!("backup_evidence_up{CACHE}"), Some(0.0));
    check(&format!("backup_evidence_records{CACHE}"), Some(1.0));
    check(&format!("backup_recoverable{CACHE}"), Some(1.0));
    let mut never_read = fresh();
    let held = snapshot("cache", "05:00:00", 4096);
    surveyed(&mut never_read, inventory("05:05:00", vec![held]));
    never_read.lost_evidence(&[source("cache")]);
    let text = text(&never_read, "23:00:00");
    assert!(!text.contains(r#"concern="never_verified""#), "{text}");
    assert!(!text.contains("backup_recoverable"), "{text}");
}

#[test]
fn where_no_proof_is_expected_nothing_of_proof_is_published() {
    let state = healthy();
    let names = of_source(&state, "secrets", "05:30:00");
    for absent in [
        "backup_evidence_up",
        "backup_verification_status",
        "backup_recoverable",
    ] {
        assert!(!names.contains(absent), "{absent}");
        assert!(
            of_source(&state, "cache", "05:30:00").contains(absent),
            "{absent}"
        );
    }
    let objective = r#"backup_objective_seconds{engine="files",objective="verification""#;
    assert!(!text(&state, "05:30:00").contains(objective));
}

#[test]
fn every_metric_of_the_table_can_be_published() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut state = healthy();
    let dated = &mut verification(at("04:00:00"), None);
    dated.data_at = Some(at("04:59:00"));
    dated.recovery_milliseconds = Some(3_600_000);
    dated.stages = vec![StageRecord {
        stage: Stage::Fetch,
        milliseconds: 1,
    }];
    proven(&mut state, [Draft::Verification(Box::new(dated.clone()))]);
    let errors = &mut state
        .repositories
        .get_mut(&local())
        .unwrap()
        .requests
        .errors;
    errors.insert((Operation::List, StorageReason::Io), 1);
    state.repositories.get_mut(&local()).unwrap().full_at = Some(at("06:00:00"));
    drilled(&mut state, [drill("04:00:00", Verdict::Verified)]);
    let door = DoorState {
        loaded_at: at("05:00:00"),
        is_valid: true,
    };
    let all = families(&state, at("05:30:00"), Some(door)).into_iter();
    seen.extend(all.map(|family| family.name.to_string()));
    let all: BTreeSet<_> = Metric::ALL.iter().map(|it| it.name().to_owned()).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_repository_that_fills_up_is_of_concern() {
    let check = |bytes, expected| {
        let mut state = fresh();
        surveyed(
            &mut state,
            inventory("05:05:00", vec![snapshot("cache", "05:00:00", bytes)]),
        );
        let series = r#"backup_repository_concern{concern="capacity",repository="local",severity="warning"}"#;
        assert_eq!(value(&state, "05:30:00", series), Some(expected), "{bytes}");
    };
    check(8 << 30, 0.0);
    check((9 << 30) + (200 << 20), 1.0);
    check(u64::MAX - 7, 1.0);
}

#[test]
fn when_a_repository_will_be_full_is_told_where_a_capacity_is_configured() {
    let mut state = fresh();
    let hours = ["05:00:00", "04:00:00", "03:00:00", "02:00:00"];
    let snapshots = hours.map(|hour| snapshot("cache", hour, 1 << 30));
    surveyed(&mut state, inventory("05:05:00", snapshots.into()));
    let series = r#"backup_storage_full_timestamp_seconds{repository="local"}"#;
    let full = value(&state, "05:30:00", series);
    assert_eq!(full, Some(seconds(at("11:00:00"))), "six more of a GiB");
    let larger = CONFIG.replace("capacity: 10GiB", "capacity: 5GiB");
    let state = state.under(config(&larger), at("05:31:00"));
    let full = value(&state, "05:40:00", series);
    assert_eq!(full, Some(seconds(at("06:00:00"))));
    let none = CONFIG.replace(", capacity: 10GiB", "");
    let state = state.under(config(&none), at("05:41:00"));
    assert_eq!(value(&state, "05:50:00", series), None);
}

#[test]
fn what_depends_on_now_is_decided_at_every_scrape_although_no_survey_comes() {
    let state = healthy();
    let concern = |name: &str, witness: &str, severity: &str, now: &str| {
        let labels = format!(
            "{{concern=\"{name}\",engine=\"redis\",severity=\"{severity}\",source=\"cache\",witness=\"{witness}\"}}"
        );
        value(&state, now, &format!("backup_concern{labels}"))
    };
    let late = |now| concern("late", "evidence", "warning", now);
    let promise = |now| concern("recovery_point_exceeded", "evidence", "warning", now);
    let critical = |now| concern("stale", "evidence", "critical", now);
    // Taken at five; due at six with ten minutes of grace, six to settle and five until it is seen.
    assert_eq!(late("06:21:00"), Some(0.0));
    assert_eq!(late("06:21:01"), Some(1.0));
    // The promise of 90 minutes is never moved by that.
    assert_eq!(promise("06:30:00"), Some(0.0));
    assert_eq!(promise("06:30:01"), Some(1.0));
    // Twice the longest gap.
    assert_eq!(critical("07:00:00"), Some(0.0));
    assert_eq!(critical("07:00:01"), Some(1.0));
    let recoverable = format!("backup_recoverable{CACHE}");
    assert_eq!(value(&state, "07:00:00", &recoverable), Some(1.0));
    assert_eq!(value(&state, "07:00:01", &recoverable), Some(0.0));
    let missed = format!("backup_missed_runs{CACHE}");
    assert_eq!(value(&state, "06:21:00", &missed), Some(0.0));
    assert_eq!(value(&state, "06:21:01", &missed), Some(1.0));
    assert_eq!(value(&state, "08:21:01", &missed), Some(3.0));
    let age = format!("backup_age_seconds{CACHE}");
    assert_eq!(value(&state, "07:00:00", &age), Some(7200.0));
}

#[test]
fn a_proof_grows_old_and_a_file_stuck_without_a_survey() {
    let mut state = healthy();
    let mut growing = snapshot("cache", "05:55:00", 10);
    growing.state = SnapshotState::InProgress;
    let before = snapshot("cache", "05:00:00", 4096);
    surveyed(&mut state, inventory("06:00:00", vec![growing, before]));
    let standing = |state: &State, now: Timestamp| {
        let judged = state.assess(&source("cache"), now).unwrap();
        let names: Vec<_> = judged.standing().map(|concern| concern.name).collect();
        names
    };
    let then = at("05:57:00");
    // Twice the grace, six minutes to settle, five until it is seen.
    let minutes = |minutes| then + jiff::SignedDuration::from_mins(minutes);
    assert!(!standing(&state, minutes(31)).contains(&"stuck"));
    assert!(standing(&state, minutes(32)).contains(&"stuck"));
    let days = |days: i64| at("05:00:00") + jiff::SignedDuration::from_hours(24 * days);
    assert!(!standing(&state, days(7)).contains(&"verification_stale"));
    assert!(standing(&state, days(8)).contains(&"verification_stale"));
    proven(&mut state, []);
    assert!(!standing(&state, days(6)).contains(&"never_verified"));
    assert!(standing(&state, days(8)).contains(&"never_verified"));
}

#[test]
fn a_new_source_is_not_missing_before_its_first_slot_and_an_emptied_one_is_at_once() {
    let missing = |state: &State, now: &str| {
        let labels = "concern=\"missing\",engine=\"redis\",severity=\"critical\",\
                      source=\"cache\",witness=\"evidence\"";
        value(state, now, &format!("backup_concern{{{labels}}}"))
    };
    let mut new = fresh();
    surveyed(&mut new, inventory("00:05:00", vec![]));
    assert_eq!(missing(&new, "00:05:00"), Some(0.0));
    assert_eq!(missing(&new, "01:21:00"), Some(0.0));
    assert_eq!(missing(&new, "01:21:01"), Some(1.0));
    let mut emptied = fresh();
    let held = snapshot("cache", "00:01:00", 4096);
    surveyed(&mut emptied, inventory("00:05:00", vec![held]));
    surveyed(&mut emptied, inventory("00:10:00", vec![]));
    assert_eq!(missing(&emptied, "00:10:00"), Some(1.0));
    surveyed(&mut emptied, inventory("00:15:00", vec![]));
    assert_eq!(missing(&emptied, "00:15:00"), Some(1.0), "and stays so");
    let same = emptied.under(config(CONFIG), at("00:20:00"));
    assert_eq!(missing(&same, "00:20:00"), Some(1.0), "also after a reload");
    // A restart begins anew, unless a record knows of a snapshot.
    let mut restarted = State::new(config(CONFIG), at("00:20:00"));
    surveyed(&mut restarted, inventory("00:21:00", vec![]));
    assert_eq!(missing(&restarted, "00:21:00"), Some(0.0));
    proven(
        &mut restarted,
        [catalog::ledger::fixtures::verified(at("00:01:00"))],
    );
    assert_eq!(missing(&restarted, "00:21:00"), Some(1.0));
    let gap = r#"backup_objective_seconds{engine="redis",objective="gap",source="cache"}"#;
    assert_eq!(value(&restarted, "00:21:00", gap), Some(3600.0));
}

#[test]
fn a_proof_that_vanished_is_absent_at_once_and_of_concern_after_a_second_survey() {
    let vanished = "backup_concern{concern=\"proof_vanished\",engine=\"redis\",\
                    severity=\"warning\",source=\"cache\",witness=\"proof\"}";
    let absolving = [
        "backup_recoverable",
        "backup_verified_timestamp_seconds",
        "backup_verification_recovery_seconds",
    ];
    let mut state = healthy();
    let absolves = |state: &State| {
        let of_cache = |name: &&str| value(state, "05:30:00", &format!("{name}{CACHE}")).is_some();
        absolving.iter().filter(|name| of_cache(name)).count()
    };
    assert_eq!(absolves(&state), absolving.len());
    let hours = ["05:00:00", "03:00:00", "02:00:00"];
    let without = || hours.map(|hour| snapshot("cache", hour, 4096)).to_vec();
    for (ended_at, stands) in [("05:10:00", 0.0), ("05:15:00", 1.0)] {
        surveyed(&mut state, inventory(ended_at, without()));
        assert_eq!(absolves(&state), 0, "{ended_at}");
        assert_eq!(value(&state, "05:30:00", vanished), Some(stands));
    }
    // It lies there again.
    let all = ["05:00:00", "04:00:00"].map(|hour| snapshot("cache", hour, 4096));
    surveyed(&mut state, inventory("05:20:00", all.into()));
    assert_eq!(absolves(&state), absolving.len());
    assert_eq!(value(&state, "05:30:00", vanished), Some(0.0));
}

#[test]
fn a_verifier_has_its_time_from_when_what_was_verified_was_seen_to_be_touched_or_gone() {
    let verify = "    verify: { when: new_snapshot }\n    owner: data-platform\n";
    let text = CONFIG.replacen("    owner: data-platform\n", verify, 1);
    let overdue = "backup_concern{concern=\"verification_overdue\",engine=\"redis\",\
                   severity=\"warning\",source=\"cache\",witness=\"proof\"}";
    let (older, newest) = ("03:00:00", "04:00:00");
    let listed = |hours: &[&str], tag: &str| {
        let mut all: Vec<_> = hours.iter().map(|it| snapshot("cache", it, 4096)).collect();
        all[0].artifacts[0].meta.etag = Some(tag.into());
        all
    };
    let (tag, touched) = ("1-3e8-6a.0-6a.0", "1-3e8-6a.0-6b.0");
    for later in [
        listed(&[newest, older], touched),
        listed(&[older], "tag-of-it"),
    ] {
        let mut state = State::new(config(&text), at("00:00:00"));
        let mut run = verification(at(newest), None);
        run.snapshot.artifacts[0].etag = Some(tag.into());
        surveyed(
            &mut state,
            inventory("10:00:00", listed(&[newest, older], tag)),
        );
        proven(&mut state, [Draft::Verification(Box::new(run))]);
        assert_eq!(value(&state, "11:55:00", overdue), Some(0.0));
        for surveyed_at in ["12:00:00", "12:05:00"] {
            surveyed(&mut state, inventory(surveyed_at, later.clone()));
        }
        // The default deadline of so few bytes is half an hour, and an hour is for its turn.
        assert_eq!(value(&state, "13:29:00", overdue), Some(0.0));
        assert_eq!(value(&state, "13:31:00", overdue), Some(1.0));
    }
}

/// A drill that began then and took two minutes.
fn drill(began_at: &str, result: Verdict) -> DrillOutcome {
    let began_at = at(began_at);
    DrillOutcome {
        began_at,
        ended_at: began_at + jiff::SignedDuration::from_mins(2),
        result,
        interrupted: false,
        recovery_milliseconds: (result == Verdict::Verified).then_some(90_500),
        wall_milliseconds: 120_000,
        objective_milliseconds: None,
        within: None,
    }
}

/// Takes over reports of the configured drill.
fn drilled(state: &mut State, outcomes: impl IntoIterator<Item = DrillOutcome>) {
    let (name, known) = state.drills.iter_mut().next().unwrap();
    let path = |it: &DrillOutcome| report_path(name, it.began_at, 1, "json");
    let outcomes = outcomes.into_iter().map(|it| (path(&it), it));
    known.outcomes = Some(Arc::new(DrillOutcomes::of(outcomes)));
}

#[test]
fn drills_are_told_once_their_reports_were_read() {
    let drills = |state: &State, now: &str| {
        let all = families(state, at(now), None);
        let text = toolkit::exposition::render(all).unwrap();
        let lines = text.lines().filter(|it| it.starts_with("backup_drill_"));
        let short = lines.map(|it| it.replace("backup_drill_", ""));
        short.collect::<Vec<_>>()
    };
    let mut state = healthy();
    assert_eq!(drills(&state, "12:00:00"), Vec::<String>::new());
    drilled(&mut state, []);
    assert_eq!(
        drills(&state, "12:00:00"),
        ["concern{concern=\"overdue\",drill=\"full\"} 1"]
    );
    let all = [
        drill("02:00:00", Verdict::Verified),
        drill("05:00:00", Verdict::Failed),
    ];
    drilled(&mut state, all);
    let mut told = drills(&state, "12:00:00");
    told.sort();
    let seconds = |time: &str| at(time).as_second();
    assert_eq!(
        told,
        [
            "concern{concern=\"failed\",drill=\"full\"} 1".to_owned(),
            "concern{concern=\"over_time\",drill=\"full\"} 1".into(),
            "concern{concern=\"overdue\",drill=\"full\"} 0".into(),
            "recovery_seconds{drill=\"full\",verdict=\"verified\"} 90.5".into(),
            format!(
                "timestamp_seconds{{drill=\"full\",verdict=\"failed\"}} {}",
                seconds("05:02:00")
            ),
            format!(
                "timestamp_seconds{{drill=\"full\",verdict=\"verified\"}} {}",
                seconds("02:02:00")
            ),
        ]
    );
}
