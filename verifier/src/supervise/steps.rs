//! The steps of one run, in order. A step that fails ends the run; removing the sandbox is not
//! among them.

use std::sync::Arc;

use catalog::{
    format::Inspection,
    ledger::{Fed, Reason, SandboxRecord, Stage, Verdict},
    model::{ObjectMeta, SnapshotFacts},
    storage::ObjectBody,
    survey::describe_object,
};
use tokio::time::Instant;

use super::{Assignment, Progress, native, ours, patience, run::Run};
use crate::{
    engine::{
        Bench, FedServer, Observation, OnStage, Refused, Request, Staging, Stopped, TAIL_BYTES,
        lock, timed,
    },
    runtime::{Command, Exit, Feed, Sandbox, SandboxError, SandboxSpec},
    stream::{self, ReadThrough},
};

/// Free bytes below which a failed load may be the disk's fault.
const DISK_FREE_MIN: u64 = 16 << 20;

/// A sandbox, and the specification it was made from.
struct Place {
    way: Fed,
    spec: SandboxSpec,
    sandbox: Arc<dyn Sandbox>,
}

/// What was sent into a sandbox.
struct Staged {
    passed: ReadThrough,
    /// The server that read the bytes as they arrived.
    server: Option<FedServer>,
    /// Prints the digest of what lies in the sandbox.
    digest: Option<Command>,
    /// Set if the engine's tool took all bytes and refused them.
    refused: Option<Refused>,
}

/// Takes every step from an image to observations. Without a sandbox the bytes are read all the
/// same: damage shows in them.
pub(super) async fn all(run: &Run) -> Result<(), Stopped> {
    run.may_begin()?;
    let place = run
        .guard_gently(run.stage(Stage::Provision, provision(run)))
        .await;
    match place {
        Ok(place) => run.guard(restore_in(run, &place)).await,
        Err(stopped) if matches!(stopped.reason, Reason::Interrupted | Reason::Deadline) => {
            Err(stopped)
        }
        Err(stopped) => {
            let reading = run.stage(Stage::Fetch, run.stage(Stage::Inspect, read_all(run)));
            run.guard(reading).await?;
            Err(stopped)
        }
    }
}

/// Reads every object without a sandbox, until one is damaged. An object that is not understood is
/// no reason not to look at the others.
async fn read_all(run: &Run) -> Result<(), Stopped> {
    for at in 0..run.objects().len() {
        let passed = read_to_keep(run, at, None).await?;
        match native::understood(&passed.inspection) {
            Err(stopped) if stopped.reason != Reason::UnknownVersion => return Err(stopped),
            _ => {}
        }
    }
    Ok(())
}

/// Reads the pinned object `at` to its last byte.
pub(super) async fn read(
    run: &Run,
    at: usize,
    feed: Option<stream::Fed>,
) -> Result<ReadThrough, Stopped> {
    let objects = run.objects();
    let pin = objects.get(at).ok_or_else(no_object)?.pin();
    let Assignment {
        storage, snapshot, ..
    } = &run.assignment;
    let on_progress = Arc::clone(&run.assignment.on_progress);
    let others = snapshot.artifacts.iter().take(run.index);
    let others = others.map(|artifact| artifact.meta.size_bytes);
    let before: u64 = others
        .chain(objects[..at].iter().map(|it| it.size_bytes))
        .sum();
    let of = run.assignment.size_bytes();
    let on_bytes = Arc::new(move |read, _| {
        let read = before + read;
        on_progress(Progress::Bytes { read, of });
    });
    let ObjectBody { bytes, version_id } = storage.open(&pin).await?;
    let checksum = stream::upload_checksum(storage.as_ref(), &pin).await;
    let (input, as_uploaded) = stream::watched(bytes, checksum);
    let format = run.assignment.format;
    let mut passed = stream::pass(input, pin.size_bytes, format, feed, on_bytes).await?;
    passed.as_uploaded = as_uploaded.is_equal();
    passed.version_id = version_id;
    native::as_uploaded(&passed)?;
    Ok(passed)
}

