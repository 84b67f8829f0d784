//! Notices to every receiver that takes them.

use std::collections::BTreeMap;

use catalog::config::{MessageForm, NoticeKind, Notify, Receiver};
use futures::future::join_all;
use serde_json::Value;
use settings::Secret;

use super::{Notice, alertmanager, deliver::Courier, slack};

/// The receivers of one configuration, and the way to them.
#[derive(Debug, Clone)]
pub struct Messenger {
    notify: Notify,
    /// The client, or why there is none: a verifier works without messages.
    courier: Result<Courier, String>,
    /// Reads the environment, where addresses may be.
    env: fn(&str) -> Option<String>,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Name of the receiver.
    pub receiver: String,
    /// What happened and what to do, if the message did not arrive; never the address.
    pub why: Option<String>,
}

impl Messenger {
    /// Makes the way to the receivers. If the system's certificates cannot be read, no message
    /// arrives, and each says so.
    pub fn new(notify: Notify, env: fn(&str) -> Option<String>) -> Self {
        let courier = if notify.receivers.is_empty() {
            Err("no receiver is configured".into())
        } else {
            Courier::new().map_err(|error| format!("no HTTP client can be made: {error}"))
        };
        Self {
            notify,
            courier,
            env,
        }
    }

    /// The receivers, in the order of the configuration.
    pub fn receivers(&self) -> &[Receiver] {
        &self.notify.receivers
    }

    /// Posts the notices, each to the receivers that take its kind and owner: those of one kind and
    /// headline as one message. Receivers are served side by side, so that one that hangs holds up
    /// no other.
    pub async fn post(&self, notices: &[Notice]) -> Vec<Delivery> {
        let receivers = self.notify.receivers.iter();
        let groups = receivers.map(|it| together(it, &self.notify, notices));
        self.post_groups(groups.collect()).await
    }

    /// Posts each notice to every receiver, whatever it is configured to take.
    pub async fn post_to_all(&self, notices: &[Notice]) -> Vec<Delivery> {
        let each: Vec<_> = notices.iter().map(|it| vec![it.clone()]).collect();
        let groups = vec![each; self.notify.receivers.len()];
        self.post_groups(groups).await
    }

    /// Posts one message for each group; `groups` has those of every receiver, in their order.
    async fn post_groups(&self, groups: Vec<Vec<Vec<Notice>>>) -> Vec<Delivery> {
        let receivers = self.notify.receivers.iter().zip(groups);
        let served = receivers.map(|(receiver, groups)| async move {
            let mut deliveries = Vec::new();
            for notices in groups {
                deliveries.push(Delivery {
                    receiver: receiver.name.clone(),
                    why: self.deliver(receiver, &notices).await.err(),
                });
            }
            deliveries
        });
        join_all(served).await.concat()
    }

    /// Tells whether somebody listens at a receiver's address.
    pub async fn try_out(&self, receiver: &Receiver) -> Result<(), String> {
        let (courier, address) = self.way_to(receiver)?;
        let tried = courier.try_out(&address).await;
        tried.map_err(|why| why.to_string())
    }

    async fn deliver(&self, receiver: &Receiver, notices: &[Notice]) -> Result<(), String> {
        let (courier, address) = self.way_to(receiver)?;
        let (message, plain) = payload(receiver, notices);
        let posted = courier.post(&address, &message, plain.as_ref()).await;
        posted.map_err(|why| why.to_string())
    }

    /// The client and the address, which is read anew each time: mounted secrets are rotated.
    fn way_to(&self, receiver: &Receiver) -> Result<(&Courier, Secret), String> {
        let address = receiver.address.read(self.env);
        let address = address.map_err(|error| error.to_string())?;
        Ok((self.courier.as_ref().map_err(String::clone)?, address))
    }
}

fn payload(receiver: &Receiver, notices: &[Notice]) -> (Value, Option<Value>) {
    match receiver.form {
        MessageForm::Slack => (
            slack::together(notices),
            Some(slack::plain_together(notices)),
        ),
        MessageForm::Alertmanager => (alertmanager::payload(notices, &receiver.name), None),
    }
}

/// The notices that a receiver takes, those of one kind and headline together.
fn together(receiver: &Receiver, notify: &Notify, notices: &[Notice]) -> Vec<Vec<Notice>> {
    let takes = |it: &&Notice| {
        let mut told = notify.receivers_of(it.owner.as_deref());
        let kind = it.kind == NoticeKind::Trouble || receiver.kinds.contains(&it.kind);
        kind && told.any(|of| of.name == receiver.name)
    };
    let mut groups: BTreeMap<(NoticeKind, &str), Vec<Notice>> = BTreeMap::new();
    for notice in notices.iter().filter(takes) {
        let group = groups.entry((notice.kind, &notice.headline)).or_default();
        group.push(notice.clone());
    }
    groups.into_values().collect()
}
