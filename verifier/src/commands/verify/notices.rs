//! Messages about the verifications of one command: what the receivers knew before them, and what
//! they are told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use catalog::{
    config::{Receiver, Source},
    ledger::Proofs,
    model::{SourceInventory, SourceName},
};
use jiff::Timestamp;

use crate::{
    carry_out::ChosenSnapshot,
    console::{Console, Refusal},
    identity,
    lease::{HeldLease, Scope, Taken},
    notify::{
        post::{Messenger, together},
        told::{KnownSource, Tell, Told, tell},
    },
    report::Report,
    runtime::RunId,
    speaker::notes::{Notes, ReceiverNotes},
    world::{Surveyed, World},
};

/// What was known of each source before its run.
pub(super) struct RunMessages {
    messenger: Messenger,
    /// The lease of the speaker; `None` if another verifier tells people.
    lease: Option<HeldLease>,
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
        match speaks(world).await {
            Ok(Taken::Held(lease, _)) => messages.lease = Some(lease),
            Ok(Taken::By(holder)) => {
                let holder = holder.holder();
                writeln!(console.err, "another verifier posts what changes: {holder}")?;
                return Ok(messages);
            }
            // Told without a lease: a message too many is better than none.
            Err(refusal) => writeln!(console.err, "warning: {}", refusal.message)?,
        }
        for receiver in messages.messenger.receivers() {
            let notes = read(world, &receiver.name).await;
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
                newest: ledger.own_records().next_back().map_or(0, |it| it.sequence),
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
        for receiver in self.messenger.receivers().to_vec() {
            let tells = self
                .tells(&receiver, world, ended, (now, &config_file))
                .await;
            for group in together(tells.iter().map(|(_, it)| &it.notice)) {
                let of_it = || group.iter().map(|index| &tells[*index]);
                let notices: Vec<_> = of_it().map(|(_, it)| it.notice.clone()).collect();
                if let Err(why) = self.messenger.deliver(&receiver, &notices).await {
                    let warning = format!("a message to {} did not arrive: {why}", receiver.name);
                    writeln!(console.err, "warning: {warning}")?;
                    continue;
                }
                for (source, tell) in of_it().filter(|(_, it)| it.is_recorded) {
                    if let Err(refusal) = note(world, &receiver.name, source, &tell.told).await {
                        let why = refusal.message;
                        writeln!(console.err, "warning: a message was not noted: {why}")?;
                    }
                }
            }
        }
        if let Some(lease) = self.lease.take() {
            world.give_back(lease).await;
        }
        Ok(())
    }

    /// What a receiver is to be told of the sources of these reports.
    async fn tells(
        &self,
        receiver: &Receiver,
        world: &World,
        ended: EndedRuns<'_>,
        (now, config_file): (Timestamp, &Path),
    ) -> Vec<(SourceName, Tell)> {
        let config = &world.config;
        let mut told_of = BTreeSet::new();
        let mut tells = Vec::new();
        for (index, report) in ended.reports.iter().enumerate() {
            let name = &report.verification.source;
            let Some(known) = self.before.get(name).filter(|_| told_of.insert(name)) else {
                continue;
            };
            let owner = known.source.owner.as_deref();
            let mut takers = config.verifier.notify.receivers_of(owner);
            if takers.all(|it| it.name != receiver.name) {
                continue;
            }
            let Ok(ledger) = world.ledger(name).await else {
                continue;
            };
            let proofs = Proofs::new(&ledger, &known.inventory, None, now);
            let why = ended.unrecorded.get(&index).map(String::as_str);
            let of = KnownSource {
                source: &known.source,
                ledger: &ledger,
                inventory: &known.inventory,
                old_versions: None,
                proofs: &proofs,
                unrecorded: why.map(|why| (&report.verification, why)),
                config_file,
            };
            let notes = self.notes.get(&receiver.name);
            let told = notes.and_then(|it| it.told.get(name)).copied();
            let told = told.unwrap_or(Told {
                sequence: known.newest,
                ..Told::default()
            });
            let tell = tell(of, told, receiver, &config.verifier, now);
            tells.extend(tell.map(|it| (name.clone(), it)));
        }
        tells
    }
}

/// Takes the lease of the speaker.
async fn speaks(world: &World) -> Result<Taken, Refusal> {
    world.may_write().await?;
    let run = RunId(identity::new_id());
    let leases = world.leases()?;
    let taking = leases.take(&Scope::Speaker, &run, None);
    Ok(world.in_time("its lease was not read", taking).await??)
}

/// What a receiver was told; nothing if it cannot be read, for then a message may come once more.
async fn read(world: &World, receiver: &str) -> ReceiverNotes {
    let Ok(evidence) = world.evidence() else {
        return ReceiverNotes::default();
    };
    let notes = Notes::new(Arc::clone(evidence));
    let reading = world.in_time("its notes were not read", notes.read(receiver));
    let read = reading.await;
    read.ok().and_then(Result::ok).unwrap_or_default()
}

async fn note(
    world: &World,
    receiver: &str,
    source: &SourceName,
    told: &Told,
) -> Result<(), Refusal> {
    let notes = Notes::new(Arc::clone(world.evidence()?));
    let first = world
        .ledger(source)
        .await?
        .own_records()
        .next()
        .map_or(0, |it| it.sequence);
    let noting = notes.write_told(receiver, source, told, first);
    Ok(world.in_time("it was not noted", noting).await??)
}
