//! Days of a whole service in seconds.

mod day;
mod disturbed;
mod pair;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use catalog::{
    ledger::{Ledger, MemoryRecords, Reason, Verification},
    model::SourceName,
};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::*;
use crate::supervise::ScriptedRun;

/// Midnight of the first day.
fn midnight() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().expect("a time")
}

fn hours(hours: i64) -> Timestamp {
    midnight() + SignedDuration::from_hours(hours)
}

fn name(text: &str) -> SourceName {
    SourceName::new(text).expect("a name")
}

/// A configuration with these sources, whose names tell when they are due, and more keys.
fn config(sources: impl IntoIterator<Item = (String, &'static str)>, more: &str) -> String {
    let mut text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: /nowhere }}]\n\
         evidence: {{ repository: {{ directory: /nowhere/evidence }} }}\n\
         exporter: {{ refresh: 5m }}\n{more}\nsources:\n"
    );
    for (name, verify) in sources {
        writeln!(
            text,
            "  - {{ name: {name}, engine: redis, repository: local, settle: 0s, \
             path: \"{name}/%Y%m%d-%H%M.rdb\", verify: {verify} }}"
        )
        .expect("text");
    }
    text
}

/// Everything around simulated services.
struct Stage {
    home: TempDir,
    around: Surroundings,
    /// What the next verifications of a source come to; `None`: verified.
    bad: Arc<Mutex<BTreeMap<SourceName, Reason>>>,
}

impl Stage {
    fn new(takes: Duration) -> Self {
        let clock = Clock::starting_at(midnight());
        let bad: Arc<Mutex<BTreeMap<SourceName, Reason>>> = Arc::default();
        let reasons = Arc::clone(&bad);
        let script = ScriptedVerdicts::new(move |assignment| {
            let reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner);
            ScriptedRun {
                takes,
                reason: reasons.get(&assignment.source).copied(),
            }
        });
        Self {
            home: tempfile::tempdir().expect("a directory"),
            around: Surroundings {
                records: SimulatedRecords::new(MemoryRecords::default(), clock.clone()),
                clock,
                repository: Memory::default(),
                script: Some(script),
                recorder: Some(Recorder::default()),
            },
            bad,
        }
    }

    fn start(&self, config: &str) -> Simulated {
        Simulated::start(self.home.path(), config, &self.around)
    }

    fn now(&self) -> Timestamp {
        self.around.clock.now()
    }

    /// A snapshot of the source from now.
    fn put(&self, source: &str) {
        let at = self.now();
        let key = format!("{source}/{}.rdb", at.strftime("%Y%m%d-%H%M"));
        let body = crate::scheduler::fixtures::NOTHING_IN_IT;
        self.around.repository.put_at(key, body, at);
    }

    /// From now on the source is verified, or not for this reason.
    fn judge(&self, source: &str, reason: Option<Reason>) {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => drop(bad.insert(name(source), reason)),
            None => drop(bad.remove(&name(source))),
        }
    }

    fn recorder(&self) -> &Recorder {
        self.around.recorder.as_ref().expect("there is one")
    }

    /// The titles of the messages that came.
    fn told(&self) -> Vec<String> {
        let taken = self.recorder().taken().into_iter();
        taken.map(|(_, title)| title).collect()
    }

    /// All verifications of a source, from its records.
    async fn runs(&self, source: &str) -> Vec<Verification> {
        let ledger = Ledger::load(&self.around.records, &name(source)).await;
        let ledger = ledger.expect("it is read");
        assert_eq!(ledger.report().first_break, None, "{source}");
        ledger.verifications().cloned().collect()
    }
}

/// Times of day at which verifications began.
fn begun(runs: &[Verification]) -> Vec<String> {
    let begun = runs
        .iter()
        .map(|it| it.began_at.strftime("%d %H:%M").to_string());
    begun.collect()
}

/// Checks that no two verifications of these were under way at once, and no more than `most`.
fn never_more_than(most: usize, runs: &[Verification]) {
    let mut edges: Vec<_> = runs
        .iter()
        .flat_map(|it| [(it.began_at, 1), (it.ended_at, -1)])
        .collect();
    edges.sort_unstable();
    let mut under_way = 0;
    for (at, change) in edges {
        under_way += change;
        assert!(under_way <= i32::try_from(most).expect("a number"), "{at}");
    }
}
