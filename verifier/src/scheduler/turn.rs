//! One attempt of a drill as the scheduler takes it in, and its answers.

use std::{fmt, sync::Arc};

use tokio::sync::oneshot;

use super::opened::OpenedConfig;
use crate::{
    carry_out::{Carried, ChosenSnapshot},
    supervise::OnProgress,
};

/// One attempt of a drill.
pub(super) struct DrillAsk {
    /// The configuration that the drill began under.
    pub(super) opened: Arc<OpenedConfig>,
    pub(super) chosen: ChosenSnapshot,
    pub(super) on_progress: OnProgress,
    /// Is told when the attempt has its place.
    pub(super) begun: oneshot::Sender<()>,
    pub(super) ended: oneshot::Sender<Carried>,
}

impl fmt::Debug for DrillAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DrillAsk")
            .field("chosen", &self.chosen)
            .finish_non_exhaustive()
    }
}

/// The answers to an attempt of a drill: its place, then its end. Either is missing if the
/// scheduler ends before.
#[derive(Debug)]
pub(crate) struct DrillTurn {
    pub(crate) begun: oneshot::Receiver<()>,
    pub(crate) ended: oneshot::Receiver<Carried>,
}
