//! A configuration and states for tests.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use catalog::{
    config::{Config, load},
    ledger::{Draft, Ledger, fixtures::sealed},
    model::{
        Artifact, Inventory, Key, ObjectMeta, RepositoryName, Snapshot, SnapshotFacts, SnapshotId,
        SnapshotState, SourceInventory, SourceName, TakenAtFrom, Usage, UsageState,
    },
    storage::Requests,
};

use crate::state::{LastSurvey, State, SurveyOutcome, WholeSurvey};

pub(crate) use catalog::ledger::fixtures::at;

/// A configuration: `cache` is to be proven, `secrets` is only looked at. The owner of `secrets`
/// tries to break out of the page.
pub(crate) const CONFIG: &str = r#"
schema: 1
repositories: [{ name: local, directory: /var/backups, capacity: 10GiB }]
sources:
  - name: cache
    engine: redis
    repository: local
    path: "redis/%Y%m%d-%H%M.rdb"
    schedule: "0 * * * *"
    formerly: [sessions]
    owner: data-platform
    grace: 10m
    objectives: { recovery_point: 90m, recovery_time: 15m, retention: 7d, minimum_size: 1KiB }
  - name: secrets
    engine: files
    repository: local
    path: "vault/%Y%m%d.tar.gz.gpg"
    schedule: "@daily"
    owner: "<script>alert(\"x\")</script>\n"
evidence: { repository: { directory: /var/evidence } }
drills: [{ name: full, schedule: "0 3 * * *", sources: [cache], recovery_time: 1m }]
"#;

pub(crate) fn config(text: &str) -> Arc<Config> {
    match load(Path::new("/etc/backups.yaml"), text) {
        Ok(loaded) => Arc::new(loaded.config),
        Err(problems) => panic!("{problems}"),
    }
}

pub(crate) fn source(name: &str) -> SourceName {
    SourceName::new(name).unwrap()
}

pub(crate) fn local() -> RepositoryName {
    RepositoryName::new("local").unwrap()
}

/// A state since midnight, in which nothing is surveyed yet.
pub(crate) fn fresh() -> State {
    State::new(config(CONFIG), at("00:00:00"))
}

/// A snapshot that arrived two minutes after it was taken.
pub(crate) fn snapshot(name: &str, taken_at: &str, bytes: u64) -> Snapshot {
    let taken_at = at(taken_at);
    let completed_at = taken_at + jiff::SignedDuration::from_mins(2);
    let id = taken_at.strftime("%Y%m%d-%H%M").to_string();
    Snapshot {
        source: source(name),
        taken_at,
        taken_at_from: TakenAtFrom::Content,
        from_the_future: false,
        completed_at,
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta: ObjectMeta {
                key: Key::new(format!("redis/MARKER-{id}.rdb")),
                size_bytes: bytes,
                modified_at: completed_at,
                etag: Some(format!("tag-{id}")),
                version_id: None,
                storage_class: None,
            },
        }],
        id: SnapshotId(format!("MARKER-{id}")),
        facts: SnapshotFacts::default(),
        continues: catalog::model::Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
    }
}

/// An inventory with these snapshots of `cache`, newest first; `secrets` has none.
pub(crate) fn inventory(surveyed_at: &str, snapshots: Vec<Snapshot>) -> Inventory {
    let stored = snapshots.iter().map(Snapshot::size_bytes).sum();
    let usage = |source, state, bytes, objects| Usage {
        source,
        storage_class: String::new(),
        state,
        bytes,
        objects,
    };
    Inventory {
        repository: local(),
        surveyed_at: at(surveyed_at),
        usage: vec![
            usage(
                Some(source("cache")),
                UsageState::Current,
                stored,
                snapshots.len() as u64,
            ),
            usage(None, UsageState::Unrecognised, 7, 1),
        ],
        sources: [
            (
                source("cache"),
                Arc::new(SourceInventory {
                    snapshots,
                    ..Default::default()
                }),
            ),
            (source("secrets"), Arc::default()),
        ]
        .into(),
        unrecognised: vec!["MARKER-stray".into()],
        dropped: BTreeMap::new(),
    }
}

pub(crate) fn surveyed(state: &mut State, inventory: Inventory) {
    let last = LastSurvey {
        outcome: SurveyOutcome::Completed,
        ended_at: inventory.surveyed_at,
        took: Duration::from_millis(1500),
        problem: None,
    };
    let surveyed = WholeSurvey {
        inventory,
        old_versions: BTreeMap::new(),
    };
    state.take(&local(), last, Some(surveyed), Requests::default());
}

pub(crate) fn survey_failed(state: &mut State, ended_at: &str) {
    let last = LastSurvey {
        outcome: SurveyOutcome::Failed,
        ended_at: at(ended_at),
        took: Duration::from_millis(10),
        problem: Some("cannot list: access denied".into()),
    };
    state.take(&local(), last, None, Requests::default());
}

/// Takes over a ledger of `cache` with these records, read without trouble.
pub(crate) fn proven(state: &mut State, drafts: impl IntoIterator<Item = Draft>) {
    let mut ledger = Ledger::new(source("cache"));
    for (sequence, text) in (1..).zip(sealed(drafts.into_iter().map(of_listed))) {
        ledger.take(sequence, Ok(&text));
    }
    let known = state.sources.get_mut(&source("cache")).unwrap();
    known.read(ledger, jiff::Timestamp::MAX);
    known.evidence.up = Some(true);
}

/// The same record about the object that [`snapshot`] lists, with 4096 bytes.
fn of_listed(mut draft: Draft) -> Draft {
    let written = match &mut draft {
        Draft::Verification(run) => &mut run.snapshot,
        Draft::Acceptance(act) => &mut act.snapshot,
        _ => return draft,
    };
    for artifact in &mut written.artifacts {
        artifact.key = artifact.key.replace("redis/", "redis/MARKER-");
        artifact.size_bytes = 4096;
        artifact.modified_at += jiff::SignedDuration::from_mins(2);
    }
    draft
}

/// A state with hourly snapshots up to five, that of four verified at five; all is well for an
/// hour.
pub(crate) fn healthy() -> State {
    let mut state = fresh();
    let hours = ["05:00:00", "04:00:00", "03:00:00", "02:00:00"];
    let snapshots = hours.map(|hour| snapshot("cache", hour, 4096));
    surveyed(&mut state, inventory("05:05:00", snapshots.into()));
    proven(
        &mut state,
        [catalog::ledger::fixtures::verified(at("04:00:00"))],
    );
    state
}
