//! Warnings about sources whose proof waits for a line of the configuration: what a check of the
//! file says beyond the file.
//!
//! This is the only part of the configuration that reads evidence; evidence that cannot be read
//! gives no warning. Repositories are not read: `doctor` does that, and asks
//! [`Proofs`](crate::ledger::Proofs).

use std::time::Duration;

use jiff::Timestamp;
use settings::Problems;
use tokio::time::timeout;

use super::Config;
use crate::ledger::RecordReader;

/// How long the evidence may take altogether: a check is made by people, and in pipelines.
const PATIENCE: Duration = Duration::from_secs(10);

/// Warns of each source whose newest proof is inconclusive for a reason that only configuration
/// can mend. Both programs say this when a file is checked.
pub async fn warn_mendable(config: &Config, now: Timestamp, warnings: &mut Problems) {
    let Some(evidence) = &config.evidence else {
        return;
    };
    let evidence = evidence.location.open_records();
    let reading = warn(config, &*evidence, now, warnings);
    // Evidence that hangs is `doctor`'s to tell.
    let _ = timeout(PATIENCE, reading).await;
}

async fn warn(
    config: &Config,
    evidence: &dyn RecordReader,
    now: Timestamp,
    warnings: &mut Problems,
) {
    let proven = config.sources.iter().filter(|it| it.verify.is_some());
    for source in proven {
        let mut ledger = source.unread_ledger();
        if ledger.refresh(evidence).await.is_err() {
            continue;
        }
        if let Some(why) = ledger.until(now).mendable() {
            warnings.warning(&source.place, why);
        }
    }
}
