//! A month of one source, and a hundred sources at once, in a time that only the tests know.

use std::{fmt::Write as _, fs, path::Path};

use catalog::{
    config::{Config, NoticeKind, load},
    ledger::{Draft, Ledger, MemoryRecords, Reason, ToolRecord, fixtures},
    model::SourceName,
};
use jiff::ToSpan as _;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{desk::Then, notes::Notes, *};
use crate::{
    notify::{Notice, post::together, slack},
    scheduler::{LostRun, State, Step, fixtures::service},
};

fn config(sources: usize) -> Arc<Config> {
    let text = written(sources);
    let loaded = load(Path::new("backups.yaml"), &text);
    Arc::new(loaded.expect("a configuration").config)
}

/// A configuration of so many sources, with one receiver of messages.
fn written(sources: usize) -> String {
    let mut text = "schema: 1
repositories: [{ name: local, directory: repository }]
evidence: { repository: { directory: evidence } }
verifier: { slack: { webhook_url_file: slack, remind: 24h } }
sources:
"
    .to_owned();
    for number in 0..sources {
        let name = ["cache".to_owned(), format!("cache-{number}")][usize::from(number > 0)].clone();
        let path = format!("{name}/%Y%m%d.rdb");
        writeln!(
            text,
            "  - {{ name: {name}, engine: redis, repository: local, path: \"{path}\" }}"
        )
        .expect("text");
    }
    text
}

fn tool() -> ToolRecord {
    ToolRecord {
        version: "1".into(),
        config_digest: "sha256:0".into(),
    }
}

/// A verifier of one source, whose receiver has no address that could be read.
fn unheard(place: &TempDir) -> Verifier {
    service(place, &written(1), day(1)).0
}

#[tokio::test(start_paused = true)]
async fn a_verdict_is_told_where_no_lease_and_no_record_can_be_written() {
    let place = tempfile::tempdir().expect("a directory");
    let service = unheard(&place);
    fs::create_dir(place.path().join("evidence")).expect("made");
    fs::write(place.path().join("evidence/.leases"), "no directory").expect("written");
    let run = fixtures::verification(day(0), Some(Reason::Damaged));
    service.published().update(|state| {
        let known = state.sources.get_mut(&fixtures::cache());
        let known = known.expect("it is configured");
        known.inventory = Some(Arc::default());
        known.take(Ledger::new(fixtures::cache()), day(1));
        known.lost = Some(LostRun {
            at: run.ended_at,
            step: Step::WriteRecords,
            why: "no space".into(),
            verification: Some(Arc::new(run)),
        });
    });
    let stop = CancellationToken::new();
    let speaking = tokio::spawn(Speaker::new(service.clone(), stop.clone()).run());
    sleep(Duration::from_mins(3)).await;
    let state = service.published().get();
    assert!(
        matches!(state.speaking, Some(Speaking::Unknown(_))),
        "{:?}",
        state.speaking
    );
    assert_eq!(state.undelivered["slack"].count, 1, "it was tried");
    stop.cancel();
    speaking.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_due_no_more_is_not_undelivered() {
    let place = tempfile::tempdir().expect("a directory");
    let service = unheard(&place);
    let stop = CancellationToken::new();
    let speaking = tokio::spawn(Speaker::new(service.clone(), stop.clone()).run());
    let trouble = Trouble {
        of: "cache".into(),
        what: Step::Begin.sentence().into(),
        why: "docker does not answer".into(),
        since: day(0),
    };
    let undelivered = || service.published().get().undelivered["slack"].count;
    service.published().update(|it| it.troubles = vec![trouble]);
    sleep(Duration::from_mins(3)).await;
    assert_eq!(undelivered(), 1);
    service.published().update(|it| it.troubles.clear());
    sleep(Duration::from_mins(10)).await;
    assert_eq!(undelivered(), 0);
    assert_eq!(service.published().get().undelivered["slack"].oldest, None);
    stop.cancel();
    speaking.await.expect("it ends");
}

/// A receiver, everything that was recorded, and what arrived.
struct World {
    state: State,
    records: Vec<Draft>,
    notes: MemoryRecords,
    desk: Desk,
    is_up: bool,
    arrived: Vec<String>,
}

impl World {
    async fn new(sources: usize) -> Self {
        let config = config(sources);
        let mut world = Self {
            state: State::new(&config, tool(), day(0)),
            records: Vec::new(),
            notes: MemoryRecords::default(),
            desk: Desk::default(),
            is_up: true,
            arrived: Vec::new(),
        };
        world.know(day(0));
        world.restart().await;
        world
    }

    fn receiver(&self) -> Receiver {
        self.state.config.verifier.notify.receivers[0].clone()
    }

    /// Reads the records of `cache` anew.
    fn know(&mut self, now: Timestamp) {
        for (name, known) in &mut self.state.sources {
            let mut ledger = Ledger::new(name.clone());
            let sealed = fixtures::sealed(self.records.iter().cloned());
            let mine = sealed.iter().filter(|_| *name == fixtures::cache());
            for (text, sequence) in mine.zip(1..) {
                ledger.take(sequence, Ok(text));
            }
            known.inventory.get_or_insert_default();
            known.take(ledger, now);
        }
    }

    /// Another process goes on, which knows only what was noted.
    async fn restart(&mut self) {
        self.desk = Desk::default();
        let notes = Notes::new(Arc::new(self.notes.clone()));
        self.desk.read(notes.read("slack").await.expect("read"));
    }

    fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let receiver = self.receiver();
        let scene = Scene {
            state: &self.state,
            own: &[],
            config_file: Path::new("backups.yaml"),
            now,
        };
        self.desk.due(&receiver, scene)
    }

    /// Posts what is due, as one who asks at this time.
    async fn look(&mut self, now: Timestamp) {
        let due = self.due(now);
        if !self.is_up {
            return;
        }
        let notes = Notes::new(Arc::new(self.notes.clone()));
        for group in together(due.iter().map(|it| &it.notice)) {
            let notices: Vec<Notice> = group.iter().map(|it| due[*it].notice.clone()).collect();
            let text = slack::together(&notices)["text"].to_string();
            let hours = now.duration_since(day(0)).as_hours();
            self.arrived
                .push(format!("{}.{:02} {text}", hours / 24, hours % 24));
            let then: Vec<Then> = group.iter().map(|it| due[*it].then.clone()).collect();
            for then in &then {
                if let Then::Told(source, tell) = then
                    && tell.is_recorded
                {
                    let written = notes
                        .write_told("slack", source, &tell.told, tell.first)
                        .await;
                    written.expect("noted");
                }
            }
            self.desk.arrived(&then);
            let troubles = self.desk.troubles().list();
            notes
                .write_troubles("slack", &troubles)
                .await
                .expect("noted");
        }
    }

    /// A run of `cache` ends at seven of this day; people are told until the next morning.
    async fn run(&mut self, at: i64, reason: Option<Reason>) {
        let began = day(at) + 6.hours();
        let run = fixtures::verification(began, reason);
        self.records.push(Draft::Verification(Box::new(run)));
        for hours in 1..24 {
            let now = began + hours.hours();
            self.know(now);
            self.look(now).await;
        }
    }

    fn arrived(&mut self) -> Vec<String> {
        std::mem::take(&mut self.arrived)
    }
}