async fn provision(run: &Run) -> Result<Place, Stopped> {
    let head = head(run).await?;
    let (assignment, runtime) = (&run.assignment, &run.context.runtime);
    native::whole_by_itself(&assignment.snapshot, &head)?;
    let images = runtime
        .images(&assignment.images, assignment.engine.programs())
        .await?;
    let way = way(run, &head).await?;
    let mut request = Request {
        purpose: run.purpose,
        head: &head,
        size_bytes: own(run)?.size_bytes,
        way,
        images: &images,
        memory_bytes_max: run.context.memory_bytes_max,
        disk_bytes_max: run.context.disk_bytes_max,
        deadline: run.ends_at,
    };
    let mut spec = assignment.engine.prepare(&request, &assignment.settings)?;
    if way == Fed::Pipe && run.context.pipeless.contains(&spec.image) {
        request.way = Fed::File;
        spec = assignment.engine.prepare(&request, &assignment.settings)?;
    }
    let way = request.way;
    run.keep(|kept| kept.asked_for = true);
    let sandbox = runtime.provision(&run.id, &spec).await?;
    let facts = SandboxRecord {
        fed: way,
        ..sandbox.facts()
    };
    run.keep(|kept| kept.sandbox = Some(facts));
    point("provisioned")?;
    Ok(Place { way, spec, sandbox })
}

/// The way in which the bytes are to reach the server in this run.
async fn way(run: &Run, head: &SnapshotFacts) -> Result<Fed, Stopped> {
    let engine = run.assignment.engine;
    if !run.may_stream || engine.way(head, None) == Fed::File {
        return Ok(Fed::File);
    }
    let own = own(run)?;
    let tail = own.size_bytes.saturating_sub(TAIL_BYTES)..own.size_bytes;
    let tail = run.assignment.storage.read(&own.pin(), tail).await?;
    Ok(engine.way(head, Some(&tail)))
}

/// The object of the artifact itself.
fn own(run: &Run) -> Result<&ObjectMeta, Stopped> {
    run.objects().pop().ok_or_else(no_object)
}

fn no_digest() -> Stopped {
    let message = "the bytes that were sent into the sandbox were not digested";
    Stopped::new(Reason::Internal, message)
}

fn no_object() -> Stopped {
    Stopped::new(Reason::Internal, "the snapshot has no object")
}

/// Facts from the first bytes of the artifact itself; a survey may have read them.
async fn head(run: &Run) -> Result<SnapshotFacts, Stopped> {
    let Assignment {
        storage,
        format,
        settings,
        ..
    } = &run.assignment;
    if let Some(facts) = run.assignment.facts_of_only() {
        return Ok(facts.clone());
    }
    Ok(describe_object(&**storage, &own(run)?.pin(), *format, &settings.own).await?)
}

async fn restore_in(run: &Run, place: &Place) -> Result<(), Stopped> {
    let Staged {
        passed,
        server,
        digest,
        refused,
    } = bring(run, place).await?;
    point("staged")?;
    let restored = match refused {
        None => restore(run, place, server, &passed.inspection).await,
        Some(refused) => {
            lock(&run.seen).log = refused.log;
            Err(refused.stopped)
        }
    };
    let asked_at = run.context.clock.now();
    if place.way == Fed::File {
        note_room(run, place).await;
    }
    if let Err(stopped) = &restored
        && stopped.reason.verdict() != Verdict::Failed
    {
        // A failure of ours is told in the words of whoever met it.
        return Err(stopped.clone());
    }
    if let Some(digest) = digest {
        compare_inside(run, place, digest, &passed).await?;
    }
    let observations = restored?;
    run.keep(|kept| {
        kept.observations = Some(observations);
        kept.asked_at = Some(asked_at);
    });
    point("probed")
}

async fn restore(
    run: &Run,
    place: &Place,
    server: Option<FedServer>,
    whole: &Inspection,
) -> Result<Vec<Observation>, Stopped> {
    let on_stage = |stage| (run.assignment.on_progress)(Progress::Stage(stage));
    let bench = bench(run, place, &on_stage).with_server(server);
    let assignment = &run.assignment;
    let engine = assignment.engine;
    engine.restore(&bench, whole, &assignment.settings).await
}

fn bench<'a>(run: &'a Run, place: &'a Place, on_stage: OnStage<'a>) -> Bench<'a> {
    let Place { sandbox, spec, .. } = place;
    Bench::new(&**sandbox, spec, run.purpose, &run.seen, on_stage)
}

