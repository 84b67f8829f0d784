//! Drills and what became of their sources, for tests.

use std::{path::Path, time::Duration};

use catalog::{
    config::{Config, Drill, load},
    drill::DrillTrigger,
    ledger::{Reason, ToolRecord, fixtures},
    model::{
        Continues, Snapshot, SnapshotFacts, SnapshotId, SnapshotState, SourceName, TakenAtFrom,
    },
};
use jiff::Timestamp;

use super::{Attempted, Choice, DrillPart, Parts};
use crate::{
    drill::assemble::{Circumstances, DrillTimes, assemble},
    report::{Report, WrittenRecord},
};

pub(in crate::drill) fn name(text: &str) -> SourceName {
    SourceName::new(text).expect("a name")
}

/// A configuration with these sources and one drill, with what is before some of them, and an
/// objective of ten seconds.
fn config(sources: &str, after: &[(&str, &str)]) -> Config {
    let list = |names: &str| names.split_whitespace().collect::<Vec<_>>().join(", ");
    let after: Vec<_> = (after.iter())
        .map(|(name, before)| format!("{name}: [{}]", list(before)))
        .collect();
    let written = sources.split_whitespace().map(|name| {
        format!("  - {{ name: {name}, engine: redis, repository: r, path: \"{name}%Y%m%d\" }}\n")
    });
    let text = format!(
        "schema: 1\nrepositories: [{{ name: r, directory: /r }}]\nsources:\n{}drills: [{{ name: \
         full, sources: [{}], after: {{ {} }}, recovery_time: 10s }}]\n",
        written.collect::<String>(),
        list(sources),
        after.join(", ")
    );
    let loaded = load(Path::new("backups.yaml"), &text);
    loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .config
}

/// The drill of such a configuration.
pub(in crate::drill) fn drill(sources: &str, after: &[(&str, &str)]) -> Drill {
    config(sources, after).drills.remove(0)
}

/// Two o'clock, when the drill begins, and so many seconds more.
pub(in crate::drill) fn second(seconds: u64) -> Timestamp {
    fixtures::at("02:00:00") + Duration::from_secs(seconds)
}

/// A snapshot from one o'clock, and perhaps a newer partial one.
fn choice(has_newer: bool) -> Choice {
    let taken_at = fixtures::at("01:00:00");
    Choice {
        snapshot: Snapshot {
            id: SnapshotId("20261122-0100".into()),
            source: name("cache"),
            taken_at,
            taken_at_from: TakenAtFrom::Content,
            from_the_future: false,
            completed_at: taken_at,
            state: SnapshotState::Complete,
            artifacts: Vec::new(),
            facts: SnapshotFacts::default(),
            continues: Continues::Nothing,
            manifests: std::collections::BTreeMap::new(),
        },
        newer: has_newer.then(|| (fixtures::at("01:30:00"), SnapshotState::Partial)),
    }
}

/// An attempt that ended so, with a record; it took two seconds unless it tells of a reason.
pub(in crate::drill) fn attempt(reason: Option<Reason>) -> Attempted {
    let mut verification = fixtures::verification(fixtures::at("01:00:00"), reason);
    if reason.is_some() {
        verification.recovery_milliseconds = None;
    }
    Attempted {
        report: Some(Report {
            verification,
            written: Some(WrittenRecord {
                sequence: 7,
                digest: "sha256:7".into(),
                text: String::new(),
            }),
        }),
        problem: None,
    }
}

/// A source that waited and ran in these seconds of the drill.
pub(in crate::drill) fn part(
    (ready, from, to): (u64, u64, u64),
    attempts: Vec<Attempted>,
) -> DrillPart {
    let at = Duration::from_secs;
    DrillPart {
        choice: Ok(choice(false)),
        attempts,
        waited: vec![(at(ready), at(from))],
        ran: vec![(at(from), at(to))],
        began_at: Some(second(from)),
        ended_at: Some(second(to)),
    }
}

/// The same, with a newer partial snapshot beside the one that was restored.
pub(in crate::drill) fn with_newer(part: DrillPart) -> DrillPart {
    DrillPart {
        choice: Ok(choice(true)),
        ..part
    }
}

/// The report of a drill of these sources that took so many seconds.
pub(in crate::drill) fn reported(
    (sources, after): (&str, &[(&str, &str)]),
    parts: &Parts,
    seconds: u64,
) -> catalog::drill::DrillReport {
    let config = config(sources, after);
    let tool = ToolRecord {
        version: "1.2.3".into(),
        config_digest: "sha256:c".into(),
    };
    let of = Circumstances {
        drill: &config.drills[0],
        config: &config,
        trigger: DrillTrigger::Manual,
        before: None,
        times: DrillTimes {
            began_at: second(0),
            ended_at: second(seconds),
            took: Duration::from_secs(seconds),
        },
        by: "<b>host</b>",
        tool: &tool,
    };
    assemble(&of, parts)
}
