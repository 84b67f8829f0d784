//! The bench an engine works at: the sandbox, the clock of its stages, its deadline.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::runtime::Sandbox;

/// Wraps a sandbox for one run.
#[derive(Debug)]
pub struct Bench<'a> {
    /// The throwaway place.
    pub sandbox: &'a dyn Sandbox,
    /// Raised when the run is to end early; long waits of an engine select on it.
    pub cancelled: CancellationToken,
    /// When the run must have ended.
    pub deadline: Instant,
    stages: Mutex<Vec<(&'static str, Duration)>>,
}

impl<'a> Bench<'a> {
    /// A bench for one run.
    pub fn new(sandbox: &'a dyn Sandbox, cancelled: CancellationToken, deadline: Instant) -> Self {
        Self {
            sandbox,
            cancelled,
            deadline,
            stages: Mutex::new(Vec::new()),
        }
    }

    /// Times one stage of the record.
    pub async fn stage<T>(&self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        stages.push((stage, began.elapsed()));
        done
    }

    /// The stages timed so far, in the order they ended.
    pub fn stages(&self) -> Vec<(&'static str, Duration)> {
        self.stages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
