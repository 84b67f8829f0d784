//! Messages about the verifications of one command: what the receivers knew before them, and what
//! they are told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use catalog::{
    config::{Receiver, Source},
    ledger::{Ledger, Proofs, Verification},
    model::{SourceInventory, SourceName},
};
use jiff::Timestamp;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    carry_out::ChosenSnapshot,
    console::{Console, Refusal},
    lease::{HeldLease, Taken},
    notify::{
        post::{Messenger, together},
        told::{KnownSource, Tell, Told, tell},
    },
    report::Report,
    speaker::{
        notes::{self, ReceiverNotes},
        upkeep,
    },
    world::{Surveyed, World},
};

/// What was known of each source before its run.
pub(super) struct RunMessages {
    messenger: Messenger,
    /// The lease of the speaker, which is renewed; `None` if another verifier tells people.
    lease: Option<(HeldLease, AbortOnDropHandle<()>)>,
    /// What each receiver was told.
    notes: BTreeMap<String, ReceiverNotes>,
    before: BTreeMap<SourceName, Before>,
}

struct Before {
    source: Source,
    inventory: SourceInventory,
    /// Number of the newest record.
    newest: u64,
}

/// What the verifications of one command came to.
#[derive(Clone, Copy)]
pub(super) struct EndedRuns<'a> {
    pub(super) reports: &'a [Report],
    /// Why a report has no record, by its index.
    pub(super) unrecorded: &'a BTreeMap<usize, String>,
}

/// What is known of a source behind its run.
struct Ended<'a> {
    before: &'a Before,
    ledger: Ledger,
    proofs: Proofs,
    /// The run and why it has no record, if it has none.
    unrecorded: Option<(&'a Verification, &'a str)>,
}

impl RunMessages {
    /// Takes the lease of the speaker and reads what the receivers were told. Of a source whose
    /// ledger is unreadable nothing is told: its verification says why it cannot begin.
    pub(super) async fn before(
        world: &Arc<World>,
        surveyed: &Surveyed,
        chosen: &[ChosenSnapshot],
        console: &mut Console<'_>,
    ) -> Result<Self, Refusal> {
        let notify = world.config.verifier.notify.clone();
        let mut messages = Self {
            messenger: Messenger::new(notify, console.env),
            lease: None,
            notes: BTreeMap::new(),
            before: BTreeMap::new(),
        };
        if chosen.is_empty() || messages.messenger.receivers().is_empty() {
            return Ok(messages);
        }
        match upkeep::take(world).await {
            Ok(Taken::Held(lease, _)) => {
                let keeping = lease.keep();
                messages.lease = Some((lease, keeping));
            }
            Ok(Taken::By(holder)) => {
                let holder = holder.holder();
                writeln!(console.err, "another verifier posts what changes: {holder}")?;
                return Ok(messages);
            }
            // Told without a lease: a message too many is better than none.
            Err(refusal) => writeln!(console.err, "warning: {}", refusal.message)?,
        }
        for receiver in messages.messenger.receivers() {
            // What cannot be read may be told once more.
            let notes = notes::read(world, &receiver.name).await.unwrap_or_default();
            messages.notes.insert(receiver.name.clone(), notes);
        }
        for ChosenSnapshot { source, .. } in chosen {
            let Ok(inventory) = surveyed.found(source).cloned() else {
                continue;
            };
            let Ok(ledger) = world.ledger(&source.name).await else {
                continue;
            };
            let known = Before {
                newest: ledger.newest_number(),
                source: source.clone(),
                inventory,
            };
            messages.before.insert(source.name.clone(), known);
        }
        Ok(messages)
    }

    /// Posts what the receivers do not know yet. A message that does not arrive is told on `err`;
    /// it changes no verdict and no exit code.
    pub(super) async fn post(
        mut self,
        world: &World,
        ended: EndedRuns<'_>,
        console: &mut Console<'_>,
    ) -> Result<(), Refusal> {
        let (now, config_file) = (console.clock.now(), console.config_file.clone());
        let ended = self.ended(world, ended, now).await;
        for receiver in self.messenger.receivers().to_vec() {
            let tells = self.tells(&receiver, world, &ended, (now, &config_file));
            for group in together(tells.iter().map(|(_, it)| &it.notice)) {
                let of_it = || group.iter().map(|index| &tells[*index]);
                let notices: Vec<_> = of_it().map(|(_, it)| it.notice.clone()).collect();
                if let Err(why) = self.messenger.deliver(&receiver, &notices).await {
                    let warning = format!("a message to {} did not arrive: {why}", receiver.name);
                    writeln!(console.err, "warning: {warning}")?;
                    continue;
                }
                for (source, tell) in of_it() {
                    let noted = notes::note(world, &receiver.name, source, tell).await;
                    if let Err(refusal) = noted {
                        let why = refusal.message;
                        writeln!(console.err, "warning: a message was not noted: {why}")?;
                    }
                }
            }
        }
        if let Some((lease, keeping)) = self.lease.take() {
            drop(keeping);
            world.give_back(lease).await;
        }
        Ok(())
    }

    /// What is known of each source behind its run. Of several runs of a source the first counts.
    async fn ended<'a>(
        &'a self,
        world: &World,
        runs: EndedRuns<'a>,
        now: Timestamp,
    ) -> Vec<Ended<'a>> {
        let mut told_of = BTreeSet::new();
        let mut ended = Vec::new();
        for (index, report) in runs.reports.iter().enumerate() {
            let name = &report.verification.source;
            let Some(before) = self.before.get(name).filter(|_| told_of.insert(name)) else {
                continue;
            };
            let Ok(ledger) = world.ledger(name).await else {
                continue;
            };
            let why = runs.unrecorded.get(&index).map(String::as_str);
            ended.push(Ended {
                proofs: Proofs::new(&ledger, &before.inventory, None, now),
                before,
                ledger,
                unrecorded: why.map(|why| (&report.verification, why)),
            });
        }
        ended
    }

    /// What a receiver is to be told of these sources.
    fn tells(
        &self,
        receiver: &Receiver,
        world: &World,
        ended: &[Ended<'_>],
        (now, config_file): (Timestamp, &Path),
    ) -> Vec<(SourceName, Tell)> {
        let verifier = &world.config.verifier;
        let mine = ended.iter().filter(|it| {
            let owner = it.before.source.owner.as_deref();
            verifier.notify.tells(receiver, owner)
        });
        let tells = mine.filter_map(|it| {
            let name = it.before.source.name.clone();
            let notes = self.notes.get(&receiver.name);
            let told = notes.and_then(|it| it.told.get(&name)).copied();
            let told = told.unwrap_or_else(|| Told::nothing_behind(it.before.newest));
            let tell = tell(it.known(config_file), told, receiver, verifier, now)?;
            Some((name, tell))
        });
        tells.collect()
    }
}

impl Ended<'_> {
    fn known<'a>(&'a self, config_file: &'a Path) -> KnownSource<'a> {
        KnownSource {
            source: &self.before.source,
            ledger: &self.ledger,
            inventory: &self.before.inventory,
            old_versions: None,
            proofs: &self.proofs,
            unrecorded: self.unrecorded,
            config_file,
        }
    }
}
