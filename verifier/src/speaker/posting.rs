//! Posting to one receiver, and the notes of what arrived.

use std::sync::Arc;

use catalog::config::Receiver;
use tracing::warn;

use super::{
    bulletin::Bulletin,
    desk::{Due, Then, ToldTroubles},
    notes::{self, Notes},
};
use crate::{
    notify::{
        Notice,
        post::{Payload, together},
    },
    scheduler::OpenedConfig,
};

/// What became of the messages to one receiver.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) receiver: String,
    pub(super) arrived: Vec<Then>,
    /// The notices that did not arrive, and why.
    pub(super) failed: Vec<String>,
    /// What arrived beside notices.
    pub(super) heard: Vec<Bulletin>,
}

/// Posts bulletins and notices to one receiver, those of one kind and headline as one message.
/// What arrived is noted; `troubles` are those that the receiver was told of before.
pub(super) async fn post(
    opened: Arc<OpenedConfig>,
    receiver: Receiver,
    due: Vec<Due>,
    bulletins: Vec<(Bulletin, Payload)>,
    mut troubles: ToldTroubles,
) -> Posted {
    let mut posted = Posted {
        receiver: receiver.name.clone(),
        arrived: Vec::new(),
        failed: Vec::new(),
        heard: Vec::new(),
    };
    for (bulletin, payload) in bulletins {
        let sending = opened.messenger.send(&receiver, &payload);
        if let Err(why) = sending.await {
            posted.failed.push(why);
            continue;
        }
        note_bulletin(&opened, &receiver.name, &bulletin).await;
        posted.heard.push(bulletin);
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

/// Notes that a bulletin arrived. A failure is logged: it may come once more.
async fn note_bulletin(opened: &OpenedConfig, receiver: &str, bulletin: &Bulletin) {
    let world = &opened.world;
    let Ok(notes) = Notes::of(world) else {
        return;
    };
    let noting = async {
        match bulletin {
            Bulletin::Digest(slot) => notes.write_digest(receiver, slot).await,
            Bulletin::Drill(news) => {
                let (drill, key) = (news.drill(), news.key());
                notes.write_drill(receiver, drill, &key).await
            }
        }
    };
    let written = world.in_time("it was not noted", noting).await;
    if let Err(refusal) = written.and_then(|it| Ok(it?)) {
        warn!(receiver, "a message was not noted: {}", refusal.message);
    }
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
