//! Receivers of messages: where people are told of verifications, and of what.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Place, Schedule, Secret, SecretError, SecretFile};

/// Variable that is read where a Slack receiver names no file (design §3).
pub const SLACK_VARIABLE: &str = "SLACK_WEBHOOK_URL";

crate::words! {
    /// What a message is about.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub enum NoticeKind {
        /// A snapshot was shown to be bad.
        Failed = "failed",
        /// Nobody knows whether the source can be had back.
        Inconclusive = "inconclusive",
        /// The source was not well and is verified again.
        Recovered = "recovered",
        /// A snapshot was verified, and nothing was wrong before.
        Verified = "verified",
        /// The verifier itself cannot work or write records; this kind cannot be switched off.
        Trouble = "trouble",
    }
}

impl NoticeKind {
    /// Name of the alert, and of the runbook, for what such a message tells of.
    pub const fn alert(self) -> &'static str {
        match self {
            Self::Inconclusive => "BackupVerificationInconclusive",
            Self::Trouble => "BackupVerifierTrouble",
            Self::Failed | Self::Recovered | Self::Verified => "BackupVerificationFailed",
        }
    }
}

/// Everything the configuration says of messages.
#[derive(Debug, Clone, Default)]
pub struct Notify {
    /// Receivers, in the order of the file: those of Slack first.
    pub receivers: Vec<Receiver>,
    /// Base address of the runbook links, without a slash at its end.
    pub runbooks: Option<String>,
    /// Text that mentions an owner, in the markup of Slack, by owner.
    pub mentions: BTreeMap<String, String>,
    /// The sign of life, if configured.
    pub heartbeat: Option<Heartbeat>,
}

/// A sign of life for a dead man's switch: an address that is called while the verifier works.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Where its address is kept, which is a secret.
    pub address: AddressAt,
    /// Place of the heartbeat in the configuration.
    pub place: Place,
    /// How often it is called.
    pub every: Duration,
}

/// One place where messages are posted.
#[derive(Debug, Clone)]
pub struct Receiver {
    /// Name in logs and metrics: `slack`, `slack-2`, `webhook`.
    pub name: String,
    /// Form of the messages.
    pub form: MessageForm,
    /// Where its address is kept, which is a secret.
    pub address: AddressAt,
    /// Place of the receiver in the configuration.
    pub place: Place,
    /// What it is told of, beside [`NoticeKind::Trouble`].
    pub kinds: Vec<NoticeKind>,
    /// How often it is reminded of a source that is not well; `None`: never.
    pub remind: Option<Duration>,
    /// Slots of its digest; `None`: no digest.
    pub digest: Option<Schedule>,
    /// Owners whose sources it is told of; if empty, those that no other receiver is told of.
    pub owners: Vec<String>,
}

/// Form of a receiver's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageForm {
    /// An incoming webhook of Slack.
    Slack,
    /// The webhook format of Alertmanager, version 4.
    Alertmanager,
}

/// Where the address of a receiver is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressAt {
    /// A file, read anew before each message.
    File(SecretFile),
    /// A variable of the environment.
    Variable(&'static str),
}

impl AddressAt {
    /// Reads the address; errs if it is not there or empty. `lookup` reads the environment.
    pub fn read(&self, lookup: impl Fn(&str) -> Option<String>) -> Result<Secret, SecretError> {
        match self {
            Self::File(file) => file.read(),
            Self::Variable(name) => {
                let unset = || SecretError::Variable {
                    name: (*name).into(),
                };
                Secret::from_env(name, lookup)?.ok_or_else(unset)
            }
        }
    }
}

impl Notify {
    /// The receivers that are told of a source with this owner.
    ///
    /// | the receivers that name the owner | told are |
    /// |---|---|
    /// | some | these |
    /// | none, or the source has no owner | the receivers without `owners` |
    pub fn receivers_of(&self, owner: Option<&str>) -> impl Iterator<Item = &Receiver> {
        let names =
            move |it: &Receiver| owner.is_some_and(|name| it.owners.iter().any(|of| of == name));
        let is_named = self.receivers.iter().any(names);
        let told = move |it: &&Receiver| {
            if is_named {
                names(it)
            } else {
                it.owners.is_empty()
            }
        };
        self.receivers.iter().filter(told)
    }

    /// True if this receiver is told of a source with this owner.
    pub fn tells(&self, receiver: &Receiver, owner: Option<&str>) -> bool {
        self.receivers_of(owner).any(|it| it.name == receiver.name)
    }
}
