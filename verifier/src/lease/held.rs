//! A lease that is held: renewed, looked after, and given back.

use std::sync::Arc;

use catalog::ledger::{LedgerError, ReservedPath};
use tokio::{sync::Mutex, time::sleep};
use tokio_util::task::AbortOnDropHandle;
use tracing::warn;

use super::{Leases, RENEWED_EVERY, numbered, text::LeaseText};
use crate::runtime::{Instance, RunId};

/// A lease that is held. Its lock is freed when the last clone is dropped; whoever ends orderly
/// gives it back with [`end`](Self::end).
#[derive(Debug, Clone)]
pub struct HeldLease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    leases: Leases,
    directory: ReservedPath,
    text: LeaseText,
    /// The number of the newest file that is ours; `None` where none could be written.
    number: Mutex<Option<u64>>,
    _lock: Lock,
}

/// The lock that says that the holder lives.
#[derive(Debug)]
struct Lock(Arc<Instance>, RunId);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.release(&self.1);
    }
}

/// Result of looking after a lease.
#[derive(Debug)]
pub enum Renewal {
    /// The lease is still ours.
    Ours,
    /// Another verifier took the lease over.
    Lost,
    /// Nothing is known of the lease: the place of the evidence failed.
    Unknown(LedgerError),
}

impl HeldLease {
    pub(super) fn new(
        leases: &Leases,
        directory: ReservedPath,
        text: LeaseText,
        run: &RunId,
    ) -> Self {
        if let Err(error) = leases.instance.hold(run) {
            // Others then take the lease over early, and this holder notices.
            warn!("the lock of a lease cannot be made: {error}");
        }
        let number = Mutex::new(None);
        let lock = Lock(Arc::clone(&leases.instance), run.clone());
        Self(Arc::new(Inner {
            leases: leases.clone(),
            directory,
            text,
            number,
            _lock: lock,
        }))
    }

    pub(super) async fn at(self, number: u64) -> Self {
        *self.0.number.lock().await = Some(number);
        self
    }

    /// True if the lease could be written, so that others see it.
    pub async fn is_written(&self) -> bool {
        self.0.number.lock().await.is_some()
    }

    /// Looks whether the lease is still the newest.
    pub async fn look(&self) -> Renewal {
        let number = self.0.number.lock().await;
        self.0.look(*number).await
    }

    /// Renews the lease under the next number, and removes what was renewed.
    pub async fn renew(&self) -> Renewal {
        let mut number = self.0.number.lock().await;
        let Some(ours) = *number else {
            return Renewal::Ours;
        };
        match self.0.look(*number).await {
            Renewal::Ours => {}
            other => return other,
        }
        let Inner {
            leases,
            directory,
            text,
            ..
        } = &*self.0;
        match leases.create(directory, ours + 1, text).await {
            Ok(true) => *number = Some(ours + 1),
            Ok(false) => return Renewal::Lost,
            Err(error) => return Renewal::Unknown(error),
        }
        let renewed = directory.join(format_args!("{ours:08}.json"));
        leases.remove(renewed.iter()).await;
        Renewal::Ours
    }

    /// Renews the lease every five minutes until the handle is dropped, or the lease is lost.
    pub fn keep(&self) -> AbortOnDropHandle<()> {
        let held = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                sleep(RENEWED_EVERY).await;
                match held.renew().await {
                    Renewal::Ours => {}
                    Renewal::Lost => break,
                    Renewal::Unknown(error) => warn!("a lease was not renewed: {error}"),
                }
            }
        }))
    }

    /// Gives the lease back, if it is still ours. A failure only makes others wait until it ends
    /// by itself.
    pub async fn end(self) {
        let Some(ours) = self.0.number.lock().await.take() else {
            return;
        };
        let Inner {
            leases, directory, ..
        } = &*self.0;
        let Ok(listed) = leases.evidence.list_reserved(directory).await else {
            return;
        };
        let mut files = numbered(listed);
        if files.pop().map(|(number, _)| number) != Some(ours) {
            return;
        }
        let ended = LeaseText {
            ended: true,
            ..self.0.text.clone()
        };
        if let Ok(true) = leases.create(directory, ours + 1, &ended).await {
            leases
                .remove(files.iter().map(|(_, file)| &file.path))
                .await;
        }
    }
}

impl Inner {
    async fn look(&self, number: Option<u64>) -> Renewal {
        if number.is_none() {
            return Renewal::Ours;
        }
        let evidence = &self.leases.evidence;
        match evidence.list_reserved(&self.directory).await {
            Err(error) => Renewal::Unknown(error),
            Ok(entries) => {
                let newest = numbered(entries).last().map(|(number, _)| *number);
                if newest == number {
                    Renewal::Ours
                } else {
                    Renewal::Lost
                }
            }
        }
    }
}
