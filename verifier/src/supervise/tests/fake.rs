//! A runtime, an engine and a format that do what a script says.

use std::{
    collections::{BTreeMap, VecDeque},
    io::Read,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use catalog::{
    digest::Sha256,
    format::{
        CheckName, Checksum, Inspection, InspectionFinding, InspectionState,
        double::{Double, read_whole},
    },
    ledger::{Egress, Fed, Network, SandboxRecord, Stage, VolumeLimit},
    model::{EngineName, SnapshotFacts},
};
use futures::future::{self};
use jiff::Timestamp;

use super::super::*;
use crate::{
    engine::{
        Bench, Case, CheckResult, Engine, Observation, Observed, Purpose, Request, Settings,
        Staging, Whole,
    },
    runtime::{
        ByteStreamIo, Capture, Command, Exit, Feed, FeedEnd, FeedItem, ImageFacts, RunId, Runtime,
        Sandbox, SandboxError, SandboxSpec, ServerId, ServerState, SweepOutcome, SweepPolicy,
    },
};

/// What one sandbox does.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) provision: Step,
    pub(super) put: Step,
    /// Code with which the command that takes the bytes ends.
    pub(super) put_code: i32,
    /// How the start of a server that is fed ends.
    pub(super) start: Step,
    /// True if the bytes that lie inside are not those that were sent.
    pub(super) corrupts: bool,
    pub(super) restore: Step,
    /// What the restored server says; judged by the engine.
    pub(super) says: &'static str,
    pub(super) free_bytes: u64,
    pub(super) egress: Egress,
    pub(super) destroy: Step,
}

/// How one step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Well,
    Fails(Reason),
    Takes(Duration),
    Hangs,
    Panics,
}

impl Step {
    async fn take(self) -> Result<(), SandboxError> {
        match self {
            Self::Well => Ok(()),
            Self::Fails(reason) => Err(SandboxError::new(reason, "scripted")),
            Self::Takes(time) => {
                tokio::time::sleep_until(tokio::time::Instant::now() + time).await;
                Ok(())
            }
            Self::Hangs => future::pending().await,
            Self::Panics => panic!("scripted"),
        }
    }
}

pub(super) const GOOD: Script = Script {
    provision: Step::Well,
    put: Step::Well,
    put_code: 0,
    start: Step::Well,
    corrupts: false,
    restore: Step::Well,
    says: "all is well",
    free_bytes: 1 << 30,
    egress: Egress::Denied,
    destroy: Step::Well,
};

/// Plays one script per sandbox, in order, the last one for ever.
#[derive(Debug)]
pub(super) struct FakeRuntime {
    scripts: Mutex<VecDeque<Script>>,
    playing: Mutex<BTreeMap<String, Script>>,
    pub(super) destroyed: Mutex<Vec<String>>,
}

