//! Closed words of a record besides verdicts and reasons: the stages of a verification, and what is
//! said of its sandbox (design §6).

use serde::{Deserialize, Serialize};

macro_rules! words {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$of:meta])* $variant:ident = $label:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$of])* #[serde(rename = $label)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word as it stands in a record.
            pub const fn as_label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }
    };
}

words! {
    /// A part of a verification whose time is measured. Stages overlap: their times are no sum.
    Stage {
        /// Listing the repository and choosing a snapshot.
        Select = "select",
        /// Making the sandbox, and looking at it from inside.
        Provision = "provision",
        /// Reading the snapshot from storage.
        Fetch = "fetch",
        /// Reading it natively, in the same pass.
        Inspect = "inspect",
        /// Writing it into the sandbox.
        Stage = "stage",
        /// Loading it with the engine's own tools.
        Restore = "restore",
        /// The engine's own check of what was loaded.
        Check = "check",
        /// Starting a server on it, until the first answer.
        Serve = "serve",
        /// Counting what the server holds.
        Probe = "probe",
        /// Removing the sandbox.
        Destroy = "destroy",
    }
}

words! {
    /// Whether something inside a sandbox could reach anything outside, as looked at from inside.
    Egress {
        /// There is no way out.
        Denied = "denied",
        /// There is a way out: a warning.
        Open = "open",
        /// Nobody looked, or what was seen does not tell.
        NotTried = "not_tried",
    }
}

words! {
    /// How the network of a sandbox is set up.
    Network {
        /// Without any interface but loopback.
        None = "none",
        /// A policy of the cluster forbids all of it.
        Policy = "policy",
        /// The network of the host.
        Host = "host",
    }
}

words! {
    /// What bounds the bytes that a sandbox may write.
    VolumeLimit {
        /// Nothing.
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

    #[test]
    fn words_are_written_as_their_labels() {
        for stage in Stage::ALL {
            assert_eq!(json!(stage), json!(stage.as_label()));
        }
        assert_eq!(json!(Egress::NotTried), json!("not_tried"));
        assert_eq!(json!(Network::Policy), json!("policy"));
        assert_eq!(json!(VolumeLimit::Tmpfs), json!("tmpfs"));
    }
}
