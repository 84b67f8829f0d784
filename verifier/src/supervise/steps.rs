//! The steps of one run, in order. A step that fails ends the run; removing the sandbox is not
//! among them.

use std::sync::Arc;

use catalog::{
    evidence::{Reason, Verdict},
    model::{Pin, Snapshot, SnapshotFacts},
    storage::{ObjectBody, Storage, UploadChecksum},
    survey::describe_object,
};
use tokio::time::Instant;

use super::{Assignment, Progress, attempt::Attempt, reasons};
use crate::{
    engine::{Bench, Link, Observation, Refused, Request, Restorable, Stopped, lock, timed},
    runtime::{Command, Exit, Feed, Sandbox, SandboxError, SandboxSpec},
    stream::{self, Fed, Passed},
};

/// Free space below which a failed load may be the disk's fault.
const DISK_FREE_MIN: u64 = 16 << 20;

/// A sandbox, and what it was asked to be.
struct Place {
    spec: SandboxSpec,
    sandbox: Arc<dyn Sandbox>,
}

/// What was sent into a sandbox.
struct Staged {
    /// In order; the snapshot's own object is the last.
    all: Vec<Passed>,
    /// Tells what lies there of each.
    digests: Vec<Command>,
    /// What took all of it may still have refused it.
    refused: Option<Refused>,
}

/// From an image to observations. What can be said without a sandbox is said without one: damage
/// shows in the bytes.
pub(super) async fn all(run: &Attempt) -> Result<(), Stopped> {
    run.may_begin()?;
    let place = run
        .guard_gently(run.stage("provision", provision(run)))
        .await;
    match place {
        Ok(place) => run.guard(restore_in(run, &place)).await,
        Err(stopped) if matches!(stopped.reason, Reason::Interrupted | Reason::Deadline) => {
            Err(stopped)
        }
        Err(stopped) => match run.guard(read_all(run)).await {
            Err(other) if other.reason != Reason::UnknownVersion => Err(other),
            _ => Err(stopped),
        },
    }
}

/// Without a sandbox.
async fn read_all(run: &Attempt) -> Result<(), Stopped> {
    let of = run.objects()?.len();
    for index in 0..of {
        let link = Link { index, of };
        let passed = read_to_keep(run, link, None).await?;
        reasons::understood(&passed.inspection, link)?;
    }
    Ok(())
}

/// Reads one of the pinned objects to its last byte.
pub(super) async fn read(run: &Attempt, at: usize, feed: Option<Fed>) -> Result<Passed, Stopped> {
    let objects = run.objects()?;
    let object = objects
        .get(at)
        .ok_or_else(|| Stopped::new(Reason::Internal, "the snapshot has fewer objects"))?;
    let pin = object.pin();
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
    let (input, as_uploaded) = stream::watched(bytes, checksum(storage.as_ref(), &pin).await);
    let format = run.assignment.format;
    let mut passed = stream::pass(input, pin.size_bytes, format, feed, on_bytes).await?;
    passed.as_uploaded = as_uploaded.is_equal();
    passed.version_id = version_id;
    reasons::as_uploaded(&passed)?;
    Ok(passed)
}

/// A witness that does not answer is none: the others may do.
async fn checksum(storage: &dyn Storage, pin: &Pin) -> Option<UploadChecksum> {
    match storage.uploaded(pin).await {
        Ok(checksum) => checksum,
        Err(error) => {
            tracing::warn!(%error, "the checksum of the upload is not known");
            None
        }
    }
}

async fn provision(run: &Attempt) -> Result<Place, Stopped> {
    let objects = run.objects()?;
    let own = own_head(run).await?;
    let before = reasons::chained(&run.assignment.snapshot, &own)?;
    let count = before.len();
    let head = head(&before, own);
    let (assignment, runtime) = (&run.assignment, &run.context.runtime);
    let images = runtime
        .images(&assignment.images, assignment.engine.programs())
        .await?;
    let request = Request {
        purpose: run.purpose,
        head: &head,
        size_bytes: objects.iter().map(|object| object.size_bytes).sum(),
        before: count,
        images: &images,
        memory_bytes_max: run.context.memory_bytes_max,
        disk_bytes_max: run.context.disk_bytes_max,
        deadline: run.ends_at,
    };
    let spec = assignment.engine.prepare(&request, &assignment.settings)?;
    run.keep(|kept| kept.asked_for = true);
    let sandbox = runtime.provision(&run.run, &spec).await?;
    run.keep(|kept| kept.sandbox = Some(sandbox.facts()));
    point("provisioned")?;
    Ok(Place { spec, sandbox })
}

/// What the first bytes say, also those of what it continues.
fn head(before: &[&Snapshot], own: SnapshotFacts) -> SnapshotFacts {
    let before = before.iter().map(|it| it.facts.clone());
    let all: Vec<_> = before.chain([own]).collect();
    SnapshotFacts::of_artifacts(all.into_iter())
}

/// What the first bytes of the object itself say, which a survey may have read.
async fn own_head(run: &Attempt) -> Result<SnapshotFacts, Stopped> {
    let Assignment {
        storage,
        format,
        settings,
        ..
    } = &run.assignment;
    if let Some(facts) = run.assignment.facts_of_only() {
        return Ok(facts.clone());
    }
    let objects = run.objects()?;
    let pin = objects.last().map(|own| own.pin());
    let pin = pin.ok_or_else(|| Stopped::new(Reason::Internal, "the snapshot has no object"))?;
    Ok(describe_object(&**storage, &pin, *format, &settings.own).await?)
}

