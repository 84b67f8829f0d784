//! What is known right now: one value from which every page is made, replaced as a whole.
//!
//! It reads no clock and no storage.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use catalog::{
    config::{Config, Source},
    ledger::{Ledger, OldVersions, Proofs, Stage, ToolRecord, Trigger, Verdict, Verification},
    model::{DrillName, RepositoryName, Snapshot, SourceInventory, SourceName},
};
use jiff::Timestamp;

use super::{
    before::SeenBefore,
    drills::{DrillState, drills},
};
use crate::{notify::compose::Trouble, plan::Situation, supervise::Progress};

/// Everything `serve` knows.
#[derive(Debug, Clone)]
pub(crate) struct State {
    /// The configuration in use.
    pub(crate) config: Arc<Config>,
    /// The verifier and its configuration, as a record would name them.
    pub(crate) tool: ToolRecord,
    /// When the configuration was loaded.
    pub(crate) loaded_at: Timestamp,
    /// True if the last attempt to load another configuration failed.
    pub(crate) reload_failed: bool,
    /// When the scheduler last decided; `None` before its first turn.
    pub(crate) turned_at: Option<Timestamp>,
    /// The last plan of each repository with a source that expects a proof; `None` before the
    /// first.
    pub(crate) plans: BTreeMap<RepositoryName, Option<Planning>>,
    /// True if everything was planned once, be it under another configuration.
    was_planned: bool,
    /// Every source that expects a proof.
    pub(crate) sources: BTreeMap<SourceName, SourceState>,
    /// Verifications under way.
    pub(crate) running: BTreeMap<SourceName, LiveRun>,
    /// Sources that are due, without room.
    pub(crate) waiting: BTreeSet<SourceName>,
    /// Verifications that ended since the program began, by verdict.
    pub(crate) finished: BTreeMap<Verdict, u64>,
    /// Failures since the program began, by what could not be done.
    pub(crate) failures: BTreeMap<Step, u64>,
    /// Steps that cannot be done, as of the last turn.
    pub(crate) troubles: Vec<Trouble>,
    /// Troubles that a verifier before this one told people of, until the next turn.
    pub(super) inherited: Vec<Trouble>,
    /// Who tells people; `None` before that was looked at, or where nobody is to be told.
    pub(crate) speaking: Option<Speaking>,
    /// When evidence was last seen to be writable: the last renewal of the speaker's lease.
    pub(crate) leased_at: Option<Timestamp>,
    /// When the heartbeat's address last answered.
    pub(crate) beat_at: Option<Timestamp>,
    /// Why there is no heartbeat; `None` if there is, or none is configured.
    pub(crate) silent: Option<String>,
    /// Every receiver of messages, by its name.
    pub(crate) undelivered: BTreeMap<String, UndeliveredMessages>,
    /// Drills that have a schedule.
    pub(crate) drills: BTreeMap<DrillName, DrillState>,
}

/// Who tells people, of all verifiers of one evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Speaking {
    /// This verifier.
    Ours,
    /// Another verifier, in words.
    Others(String),
    /// Nobody knows, with the reason, for the evidence cannot be read or written: this verifier
    /// speaks all the same.
    Unknown(String),
}

fn receivers(config: &Config) -> impl Iterator<Item = String> {
    let receivers = config.verifier.notify.receivers.iter();
    receivers.map(|it| it.name.clone())
}

/// How planning a repository ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planning {
    pub(crate) at: Timestamp,
    pub(crate) succeeded: bool,
}

/// One source, as it was last seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceState {
    /// The newest complete snapshot that is not differential.
    pub(crate) newest: Option<Arc<Snapshot>>,
    /// Everything of the source that lies in its repository.
    pub(crate) inventory: Option<Arc<SourceInventory>>,
    pub(crate) ledger: Option<Arc<Ledger>>,
    /// What the store said of the last proof, if its object is not in `inventory`.
    pub(crate) old_versions: Option<OldVersions>,
    /// The ledger held against the inventory; `None` before both are known.
    pub(crate) proofs: Option<Arc<Proofs>>,
    /// When the source was seen to have this newest snapshot, or none.
    pub(crate) seen_at: Option<Timestamp>,
    /// What could not be done at the last look; `None` if the source was seen.
    pub(crate) missed: Option<Step>,
    /// The last verification of ours that left nothing in `ledger`.
    pub(crate) lost: Option<LostRun>,
    /// Id and log of the last verification that failed; at most 200 lines.
    pub(crate) failed_log: Option<(String, Arc<[String]>)>,
}

/// A verification that is in no ledger we read.
#[derive(Debug, Clone)]
pub(crate) struct LostRun {
    pub(crate) at: Timestamp,
    /// What could not be done.
    pub(crate) step: Step,
    /// Why not, in words.
    pub(crate) why: String,
    /// The verification, if it began.
    pub(crate) verification: Option<Arc<Verification>>,
}

/// Messages to one receiver that are due and did not arrive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UndeliveredMessages {
    pub(crate) count: u64,
    /// Since when messages do not arrive; `None` if all arrived.
    pub(crate) oldest: Option<Timestamp>,
}