/// Errs unless what lies in the sandbox is what was sent: else, what a server makes of it says
/// nothing, for or against. Runs when the server has answered or ended: beside a restore it would
/// take its share of the sandbox's processors, which production has for itself.
async fn compare_inside(
    run: &Run,
    place: &Place,
    digest: Command,
    passed: &ReadThrough,
) -> Result<(), Stopped> {
    let digest = bounded(run, digest);
    let digest = timed(&run.seen, Stage::Stage, place.sandbox.exec(&digest, None)).await?;
    let sent = passed.restorable_sha256.as_deref();
    ours::same_inside(&digest, sent.ok_or_else(no_digest)?)
}

/// Brings the bytes of the one object that is restored into the sandbox, hashed and inspected on
/// their way. A server that reads them as they arrive is started at the same time.
async fn bring(run: &Run, place: &Place) -> Result<Staged, Stopped> {
    let engine = run.assignment.engine;
    let nobody = |_| {};
    let settings = &run.assignment.settings;
    let staging = engine.stage(place.way, &bench(run, place, &nobody), settings)?;
    let (items, feed) = stream::feed();
    // What passes through a pipe lies nowhere: the server's memory is its limit.
    let bytes_max = match place.way {
        Fed::Pipe => u64::MAX,
        Fed::File => run.context.disk_bytes_max,
    };
    let into = stream::Fed {
        items,
        bytes_max,
        is_compared: staging.digest.is_some(),
    };
    let reading = Box::pin(read_to_keep(run, 0, Some(into)));
    let (passed, brought) = tokio::join!(
        run.stage(Stage::Fetch, run.stage(Stage::Inspect, reading)),
        run.stage(Stage::Stage, put(run, place, &staging, feed)),
    );
    let passed = passed?;
    point("fetched")?;
    native::understood(&passed.inspection)?;
    native::fits(passed.restorable_bytes, bytes_max)?;
    let (server, put) = brought?;
    if place.way == Fed::Pipe {
        run.context.pipeless.learn(&place.spec.image, &put);
    }
    ours::arrived(&put, passed.restorable_bytes)?;
    let refused = match put.code {
        0 => None,
        code => {
            let refused = engine.refused(&put, &passed.inspection, &place.spec);
            Some(refused.ok_or_else(|| ours::not_put(code))?)
        }
    };
    Ok(Staged {
        passed,
        server,
        digest: staging.digest,
        refused,
    })
}

async fn read_to_keep(
    run: &Run,
    at: usize,
    feed: Option<stream::Fed>,
) -> Result<ReadThrough, Stopped> {
    run.keep(|kept| {
        kept.requested.get_or_insert_with(Instant::now);
    });
    let passed = read(run, at, feed).await?;
    run.keep(|kept| kept.read.push(passed.clone()));
    Ok(passed)
}

/// Runs the command that takes the feed, beside the server that reads the bytes as they arrive, if
/// there is to be one. The feed ends with the command: nobody would read it any more.
async fn put(
    run: &Run,
    place: &Place,
    staging: &Staging,
    mut feed: Feed,
) -> Result<(Option<FedServer>, Exit), SandboxError> {
    let sandbox = &place.sandbox;
    let put = bounded(run, staging.put.clone());
    let Some((command, port)) = &staging.server else {
        return Ok((None, sandbox.exec(&put, Some(&mut feed)).await?));
    };
    let (items, mut passed_on) = stream::feed();
    let starting = sandbox.start_fed(command, &put, &mut passed_on);
    let starting = patience::with_reader(starting, feed, items);
    // Opening a stream takes time, and there is some now. A server that ended is asked later.
    let (started, stream) = tokio::join!(starting, sandbox.connect(*port));
    let ((id, exit), stream) = (started?, stream.ok());
    Ok((Some(FedServer { id, stream }), exit))
}

/// Cuts a command's time to what is left.
fn bounded(run: &Run, mut command: Command) -> Command {
    let left = run.deadline.saturating_duration_since(Instant::now());
    command.timeout = command.timeout.min(left);
    command
}

/// Notes whether the disk had room until the end. Room that cannot be told is no room.
async fn note_room(run: &Run, place: &Place) {
    let free = place.sandbox.free_bytes().await;
    run.keep(|kept| kept.sound = free.is_ok_and(|free| free >= DISK_FREE_MIN));
}

fn point(name: &str) -> Result<(), Stopped> {
    catalog::fault::point(name).map_err(|error| Stopped::new(Reason::Internal, error.to_string()))
}
