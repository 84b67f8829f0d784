//! From a chosen snapshot to the assignment the supervisor takes.

use std::{sync::Arc, time::Duration};

use catalog::{assess::deadline_of, config::Source, ledger::Trigger, model::Snapshot};
use futures::FutureExt as _;

use crate::{
    console::Refusal,
    engine::{Settings, engine_of},
    runtime::RunId,
    select::Wanted,
    supervise::{Assignment, OnProgress, SelectAgain, Selection},
    world::World,
};

/// One snapshot that is to be verified.
#[derive(Debug, Clone)]
pub(crate) struct ChosenSnapshot {
    /// Id of the run that verifies it.
    pub(crate) run: RunId,
    /// The source of the snapshot.
    pub(crate) source: Source,
    /// The snapshot, with what it continues.
    pub(crate) snapshot: Snapshot,
    /// What makes the verification run.
    pub(crate) trigger: Trigger,
    /// Number of the newest record when it was found due: with a verification behind that it is due
    /// no more. `None`: it is verified whatever happened since.
    pub(crate) after: Option<u64>,
    /// How it was chosen, should it have to be chosen again.
    pub(crate) wanted: Wanted,
    /// How long the survey and the choice took.
    pub(crate) took: Duration,
}

impl ChosenSnapshot {
    /// Collects everything the supervisor is given; errs if the snapshot's engine cannot restore,
    /// or the ledger cannot be read.
    pub(super) async fn assignment(
        self,
        world: &Arc<World>,
        on_progress: OnProgress,
    ) -> Result<Assignment, Refusal> {
        let source = &self.source;
        let verify = source.verify.as_ref();
        let verify = verify.expect("invariant: only sources with a proof are chosen");
        let engine = engine_of(source.format.engine()).ok_or_else(|| {
            Refusal::usage(format!(
                "engine {} cannot be restored",
                source.format.engine()
            ))
        })?;
        let ledger = world.ledger(&source.name).await?;
        let previous = ledger
            .until(world.clock.now())
            .baseline(self.snapshot.taken_at);
        let recovery_time = source.objectives.recovery_time;
        let size_bytes = self.snapshot.lineage_bytes();
        let deadline = deadline_of(verify.deadline, size_bytes);
        Ok(Assignment {
            run: self.run,
            trigger: self.trigger,
            source: source.name.clone(),
            repository: source.repository.clone(),
            storage: world.storage(source),
            format: source.format,
            engine,
            settings: Settings {
                expect: Arc::clone(&verify.expect),
                own: Arc::clone(&source.settings),
                modules: world.config.modules_of(source),
            },
            images: world.config.images_of(source),
            rehearse: world.config.rehearsal_of(source),
            previous,
            recovery_milliseconds_max: recovery_time
                .and_then(|time| u64::try_from(time.as_std().as_millis()).ok()),
            deadline,
            on_progress,
            select_again: again(Arc::clone(world), self.source.clone(), self.wanted),
            settle: source.settle.as_std(),
            snapshot: self.snapshot,
            selected_in: self.took,
        })
    }
}

/// The second survey, for a snapshot that went away between listing and reading.
fn again(world: Arc<World>, source: Source, wanted: Wanted) -> SelectAgain {
    Arc::new(move || {
        let (world, source, wanted) = (Arc::clone(&world), source.clone(), wanted.clone());
        async move {
            let surveyed = world.survey(&[&source]).await;
            let snapshot = surveyed.select_to_verify(&source, &wanted).ok()?.clone();
            let ledger = world.ledger(&source.name).await.ok()?;
            let previous = ledger.until(world.clock.now()).baseline(snapshot.taken_at);
            Some(Selection { snapshot, previous })
        }
        .boxed()
    })
}