impl FakeRuntime {
    pub(super) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self {
            scripts: Mutex::new(scripts.into_iter().collect()),
            playing: Mutex::default(),
            destroyed: Mutex::default(),
        }
    }

    /// Runs that were begun, and those of them that were removed.
    pub(super) fn runs(&self) -> (Vec<String>, Vec<String>) {
        let begun = lock(&self.playing).keys().cloned().collect();
        let mut removed = lock(&self.destroyed).clone();
        removed.sort();
        (begun, removed)
    }

    fn next(&self, run: &RunId) -> Script {
        let mut scripts = lock(&self.scripts);
        let script = match scripts.len() {
            1 => scripts[0].clone(),
            _ => scripts.pop_front().expect("one script at least"),
        };
        lock(&self.playing).insert(run.0.clone(), script.clone());
        script
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Runtime for FakeRuntime {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn images(
        &self,
        configured: &[String],
        _programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError> {
        let image = |image: &String| ImageFacts {
            image: image.clone(),
            id: None,
            present: true,
            version_texts: Vec::new(),
        };
        Box::pin(future::ready(Ok(configured.iter().map(image).collect()))).await
    }

    async fn provision(
        &self,
        run: &RunId,
        _spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let script = self.next(run);
        script.provision.take().await?;
        let sandbox: Arc<dyn Sandbox> = Arc::new(FakeSandbox {
            script,
            sha256: Mutex::default(),
            restoring: AtomicBool::new(false),
        });
        Ok(sandbox)
    }

    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError> {
        let script = lock(&self.playing).get(&run.0).cloned();
        script
            .map_or(Step::Well, |script| script.destroy)
            .take()
            .await?;
        lock(&self.destroyed).push(run.0.clone());
        Ok(())
    }

    async fn sweep(&self, _: &SweepPolicy) -> Result<SweepOutcome, SandboxError> {
        Box::pin(future::ready(Ok(SweepOutcome::default()))).await
    }

    async fn probe(&self) -> Result<String, SandboxError> {
        Box::pin(future::ready(Ok("fake".into()))).await
    }
}

#[derive(Debug)]
struct FakeSandbox {
    script: Script,
    sha256: Mutex<String>,
    /// A restore has begun and not ended: nothing of ours may run beside it.
    restoring: AtomicBool,
}

impl FakeSandbox {
    async fn put(&self, feed: &mut Feed) -> FeedEnd {
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        while let Some(item) = feed.items.recv().await {
            match item {
                FeedItem::Chunk(chunk) => {
                    digest.update(&chunk);
                    bytes += chunk.len() as u64;
                }
                FeedItem::End { .. } => {
                    if self.script.corrupts {
                        digest.update(b"!");
                    }
                    *lock(&self.sha256) = digest.finish();
                    return FeedEnd::Complete { bytes };
                }
            }
        }
        FeedEnd::Cut { bytes }
    }
}

#[async_trait]
impl Sandbox for FakeSandbox {
    async fn exec(
        &self,
        command: &Command,
        stdin: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        assert!(!self.restoring.load(Relaxed), "beside a restore");
        let feed = match stdin {
            Some(feed) => {
                self.script.put.take().await?;
                self.put(feed).await
            }
            None => FeedEnd::NoFeed,
        };
        let said = match command.argv[0].as_str() {
            "digest" => lock(&self.sha256).clone(),
            "restore" => {
                self.restoring.store(true, Relaxed);
                let taken = self.script.restore.take().await;
                self.restoring.store(false, Relaxed);
                taken?;
                self.script.says.into()
            }
            _ => String::new(),
        };
        let stdout = Capture {
            total_bytes: said.len() as u64,
            head: said.into_bytes(),
            tail: Vec::new(),
        };
        let stderr = Capture::default();
        Ok(Exit {
            code: if feed == FeedEnd::NoFeed {
                0
            } else {
                self.script.put_code
            },
            stdout,
            stderr,
            feed,
            out_of_memory: false,
        })
    }

    async fn start(&self, _: &Command) -> Result<ServerId, SandboxError> {
        self.script.start.take().await?;
        Ok(ServerId(0))
    }

    async fn state(&self, _: ServerId) -> Result<ServerState, SandboxError> {
        Box::pin(future::ready(Ok(ServerState::Running))).await
    }

    async fn log(&self, _: ServerId) -> Result<Vec<String>, SandboxError> {
        Box::pin(future::ready(Ok(Vec::new()))).await
    }

    async fn stop(&self, _: ServerId, _: Duration) -> Result<Exit, SandboxError> {
        unreachable!("no server is ever started")
    }

    fn port(&self, port: u16) -> u16 {
        port
    }

    async fn connect(&self, _: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let error = SandboxError::new(Reason::Internal, "nobody listens");
        Box::pin(future::ready(Err(error))).await
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        Box::pin(future::ready(Ok(self.script.free_bytes))).await
    }

    fn facts(&self) -> SandboxRecord {
        SandboxRecord {
            runtime: "fake".into(),
            fed: Fed::File,
            image: "fake:1".into(),
            image_id: None,
            network: Network::None,
            egress: self.script.egress,
            volume_limit: VolumeLimit::None,
            user: "999:999".into(),
            memory_bytes: Some(1),
        }
    }
}

fn command(name: &str) -> Command {
    Command::new([name], Duration::from_secs(1))
}

/// `fake.words`: what the restored server says decides.
#[derive(Debug)]
pub(super) struct FakeEngine;

#[async_trait]
impl Engine for FakeEngine {
    fn name(&self) -> EngineName {
        EngineName::new("fake")
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn prepare(&self, request: &Request<'_>, _: &Settings) -> Result<SandboxSpec, Stopped> {
        let image = request.images.first().cloned();
        Ok(SandboxSpec {
            image: image.ok_or_else(|| Stopped::new(Reason::NoImage, "no image"))?,
            data_dir: "/data".into(),
            memory_bytes: 1,
            disk_bytes: 1,
            env: Vec::new(),
            ports: Vec::new(),
            deadline: request.deadline,
        })
    }

    /// Snapshots of version 2 are streamed, unless they end with a 0.
    fn way(&self, head: &SnapshotFacts, tail: Option<&[u8]>) -> Fed {
        let ends_bare = tail.is_some_and(|tail| tail.ends_with(b"0"));
        match head.version {
            Some(2) if !ends_bare => Fed::Pipe,
            _ => Fed::File,
        }
    }

    fn stage(&self, way: Fed, _: &Bench<'_>, _: &Settings) -> Result<Staging, Stopped> {
        let is_file = way == Fed::File;
        Ok(Staging {
            server: (!is_file).then(|| (command("server"), 1)),
            put: command("put"),
            digest: is_file.then(|| command("digest")),
        })
    }

    async fn restore(
        &self,
        bench: &Bench<'_>,
        _: &Inspection,
        _: &Settings,
    ) -> Result<Vec<Observation>, Stopped> {
        let restore = command("restore");
        let exit = bench
            .stage(Stage::Restore, bench.sandbox.exec(&restore, None))
            .await?;
        bench.answered();
        let said = String::from_utf8_lossy(&exit.stdout.head).into_owned();
        match said.as_str() {
            "" => Ok(Vec::new()),
            "superseded" if bench.purpose == Purpose::Proof => {
                Err(Stopped::new(Reason::MigrationRequired, "too old"))
            }
            "unrestorable" => Err(Stopped::new(Reason::Unrestorable, "it ended")),
            _ => Ok(vec![Observation {
                name: "said".into(),
                value: Observed::Word(said),
            }]),
        }
    }

    fn judge(&self, evidence: &Case<'_>, _: &Settings) -> Vec<CheckResult> {
        let said = |word: &str| {
            let word = Observed::Word(word.into());
            evidence
                .observations
                .iter()
                .any(|observation| observation.value == word)
        };
        assert!(!said("panic"), "scripted");
        vec![if said("identity") {
            CheckResult::failed("fake.words", Reason::Identity, "not this snapshot")
        } else if said("expectation") {
            CheckResult::failed("fake.words", Reason::Expectation, "too few")
        } else {
            CheckResult::passed("fake.words", "well said")
        }]
    }

    fn judge_whole(&self, whole: &Whole<'_>, _: &Settings) -> Vec<CheckResult> {
        let said = whole.artifacts.len() as u64;
        let before = whole.previous.and_then(|it| it.items.get("words").copied());
        let judged = if before.is_some_and(|before| said < before) {
            CheckResult::failed("fake.total", Reason::Expectation, "fewer than before")
        } else {
            CheckResult::passed("fake.total", "enough")
        };
        vec![judged.observed(said)]
    }

    fn items(&self, _: &Case<'_>) -> BTreeMap<String, u64> {
        BTreeMap::from([("words".to_owned(), 1)])
    }

    fn data_at(&self, _: &[Observation]) -> Option<Timestamp> {
        None
    }
}

/// The first byte says what the inspection finds.
pub(super) static FAKE: Double = Double {
    items: &["words"],
    checks: &[
        CheckName::new("fake.words", "Is it well said?"),
        CheckName::new("fake.total", "Is enough said?"),
    ],
    head_bytes: 4,
    inspect,
    ..Double::new("fake")
};

fn inspect(input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
    let (all, state) = read_whole(input, tee, |all| match all.first() {
        Some(b'D' | b'C') => InspectionState::Damaged,
        Some(b'U') => InspectionState::NotUnderstood,
        Some(b'N') => InspectionState::NotRecognised,
        Some(b'P') => panic!("scripted"),
        _ => InspectionState::Intact,
    });
    let finding = InspectionFinding {
        offset: 0,
        message: "scripted".into(),
    };
    let intact = state == InspectionState::Intact;
    Inspection {
        truncated: all.first() == Some(&b'C'),
        bytes: all.len() as u64,
        checksum: match all.first() {
            Some(b'A') => Checksum::Absent,
            _ => Checksum::Verified,
        },
        findings: if intact { Vec::new() } else { vec![finding] },
        ..Inspection::new("fake", state)
    }
}
