//! Stop and reload as values: made from signals in programs, by hand in tests.

use std::{io, sync::Arc};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

/// Requests from outside to a running program.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// Cancelled by SIGTERM and SIGINT.
    pub stop: CancellationToken,
    /// Notified by SIGHUP; several in a row are one.
    pub reload: Arc<Notify>,
}

impl Signals {
    /// Listens for SIGTERM, SIGINT and SIGHUP from now on, until stopped; also for signals that
    /// a shell ignores in programs it starts in the background. Errs if no handler can be set.
    pub fn listen() -> io::Result<Self> {
        let signals = Self::default();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let listening = signals.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => break,
                    _ = interrupt.recv() => break,
                    _ = hang_up.recv() => listening.reload.notify_one(),
                }
            }
            listening.stop.cancel();
        });
        Ok(signals)
    }
}
