use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{
    config::load,
    drill::report_path,
    ledger::{
        Draft, MemoryFault, MemoryRecords, Place, RecordWriter as _, ReservedWriter as _, append,
        fixtures::{verification, verified},
    },
    model::{Key, ObjectMeta, Pin},
    storage::{
        ListFrom, ObjectBody, Operation, Page, Storage, StorageError, StorageReason,
        memory::{Fault, Memory},
    },
};
use futures::stream::BoxStream;

use super::*;
use crate::{
    fixtures::{at, source},
    state::State,
};

const TWO: &str = r#"
schema: 1
repositories: [{ name: a, directory: /a }, { name: b, directory: /b }]
sources:
  - { name: cache, engine: redis, repository: a, path: "redis/%Y%m%d-%H%M.rdb" }
  - { name: other, engine: files, repository: b, path: "%Y%m%d.tar" }
evidence: { repository: { directory: /evidence } }
exporter: { refresh: 5m }
drills: [{ name: full, sources: [cache] }]
"#;

/// Two repositories in memory, and evidence.
struct Bench {
    a: Memory,
    b: Memory,
    evidence: MemoryRecords,
    world: Arc<World>,
    published: Published<State>,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        let loaded = load(std::path::Path::new("/backups.yaml"), TWO).unwrap();
        let (a, b, evidence) = (
            Memory::default(),
            Memory::default(),
            MemoryRecords::default(),
        );
        a.put(
            "redis/20261122-0100.rdb",
            &b"REDIS0011\xff\0\0\0\0\0\0\0\0"[..],
        );
        b.put("20261122.tar", "body");
        let config = Arc::new(loaded.config);
        let counted = |memory: &Memory| Counted::new(Arc::new(memory.clone()));
        let storages = [(name("a"), counted(&a)), (name("b"), counted(&b))].into();
        let clock = Clock::starting_at(at("02:00:00"));
        let published = Published::new(State::new(Arc::clone(&config), clock.now()));
        let read: Arc<dyn RecordReader> = Arc::new(evidence.clone());
        let world = Arc::new(World {
            config,
            storages,
            evidence: Some(read),
        });
        Self {
            a,
            b,
            evidence,
            world,
            published,
            clock,
        }
    }

    fn surveyor(&self) -> Surveyor {
        let jitter: Jitter = Arc::new(|| 0.5);
        let world = Arc::clone(&self.world);
        Surveyor::new(world, self.published.clone(), self.clock.clone(), jitter)
    }

    fn outcome(&self, repository: &str) -> Option<SurveyOutcome> {
        let state = self.published.get();
        state.repositories[&name(repository)]
            .last
            .as_ref()
            .map(|last| last.outcome)
    }

    fn snapshots(&self, of: &str) -> Option<usize> {
        let state = self.published.get();
        state.sources[&source(of)]
            .inventory
            .as_ref()
            .map(|seen| seen.snapshots.len())
    }
}

/// Paused time passes at once, so that a test that waits in vain fails at once.
async fn wait<T: std::fmt::Debug>(state: impl Future<Output = T>) {
    timeout(Duration::from_hours(6), state)
        .await
        .expect("it never happened");
}