impl SourceState {
    /// Notes the end of a verification of ours; `lost` says why no ledger holds it, if so. A run
    /// without a verdict, or an inconclusive one, takes no earlier failure back.
    pub(crate) fn ran(&mut self, verdict: Option<Verdict>, lost: Option<LostRun>) {
        let failed = self.lost.as_ref().and_then(LostRun::verdict) == Some(Verdict::Failed);
        if !failed || matches!(verdict, Some(Verdict::Verified | Verdict::Failed)) {
            self.lost = lost;
        }
    }

    /// Replaces the ledger. A verification that left no record stops being shown once a later
    /// record exists; if it had `failed`, that record must be `verified` or `failed`: an
    /// inconclusive one does not clear it.
    pub(crate) fn take(&mut self, ledger: Ledger, now: Timestamp) {
        self.forget_lost(&ledger, now);
        let inventory = self.inventory.as_deref();
        let answer = self.old_versions.as_ref();
        let join = |inventory| Arc::new(Proofs::new(&ledger, inventory, answer, now));
        self.proofs = inventory.map(join);
        self.ledger = Some(Arc::new(ledger));
    }

    /// The same of a ledger that was held against this inventory already, without what the store
    /// said.
    pub(crate) fn take_seen(&mut self, ledger: Ledger, proofs: Arc<Proofs>, now: Timestamp) {
        if self.old_versions.is_some() {
            return self.take(ledger, now);
        }
        self.forget_lost(&ledger, now);
        self.proofs = Some(proofs);
        self.ledger = Some(Arc::new(ledger));
    }

    fn forget_lost(&mut self, ledger: &Ledger, now: Timestamp) {
        self.lost = self.lost.take().filter(|lost| {
            let failed = lost.verdict() == Some(Verdict::Failed);
            !ledger.until(now).verifications().any(|it| {
                it.ended_at >= lost.at && !(failed && it.verdict == Verdict::Inconclusive)
            })
        });
    }

    fn seen_before(&self) -> Option<SeenBefore> {
        Some(SeenBefore {
            inventory: Arc::clone(self.inventory.as_ref()?),
            ledger: Arc::clone(self.ledger.as_ref()?),
            proofs: self.proofs.clone().filter(|_| self.old_versions.is_none()),
            seen_at: self.seen_at?,
            log: self.failed_log.as_ref().map(|(id, _)| id.clone()),
        })
    }

    /// The failure that stands, with its log if it was seen since the program began.
    pub(crate) fn failure(&self) -> Option<(&Verification, &[String])> {
        let failed = self.proofs.as_ref()?.failed()?;
        let log = self.failed_log.as_ref().filter(|(id, _)| *id == failed.id);
        Some((failed, log.map_or(&[], |(_, log)| &**log)))
    }

    /// The situation that a plan is made from; `None` before the source was looked at.
    pub(crate) fn situation(&self, now: Timestamp) -> Option<Situation<'_>> {
        Some(Situation {
            newest: self.newest.as_deref(),
            past: self.ledger.as_ref()?.until(now),
            proofs: self.proofs.as_deref()?,
            now,
        })
    }

    /// The record that speaks of the source. Before a look nobody knows what lies there: it is then
    /// the record of the newest recovery point.
    pub(crate) fn recorded(&self, now: Timestamp) -> Option<&Verification> {
        match &self.proofs {
            Some(proofs) => proofs.newest(),
            None => self.ledger.as_ref()?.until(now).newest(),
        }
    }
}

impl LostRun {
    /// The verdict, if the run came to one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.verification.as_ref().map(|it| it.verdict)
    }
}

/// One verification under way.
#[derive(Debug, Clone)]
pub(crate) struct LiveRun {
    pub(crate) trigger: Trigger,
    pub(crate) began_at: Timestamp,
    pub(crate) progress: Tracker,
}

catalog::words! {
    /// A step of the scheduler that may fail.
    pub(crate) enum Step {
        Survey = "survey",
        ReadRecords = "read_evidence",
        Begin = "begin",
        WriteRecords = "write_evidence",
        Sweep = "sweep",
    }
}

impl Step {
    /// The failure as a sentence for people.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Survey => "its repository could not be surveyed",
            Self::ReadRecords => "its evidence could not be read",
            Self::Begin => "its verification could not begin",
            Self::WriteRecords => "its record could not be written",
            Self::Sweep => "what killed runs left could not be swept",
        }
    }
}

/// The progress of a verification; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker(Arc<Mutex<Far>>);

/// The stage a verification is in, and the bytes read of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Far {
    /// The stage that runs; `None` before the first.
    pub(crate) stage: Option<Stage>,
    pub(crate) read: u64,
    pub(crate) of: u64,
    /// True once the verdict stands and a rehearsal runs.
    pub(crate) rehearses: bool,
}

impl Tracker {
    pub(crate) fn get(&self) -> Far {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, progress: Progress) {
        let mut far = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Stage(stage) => far.stage = Some(stage),
            Progress::Bytes { read, of } => (far.read, far.of) = (read, of),
            Progress::Rehearsal => {
                *far = Far {
                    rehearses: true,
                    ..Far::default()
                }
            }
        }
    }
}