async fn restore_in(run: &Attempt, place: &Place) -> Result<(), Stopped> {
    let Staged {
        all,
        digests,
        refused,
    } = bring(run, place).await?;
    point("staged")?;
    let whole = restorable(&all)?;
    let restored = match refused {
        None => restore(run, place, &whole).await,
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
        // What is ours is said in the words of whoever met it.
        return Err(stopped.clone());
    }
    compare_inside(run, place, digests, &all).await?;
    let observations = restored?;
    run.keep(|kept| {
        kept.observations = Some(observations);
        kept.asked_at = Some(asked_at);
    });
    point("probed")
}

async fn restore(
    run: &Attempt,
    place: &Place,
    whole: &Restorable<'_>,
) -> Result<Vec<Observation>, Stopped> {
    let on_stage = |stage| (run.assignment.on_progress)(Progress::Stage(stage));
    let Place { sandbox, spec, .. } = place;
    let bench = Bench::new(&**sandbox, spec, run.purpose, &run.seen, &on_stage);
    let assignment = &run.assignment;
    let engine = assignment.engine;
    engine.restore(&bench, whole, &assignment.settings).await
}

fn restorable(all: &[Passed]) -> Result<Restorable<'_>, Stopped> {
    let (own, before) = all
        .split_last()
        .ok_or_else(|| Stopped::new(Reason::Internal, "nothing was read"))?;
    Ok(Restorable {
        own: &own.inspection,
        before: before.iter().map(|it| &it.inspection).collect(),
    })
}

/// Whether what lies in the sandbox is what was sent: without that, what a server makes of it says
/// nothing, for or against. It runs when the server has answered or ended: beside a restore it
/// would take its share of the sandbox's processors, which production has for itself.
async fn compare_inside(
    run: &Attempt,
    place: &Place,
    digests: Vec<Command>,
    all: &[Passed],
) -> Result<(), Stopped> {
    for (digest, passed) in digests.into_iter().zip(all) {
        let digest = bounded(run, digest);
        let digest = timed(&run.seen, "stage", place.sandbox.exec(&digest, None)).await?;
        reasons::same_inside(&digest, &passed.restorable_sha256)?;
    }
    Ok(())
}

/// Every object into the sandbox, one after the other.
async fn bring(run: &Attempt, place: &Place) -> Result<Staged, Stopped> {
    let of = run.objects()?.len();
    let mut staged = Staged {
        all: Vec::new(),
        digests: Vec::new(),
        refused: None,
    };
    for index in 0..of {
        bring_one(run, place, Link { index, of }, &mut staged).await?;
    }
    Ok(staged)
}

/// The bytes into the sandbox, hashed and inspected on their way.
async fn bring_one(
    run: &Attempt,
    place: &Place,
    link: Link,
    staged: &mut Staged,
) -> Result<(), Stopped> {
    let engine = run.assignment.engine;
    let staging = engine.stage(link, &place.spec);
    let (items, feed) = stream::feed();
    let bytes_max = run.context.disk_bytes_max;
    let (passed, put) = tokio::join!(
        read_to_keep(run, link, Some(Fed { items, bytes_max })),
        run.stage("stage", put(run, place, staging.put, feed)),
    );
    let passed = passed?;
    point("fetched")?;
    reasons::understood(&passed.inspection, link)?;
    reasons::fits(passed.restorable_bytes, bytes_max)?;
    let put = put?;
    reasons::arrived(&put, passed.restorable_bytes)?;
    if put.code != 0 {
        let refused = engine.refused(&put, link, &passed.inspection, &place.spec);
        staged.refused = Some(refused.ok_or_else(|| reasons::not_put(put.code))?);
    }
    staged.all.push(passed);
    staged.digests.push(staging.digest);
    Ok(())
}

async fn read_to_keep(run: &Attempt, link: Link, feed: Option<Fed>) -> Result<Passed, Stopped> {
    run.keep(|kept| {
        kept.requested.get_or_insert_with(Instant::now);
    });
    let passed = run
        .stage("fetch", run.stage("inspect", read(run, link.index, feed)))
        .await?;
    run.keep(|kept| {
        if link.index + 1 == link.of {
            kept.passed = Some(passed.clone());
        } else {
            kept.before.push(passed.clone());
        }
    });
    Ok(passed)
}

/// Ends the feed when the command has ended, or nobody would read it any more.
async fn put(
    run: &Attempt,
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
fn bounded(run: &Attempt, mut command: Command) -> Command {
    let left = run.deadline.saturating_duration_since(Instant::now());
    command.timeout = command.timeout.min(left);
    command
}

/// Notes whether there was room until the end. What cannot be told is no room.
async fn note_room(run: &Attempt, place: &Place) {
    let free = place.sandbox.free_bytes().await;
    run.keep(|kept| kept.sound = free.is_ok_and(|free| free >= DISK_FREE_MIN));
}

fn point(name: &str) -> Result<(), Stopped> {
    catalog::fault::point(name).map_err(|error| Stopped::new(Reason::Internal, error.to_string()))
}