fn name(name: &str) -> RepositoryName {
    RepositoryName::new(name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn everything_is_seen_once() {
    let bench = Bench::new();
    append(&bench.evidence, &source("cache"), verified(at("01:00:00")))
        .await
        .unwrap();
    assert!(!bench.published.get().is_ready());
    bench.surveyor().once().await;
    let state = bench.published.get();
    assert!(state.is_ready());
    assert_eq!(
        (bench.snapshots("cache"), bench.snapshots("other")),
        (Some(1), Some(1))
    );
    let evidence = &state.sources[&source("cache")].evidence;
    assert_eq!(evidence.up, Some(true));
    assert_eq!(evidence.ledger.as_ref().unwrap().report().records, 1);
    assert_eq!(
        state.sources[&source("other")].evidence.up,
        None,
        "nobody expects a proof"
    );
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_hangs_is_cut_off_and_holds_up_no_other() {
    let bench = Bench::new();
    bench.surveyor().once().await;
    bench.a.fail(Fault::Hang(Operation::List));
    bench.b.put("20261123.tar", "body");
    let began = bench.clock.now();
    let (stop, surveyor) = (CancellationToken::new(), bench.surveyor());
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { surveyor.run(stop).await }
    });
    let mut states = bench.published.subscribe();
    let seen = |state: &Arc<State>| {
        let inventory = state.sources[&source("other")].inventory.clone();
        inventory.is_some_and(|seen| seen.snapshots.len() == 2)
    };
    wait(states.wait_for(seen)).await;
    assert_eq!(bench.clock.now(), began, "the other one is seen at once");
    let timed_out = |state: &Arc<State>| {
        let last = state.repositories[&name("a")].last.as_ref();
        last.is_some_and(|last| last.outcome == SurveyOutcome::TimedOut)
    };
    wait(states.wait_for(timed_out)).await;
    let waited = bench.clock.now().duration_since(began);
    assert_eq!(waited.as_mins(), 10, "twice the refresh");
    assert_eq!(bench.snapshots("cache"), Some(1), "what was seen is kept");
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_fails_keeps_what_was_seen_and_recovers() {
    let bench = Bench::new();
    let surveyor = bench.surveyor();
    surveyor.once().await;
    bench.a.fail(Fault::Refuse {
        at: Operation::List,
        reason: StorageReason::AccessDenied,
    });
    surveyor.once().await;
    assert_eq!(bench.outcome("a"), Some(SurveyOutcome::Failed));
    assert_eq!(bench.outcome("b"), Some(SurveyOutcome::Completed));
    assert_eq!(bench.snapshots("cache"), Some(1));
    let state = bench.published.get();
    let known = &state.repositories[&name("a")];
    assert_eq!(
        known.last.as_ref().unwrap().problem.as_deref(),
        Some("cannot list: access denied")
    );
    assert_eq!(
        known.requests.errors[&(Operation::List, StorageReason::AccessDenied)],
        2, // everything, then the prefix of the source
    );
    bench.a.heal();
    surveyor.once().await;
    assert_eq!(bench.outcome("a"), Some(SurveyOutcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn evidence_that_cannot_be_read_keeps_the_ledger() {
    let bench = Bench::new();
    let cache = source("cache");
    append(&bench.evidence, &cache, verified(at("01:00:00")))
        .await
        .unwrap();
    let surveyor = bench.surveyor();
    surveyor.once().await;
    bench.evidence.script([MemoryFault::List]);
    surveyor.once().await;
    let known = |bench: &Bench| bench.published.get().sources[&cache].evidence.clone();
    let records = |bench: &Bench| known(bench).ledger.unwrap().report().records;
    assert_eq!((known(&bench).up, records(&bench)), (Some(false), 1));
    append(&bench.evidence, &cache, verified(at("02:00:00")))
        .await
        .unwrap();
    surveyor.once().await;
    assert_eq!((known(&bench).up, records(&bench)), (Some(true), 2));
}

#[tokio::test(start_paused = true)]
async fn evidence_that_is_not_mounted_is_not_a_ledger_without_records() {
    let bench = Bench::new();
    let cache = source("cache");
    let surveyor = bench.surveyor();
    let known = |bench: &Bench| {
        let evidence = bench.published.get().sources[&cache].evidence.clone();
        let report = evidence.ledger.map(|ledger| ledger.report());
        (evidence.up, report.map(|it| (it.records, it.first_break)))
    };
    surveyor.once().await;
    assert_eq!(known(&bench), (Some(false), None), "never used");
    bench.evidence.mark().await.unwrap();
    surveyor.once().await;
    assert_eq!(known(&bench), (Some(true), Some((0, None))));
    append(&bench.evidence, &cache, verified(at("01:00:00")))
        .await
        .unwrap();
    surveyor.once().await;
    assert_eq!(known(&bench), (Some(true), Some((1, None))));
    bench.evidence.unmount();
    surveyor.once().await;
    assert_eq!(known(&bench), (Some(false), Some((1, None))), "kept");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_at_another_place_is_another_one_and_no_broken_one() {
    let bench = Bench::new();
    let cache = source("cache");
    append(&bench.evidence, &cache, verified(at("01:00:00")))
        .await
        .unwrap();
    bench.surveyor().once().await;
    let reload = |from: &str, to: &str| {
        let text = TWO.replace(from, to);
        let loaded = load(std::path::Path::new("/backups.yaml"), &text).unwrap();
        let config = Arc::new(loaded.config);
        bench
            .published
            .update(|state| *state = state.under(Arc::clone(&config), bench.clock.now()));
        config
    };
    let known = || bench.published.get().sources[&cache].clone();
    reload(
        "{ directory: /evidence }",
        "{ directory: /evidence }, retention: 90d",
    );
    assert_eq!(known().evidence.up, Some(true), "the same place");
    assert!(known().evidence.ledger.is_some() && known().proofs.is_some());

    let config = reload("directory: /evidence", "directory: /elsewhere");
    assert_eq!(known().evidence.up, None, "not read yet");
    assert!(known().evidence.ledger.is_none() && known().proofs.is_none());
    assert!(known().inventory.is_some(), "what lies there is known");
    let elsewhere = MemoryRecords::default();
    for taken_at in ["00:30:00", "01:00:00"] {
        append(&elsewhere, &cache, verified(at(taken_at)))
            .await
            .unwrap();
    }
    let mut world = World::clone(&bench.world);
    world.config = config;
    world.evidence = Some(Arc::new(elsewhere));
    let surveyor = Surveyor {
        world: Arc::new(world),
        ..bench.surveyor()
    };
    surveyor.once().await;
    let report = known().evidence.ledger.unwrap().report();
    assert_eq!((report.records, report.first_break), (2, None));
}

#[tokio::test(start_paused = true)]
async fn a_proof_has_not_vanished_while_the_store_has_the_version_that_was_read() {
    let bench = Bench::new();
    let (cache, key) = (source("cache"), "redis/20261122-0100.rdb");
    let older = &b"REDIS0011\xff\0\0\0\0\0\0\0\0"[..];
    bench.a.put("redis/20261122-0000.rdb", older);
    bench.a.keep_version(key, "v1");
    let listed = bench.a.head(&Key::new(key)).await.unwrap();
    let mut run = verification(at("01:00:00"), None);
    let written = &mut run.snapshot.artifacts[0];
    written.version_id = Some("v1".into());
    (written.etag, written.size_bytes) = (listed.etag, listed.size_bytes);
    written.modified_at = listed.modified_at;
    let proof = Draft::Verification(Box::new(run));
    append(&bench.evidence, &cache, proof).await.unwrap();
    let surveyor = bench.surveyor();
    // Requests for the proven object, whether its proof is told as vanished, and its place.
    let survey = async || {
        let heads = |bench: &Bench| {
            let calls = bench.world.storages[&name("a")].requests().calls;
            calls.get(&Operation::Head).copied().unwrap_or_default()
        };
        let before = heads(&bench);
        surveyor.once().await;
        tokio::time::sleep(Duration::from_mins(5)).await;
        let state = bench.published.get();
        let judged = state.assess(&cache, bench.clock.now()).unwrap();
        let vanished = judged.standing().any(|it| it.name == "proof_vanished");
        let proofs = judged.proof.unwrap().proofs;
        let is_proven = proofs.verified().is_some();
        assert_eq!(is_proven, proofs.newest_place() == Some(Place::Unchanged));
        (heads(&bench) - before, vanished, proofs.newest_place())
    };
    assert_eq!(survey().await, (0, false, Some(Place::Unchanged)));
    bench.a.remove(key);
    for _ in 0..3 {
        assert_eq!(survey().await, (1, false, Some(Place::OldVersion)));
    }
    let refuse = || {
        bench.a.fail(Fault::Refuse {
            at: Operation::Head,
            reason: StorageReason::AccessDenied,
        });
    };
    refuse();
    for _ in 0..3 {
        assert_eq!(survey().await, (1, false, Some(Place::Gone)));
    }
    bench.a.heal();
    bench.a.expire_version(key, "v1");
    assert_eq!(survey().await, (1, false, Some(Place::Gone)));
    // The loss counts after two surveys in a row: after one that could not tell, it counts anew.
    refuse();
    assert_eq!(survey().await, (1, false, Some(Place::Gone)));
    bench.a.heal();
    assert_eq!(survey().await, (1, false, Some(Place::Gone)));
    assert_eq!(survey().await, (1, true, Some(Place::Gone)));
    refuse();
    assert_eq!(survey().await, (1, true, Some(Place::Gone)), "it stands");
    bench.a.heal();
    bench.a.fail(Fault::Hang(Operation::Head));
    assert_eq!(survey().await, (0, true, Some(Place::Gone)), "no answer");
}

/// Counts how many listings are under way at one time, and how many there ever were.
#[derive(Debug, Default)]
struct Watched {
    now: AtomicUsize,
    most: AtomicUsize,
    ever: AtomicUsize,
}

#[async_trait]
impl Storage for Watched {
    fn list(&self, _: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        Box::pin(futures::stream::once(async {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.ever.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_mins(7)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(Page::default())
        }))
    }

    async fn head(&self, _: &Key) -> Result<ObjectMeta, StorageError> {
        unreachable!("nothing is listed")
    }

    async fn read(&self, _: &Pin, _: Range<u64>) -> Result<Bytes, StorageError> {
        unreachable!("nothing is listed")
    }

    async fn open(&self, _: &Pin) -> Result<ObjectBody, StorageError> {
        unreachable!("nothing is listed")
    }
}

#[tokio::test(start_paused = true)]
async fn a_survey_longer_than_the_refresh_is_never_overtaken_by_the_next() {
    let bench = Bench::new();
    let watched = Arc::new(Watched::default());
    let mut world = World::clone(&bench.world);
    let storage: Arc<dyn Storage> = Arc::<Watched>::clone(&watched);
    world.storages = [(name("a"), Counted::new(storage))].into();
    let surveyor = Surveyor {
        world: Arc::new(world),
        ..bench.surveyor()
    };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::join!(surveyor.run(stop), async {
        tokio::time::sleep(Duration::from_hours(1)).await;
        stopping.cancel();
    });
    // 7 min and a pause of 5 min 15 s: five began within the hour.
    assert_eq!(watched.ever.load(Ordering::SeqCst), 5);
    assert_eq!(watched.most.load(Ordering::SeqCst), 1);
}

#[test]
fn a_pause_is_the_refresh_and_up_to_a_tenth() {
    let bench_refresh = Duration::from_mins(5);
    let check = |jitter: f64, expected: Duration| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let surveyor = runtime.block_on(async { Bench::new().surveyor() });
        let surveyor = Surveyor {
            jitter: Arc::new(move || jitter),
            ..surveyor
        };
        assert_eq!(surveyor.pause(), expected, "{jitter}");
    };
    check(0.0, bench_refresh);
    check(1.0, bench_refresh + Duration::from_secs(30));
    check(7.0, bench_refresh + Duration::from_secs(30));
}

/// A report as a newer version may write it: with members that are not known here.
const REPORT: &str = r#"{"schema": 2, "drill": "full", "new": [1], "began_at": "2026-11-22T01:00:00Z",
    "ended_at": "2026-11-22T01:02:00Z", "result": "verified", "recovery_milliseconds": 1,
    "wall_milliseconds": 2, "objective_milliseconds": null, "within": null}"#;

#[tokio::test(start_paused = true)]
async fn reports_of_drills_are_read_and_kept_where_they_cannot_be_read_again() {
    let bench = Bench::new();
    let drill = bench.world.config.drills[0].name.clone();
    let read = || {
        let state = bench.published.get();
        let outcomes = state.drills[&drill].outcomes.clone()?;
        Some(outcomes.until(at("02:00:00")).count())
    };
    bench.surveyor().once().await;
    assert_eq!(read(), None, "evidence is not mounted");
    bench.evidence.mark().await.unwrap();
    bench.surveyor().once().await;
    assert_eq!(read(), Some(0));
    for (number, ending, text) in [(1, "json", REPORT), (1, "md", "#"), (2, "json", "{")] {
        let path = report_path(&drill, at("01:00:00"), number, ending);
        bench.evidence.create_reserved(&path, text).await.unwrap();
    }
    bench.surveyor().once().await;
    assert_eq!(read(), Some(1), "the other one is not understood");
    // The first strikes at the ledger.
    bench
        .evidence
        .script([MemoryFault::List, MemoryFault::List]);
    bench.surveyor().once().await;
    assert_eq!(read(), Some(1));
}
