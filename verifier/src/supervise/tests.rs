//! Every way a verification can end, and that nothing is ever left behind.

mod endings;
mod fake;
mod growing;
mod lineage;
mod rehearsal;
mod several;
mod streamed;
mod versions;

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
    sync::Mutex,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{
    ledger::{Baseline, Egress, Outcome, ToolRecord, Trigger, Verdict, fixtures},
    model::{
        Artifact, Key, ObjectMeta, Pin, RepositoryName, Snapshot, SnapshotFacts, SnapshotId,
        SnapshotState, SourceName, TakenAtFrom,
    },
    storage::{
        ByteStream, Counted, ListFrom, ObjectBody, Operation, Page, Storage, StorageError,
        UploadAlgorithm, UploadChecksum,
        memory::{Fault, MODIFIED_AT, Memory},
    },
};
use futures::{
    future::{self},
    stream::{self, BoxStream, StreamExt as _},
};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use toolkit::clock::Clock;

use super::*;
use crate::{engine::Settings, runtime::RunId};
use fake::{FAKE, FakeEngine, FakeRuntime, GOOD, Script, Step};

const KEY: &str = "cache.rdb";

/// One verification in a world of fakes; tests change what they are about.
struct World {
    storage: Arc<dyn Storage>,
    runtime: Arc<FakeRuntime>,
    images: Vec<String>,
    rehearse: Option<String>,
    snapshot: Snapshot,
    newer: Option<Snapshot>,
    newer_previous: Option<Baseline>,
    previous: Option<Baseline>,
    cancelled: CancellationToken,
}

impl World {
    fn new(body: &'static str, scripts: impl IntoIterator<Item = Script>) -> Self {
        let memory = Memory::default();
        memory.put(KEY, body);
        Self::of(memory, scripts, body.len())
    }

    fn of(
        storage: impl Storage + 'static,
        scripts: impl IntoIterator<Item = Script>,
        size: usize,
    ) -> Self {
        Self {
            storage: Arc::new(storage),
            runtime: Arc::new(FakeRuntime::new(scripts)),
            images: vec!["fake:1".into()],
            rehearse: None,
            snapshot: snapshot(size, "revision-1"),
            newer: None,
            newer_previous: None,
            previous: None,
            cancelled: CancellationToken::new(),
        }
    }

    fn context(&self) -> Context {
        let runtime: Arc<FakeRuntime> = Arc::clone(&self.runtime);
        Context {
            runtime,
            clock: Clock::starting_at(Timestamp::UNIX_EPOCH),
            cancelled: self.cancelled.clone(),
            memory_bytes_max: 1 << 30,
            disk_bytes_max: 1 << 30,
            by: "host".into(),
            tool: ToolRecord {
                version: "0".into(),
                config_digest: "sha256:0".into(),
            },
            pipeless: PipelessImages::default(),
            script: None,
        }
    }

    fn assignment(&self) -> Assignment {
        let newer = self.newer.clone().map(|snapshot| Selection {
            snapshot,
            previous: self.newer_previous.clone(),
        });
        Assignment {
            run: RunId("run".into()),
            trigger: Trigger::Manual,
            source: SourceName::new("cache").expect("a name"),
            repository: RepositoryName::new("local").expect("a name"),
            storage: Arc::clone(&self.storage),
            format: &FAKE,
            engine: &FakeEngine,
            settings: Settings {
                expect: Arc::new(()),
                own: Arc::new(()),
                modules: Vec::new(),
            },
            images: self.images.clone(),
            rehearse: self.rehearse.clone(),
            snapshot: self.snapshot.clone(),
            settle: Duration::from_mins(10),
            selected_in: Duration::from_millis(250),
            select_again: Arc::new(move || {
                let newer = newer.clone();
                Box::pin(async {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    newer
                })
            }),
            previous: self.previous.clone(),
            recovery_milliseconds_max: None,
            deadline: Duration::from_hours(1),
            on_progress: Arc::new(|_| ()),
        }
    }

