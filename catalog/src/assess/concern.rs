//! Every reason why a source may not be recoverable: one closed table.
//!
//! A condition decides only; it changes nothing and asks nobody but its witnesses.

mod evidence;
mod intent;
mod proof;

pub(super) use self::evidence::EXPIRY_DELAY;
use super::{Facts, Holdings, Intent, Proof};

crate::words! {
    /// Witness that a concern comes from.
    pub enum Witness {
        /// The producer.
        Intent = "intent",
        /// The repository.
        Evidence = "evidence",
        /// The verifier's records.
        Proof = "proof",
        /// Producer and repository, if they contradict each other.
        Joined = "joined",
    }
}

crate::words! {
    /// How much a concern matters.
    pub enum Severity {
        /// Worth knowing; never pages.
        Info = "info",
        /// A promise is broken, or will be.
        Warning = "warning",
        /// The source may be lost.
        Critical = "critical",
    }
}

/// One row of the table: a reason why a source may not be recoverable.
#[derive(Debug)]
pub struct Concern {
    /// The value of the `concern` label.
    pub name: &'static str,
    /// How much the concern matters.
    pub severity: Severity,
    /// Sentence for people that says what is wrong.
    pub sentence: &'static str,
    condition: Condition,
}

/// Condition under which a row stands; only asked if all its witnesses are there.
#[derive(Debug)]
enum Condition {
    Intent(fn(&Intent, &Facts<'_>) -> bool),
    Evidence(fn(&Holdings<'_>, &Facts<'_>) -> bool),
    Proof(fn(&Proof<'_>, &Holdings<'_>, &Facts<'_>) -> bool),
    Joined(fn(&Intent, &Holdings<'_>, &Facts<'_>) -> bool),
}

impl Concern {
    /// The witness that the condition asks.
    pub const fn witness(&self) -> Witness {
        match self.condition {
            Condition::Intent(_) => Witness::Intent,
            Condition::Evidence(_) => Witness::Evidence,
            Condition::Proof(_) => Witness::Proof,
            Condition::Joined(_) => Witness::Joined,
        }
    }

    /// True if the concern stands; `None` without a witness, and before the first survey of the
    /// source.
    pub(super) fn stands(
        &self,
        holdings: Option<&Holdings<'_>>,
        proof: Option<&Proof<'_>>,
        facts: &Facts<'_>,
    ) -> Option<bool> {
        let holdings = holdings?;
        let intent = facts.subject.intent.as_ref();
        match self.condition {
            Condition::Intent(stands) => intent.map(|it| stands(it, facts)),
            Condition::Evidence(stands) => Some(stands(holdings, facts)),
            Condition::Proof(stands) => proof.map(|it| stands(it, holdings, facts)),
            Condition::Joined(stands) => intent.map(|it| stands(it, holdings, facts)),
        }
    }
}

macro_rules! concerns {
    ($($witness:ident $severity:ident $module:ident::$name:ident $sentence:literal;)+) => {
        /// Every concern, in the order of the documentation.
        pub const CONCERNS: &[Concern] = &[$(Concern {
            name: stringify!($name),
            severity: Severity::$severity,
            sentence: $sentence,
            condition: Condition::$witness($module::$name),
        },)+];
    };
}

concerns! {
    Intent Warning intent::producer_failed
        "the last run of the producer failed";
    Intent Warning intent::producer_missed
        "the producer did not run at its slot";
    Intent Warning intent::producer_suspended
        "the producer is suspended and will not run";
    Intent Warning intent::producer_unknown
        "the producer does not exist, or may not be looked at";
    Intent Warning intent::schedule_mismatch
        "the producer runs at another schedule than configured";
    Evidence Critical evidence::missing
        "no complete snapshot lies there although one was due";
    Evidence Warning evidence::late
        "the slot and its grace have passed and no complete snapshot arrived";
    Evidence Warning evidence::recovery_point_exceeded
        "the newest snapshot is older than promised";
    Evidence Critical evidence::stale
        "the newest snapshot is older than its critical age, or none was finished for as long";
    Evidence Warning evidence::failed
        "the newest snapshot failed, or cannot be one";
    Evidence Warning evidence::partial
        "parts of the newest snapshot, or of what it continues, are missing";
    Evidence Warning evidence::stuck
        "a snapshot has been in progress for too long";
    Evidence Critical evidence::too_small
        "the newest snapshot is smaller than the configured minimum";
    Evidence Warning evidence::shrunk
        "the newest snapshot is much smaller than is typical";
    Evidence Info evidence::gap
        "snapshots are missing between older ones";
    Evidence Warning evidence::retention_short
        "old snapshots are gone sooner than retention promises";
    Evidence Info evidence::retention_exceeded
        "snapshots are kept longer than retention says";
    Evidence Info evidence::duplicate
        "several snapshots of one time lie there";
    Evidence Warning evidence::uploaded_late
        "the newest snapshot arrived long after it was taken";
    Evidence Warning evidence::from_the_future
        "a recovery point lies after the upload: a clock is wrong";
    Proof Critical proof::never_verified
        "no current snapshot was ever verified";
    Proof Critical proof::verification_stale
        "the last verification is older than promised";
    Proof Critical proof::verification_failed
        "the newest snapshot that was looked at is bad";
    Proof Warning proof::verification_inconclusive
        "whether it can be restored is not known: verifications could not tell";
    Proof Warning proof::verification_overdue
        "a verification was due and left no record";
    Proof Warning proof::proof_vanished
        "no snapshot that was verified lies there any more, although it should";
    Proof Warning proof::proof_from_the_future
        "a record of the verifier is from the future: a clock is wrong";
    Proof Warning proof::recovery_time_exceeded
        "recovery took longer than promised";
    Proof Warning proof::recovery_time_forecast
        "recovery of the newest snapshot will take too long";
    Proof Warning proof::counts_disagree
        "two witnesses counted the same contents differently";
    Proof Warning proof::canary_stale
        "the newest change inside is older than expected";
    Proof Warning proof::rehearsal_failed
        "the snapshot cannot be restored into the next version";
    Proof Critical proof::evidence_broken
        "evidence records were changed or are missing";
    Joined Critical intent::silent_loss
        "the producer succeeded, but nothing arrived";
    Joined Warning intent::unknown_writer
        "a snapshot arrived that nothing intended";
}