impl State {
    /// The state of a program that has planned nothing yet.
    pub(crate) fn new(config: &Arc<Config>, tool: ToolRecord, loaded_at: Timestamp) -> Self {
        let provable = || config.sources.iter().filter(|it| it.verify.is_some());
        Self {
            plans: provable().map(|it| (it.repository.clone(), None)).collect(),
            sources: provable()
                .map(|it| (it.name.clone(), SourceState::default()))
                .collect(),
            was_planned: false,
            config: Arc::clone(config),
            tool,
            loaded_at,
            reload_failed: false,
            turned_at: None,
            running: BTreeMap::new(),
            waiting: BTreeSet::new(),
            finished: BTreeMap::new(),
            failures: BTreeMap::new(),
            troubles: Vec::new(),
            inherited: Vec::new(),
            speaking: None,
            leased_at: None,
            beat_at: None,
            silent: None,
            undelivered: receivers(config)
                .map(|name| (name, UndeliveredMessages::default()))
                .collect(),
            drills: drills(config, &BTreeMap::new()),
        }
    }

    /// Takes over troubles that a verifier before this one told people of: they stand until their
    /// step is done.
    pub(crate) fn inherit(&mut self, troubles: Vec<Trouble>) {
        let standing = |of: &Self, it: &Trouble| {
            let mut troubles = of.troubles.iter();
            troubles.any(|known| (&known.of, &known.what) == (&it.of, &it.what))
        };
        for trouble in troubles {
            if !standing(self, &trouble) {
                self.troubles.push(trouble.clone());
                self.inherited.push(trouble);
            }
        }
    }

    /// Notes who tells people, and when the evidence was writable.
    pub(crate) fn speaks(&mut self, speaking: &Speaking, at: Timestamp) {
        self.speaking = Some(speaking.clone());
        match speaking {
            Speaking::Ours | Speaking::Others(_) => self.leased_at = Some(at),
            Speaking::Unknown(_) => {}
        }
    }

    /// This state under another configuration. What runs and what was counted goes on, and so do
    /// plans of repositories that are the same. Of sources two things stay, for their snapshots may
    /// lie elsewhere now: their ledgers, if their place is the same, and lost runs. A failure that
    /// is in no record is known to nobody else.
    #[must_use]
    pub(crate) fn under(
        &self,
        config: &Arc<Config>,
        tool: ToolRecord,
        loaded_at: Timestamp,
    ) -> Self {
        let same_evidence = match (&self.config.evidence, &config.evidence) {
            (Some(before), Some(after)) => before.location == after.location,
            _ => false,
        };
        let mut next = Self {
            turned_at: self.turned_at,
            was_planned: self.is_planned(),
            running: self.running.clone(),
            finished: self.finished.clone(),
            failures: self.failures.clone(),
            troubles: self.troubles.clone(),
            inherited: self.inherited.clone(),
            speaking: self.speaking.clone(),
            leased_at: self.leased_at,
            beat_at: self.beat_at,
            silent: self.silent.clone(),
            drills: drills(config, &self.drills),
            ..Self::new(config, tool, loaded_at)
        };
        for (name, known) in &mut next.undelivered {
            *known = self.undelivered.get(name).copied().unwrap_or_default();
        }
        for repository in &config.repositories {
            let mut before = self.config.repositories.iter();
            let is_same = before.any(|it| *it == *repository);
            let planned = self.plans.get(&repository.name).filter(|_| is_same);
            if let Some((next, planned)) = next.plans.get_mut(&repository.name).zip(planned) {
                *next = *planned;
            }
        }
        for (name, known) in &mut next.sources {
            let Some(before) = self.sources.get(name) else {
                continue;
            };
            known.lost.clone_from(&before.lost);
            known.failed_log.clone_from(&before.failed_log);
            known.ledger = before.ledger.clone().filter(|_| same_evidence);
        }
        next
    }

    /// Sources that expect a proof, in the order of the file.
    pub(crate) fn provable(&self) -> impl Iterator<Item = (&Source, &SourceState)> {
        let sources = self.config.sources.iter();
        sources.filter_map(|source| Some((source, self.sources.get(&source.name)?)))
    }

    /// True if every repository was planned once, or an attempt was made. A reload does not take
    /// that back: a repository all of whose sources are busy is not planned for as long as they
    /// are.
    pub(crate) fn is_planned(&self) -> bool {
        self.was_planned || self.plans.values().all(Option::is_some)
    }

    /// What was seen of each of these sources.
    pub(super) fn seen_before(&self, names: &[SourceName]) -> BTreeMap<SourceName, SeenBefore> {
        let seen = |name: &SourceName| Some((name.clone(), self.sources.get(name)?.seen_before()?));
        names.iter().filter_map(seen).collect()
    }

    pub(crate) fn count(&mut self, failed: Step) {
        *self.failures.entry(failed).or_default() += 1;
    }
}

#[cfg(test)]
mod tests;
