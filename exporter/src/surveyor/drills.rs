//! Reads the reports of drills, beside the records.

use std::{sync::Arc, time::Duration};

use catalog::{drill::DrillOutcomes, ledger::RecordReader, model::DrillName};
use tokio::time::timeout;
use toolkit::{problem, published::Published};
use tracing::warn;

use crate::state::State;

/// Reads the new reports of every configured drill; on any failure those read before are kept.
pub(super) async fn read(
    evidence: &dyn RecordReader,
    published: &Published<State>,
    deadline: Duration,
) {
    let state = published.get();
    for (name, known) in &state.drills {
        let mut outcomes = known.outcomes.as_deref().cloned().unwrap_or_default();
        match timeout(deadline, outcomes.refresh(evidence, name)).await {
            Ok(Ok(())) => take(published, name, outcomes),
            Ok(Err(error)) => {
                warn!(drill = %name, "its reports: {}", problem::render(&error, None));
            }
            Err(_) => warn!(drill = %name, ?deadline, "reading its reports timed out"),
        }
    }
}

fn take(published: &Published<State>, name: &DrillName, outcomes: DrillOutcomes) {
    for path in outcomes.odd() {
        warn!(drill = %name, report = %path, "this report is not understood and is left out");
    }
    published.update(|state| {
        if let Some(known) = state.drills.get_mut(name) {
            known.outcomes = Some(Arc::new(outcomes));
        }
    });
}