    /// Verifies, and sees to it that every sandbox that was asked for is removed.
    async fn verify(&self) -> Verification {
        let verification = verify_one(&self.context(), self.assignment()).await;
        let (begun, removed) = self.runtime.runs();
        for run in begun {
            assert!(removed.contains(&run), "{run} is left behind");
        }
        verification
    }

    /// Verdict, reason and the number of runs.
    async fn check(&self, reason: Option<Reason>, runs: usize) -> Verification {
        let verification = self.verify().await;
        let verdict = reason.map_or(Verdict::Verified, Reason::verdict);
        assert_eq!(
            (verification.verdict, verification.reason),
            (verdict, reason),
            "{verification:#?}"
        );
        assert_eq!(
            self.runtime.runs().0.len(),
            runs,
            "{:?}",
            self.runtime.runs()
        );
        verification
    }
}

fn snapshot(size: usize, etag: &str) -> Snapshot {
    let meta = ObjectMeta {
        key: Key::new(KEY),
        size_bytes: size as u64,
        modified_at: MODIFIED_AT,
        etag: Some(etag.into()),
        version_id: None,
        storage_class: None,
    };
    Snapshot {
        id: SnapshotId("current".into()),
        source: SourceName::new("cache").expect("a name"),
        taken_at: Timestamp::UNIX_EPOCH,
        taken_at_from: TakenAtFrom::Name,
        from_the_future: false,
        completed_at: Timestamp::UNIX_EPOCH,
        state: SnapshotState::Complete,
        artifacts: vec![Artifact {
            name: String::new(),
            meta,
        }],
        facts: SnapshotFacts {
            version: Some(1),
            ..SnapshotFacts::default()
        },
        continues: catalog::model::Continues::Nothing,
        manifests: BTreeMap::new(),
    }
}

