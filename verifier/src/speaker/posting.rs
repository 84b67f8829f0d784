//! Posting to one receiver, and the notes of what arrived.

use std::sync::Arc;

use catalog::config::Receiver;
use tracing::warn;

use super::{
    desk::{Due, Then, ToldTroubles},
    notes::{self, Notes},
};
use crate::{
    notify::{Notice, digest::Digest, post::together, slack},
    scheduler::OpenedConfig,
};

/// What became of the messages to one receiver.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) receiver: String,
    pub(super) arrived: Vec<Then>,
    /// The notices that did not arrive, and why.
    pub(super) failed: Vec<String>,
    /// The slot whose digest arrived.
    pub(super) digest: Option<String>,
}

/// Posts notices to one receiver, those of one kind and headline as one message, and the digest of
/// a slot. What arrived is noted; `troubles` are those that the receiver was told of before.
pub(super) async fn post(
    opened: Arc<OpenedConfig>,
    receiver: Receiver,
    due: Vec<Due>,
    digest: Option<(String, Digest)>,
    mut troubles: ToldTroubles,
) -> Posted {
    let mut posted = Posted {
        receiver: receiver.name.clone(),
        arrived: Vec::new(),
        failed: Vec::new(),
        digest: None,
    };
    if let Some((slot, digest)) = digest {
        match send(&opened, &receiver, &digest, &slot).await {
            Ok(()) => posted.digest = Some(slot),
            Err(why) => posted.failed.push(why),
        }
    }
    for group in together(due.iter().map(|it| &it.notice)) {
        let of_it = || group.iter().map(|index| &due[*index]);
        let notices: Vec<Notice> = of_it().map(|it| it.notice.clone()).collect();
        if let Err(why) = opened.messenger.deliver(&receiver, &notices).await {
            posted.failed.push(why);
            continue;
        }
        let arrived: Vec<Then> = of_it().map(|it| it.then.clone()).collect();
        note(&opened, &receiver.name, &arrived).await;
        if troubles.change(&arrived) {
            note_troubles(&opened, &receiver.name, &troubles).await;
        }
        posted.arrived.extend(arrived);
    }
    posted
}

/// Notes what a receiver was told of sources. A failure is logged: the message may come once more.
async fn note(opened: &OpenedConfig, receiver: &str, arrived: &[Then]) {
    for then in arrived {
        let Then::Told(source, tell) = then else {
            continue;
        };
        if let Err(refusal) = notes::note(&opened.world, receiver, source, tell).await {
            warn!(receiver, %source, "a message was not noted: {}", refusal.message);
        }
    }
}

/// Sends a digest, and notes that it was sent.
async fn send(
    opened: &OpenedConfig,
    receiver: &Receiver,
    digest: &Digest,
    slot: &str,
) -> Result<(), String> {
    let (message, plain) = (slack::digest(digest), slack::plain_digest(digest));
    opened
        .messenger
        .send(receiver, &message, Some(&plain))
        .await?;
    let world = &opened.world;
    if let Ok(notes) = Notes::of(world) {
        let noting = notes.write_digest(&receiver.name, slot);
        let _ = world.in_time("it was not noted", noting).await;
    }
    Ok(())
}

async fn note_troubles(opened: &OpenedConfig, receiver: &str, troubles: &ToldTroubles) {
    let world = &opened.world;
    let Ok(notes) = Notes::of(world) else {
        return;
    };
    let troubles = troubles.list();
    let noting = notes.write_troubles(receiver, &troubles);
    // What keeps the evidence from being written is among these troubles: it is told already.
    let _ = world.in_time("it was not noted", noting).await;
}
