//! Verdict, reason, outcome of a check: the closed words of every judgement (design §5).

use serde::{Deserialize, Serialize};

crate::words! {
    /// How a verification ended.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Verdict {
        /// Restored, identified, and every applicable check passed.
        Verified = "verified",
        /// The snapshot was shown to be bad.
        Failed = "failed",
        /// Something on our side stopped the verification, or the cause is unknown.
        Inconclusive = "inconclusive",
    }
}

macro_rules! reasons {
    ($($verdict:ident: $($variant:ident = $label:literal),+;)+) => {
        /// Why a verification was not `verified`; each reason belongs to exactly one verdict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason { $($(#[doc = concat!("`", $label, "`")] $variant,)+)+ }

        impl Reason {
            /// Every reason, the failed ones first.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)+)+];

            /// The value of the `reason` label and of a record's `reason`.
            pub const fn as_label(self) -> &'static str {
                match self { $($(Self::$variant => $label,)+)+ }
            }

            /// The only verdict this reason may explain.
            pub const fn verdict(self) -> Verdict {
                match self { $($(Self::$variant)|+ => Verdict::$verdict,)+ }
            }
        }
    };
}

reasons! {
    Failed:
        Damaged = "damaged", Unrestorable = "unrestorable", Inconsistent = "inconsistent",
        Identity = "identity", Expectation = "expectation";
    Inconclusive:
        NoChecksum = "no_checksum", NoImage = "no_image", ImageUnavailable = "image_unavailable",
        RuntimeUnavailable = "runtime_unavailable", Killed = "killed",
        OutOfMemory = "out_of_memory", Disk = "disk", Deadline = "deadline",
        TooLarge = "too_large", AccessDenied = "access_denied", KeyDenied = "key_denied",
        Archived = "archived", Vanished = "vanished", Replaced = "replaced",
        UnstableRead = "unstable_read", UnknownVersion = "unknown_version",
        ModuleMissing = "module_missing", NeedsEnterprise = "needs_enterprise",
        MigrationRequired = "migration_required", Interrupted = "interrupted",
        Internal = "internal";
}

impl Reason {
    /// True if no further try will change the outcome, but a line of the configuration may.
    pub const fn is_mendable(self) -> bool {
        matches!(
            self,
            Self::NoChecksum
                | Self::NoImage
                | Self::ModuleMissing
                | Self::UnknownVersion
                | Self::TooLarge
                | Self::NeedsEnterprise
                | Self::MigrationRequired
        )
    }
}

crate::words! {
    /// How one check ended.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Outcome {
        /// What was observed is what was expected.
        Passed = "passed",
        /// What was observed contradicts the expectation.
        Failed = "failed",
        /// Something worth saying that changes no verdict.
        Warning = "warning",
        /// The check has no meaning for this snapshot, e.g. a change without an earlier one.
        NotApplicable = "not_applicable",
        /// The check would have applied, but was never reached.
        NotRun = "not_run",
    }
}

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Written in `verify.expect`.
    Configured,
    /// Read from the snapshot's own bytes.
    Snapshot,
    /// Named in the manifest, `<key>.manifest.json`.
    Manifest,
    /// The nearest earlier verified recovery point, or an acceptance.
    Previous,
    /// Written in `objectives`.
    Objective,
}

/// The answer to one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the check, `engine.what`: one of the engine's check names.
    pub check: String,
    /// How the check ended.
    pub outcome: Outcome,
    /// What was seen; numbers and words of ours, never data.
    #[serde(default)]
    pub observed: Option<String>,
    /// What should have been seen.
    #[serde(default)]
    pub expected: Option<String>,
    /// Where the expectation comes from.
    #[serde(default)]
    pub basis: Option<Basis>,
    /// One sentence for people, with a hint where something can be done.
    pub message: String,
}
