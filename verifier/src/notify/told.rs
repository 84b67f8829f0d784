//! What a receiver is to be told of a source, from what it was told before. Pure.

use std::{path::Path, time::Duration};

use catalog::{
    assess::VERIFICATION,
    config::{NoticeKind, Receiver, Source, Verifier},
    ledger::{Acceptance, Draft, Ledger, OldVersions, Proofs, Record, Verdict, Verification},
    model::SourceInventory,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Notice,
    change::{News, ToldState},
    compose::{ToldRun, notice},
};

/// Most records since the last message that are looked at for what was missed.
const MISSED_MAX: usize = 100;

/// What one receiver was told of one source: the note of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Number of the newest record that the message took into account.
    pub sequence: u64,
    /// How the source stood.
    pub state: ToldState,
    /// When the message arrived; `None` if there was none yet.
    pub at: Option<Timestamp>,
    /// End of the newest run without a record that the message took into account. Notes do not
    /// hold it: no other process knows of such a run.
    #[serde(skip)]
    pub unrecorded: Option<Timestamp>,
}

impl Told {
    /// What a receiver knows that was never told of a source, whose newest record had this number:
    /// nothing of the runs until then.
    pub fn nothing_behind(sequence: u64) -> Self {
        Self {
            sequence,
            ..Self::default()
        }
    }
}

/// What is known of a source.
#[derive(Debug, Clone, Copy)]
pub struct KnownSource<'a> {
    /// The source, as configured.
    pub source: &'a Source,
    /// Its records.
    pub ledger: &'a Ledger,
    /// What lies in its repository.
    pub inventory: &'a SourceInventory,
    /// What the store said of the last proof, if it was asked.
    pub old_versions: Option<&'a OldVersions>,
    /// The records held against what lies there.
    pub proofs: &'a Proofs,
    /// A run that is in no record, with the reason.
    pub unrecorded: Option<(&'a Verification, &'a str)>,
    /// Path of the configuration file, for the commands that are told.
    pub config_file: &'a Path,
}

/// A message that is to be sent, and what its receiver then knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tell {
    /// The message.
    pub notice: Notice,
    /// What its receiver was told once it has arrived.
    pub told: Told,
    /// Number of the first record that is kept: notes of earlier ones are pruned.
    pub first: u64,
    /// True if what is told lies in the records, so that it can be noted beside them.
    pub is_recorded: bool,
}

impl KnownSource<'_> {
    /// True if there is nothing that people must know of the source.
    pub fn is_well(&self, verifier: &Verifier, now: Timestamp) -> bool {
        self.state(verifier, now).is_well()
    }

    /// How the source stands now.
    fn state(&self, verifier: &Verifier, now: Timestamp) -> ToldState {
        // Without a record the run itself is what is known: its verdict is told all the same.
        self.unrecorded.map_or_else(
            || self.state_of(self.proofs, verifier, now),
            |(run, _)| ToldState::unrecorded(run),
        )
    }

    fn state_of(&self, proofs: &Proofs, verifier: &Verifier, now: Timestamp) -> ToldState {
        let promised = self.source.objectives.verification;
        let promised = promised.unwrap_or(VERIFICATION).as_std();
        ToldState::of(proofs, verifier.inconclusive_after, promised, now)
    }

    /// The records behind this number, the newest first.
    fn since(&self, sequence: u64) -> impl Iterator<Item = &Record> {
        let newest_first = self.ledger.own_records().rev();
        newest_first.take_while(move |it| it.sequence > sequence)
    }

    /// What happened behind the record of this number.
    fn news(&self, told: Told, verifier: &Verifier, now: Timestamp) -> News {
        let proves = |it: &Record| match &it.draft {
            Draft::Verification(run) => run.verdict == Verdict::Verified,
            Draft::Acceptance(_) => true,
            _ => false,
        };
        let last = self.since(told.sequence).find_map(run);
        let unrecorded = self.unrecorded.map(|(run, _)| run);
        let unrecorded = unrecorded.filter(|it| told.unrecorded != Some(it.ended_at));
        let unrecorded = unrecorded.map(|run| run.verdict == Verdict::Verified);
        let ends = self.since(told.sequence).skip(1).take(MISSED_MAX);
        let ends = ends.filter(|it| run(it).is_some());
        let states: Vec<_> = ends
            .map(|it| {
                let before = self.ledger.through(it.sequence);
                let proofs = Proofs::new(&before, self.inventory, self.old_versions, now);
                self.state_of(&proofs, verifier, it.ended_at().unwrap_or(now))
            })
            .collect();
        News {
            is_proven: unrecorded.unwrap_or_else(|| self.since(told.sequence).any(proves)),
            is_newest_verified: unrecorded
                .unwrap_or_else(|| last.is_some_and(|it| it.verdict == Verdict::Verified)),
            was_well: states.iter().any(|it| it.is_well()),
            worst: states
                .into_iter()
                .filter(|it| !it.is_well())
                .max_by_key(|it| it.failed.is_some()),
        }
    }

    /// The run that a message of this kind is about, and the acceptance if that is what ended the
    /// failure.
    fn told_run(&self, kind: NoticeKind) -> Option<(&Verification, Option<&Acceptance>)> {
        if let Some((run, _)) = self.unrecorded {
            return Some((run, None));
        }
        let newest_first = || self.ledger.verifications().rev();
        let last = |verdict| newest_first().find(|it| it.verdict == verdict);
        match kind {
            NoticeKind::Failed => Some((self.proofs.failed()?, None)),
            NoticeKind::Inconclusive => Some((last(Verdict::Inconclusive)?, None)),
            NoticeKind::Recovered | NoticeKind::Verified | NoticeKind::Trouble => {
                self.since(0).find_map(|it| match &it.draft {
                    Draft::Verification(run) if run.verdict == Verdict::Verified => {
                        Some((&**run, None))
                    }
                    Draft::Acceptance(act) => {
                        let of_it = |it: &&Verification| it.snapshot.id == act.snapshot.id;
                        Some((newest_first().find(of_it)?, Some(&**act)))
                    }
                    _ => None,
                })
            }
        }
    }
}

