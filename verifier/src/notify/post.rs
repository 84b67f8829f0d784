//! Notices to every receiver that takes them.

use std::collections::BTreeMap;

use catalog::config::{AddressAt, MessageForm, NoticeKind, Notify, Receiver};
use futures::future::join_all;
use serde_json::Value;
use settings::Secret;

use super::{Notice, alertmanager, deliver::Courier, digest::Digest, drill::DrillNews, slack};

/// The receivers of one configuration, and the way to them.
#[derive(Debug, Clone)]
pub struct Messenger {
    notify: Notify,
    /// The client, or why there is none: a verifier works without messages.
    courier: Result<Courier, String>,
    /// Reads the environment, where addresses may be.
    env: fn(&str) -> Option<String>,
    /// Takes messages instead of the receivers.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) recorder: Option<super::recorder::Recorder>,
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
        let courier = if notify.receivers.is_empty() && notify.heartbeat.is_none() {
            Err("no receiver is configured".into())
        } else {
            Courier::new().map_err(|error| format!("no HTTP client can be made: {error}"))
        };
        Self {
            notify,
            courier,
            env,
            #[cfg(any(test, feature = "testing"))]
            recorder: None,
        }
    }

    /// The receivers, in the order of the configuration.
    pub fn receivers(&self) -> &[Receiver] {
        &self.notify.receivers
    }

    /// Posts one message of notices that are of one kind and headline to one receiver; errs with
    /// what happened and what to do, never with the address.
    pub async fn deliver(&self, receiver: &Receiver, notices: &[Notice]) -> Result<(), String> {
        self.send(receiver, &of_notices(receiver, notices)).await
    }

    /// Posts a message in the form of this receiver, and its plain text if it is refused as
    /// malformed.
    pub async fn send(
        &self,
        receiver: &Receiver,
        (message, plain): &Payload,
    ) -> Result<(), String> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(recorder) = &self.recorder {
            return recorder.take(&receiver.name, message);
        }
        let (courier, address) = self.way_to(&receiver.address)?;
        let posted = courier.post(&address, message, plain.as_ref()).await;
        posted.map_err(|why| why.to_string())
    }

    /// Calls the address of the heartbeat once.
    pub async fn beat(&self, address: &AddressAt) -> Result<(), String> {
        #[cfg(any(test, feature = "testing"))]
        if let Some(recorder) = &self.recorder {
            recorder.beat();
            return Ok(());
        }
        let (courier, address) = self.way_to(address)?;
        courier.call(&address).await.map_err(|why| why.to_string())
    }

    /// Posts messages to every receiver, whatever it is configured to take. Receivers are served
    /// side by side, so that one that hangs holds up no other.
    pub async fn send_to_all(&self, messages: impl Fn(&Receiver) -> Vec<Payload>) -> Vec<Delivery> {
        let served = self.notify.receivers.iter().map(async |receiver| {
            let mut deliveries = Vec::new();
            for message in messages(receiver) {
                deliveries.push(Delivery {
                    receiver: receiver.name.clone(),
                    why: self.send(receiver, &message).await.err(),
                });
            }
            deliveries
        });
        join_all(served).await.concat()
    }

    /// Tells whether somebody listens at a receiver's address.
    pub async fn try_out(&self, receiver: &Receiver) -> Result<(), String> {
        let (courier, address) = self.way_to(&receiver.address)?;
        let tried = courier.try_out(&address).await;
        tried.map_err(|why| why.to_string())
    }

    /// The client and the address, which is read anew each time: mounted secrets are rotated.
    fn way_to(&self, address: &AddressAt) -> Result<(&Courier, Secret), String> {
        let address = address.read(self.env);
        let address = address.map_err(|error| error.to_string())?;
        Ok((self.courier.as_ref().map_err(String::clone)?, address))
    }
}

/// A message in the form of its receiver, and the same as plain text where the form has one.
pub type Payload = (Value, Option<Value>);

/// The message of notices that are of one kind and headline.
pub fn of_notices(receiver: &Receiver, notices: &[Notice]) -> Payload {
    match receiver.form {
        MessageForm::Slack => (
            slack::together(notices),
            Some(slack::plain_together(notices)),
        ),
        MessageForm::Alertmanager => (alertmanager::payload(notices, &receiver.name), None),
    }
}

/// The message of a digest, which only Slack takes.
pub fn of_digest(digest: &Digest, is_test: bool) -> Payload {
    let (message, plain) = slack::digest(digest, is_test);
    (message, Some(plain))
}

/// The message of what became of a drill.
pub(crate) fn of_drill(receiver: &Receiver, news: &DrillNews, is_test: bool) -> Payload {
    match receiver.form {
        MessageForm::Slack => {
            let (message, plain) = slack::drill(news, is_test);
            (message, Some(plain))
        }
        MessageForm::Alertmanager => {
            let payload = alertmanager::drill_payload(news, &receiver.name, is_test);
            (payload, None)
        }
    }
}

/// The indexes of notices that go into one message: those of one kind and headline, and whether
/// they are reminders.
pub fn together<'a>(notices: impl IntoIterator<Item = &'a Notice>) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(NoticeKind, &str, bool), Vec<usize>> = BTreeMap::new();
    for (index, notice) in notices.into_iter().enumerate() {
        let key = (notice.kind, notice.headline.as_str(), notice.is_reminder);
        groups.entry(key).or_default().push(index);
    }
    groups.into_values().collect()
}
