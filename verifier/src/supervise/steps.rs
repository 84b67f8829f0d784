//! The steps of one run, in order. A step that fails ends the run; removing the sandbox is not
//! among them.

use std::sync::Arc;

use catalog::{
    format::Inspection,
    ledger::{Reason, Stage, Verdict},
    model::{ObjectMeta, SnapshotFacts},
    storage::ObjectBody,
    survey::describe_object,
};
use tokio::time::Instant;

use super::{Assignment, Progress, native, ours, run::Run};
use crate::{
    engine::{Bench, Observation, Refused, Request, Stopped, lock, timed},
    runtime::{Command, Exit, Feed, Sandbox, SandboxError, SandboxSpec},
    stream::{self, Fed, ReadThrough},
};

/// Free bytes below which a failed load may be the disk's fault.
const DISK_FREE_MIN: u64 = 16 << 20;

/// A sandbox, and the specification it was made from.
struct Place {
    spec: SandboxSpec,
    sandbox: Arc<dyn Sandbox>,
}

/// What was sent into a sandbox.
struct Staged {
    passed: ReadThrough,
    /// Prints the digest of what lies in the sandbox.
    digest: Command,
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
pub(super) async fn read(run: &Run, at: usize, feed: Option<Fed>) -> Result<ReadThrough, Stopped> {
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
    let request = Request {
        purpose: run.purpose,
        head: &head,
        size_bytes: own(run)?.size_bytes,
        images: &images,
        memory_bytes_max: run.context.memory_bytes_max,
        disk_bytes_max: run.context.disk_bytes_max,
        deadline: run.ends_at,
    };
    let spec = assignment.engine.prepare(&request, &assignment.settings)?;
    run.keep(|kept| kept.asked_for = true);
    let sandbox = runtime.provision(&run.id, &spec).await?;
    run.keep(|kept| kept.sandbox = Some(sandbox.facts()));
    point("provisioned")?;
    Ok(Place { spec, sandbox })
}

/// The object of the artifact itself.
fn own(run: &Run) -> Result<&ObjectMeta, Stopped> {
    run.objects().pop().ok_or_else(no_object)
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
        digest,
        refused,
    } = bring(run, place).await?;
    point("staged")?;
    let restored = match refused {
        None => restore(run, place, &passed.inspection).await,
        Some(refused) => {
            lock(&run.seen).log = refused.log;
            Err(refused.stopped)
        }
    };
    let asked_at = run.context.clock.now();
    note_room(run, place).await;
    if let Err(stopped) = &restored
        && stopped.reason.verdict() != Verdict::Failed
    {
        // A failure of ours is told in the words of whoever met it.
        return Err(stopped.clone());
    }
    compare_inside(run, place, digest, &passed).await?;
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
    whole: &Inspection,
) -> Result<Vec<Observation>, Stopped> {
    let on_stage = |stage| (run.assignment.on_progress)(Progress::Stage(stage));
    let Place { sandbox, spec, .. } = place;
    let bench = Bench::new(&**sandbox, spec, run.purpose, &run.seen, &on_stage);
    let assignment = &run.assignment;
    let engine = assignment.engine;
    engine.restore(&bench, whole, &assignment.settings).await
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
    ours::same_inside(&digest, &passed.restorable_sha256)
}

/// Brings the bytes of the one object that is restored into the sandbox, hashed and inspected on
/// their way.
async fn bring(run: &Run, place: &Place) -> Result<Staged, Stopped> {
    let engine = run.assignment.engine;
    let staging = engine.stage(&place.spec);
    let (items, feed) = stream::feed();
    let bytes_max = run.context.disk_bytes_max;
    let reading = Box::pin(read_to_keep(run, 0, Some(Fed { items, bytes_max })));
    let (passed, put) = tokio::join!(
        run.stage(Stage::Fetch, run.stage(Stage::Inspect, reading)),
        run.stage(Stage::Stage, put(run, place, staging.put, feed)),
    );
    let passed = passed?;
    point("fetched")?;
    native::understood(&passed.inspection)?;
    native::fits(passed.restorable_bytes, bytes_max)?;
    let put = put?;
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
        digest: staging.digest,
        refused,
    })
}

async fn read_to_keep(run: &Run, at: usize, feed: Option<Fed>) -> Result<ReadThrough, Stopped> {
    run.keep(|kept| {
        kept.requested.get_or_insert_with(Instant::now);
    });
    let passed = read(run, at, feed).await?;
    run.keep(|kept| kept.read.push(passed.clone()));
    Ok(passed)
}

/// Runs the command that takes the feed. The feed ends with it: nobody would read it any more.
async fn put(
    run: &Run,
    place: &Place,
    command: Command,
    mut feed: Feed,
) -> Result<Exit, SandboxError> {
    place
        .sandbox
        .exec(&bounded(run, command), Some(&mut feed))
        .await
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