fn day(number: i64) -> Timestamp {
    let first: Timestamp = "2026-11-01T00:00:00Z".parse().expect("a time");
    first + (24 * number).hours()
}

#[tokio::test]
async fn a_month_of_one_source_is_exactly_these_messages() {
    let mut world = World::new(1).await;
    world.run(1, None).await;
    assert_eq!(
        world.arrived(),
        [""; 0],
        "all is well, and nobody asked to be told"
    );

    world.run(2, Some(Reason::Damaged)).await;
    assert_eq!(world.arrived(), ["2.07 \"✘ cache: failed (damaged)\""]);
    world.restart().await;
    world.run(3, Some(Reason::Damaged)).await;
    assert_eq!(
        world.arrived(),
        ["3.07 \"✘ cache: still failed (damaged)\""]
    );
    world.run(4, None).await;
    assert_eq!(world.arrived(), ["4.07 \"✔ cache: recovered\""]);

    // Slack is down while the source fails and recovers: both are one message, once it is up.
    world.is_up = false;
    world.run(5, Some(Reason::Damaged)).await;
    world.run(6, None).await;
    world.restart().await;
    world.is_up = true;
    world.run(7, None).await;
    assert_eq!(world.arrived(), ["7.07 \"✔ cache: recovered\""]);

    // Slack is down while the source fails: it is told as soon as Slack is up, and once.
    world.is_up = false;
    world.run(8, Some(Reason::Expectation)).await;
    world.is_up = true;
    world.run(9, Some(Reason::Deadline)).await;
    world.restart().await;
    assert_eq!(world.arrived(), ["9.07 \"✘ cache: failed (expectation)\""]);
    // What nobody could tell takes no failure back.
    world.run(10, Some(Reason::Deadline)).await;
    assert_eq!(
        world.arrived(),
        ["10.07 \"✘ cache: still failed (expectation)\""]
    );
    world.run(11, None).await;
    assert_eq!(world.arrived(), ["11.07 \"✔ cache: recovered\""]);

    for at in [12, 13] {
        world.run(at, Some(Reason::Deadline)).await;
        assert_eq!(world.arrived(), [""; 0], "{at}");
    }
    world.run(14, Some(Reason::Deadline)).await;
    world.restart().await;
    assert_eq!(
        world.arrived(),
        ["14.07 \"? cache: inconclusive (deadline)\""]
    );
    world.run(15, None).await;
    assert_eq!(world.arrived(), ["15.07 \"✔ cache: recovered\""]);
    for at in 16..30 {
        world.run(at, None).await;
        world.restart().await;
    }
    assert_eq!(world.arrived(), [""; 0]);
}

