//! Messages about the verifications of one command: what was known before them, and what changed.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{
    config::Source,
    ledger::Proofs,
    model::{SourceInventory, SourceName},
};

use crate::{
    carry_out::ChosenSnapshot,
    console::{Console, Refusal},
    notify::{
        compose::{Change, change},
        post::{Delivery, Messenger},
    },
    report::Report,
    world::{Surveyed, World},
};

/// What was known of each source before its run.
pub(super) struct RunMessages {
    messenger: Messenger,
    before: BTreeMap<SourceName, Before>,
}

struct Before {
    source: Source,
    inventory: SourceInventory,
    proofs: Proofs,
}

impl RunMessages {
    /// Reads the ledgers of the chosen sources. Of a source whose ledger is unreadable nothing is
    /// told: its verification says why it cannot begin.
    pub(super) async fn before(
        world: &Arc<World>,
        surveyed: &Surveyed,
        chosen: &[ChosenSnapshot],
        console: &Console<'_>,
    ) -> Self {
        let notify = world.config.verifier.notify.clone();
        let messenger = Messenger::new(notify, console.env);
        let mut before = BTreeMap::new();
        let chosen = chosen.iter().filter(|_| !messenger.receivers().is_empty());
        for ChosenSnapshot { source, .. } in chosen {
            let Ok(inventory) = surveyed.found(source).cloned() else {
                continue;
            };
            let Ok(ledger) = world.ledger(&source.name).await else {
                continue;
            };
            let known = Before {
                proofs: Proofs::new(&ledger, &inventory, None, console.clock.now()),
                source: source.clone(),
                inventory,
            };
            before.insert(source.name.clone(), known);
        }
        Self { messenger, before }
    }

    /// Posts what changed. A message that does not arrive is told on `err`; it changes no verdict
    /// and no exit code. `unrecorded` says why a report has no record, by its index.
    pub(super) async fn post(
        &self,
        world: &World,
        reports: &[Report],
        unrecorded: &BTreeMap<usize, String>,
        console: &mut Console<'_>,
    ) -> Result<(), Refusal> {
        let now = console.clock.now();
        let mut notices = Vec::new();
        for (index, report) in reports.iter().enumerate() {
            let Some(known) = self.before.get(&report.verification.source) else {
                continue;
            };
            let ledger = world.ledger(&known.source.name).await.ok();
            let after = ledger.map(|it| Proofs::new(&it, &known.inventory, None, now));
            let of = Change {
                source: &known.source,
                run: &report.verification,
                before: &known.proofs,
                after: after.as_ref(),
                unrecorded: unrecorded.get(&index).map(String::as_str),
                config_file: &console.config_file,
            };
            notices.extend(change(of, &world.config.verifier, now));
        }
        for Delivery { receiver, why } in self.messenger.post(&notices).await {
            if let Some(why) = why {
                let warning = format!("a message to {receiver} did not arrive: {why}");
                writeln!(console.err, "warning: {warning}")?;
            }
        }
        Ok(())
    }
}
