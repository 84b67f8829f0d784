//! Closed words of a record besides verdicts and reasons: the stages of a verification, and the
//! properties of its sandbox (design §6).

use serde::{Deserialize, Serialize};

crate::words! {
    /// A part of a verification whose time is measured. Stages overlap: their times are no sum.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Stage {
        /// Listing the repository and choosing a snapshot.
        Select = "select",
        /// Making the sandbox, and looking at it from inside.
        Provision = "provision",
        /// Reading the snapshot from storage.
        Fetch = "fetch",
        /// Reading the snapshot natively, in the same pass.
        Inspect = "inspect",
        /// Writing the snapshot into the sandbox.
        Stage = "stage",
        /// Loading the snapshot with the engine's own tools.
        Restore = "restore",
        /// The engine's own check of what was loaded.
        Check = "check",
        /// Starting a server on what was loaded, until its first answer.
        Serve = "serve",
        /// Counting what the server holds.
        Probe = "probe",
        /// Removing the sandbox.
        Destroy = "destroy",
    }
}

crate::words! {
    /// Whether something inside a sandbox could reach anything outside, as looked at from inside.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Egress {
        /// There is no way out.
        Denied = "denied",
        /// There is a way out, which is a warning.
        Open = "open",
        /// Nobody looked, or what was seen does not settle the question.
        NotTried = "not_tried",
    }
}

crate::words! {
    /// How the bytes of a snapshot reach the server. Times of recovery are compared within one way.
    #[derive(Default, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Fed {
        /// The server reads a pipe while the bytes arrive.
        Pipe = "pipe",
        /// The server reads a file once it is whole.
        #[default]
        File = "file",
    }
}

crate::words! {
    /// How the network of a sandbox is set up.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Network {
        /// The sandbox has no network interface but loopback.
        None = "none",
        /// A policy of the cluster forbids all traffic.
        Policy = "policy",
        /// The sandbox shares the network of the host.
        Host = "host",
    }
}

crate::words! {
    /// What bounds the bytes that a sandbox may write.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum VolumeLimit {
        /// Nothing bounds them.
        None = "none",
        /// A file system in memory of a fixed size.
        Tmpfs = "tmpfs",
        /// A quota of the file system.
        Quota = "quota",
        /// A volume of a fixed size.
        Size = "size",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ledger::{Outcome, Verdict},
        model::SnapshotState,
    };

    #[test]
    fn words_are_written_as_their_labels() {
        macro_rules! same {
            ($($word:ident)+) => {
                $(for word in $word::ALL {
                    assert_eq!(json!(word), json!(word.as_label()));
                })+
            };
        }
        same!(Stage Egress Network VolumeLimit Verdict Outcome SnapshotState);
    }
}
