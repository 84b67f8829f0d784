//! One snapshot, verified from its bytes to its record, in a runtime of the test's choice.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use catalog::{
    format::Format,
    ledger::{Baseline, Finding, ToolRecord, Trigger, Verification},
    model::{
        Artifact, Continues, Key, RepositoryName, Snapshot, SnapshotId, SnapshotState, SourceName,
        TakenAtFrom,
    },
    storage::{
        Storage,
        memory::{MODIFIED_AT, Memory},
    },
};
use futures::future;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;
use verifier::{
    engine::{Engine, Settings},
    runtime::{RunId, Runtime, RuntimeConfig, open},
    supervise::{Assignment, Context, PipelessImages, verify_one},
};

use crate::runtime_suite::{config, run_id};

/// The key every snapshot of a test lies under.
pub const KEY: &str = "snapshot";

/// One engine with what it needs to restore its snapshots here.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Provides the sandboxes.
    pub runtime: Arc<dyn Runtime>,
    /// Understands the bytes.
    pub format: &'static dyn Format,
    /// Restores them.
    pub engine: &'static dyn Engine,
    /// What its source expects, and its own keys.
    pub settings: Settings,
    /// In the order of preference.
    pub images: Vec<String>,
    /// The image of a rehearsal after each.
    pub rehearse: Option<String>,
    /// What its contents are compared with.
    pub previous: Option<Baseline>,
    /// Raised to interrupt.
    pub cancelled: CancellationToken,
    /// Of every run.
    pub deadline: Duration,
    /// True if every server is fed from a complete file, whatever its engine would do.
    pub by_file: bool,
    /// Keeps the directory of the runtime's state.
    _state: Arc<TempDir>,
}

impl Subject {
    /// In the runtime of this name, with the settings of a source that expects nothing.
    ///
    /// # Panics
    /// When there is no such runtime, or the format cannot say what that means.
    pub fn on(
        runtime: &str,
        format: &'static dyn Format,
        engine: &'static dyn Engine,
        images: &[&str],
    ) -> Self {
        let make = |config: &RuntimeConfig| open(runtime, config).expect("a runtime");
        Self::made(make, format, engine, images)
    }

    /// The same in the runtime that `make` opens.
    ///
    /// # Panics
    /// When the format cannot say what a source expects.
    pub fn made(
        make: impl FnOnce(&RuntimeConfig) -> Arc<dyn Runtime>,
        format: &'static dyn Format,
        engine: &'static dyn Engine,
        images: &[&str],
    ) -> Self {
        let state = Arc::new(tempfile::tempdir().expect("a directory"));
        let runtime = make(&config(state.path()));
        let settings = format.expect(None, &mut settings::Problems::new("suite", ""));
        Self {
            runtime,
            format,
            engine,
            settings: Settings {
                expect: settings.expect("an engine's settings have defaults"),
                own: Arc::new(()),
                modules: Vec::new(),
            },
            images: images.iter().map(ToString::to_string).collect(),
            rehearse: None,
            previous: None,
            cancelled: CancellationToken::new(),
            deadline: Duration::from_mins(5),
            by_file: false,
            _state: state,
        }
    }

    /// Verifies these bytes.
    pub async fn verify(&self, bytes: impl Into<Bytes>) -> Verification {
        let memory = Memory::default();
        memory.put(KEY, bytes);
        self.verify_in(memory).await
    }

    /// Verifies what lies under [`KEY`] of a repository.
    ///
    /// # Panics
    /// When nothing lies there.
    pub async fn verify_in(&self, memory: Memory) -> Verification {
        self.verify_artifacts(memory, &[KEY]).await
    }

    /// The same as a run of this name.
    ///
    /// # Panics
    /// When nothing lies there.
    pub async fn verify_as(&self, run: RunId, memory: Memory) -> Verification {
        self.verify_keys(run, memory, &[KEY]).await
    }

    /// Verifies the snapshot made of what lies under these keys, in this order.
    ///
    /// # Panics
    /// When nothing lies under one of them.
    pub async fn verify_artifacts(&self, memory: Memory, keys: &[&str]) -> Verification {
        self.verify_keys(run_id(), memory, keys).await
    }

    async fn verify_keys(&self, run: RunId, memory: Memory, keys: &[&str]) -> Verification {
        let snapshot = self.snapshot_of(&memory, keys).await;
        verify_one(&self.context(), self.assignment(run, memory, snapshot)).await
    }

    async fn snapshot_of(&self, memory: &Memory, keys: &[&str]) -> Snapshot {
        let (mut artifacts, mut heads) = (Vec::new(), Vec::new());
        for key in keys {
            let meta = memory.head(&Key::new(*key)).await.expect("it is there");
            let head = 0..meta.size_bytes.min(self.format.head_bytes());
            heads.push(memory.read(&meta.pin(), head).await.unwrap_or_default());
            let name = (*key).to_owned();
            artifacts.push(Artifact { name, meta });
        }
        Snapshot {
            id: SnapshotId("current".into()),
            source: source(),
            taken_at: MODIFIED_AT,
            taken_at_from: TakenAtFrom::Modified,
            from_the_future: false,
            completed_at: MODIFIED_AT,
            state: SnapshotState::Complete,
            artifacts,
            facts: self.format.describe(&heads, &self.settings.own),
            continues: Continues::Nothing,
            manifests: std::collections::BTreeMap::new(),
        }
    }

    fn context(&self) -> Context {
        Context {
            runtime: Arc::clone(&self.runtime),
            clock: Clock::system(),
            cancelled: self.cancelled.clone(),
            memory_bytes_max: 1 << 30,
            disk_bytes_max: 1 << 30,
            by: "suite".into(),
            tool: ToolRecord {
                version: "0".into(),
                config_digest: "sha256:0".into(),
            },
            pipeless: if self.by_file {
                PipelessImages::every()
            } else {
                PipelessImages::default()
            },
            script: None,
        }
    }

    fn assignment(&self, run: RunId, memory: Memory, snapshot: Snapshot) -> Assignment {
        Assignment {
            run,
            trigger: Trigger::Manual,
            source: source(),
            repository: RepositoryName::new("local").expect("a name"),
            storage: Arc::new(memory),
            format: self.format,
            engine: self.engine,
            settings: self.settings.clone(),
            settle: Duration::ZERO,
            images: self.images.clone(),
            rehearse: self.rehearse.clone(),
            snapshot,
            selected_in: Duration::ZERO,
            select_again: Arc::new(|| Box::pin(future::ready(None))),
            previous: self.previous.clone(),
            recovery_milliseconds_max: None,
            deadline: self.deadline,
            on_progress: Arc::new(|_| ()),
        }
    }
}

fn source() -> SourceName {
    SourceName::new("cache").expect("a name")
}

/// The answer to one check.
///
/// # Panics
/// When it was not asked.
pub fn finding<'a>(verification: &'a Verification, check: &str) -> &'a Finding {
    let found = verification
        .findings
        .iter()
        .find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("{check} is not among the findings of {verification:#?}"))
}