/// A storage that gives another content at every opening, and does not know it.
#[derive(Debug)]
struct Flipping(Mutex<VecDeque<&'static str>>);

#[async_trait]
impl Storage for Flipping {
    fn list(&self, _: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        stream::empty().boxed()
    }

    async fn head(&self, _: &Key) -> Result<ObjectMeta, StorageError> {
        unreachable!("only ever opened")
    }

    async fn read(&self, _: &Pin, _: Range<u64>) -> Result<Bytes, StorageError> {
        unreachable!("only ever opened")
    }

    async fn open(&self, _: &Pin) -> Result<ObjectBody, StorageError> {
        let body = self
            .0
            .lock()
            .expect("no poison")
            .pop_front()
            .expect("one body per opening");
        let body: ByteStream = stream::iter([Ok(Bytes::from_static(body.as_bytes()))]).boxed();
        Box::pin(future::ready(Ok(body.into()))).await
    }
}

fn outcome(verification: &Verification, check: &str) -> Outcome {
    let finding = verification
        .findings
        .iter()
        .find(|finding| finding.check == check);
    finding
        .unwrap_or_else(|| panic!("{check} is answered: {verification:#?}"))
        .outcome
}

#[tokio::test(start_paused = true)]
async fn a_good_snapshot_is_verified_and_every_stage_is_told() {
    let verification = World::new("Good", [GOOD]).check(None, 1).await;
    let stages: Vec<_> = verification
        .stages
        .iter()
        .map(|stage| stage.stage.as_label())
        .collect();
    let expected = [
        "select",
        "provision",
        "fetch",
        "inspect",
        "stage",
        "restore",
        "stage",
        "destroy",
    ];
    assert_eq!(stages, expected);
    assert_eq!(verification.stages[0].milliseconds, 250);
    assert!(verification.recovery_milliseconds.is_some());
    assert_eq!(verification.items.get("words"), Some(&1));
    assert_eq!(
        verification.sandbox.as_ref().map(|it| it.user.as_str()),
        Some("999:999")
    );
    let artifact = &verification.snapshot.artifacts[0];
    assert_eq!(artifact.sha256.as_ref().map(String::len), Some(64));
    assert!(
        verification
            .findings
            .iter()
            .all(|it| it.outcome == Outcome::Passed)
    );
}

#[tokio::test(start_paused = true)]
async fn a_head_that_no_survey_read_is_read_when_it_is_verified() {
    let memory = Memory::default();
    memory.put(KEY, "Good");
    let counted = Counted::new(Arc::new(memory));
    let reads = || counted.requests().calls.get(&Operation::Read).copied();
    let mut world = World::of(counted.clone(), [GOOD], 4);
    world.check(None, 1).await;
    assert_eq!(reads(), None, "the survey has read it");
    world.snapshot.facts = SnapshotFacts::default();
    world.verify().await;
    assert_eq!(reads(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_of_the_server_nothing_is_verified() {
    let silent = Script { says: "", ..GOOD };
    World::new("Good", [silent])
        .check(Some(Reason::Internal), 1)
        .await;
}

#[test]
fn every_sandbox_that_may_be_left_is_told() {
    let left = |why: &str| RunOutcome {
        left_behind: Some(why.into()),
        ..RunOutcome::default()
    };
    let mut last = left("three");
    for earlier in ["two", "one"] {
        last.after(left(earlier));
    }
    assert_eq!(last.left_behind.as_deref(), Some("one; two; three"));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_not_complete_is_never_verified() {
    use SnapshotState::{Failed, InProgress, Invalid, Partial};
    let check = async |state, body, expected| {
        let mut world = World::new(body, [GOOD]);
        world.snapshot.state = state;
        world.previous = Some(fixtures::baseline("words", 9));
        let verification = world.check(Some(expected), 1).await;
        let complete = outcome(&verification, "snapshot.complete");
        assert_eq!(complete, Outcome::NotRun, "{state:?}");
        let of_whole = outcome(&verification, "fake.total");
        assert_eq!(of_whole, Outcome::NotRun, "of a part there is no sum");
    };
    check(Partial, "Good", Reason::Vanished).await;
    check(Failed, "Good", Reason::Vanished).await;
    check(Invalid, "Good", Reason::UnknownVersion).await;
    check(InProgress, "Good", Reason::UnstableRead).await;
    check(Partial, "Damaged", Reason::Damaged).await;
    check(InProgress, "Damaged", Reason::UnstableRead).await;
}

#[tokio::test(start_paused = true)]
async fn a_way_out_of_the_sandbox_is_a_warning() {
    let open = Script {
        egress: Egress::Open,
        ..GOOD
    };
    let verification = World::new("Good", [open]).check(None, 1).await;
    assert_eq!(outcome(&verification, "sandbox.egress"), Outcome::Warning);
    let unknown = Script {
        egress: Egress::NotTried,
        ..GOOD
    };
    let verification = World::new("Good", [unknown]).check(None, 1).await;
    assert_eq!(outcome(&verification, "sandbox.egress"), Outcome::NotRun);
}

#[tokio::test(start_paused = true)]
async fn damage_read_twice_alike_is_failed_without_a_restore() {
    let verification = World::new("Damaged", [GOOD])
        .check(Some(Reason::Damaged), 1)
        .await;
    assert_eq!(outcome(&verification, "snapshot.intact"), Outcome::Failed);
    assert_eq!(outcome(&verification, "fake.words"), Outcome::NotRun);
    assert_eq!(verification.recovery_milliseconds, None);
}

/// A repository whose store keeps `crc32` as the CRC-32 of what was uploaded.
fn vouched(body: &'static str, crc32: u32) -> Memory {
    let memory = Memory::default();
    memory.put(KEY, body);
    let value = crc32.to_be_bytes().to_vec();
    let checksum = UploadChecksum::new(UploadAlgorithm::Crc32, value);
    memory.vouch(KEY, checksum.unwrap());
    memory
}

#[tokio::test(start_paused = true)]
async fn what_equals_its_upload_is_not_read_twice_and_what_does_not_is_not_judged() {
    // crc32 of gzip(1).
    let (good, damaged) = (0xccb6_e1ac, 0x1375_9677);
    let world = |body: &'static str, crc32| World::of(vouched(body, crc32), [GOOD], body.len());
    world("Good", good).check(None, 1).await;

    let memory = vouched("Damaged", damaged);
    let opened = Arc::new(Counted::new(Arc::new(memory)));
    let seen = Arc::clone(&opened);
    let mut world_of_damage = world("Damaged", damaged);
    world_of_damage.storage = opened;
    world_of_damage.check(Some(Reason::Damaged), 1).await;
    assert_eq!(seen.requests().calls.get(&Operation::Open), Some(&1));

    for body in ["Good", "Damaged"] {
        world(body, 1).check(Some(Reason::UnstableRead), 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn damage_that_a_second_reading_does_not_show_is_not_the_snapshots() {
    let flipping = |bodies: [&'static str; 2]| Flipping(Mutex::new(bodies.into()));
    for bodies in [["Damage", "Good.."], ["Damage", "Damag3"]] {
        let world = World::of(flipping(bodies), [GOOD], 6);
        let verification = world.check(Some(Reason::UnstableRead), 1).await;
        assert_eq!(outcome(&verification, "snapshot.intact"), Outcome::NotRun);
    }
}

#[tokio::test(start_paused = true)]
async fn damage_shows_also_where_no_sandbox_can_be_had() {
    let broken = Script {
        provision: Step::Fails(Reason::RuntimeUnavailable),
        ..GOOD
    };
    World::new("Damaged", [broken.clone()])
        .check(Some(Reason::Damaged), 1)
        .await;
    World::new("Good", [broken])
        .check(Some(Reason::RuntimeUnavailable), 1)
        .await;
    let mut world = World::new("Damaged", [GOOD]);
    world.images.clear();
    world.check(Some(Reason::Damaged), 0).await;
    let mut world = World::new("Good", [GOOD]);
    world.images.clear();
    world.check(Some(Reason::NoImage), 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_understood_is_not_restored_and_not_called_bad() {
    for body in ["Unknown", "Nothing"] {
        let verification = World::new(body, [GOOD])
            .check(Some(Reason::UnknownVersion), 1)
            .await;
        assert_eq!(outcome(&verification, "fake.words"), Outcome::NotRun);
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_the_server_shows_must_show_in_a_second_sandbox() {
    let bad = Script {
        says: "unrestorable",
        ..GOOD
    };
    let verification = World::new("Good", [bad.clone()])
        .check(Some(Reason::Unrestorable), 2)
        .await;
    assert_eq!(
        outcome(&verification, "snapshot.shown_twice"),
        Outcome::Passed
    );
    let provisioned = verification.stages.iter();
    let provisioned = provisioned.filter(|stage| stage.stage == Stage::Provision);
    assert_eq!(
        provisioned.count(),
        2,
        "what the first run took is told, too"
    );
    let other = Script {
        says: "identity",
        ..GOOD
    };
    World::new("Good", [other.clone()])
        .check(Some(Reason::Identity), 2)
        .await;
    let verification = World::new("Good", [bad.clone(), GOOD])
        .check(Some(Reason::Internal), 2)
        .await;
    assert_eq!(
        outcome(&verification, "snapshot.shown_twice"),
        Outcome::NotRun
    );
    World::new("Good", [bad.clone(), other])
        .check(Some(Reason::Internal), 2)
        .await;
    let killed = Script {
        restore: Step::Fails(Reason::Killed),
        ..GOOD
    };
    World::new("Good", [bad, killed])
        .check(Some(Reason::Killed), 2)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_without_room_shows_nothing() {
    let bad = Script {
        says: "unrestorable",
        ..GOOD
    };
    let full = Script {
        free_bytes: 0,
        ..bad.clone()
    };
    World::new("Good", [bad, full])
        .check(Some(Reason::Disk), 2)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_disappointed_expectation_needs_no_second_run() {
    let few = Script {
        says: "expectation",
        ..GOOD
    };
    World::new("Good", [few])
        .check(Some(Reason::Expectation), 1)
        .await;
}
