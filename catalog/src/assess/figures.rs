//! Figures of a source that no clock changes, and its assessment by them at any time.

use jiff::Timestamp;

use super::{
    Assessment, CONCERNS, Facts, Holdings, Promises, Proof, Severity, Subject, outlook::Outlook,
    series::Series,
};

/// Everything that is known of one source, with the figures that follow from it whatever the time
/// is. Made whenever something else is known; an assessment is then only made of comparisons.
#[derive(Debug)]
pub struct Figures {
    subject: Subject,
    promises: Promises,
    /// `None` before the first survey.
    series: Option<Series>,
    /// As the whole ledger has it; `None` without a ledger, and before the first survey.
    outlook: Option<Outlook>,
}

impl Figures {
    /// Finds the figures. It looks at every snapshot, and at every record.
    pub fn new(subject: Subject) -> Self {
        let inventory = subject.inventory.as_deref();
        let snapshots = inventory.map_or(&[][..], |inventory| &inventory.snapshots);
        let promises = Promises::new(&subject.measure, snapshots);
        let series = inventory.map(|inventory| Series::new(inventory, &subject, &promises));
        let outlook = inventory
            .zip(subject.ledger.as_deref())
            .map(|(inventory, ledger)| {
                let limit = promises.recovery_time;
                Outlook::new(ledger.until(Timestamp::MAX), inventory, limit)
            });
        Self {
            subject,
            promises,
            series,
            outlook,
        }
    }

    /// Judges the source at one time.
    pub fn assess(&self, now: Timestamp) -> Assessment<'_> {
        let facts = Facts {
            subject: &self.subject,
            promises: &self.promises,
            now,
        };
        let holdings = self.holdings(&facts);
        let proof = holdings
            .as_ref()
            .and_then(|holdings| self.proof(holdings, now));
        let concerns: Vec<_> = CONCERNS
            .iter()
            .map(|concern| {
                (
                    concern,
                    concern.stands(holdings.as_ref(), proof.as_ref(), &facts),
                )
            })
            .collect();
        let critical = concerns
            .iter()
            .any(|(it, stands)| it.severity == Severity::Critical && *stands == Some(true));
        let proven = proof.as_ref().map(|proof| proof.is_current(&facts));
        let recoverable = match proven {
            Some(_) if critical => Some(false),
            Some(true) => Some(true),
            _ => None,
        };
        Assessment {
            promises: &self.promises,
            holdings,
            proof,
            concerns,
            recoverable,
        }
    }

    fn holdings(&self, facts: &Facts<'_>) -> Option<Holdings<'_>> {
        let inventory = self.subject.inventory.as_deref()?;
        Some(Holdings::new(self.series.as_ref()?, inventory, facts))
    }

    fn proof<'a>(&'a self, holdings: &Holdings<'a>, now: Timestamp) -> Option<Proof<'a>> {
        let (ledger, proofs) = (
            self.subject.ledger.as_deref()?,
            self.subject.proofs.as_deref()?,
        );
        let outlook = if ledger.is_from_the_future(now) {
            // Rare, and ended by the clock alone: what is from the future has no part in it yet.
            let limit = self.promises.recovery_time;
            Outlook::new(ledger.until(now), holdings.inventory, limit)
        } else {
            self.outlook?
        };
        Some(Proof::new(ledger, proofs, outlook, now))
    }
}