#[tokio::test]
async fn a_receiver_of_every_result_is_told_each_once_also_the_one_that_ends_a_failure() {
    let mut world = World::new(1).await;
    let mut config = (*world.state.config).clone();
    config.verifier.notify.receivers[0].kinds = vec![NoticeKind::Verified];
    world.state.config = Arc::new(config);
    world.look(day(1)).await;
    world.run(1, None).await;
    world.run(2, Some(Reason::Damaged)).await;
    world.run(3, None).await;
    world.restart().await;
    world.run(4, None).await;
    let told = |day: i64| format!("{day}.07 \"✔ cache: verified\"");
    assert_eq!(world.arrived(), [told(1), told(3), told(4)]);
}

#[tokio::test]
async fn a_verdict_without_a_record_is_told_once() {
    let mut world = World::new(1).await;
    let mut config = (*world.state.config).clone();
    config.verifier.notify.receivers[0]
        .kinds
        .push(NoticeKind::Verified);
    world.state.config = Arc::new(config);
    let mut lose = async |at: i64, reason| {
        let run = fixtures::verification(day(at), reason);
        let known = world.state.sources.get_mut(&fixtures::cache());
        known.expect("it is configured").lost = Some(LostRun {
            at: run.ended_at,
            step: Step::WriteRecords,
            why: "no space".into(),
            verification: Some(Arc::new(run)),
        });
        for hours in 2..5 {
            world.look(day(at) + hours.hours()).await;
        }
        world.arrived()
    };
    assert_eq!(lose(1, None).await, ["1.02 \"✔ cache: verified\""]);
    assert_eq!(lose(2, None).await, ["2.02 \"✔ cache: verified\""]);
    let failed = lose(3, Some(Reason::Damaged)).await;
    assert_eq!(failed, ["3.02 \"✘ cache: failed (damaged)\""]);
    assert_eq!(lose(4, None).await, ["4.02 \"✔ cache: recovered\""]);
}

#[tokio::test]
async fn a_receiver_that_is_new_is_told_what_stands_and_not_what_was() {
    let mut world = World::new(1).await;
    let run = |at: i64, reason| {
        let run = fixtures::verification(day(at), reason);
        Draft::Verification(Box::new(run))
    };
    world.records = vec![run(1, Some(Reason::Damaged)), run(2, None)];
    world.know(day(3));
    world.look(day(3)).await;
    assert_eq!(world.arrived(), [""; 0]);
    world.records.push(run(3, Some(Reason::Damaged)));
    world.notes = MemoryRecords::default();
    world.restart().await;
    world.know(day(4));
    world.look(day(4)).await;
    assert_eq!(world.arrived(), ["4.00 \"✘ cache: failed (damaged)\""]);
}

#[tokio::test]
async fn a_hundred_sources_with_one_dead_engine_are_one_message_and_so_is_their_end() {
    let mut world = World::new(100).await;
    let names: Vec<SourceName> = world.state.sources.keys().cloned().collect();
    let trouble = |of: &SourceName| Trouble {
        of: of.to_string(),
        what: Step::Begin.sentence().into(),
        why: "docker does not answer".into(),
        since: day(1),
    };
    world.state.troubles = names.iter().map(trouble).collect();
    world.look(day(1) + 29.minutes()).await;
    assert_eq!(world.arrived(), [""; 0]);
    for hours in 1..5 {
        world.look(day(1) + hours.hours()).await;
        world.restart().await;
    }
    let begun = "1.01 \"! 100 sources: its verification could not begin\"";
    assert_eq!(world.arrived(), [begun]);
    world.state.troubles.clear();
    for hours in 5..9 {
        world.look(day(1) + hours.hours()).await;
        world.restart().await;
    }
    let over = "1.05 \"! 100 sources: no longer: its verification could not begin\"";
    assert_eq!(world.arrived(), [over]);
}

#[test]
fn the_heartbeat_stops_where_it_would_lie() {
    let now = day(1);
    let mut well = State::new(&config(1), tool(), day(0));
    well.turned_at = Some(now - 30.minutes());
    well.speaks(&Speaking::Ours, now - 15.minutes());
    let check = |change: &dyn Fn(&mut State), expected: &str| {
        let mut state = well.clone();
        change(&mut state);
        let why = silent(&state, now).unwrap_or_default();
        assert!(
            why.contains(expected) && why.is_empty() == expected.is_empty(),
            "{why:?}"
        );
    };
    check(&|_| {}, "");
    check(
        &|it| it.turned_at = Some(now - 31.minutes()),
        "nothing was planned",
    );
    check(&|it| it.turned_at = None, "nothing was planned");
    check(
        &|it| it.leased_at = Some(now - 16.minutes()),
        "could not be written",
    );
    let of_slack = |minutes: i64| {
        let messages = UndeliveredMessages {
            count: 1,
            oldest: Some(now - minutes.minutes()),
        };
        BTreeMap::from([("slack".to_owned(), messages)])
    };
    check(&|it| it.undelivered = of_slack(59), "");
    let late = "messages to slack do not arrive";
    check(&|it| it.undelivered = of_slack(60), late);
}
