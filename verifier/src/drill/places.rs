//! Places for the attempts of a drill: how many run at once, and beside whom.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{sync::Semaphore, time::Instant};

use crate::{
    carry_out::{Carried, ChosenSnapshot, carry_out},
    supervise::{Context, OnProgress},
    world::World,
};

/// Makes attempts, each as soon as it has a place.
#[async_trait]
pub(crate) trait DrillPlaces: Send + Sync {
    /// Waits for a place, then verifies; `None` if the program was told to end before there was
    /// one.
    async fn attempt(
        &self,
        chosen: ChosenSnapshot,
        on_progress: OnProgress,
    ) -> Option<PlacedAttempt>;
}

/// One attempt that had a place.
#[derive(Debug)]
pub(crate) struct PlacedAttempt {
    /// When it had its place.
    pub(crate) began: Instant,
    /// The same, by the clock that dates records.
    pub(crate) began_at: Timestamp,
    /// What it came to.
    pub(crate) carried: Carried,
}

/// The places of a program that does nothing but the drill.
#[derive(Debug)]
pub(crate) struct OwnPlaces {
    world: Arc<World>,
    context: Context,
    free: Semaphore,
}

impl OwnPlaces {
    /// As many places as the configuration has (`verifier.parallel`).
    pub(crate) fn new(world: &Arc<World>, context: &Context) -> Self {
        Self {
            world: Arc::clone(world),
            context: context.clone(),
            free: Semaphore::new(world.config.verifier.parallel),
        }
    }
}

#[async_trait]
impl DrillPlaces for OwnPlaces {
    async fn attempt(
        &self,
        chosen: ChosenSnapshot,
        on_progress: OnProgress,
    ) -> Option<PlacedAttempt> {
        let Context {
            cancelled, clock, ..
        } = &self.context;
        let place = cancelled.run_until_cancelled(self.free.acquire()).await?;
        // The semaphore is never closed.
        let _place = place.ok()?;
        let (began, began_at) = (Instant::now(), clock.now());
        let carried = carry_out(&self.world, &self.context, chosen, on_progress).await;
        Some(PlacedAttempt {
            began,
            began_at,
            carried,
        })
    }
}
