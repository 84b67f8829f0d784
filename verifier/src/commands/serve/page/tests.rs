//! The page and the metrics of made up states.

mod titles;

use std::{path::Path, sync::Arc};

use catalog::{
    config::load,
    ledger::{Draft, Ledger, Reason, Record, RehearsalRecord, ToolRecord, fixtures},
    model::{
        Artifact, Key, ObjectMeta, Snapshot, SnapshotFacts, SnapshotId, SnapshotState,
        SourceInventory, SourceName, TakenAtFrom,
    },
};

use super::*;
use crate::{
    commands::serve::families::exposition_text,
    scheduler::{Step, Tracker},
    supervise::Progress,
};

const CONFIG: &str = "schema: 1
repositories: [{ name: local, directory: /backups }]
evidence: { repository: { directory: /evidence } }
sources:
  - name: cache
    engine: redis
    repository: local
    owner: \"<script>\"
    path: \"redis/%Y%m%d-%H%M.rdb\"
    verify: { when: new_snapshot }
  - { name: other, engine: redis, repository: local, path: \"%Y.rdb\" }
  - { name: files, engine: files, repository: local, path: \"%Y.tar\" }
";

fn fresh() -> State {
    let loaded = load(Path::new("backups.yaml"), CONFIG).expect("a configuration");
    let tool = ToolRecord {
        version: "0".into(),
        config_digest: loaded.config.digest.clone(),
    };
    State::new(&Arc::new(loaded.config), tool, fixtures::at("05:00:00"))
}

/// A snapshot of which no record tells.
fn snapshot(at: Timestamp) -> Snapshot {
    Snapshot {
        id: SnapshotId("MARKER".into()),
        source: fixtures::cache(),
        taken_at: at,
        taken_at_from: TakenAtFrom::Name,
        from_the_future: false,
        completed_at: at,
        state: SnapshotState::Complete,
        artifacts: Vec::new(),
        facts: SnapshotFacts::default(),
        continues: catalog::model::Continues::Nothing,
        manifests: std::collections::BTreeMap::new(),
    }
}

/// The snapshot that the records of the fixtures name.
fn recorded(taken_at: Timestamp) -> Snapshot {
    let written = fixtures::snapshot(taken_at);
    let artifact = &written.artifacts[0];
    let meta = ObjectMeta {
        key: Key::new(&artifact.key),
        size_bytes: artifact.size_bytes,
        modified_at: artifact.modified_at,
        etag: artifact.etag.clone(),
        version_id: None,
        storage_class: None,
    };
    let artifact = Artifact {
        name: String::new(),
        meta,
    };
    Snapshot {
        id: SnapshotId(written.id.0),
        artifacts: vec![artifact],
        ..snapshot(taken_at)
    }
}

/// A source that was seen with these snapshots, newest first.
fn looked(snapshots: Vec<Snapshot>) -> SourceState {
    SourceState {
        newest: snapshots.first().cloned().map(Arc::new),
        inventory: Some(Arc::new(SourceInventory {
            snapshots,
            ..SourceInventory::default()
        })),
        seen_at: Some(fixtures::at("05:00:00")),
        ..SourceState::default()
    }
}

/// The state in which `cache` was seen with one snapshot and these verifications of another.
fn seen(runs: &[Option<Reason>]) -> State {
    let mut state = fresh();
    let drafts = runs.iter().map(|reason| {
        let run = fixtures::verification(fixtures::at("02:00:00"), *reason);
        Draft::Verification(Box::new(run))
    });
    let mut ledger = Ledger::new(fixtures::cache());
    for (sequence, text) in (1..).zip(fixtures::sealed(drafts)) {
        ledger.take(sequence, Ok(&text));
    }
    let newest = snapshot(fixtures::at("04:00:00"));
    let mut known = looked(vec![newest, recorded(fixtures::at("02:00:00"))]);
    known.take(ledger, fixtures::at("05:30:00"));
    state.sources.insert(fixtures::cache(), known);
    state
}

/// What a reader sees: tags and spaces gone.
fn shown(state: &State) -> String {
    let html = page(state, fixtures::at("05:30:00")).expect("a page");
    for never in ["MARKER", "<script", "://"] {
        assert!(!html.contains(never), "{never} in {html}");
    }
    let body = html.split_once("<body>").expect("a body").1;
    let pieces = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |it| it.1));
    let text = pieces.collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(state: &State, sentences: &[&str]) {
    let page = shown(state);
    for sentence in sentences {
        assert!(page.contains(sentence), "{sentence} is not in: {page}");
    }
}

#[test]
fn a_repair_of_the_evidence_is_told_and_is_no_warning() {
    let mut state = seen(&[None]);
    let known = state.sources.get_mut(&fixtures::cache()).expect("seen");
    let run = fixtures::verification(fixtures::at("02:00:00"), None);
    let run = Draft::Verification(Box::new(run));
    let mut ledger = Ledger::new(fixtures::cache());
    let texts = fixtures::sealed([run.clone(), run]);
    ledger.take(1, Ok("<script>"));
    ledger.take(2, Ok(&texts[1]));
    let broken = "Its evidence is broken";
    known.ledger = Some(Arc::new(ledger.clone()));
    says(&state, &[broken]);
    let head = ledger.report().head.expect("there is one");
    let standing = ledger.report().first_break.expect("it is broken");
    let repair = Record::seal(fixtures::repair(&standing), 3, Some(&head.digest));
    ledger.take(3, Ok(&repair.expect("sealed")));
    let known = state.sources.get_mut(&fixtures::cache()).expect("seen");
    known.ledger = Some(Arc::new(ledger));
    says(
        &state,
        &["Its evidence was repaired on 2026-11-22 by a person: a disk was replaced."],
    );
    assert!(!shown(&state).contains(broken));
}

#[test]
fn before_the_first_look_nothing_is_claimed() {
    says(
        &fresh(),
        &[
            "2 sources were never tried nothing runs now",
            "It has not been looked at yet.",
            "No proof is expected of 1 further source.",
        ],
    );
}

#[test]
fn what_is_due_next_is_said_with_its_reason() {
    let state = seen(&[None]);
    says(
        &state,
        &[
            "other was never tried",
            "nothing runs now · next is cache, due since 1 h 30 min ago",
            "Verified cache redis · &#60;script&#62; Its newest snapshot is new.",
            "now due since 1 h 30 min ago",
        ],
    );
    says(
        &seen(&[Some(Reason::Damaged)]),
        &["cache failed when last restored", "failed (damaged)"],
    );
    let unknown = Some(Reason::RuntimeUnavailable);
    says(
        &seen(&[unknown]),
        &[
            "Whether cache can be restored is not known",
            "inconclusive (runtime unavailable)",
        ],
    );
}

#[test]
fn what_runs_what_waits_and_what_went_wrong_is_said() {
    let mut state = seen(&[None]);
    let progress = Tracker::default();
    let running = LiveRun {
        trigger: Trigger::NewSnapshot,
        began_at: fixtures::at("05:25:00"),
        progress: progress.clone(),
    };
    let other = SourceName::new("other").expect("a name");
    state.running.insert(fixtures::cache(), running);
    state.waiting.insert(other.clone());
    state.reload_failed = true;
    let missed = state.sources.get_mut(&other).expect("it is there");
    missed.missed = Some(Step::ReadRecords);
    says(
        &state,
        &[
            "cache runs now",
            "begins a new snapshot, begun 5 min ago",
            "waits for another to end",
            "The last time its evidence could not be read; the log says more.",
            "the configuration loaded before is still in use",
        ],
    );
    progress.take(Progress::Stage(Stage::Fetch));
    progress.take(Progress::Bytes { read: 25, of: 100 });
    says(&state, &["fetch 25 % of 100 B"]);
    progress.take(Progress::Rehearsal);
    progress.take(Progress::Stage(Stage::Stage));
    says(&state, &["rehearsal: stage a new snapshot"]);
}

#[test]
fn a_rehearsal_is_told_and_changes_nothing_of_where_a_source_stands() {
    let mut state = fresh();
    let run = fixtures::verification(fixtures::at("02:00:00"), None);
    let rehearsal = |image: &str, reason: Option<Reason>| RehearsalRecord {
        image: image.into(),
        verdict: reason.map_or(Verdict::Verified, Reason::verdict),
        reason,
        findings: Vec::new(),
        recovery_milliseconds: None,
    };
    let run = Verification {
        rehearsals: vec![
            rehearsal("redis:9", Some(Reason::Unrestorable)),
            rehearsal("<script>", Some(Reason::NoImage)),
            rehearsal("redis:8", None),
        ],
        ..run
    };
    let mut ledger = Ledger::new(fixtures::cache());
    let sealed = fixtures::sealed([Draft::Verification(Box::new(run))]);
    ledger.take(1, Ok(&sealed[0]));
    let known = SourceState {
        ledger: Some(Arc::new(ledger)),
        ..SourceState::default()
    };
    state.sources.insert(fixtures::cache(), known);
    says(
        &state,
        &[
            "Verified cache redis",
            "Rehearsed in redis:9: failed (unrestorable).",
            "Rehearsed in &#60;script&#62;: inconclusive (no image).",
            "Rehearsed in redis:8: verified.",
        ],
    );
}

#[test]
fn metrics_tell_the_same_and_nothing_of_what_is_not_known() {
    let metrics =
        |state: &State| exposition_text(state, None, fixtures::at("05:30:00")).expect("metrics");
    let text = metrics(&fresh());
    for verdict in ["verified", "failed", "inconclusive"] {
        let line = format!("backup_verifier_verifications_total{{verdict=\"{verdict}\"}} 0\n");
        assert!(text.contains(&line), "{line} in {text}");
    }
    for absent in [
        "next_due",
        "last_plan",
        "web_config",
        "scheduler_time",
        "MARKER",
    ] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    assert!(
        text.contains("backup_verifier_verifications_running 0\n"),
        "{text}"
    );
    let mut state = seen(&[None]);
    state.count(Step::Sweep);
    state.finished.insert(Verdict::Verified, 3);
    let text = metrics(&state);
    let due = fixtures::at("04:00:00").as_second();
    for line in [
        format!(
            "backup_verifier_next_due_timestamp_seconds{{engine=\"redis\",source=\"cache\"}} {due}\n"
        ),
        "backup_verifier_failures_total{step=\"sweep\"} 1\n".into(),
        "backup_verifier_verifications_total{verdict=\"verified\"} 3\n".into(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    let others = text.lines().filter(|line| !line.starts_with('#'));
    for line in others {
        let ours = line.starts_with("backup_verifier_") || line.starts_with("process_");
        assert!(ours, "{line}");
    }
}

#[test]
fn a_failure_that_stands_is_shown_with_what_its_server_said_and_why_nobody_is_told() {
    let mut state = seen(&[Some(Reason::Damaged)]);
    let plain = page(&state, fixtures::at("05:30:00")).expect("a page");
    assert!(plain.contains("What failed"), "{plain}");
    assert!(!plain.contains("<pre>"), "{plain}");
    let known = state
        .sources
        .get_mut(&fixtures::cache())
        .expect("it is configured");
    let log = ["# Bad file format", "<script>"].map(String::from);
    known.failed_log = Some(("run".into(), Arc::from(log)));
    let messages = crate::scheduler::UndeliveredMessages {
        count: 1,
        oldest: Some(fixtures::at("04:30:00")),
    };
    state.undelivered.insert("slack".into(), messages);
    state.silent = Some("no answer: connection refused".into());
    let shown = page(&state, fixtures::at("05:30:00")).expect("a page");
    for words in [
        "# Bad file format\n",
        "Messages to slack do not arrive, since 1 h ago.",
        "No heartbeat is sent: no answer: connection refused.",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    assert!(!shown.contains("<script>"), "{shown}");
    // The log of another run is not that of this failure.
    let known = state
        .sources
        .get_mut(&fixtures::cache())
        .expect("it is configured");
    known.failed_log = Some(("another".into(), Arc::from(Vec::new())));
    let shown = page(&state, fixtures::at("05:30:00")).expect("a page");
    assert!(!shown.contains("<pre>"), "{shown}");
}
