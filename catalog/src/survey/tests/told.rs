//! What is odd is warned of, once for each source and cause while it lasts.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use tracing::subscriber::DefaultGuard;

use super::{
    odd::{Scripted, nameless, two},
    *,
};
use crate::storage::memory::Fault;

/// The log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Takes what is logged until the guard is dropped.
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    /// Source and reason of each warning since the last time.
    fn warnings(&self) -> Vec<String> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let text = String::from_utf8(taken).unwrap();
        let warned = |line: &str| {
            let named = |it: &&str| it.starts_with("source=") || it.starts_with("reason=");
            let words: Vec<_> = line.split_whitespace().filter(named).collect();
            words.join(" ").replace('"', "")
        };
        let warnings = text.lines().filter(|line| line.contains(" WARN "));
        warnings.map(warned).collect()
    }
}

#[tokio::test]
async fn entries_that_are_passed_over_are_warned_of_once_for_each_cause_while_it_lasts() {
    let (log, _guard) = Log::begin();
    let mut scripted = Scripted::new();
    let plain = scripted.page(&["a/20261122"]).await;
    let mut outside = plain.clone();
    outside.outside = 2;
    let mut both = outside.clone();
    both.undescribed = nameless("a/").undescribed;
    let mut setup = Setup::new(&two());
    let (is_outside, is_folder) = ("reason=outside_prefix", "reason=folder_marker");
    for (round, (page, warned)) in [
        (&outside, vec![is_outside]),
        (&outside, vec![]),
        (&both, vec![is_folder]),
        (&both, vec![]),
        (&outside, vec![]),
        (&plain, vec![]),
        // It was over, and began again.
        (&both, vec![is_outside, is_folder]),
    ]
    .into_iter()
    .enumerate()
    {
        scripted.pages.insert("a/".into(), vec![page.clone()]);
        setup.survey(&scripted).await.unwrap();
        assert_eq!(log.warnings(), warned, "{round}");
    }
}

#[tokio::test]
async fn heads_that_cannot_be_read_are_warned_of_once_for_each_source_and_cause() {
    let (log, _guard) = Log::begin();
    let scripted = Scripted::new();
    let mut setup = Setup::new(&two());
    for (reason, label) in [
        (StorageReason::Archived, "archived"),
        (StorageReason::KeyDenied, "key_denied"),
    ] {
        scripted.memory.heal();
        let at = Operation::Read;
        scripted.memory.fail(Fault::Refuse { at, reason });
        for warned in [vec!["a", "b"], vec![]] {
            setup.survey(&scripted).await.unwrap();
            let of = |source: &str| format!("source={source} reason={label}");
            let warned: Vec<_> = warned.into_iter().map(of).collect();
            assert_eq!(log.warnings(), warned);
        }
    }
    scripted.memory.heal();
    setup.survey(&scripted).await.unwrap();
    assert_eq!(log.warnings(), Vec::<String>::new());
}
