//! Takes messages in place of all receivers, for tests in paused time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// Receiver of what came, and whether anything is taken now; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    titles: Vec<(String, String)>,
    beats: u64,
    is_away: bool,
}

impl Recorder {
    /// Takes the line that stands for the message, or errs while the receivers are away.
    pub(super) fn take(&self, receiver: &str, message: &Value) -> Result<(), String> {
        let mut recorded = self.recorded();
        if recorded.is_away {
            return Err("the receiver is away".into());
        }
        let title = message["text"].as_str().unwrap_or_default().to_owned();
        recorded.titles.push((receiver.to_owned(), title));
        Ok(())
    }

    pub(super) fn beat(&self) {
        self.recorded().beats += 1;
    }

    /// Lets the receivers go away, or come back.
    pub fn set_away(&self, is_away: bool) {
        self.recorded().is_away = is_away;
    }

    /// What came since this was last asked, with the name of the receiver.
    pub fn taken(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.recorded().titles)
    }

    /// How many signs of life came since this was last asked.
    pub fn beats(&self) -> u64 {
        std::mem::take(&mut self.recorded().beats)
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