fn run(record: &Record) -> Option<&Verification> {
    match &record.draft {
        Draft::Verification(run) => Some(run),
        _ => None,
    }
}

/// Returns what a receiver that was told `told` is to be told now; `None` if there is nothing.
pub fn tell(
    known: KnownSource<'_>,
    told: Told,
    receiver: &Receiver,
    verifier: &Verifier,
    now: Timestamp,
) -> Option<Tell> {
    let state = known.state(verifier, now);
    let news = if known.ledger.newest_number() == told.sequence && known.unrecorded.is_none() {
        News::default()
    } else {
        known.news(told, verifier, now)
    };
    let change = state.after(told.state, news);
    // Who is not told of failures, but of every result, is told of the one that ends a failure.
    let takes = |kind| receiver.kinds.contains(&kind);
    let change = match change {
        Some(NoticeKind::Recovered) if news.is_newest_verified && !takes(NoticeKind::Recovered) => {
            Some(NoticeKind::Verified)
        }
        other => other,
    };
    let kind = change.or_else(|| reminder(state, told, receiver.remind, now))?;
    if !takes(kind) {
        return None;
    }
    let (run, accepted) = known.told_run(kind)?;
    let of = ToldRun {
        source: known.source,
        run,
        proofs: known.proofs,
        accepted,
        unrecorded: known.unrecorded.map(|(_, why)| why),
        config_file: known.config_file,
    };
    let was = news
        .worst
        .filter(|_| told.state.is_well())
        .unwrap_or(told.state);
    let notice = Notice {
        is_reminder: change.is_none(),
        ..notice(kind, of, (was, state), &verifier.notify, now)
    };
    Some(Tell {
        notice,
        told: Told {
            sequence: known.ledger.newest_number(),
            state,
            at: Some(now),
            unrecorded: known.unrecorded.map(|(run, _)| run.ended_at),
        },
        first: known
            .ledger
            .own_records()
            .next()
            .map_or(0, |it| it.sequence),
        is_recorded: known.unrecorded.is_none(),
    })
}

/// Kind of the reminder that is due, if one is.
fn reminder(
    state: ToldState,
    told: Told,
    remind: Option<Duration>,
    now: Timestamp,
) -> Option<NoticeKind> {
    let due_at = told.at?.checked_add(remind?).ok()?;
    if state.is_well() || now < due_at {
        return None;
    }
    Some(if state.failed.is_some() {
        NoticeKind::Failed
    } else {
        NoticeKind::Inconclusive
    })
}
