//! The lease of the speaker: who of the verifiers of one evidence tells people.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::notes::{self, ReceiverNotes};
use crate::{
    console::Refusal,
    identity,
    lease::{HeldLease, RENEWED_EVERY, Renewal, Scope, Taken},
    runtime::RunId,
    scheduler::Speaking,
    world::World,
};

/// Pause after a lease that could not be looked after.
const RETRY: Duration = Duration::from_mins(1);

/// What one look after the lease came to.
#[derive(Debug)]
pub(super) struct Upkeep {
    pub(super) speaking: Speaking,
    pub(super) lease: Option<HeldLease>,
    /// What the receivers were told, if it was asked for and could be read.
    pub(super) notes: Option<BTreeMap<String, ReceiverNotes>>,
    /// When the lease was looked after.
    pub(super) at: Timestamp,
}

impl Upkeep {
    /// The time until the next look.
    pub(super) const fn pause(&self) -> Duration {
        match self.speaking {
            Speaking::Ours | Speaking::Others(_) => RENEWED_EVERY,
            Speaking::Unknown(_) => RETRY,
        }
    }
}

/// Renews the lease, or takes it; then reads the notes of these receivers.
pub(super) async fn look_after(
    world: Arc<World>,
    lease: Option<HeldLease>,
    receivers: Vec<String>,
) -> Upkeep {
    let (speaking, lease) = match renewed(&world, lease).await {
        Ok((speaking, lease)) => (speaking, lease),
        Err(refusal) => (Speaking::Unknown(refusal.message), None),
    };
    // Whoever speaks without a lease must not tell again either what was told.
    let notes = match &speaking {
        Speaking::Others(_) => None,
        Speaking::Ours | Speaking::Unknown(_) => read(&world, receivers).await.ok(),
    };
    Upkeep {
        speaking,
        lease,
        notes,
        at: world.clock.now(),
    }
}

async fn renewed(
    world: &World,
    lease: Option<HeldLease>,
) -> Result<(Speaking, Option<HeldLease>), Refusal> {
    if let Some(lease) = lease {
        match world
            .in_time("its lease was not renewed", lease.renew())
            .await?
        {
            Renewal::Ours => return Ok((Speaking::Ours, Some(lease))),
            Renewal::Unknown(error) => {
                let why = Refusal::from(error).message;
                return Ok((Speaking::Unknown(why), Some(lease)));
            }
            Renewal::Lost => {}
        }
    }
    Ok(match take(world).await? {
        Taken::By(holder) => (Speaking::Others(holder.holder()), None),
        Taken::Held(lease, _) if lease.is_written().await => (Speaking::Ours, Some(lease)),
        Taken::Held(..) => {
            let why = "the evidence cannot be written".to_owned();
            (Speaking::Unknown(why), None)
        }
    })
}

/// Takes the lease of the speaker, unless another verifier holds it.
pub(crate) async fn take(world: &World) -> Result<Taken, Refusal> {
    world.may_write().await?;
    let run = RunId(identity::new_id());
    world.take_lease(&Scope::Speaker, &run, None).await
}

async fn read(
    world: &World,
    receivers: Vec<String>,
) -> Result<BTreeMap<String, ReceiverNotes>, Refusal> {
    let mut read = BTreeMap::new();
    for receiver in receivers {
        let notes = notes::read(world, &receiver).await?;
        read.insert(receiver, notes);
    }
    Ok(read)
}
