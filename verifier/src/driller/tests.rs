//! Days of drills in paused time, where no verification can come to a verdict.

use std::fs;

use catalog::{
    ledger::{Trigger, Verdict, fixtures::at},
    model::SourceName,
};
use tempfile::TempDir;

use super::*;
use crate::scheduler::{
    Scheduler,
    fixtures::{NOTHING_IN_IT, service},
};

const CONFIG: &str = "schema: 1
repositories: [{ name: local, directory: repository }]
evidence: { repository: { directory: evidence } }
verifier: { runtime: docker }
sources:
  - { name: cache, engine: redis, repository: local, path: \"cache-%Y%m%d.rdb\", verify: { schedule: \"0 4 * * *\" } }
  - { name: other, engine: redis, repository: local, path: \"other-%Y%m%d.rdb\", verify: { schedule: \"0 4 * * *\" } }
drills:
  - { name: full, schedule: \"0 3 * * *\", sources: [cache, other], after: { other: [cache] } }
  - { name: by-hand, sources: [cache] }
";

fn full() -> DrillName {
    DrillName::new("full").expect("a name")
}

fn put(place: &TempDir) {
    let repository = place.path().join("repository");
    fs::create_dir_all(&repository).expect("made");
    for name in ["cache", "other"] {
        let file = repository.join(format!("{name}-20261101.rdb"));
        fs::write(file, NOTHING_IN_IT).expect("written");
    }
}

/// A service whose scheduler and driller run.
struct Served {
    service: Verifier,
    stop: CancellationToken,
    scheduler: tokio::task::JoinHandle<()>,
    driller: tokio::task::JoinHandle<()>,
}

impl Served {
    fn new(place: &TempDir, now: Timestamp) -> Self {
        let (service, stop) = service(place, CONFIG, now);
        Self {
            scheduler: tokio::spawn(Scheduler::new(service.clone(), stop.clone()).run()),
            driller: tokio::spawn(Driller::new(service.clone(), stop.clone()).run()),
            service,
            stop,
        }
    }

    fn speaks(&self, speaking: Speaking) {
        let published = self.service.published();
        published.update(|state| state.speaking = Some(speaking));
    }

    fn known(&self) -> DrillState {
        self.service.published().get().drills[&full()].clone()
    }

    async fn end(self) {
        self.stop.cancel();
        self.driller.await.expect("it ends");
        self.scheduler.await.expect("it ends");
    }
}

/// When the drills began whose reports lie there.
fn begun(place: &TempDir) -> Vec<String> {
    let directory = place.path().join("evidence/.drills/full");
    let files = fs::read_dir(directory).into_iter().flatten();
    let names = files.map(|file| {
        file.expect("a file")
            .file_name()
            .into_string()
            .expect("text")
    });
    let mut names: Vec<_> = names
        .filter_map(|it| Some(it.strip_suffix("-1.json")?.into()))
        .collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn a_slot_has_one_drill_whose_sources_go_through_the_scheduler() {
    let place = tempfile::tempdir().expect("a directory");
    put(&place);
    let served = Served::new(&place, at("12:00:00"));
    // Nobody makes drills before it is known who speaks, and those that another one makes are its.
    sleep(Duration::from_hours(20)).await;
    served.speaks(Speaking::Others("another host".into()));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(begun(&place), [""; 0]);
    served.speaks(Speaking::Ours);
    // The slot of three o'clock was missed and is made up for; the next one is at its time.
    sleep(Duration::from_hours(20)).await;
    assert_eq!(begun(&place), ["20261123T080500Z", "20261124T030000Z"]);
    let state = served.service.published().get();
    for name in ["cache", "other"] {
        let name = SourceName::new(name).expect("a name");
        let ledger = state.sources[&name].ledger.as_ref().expect("it was read");
        let runs = ledger.verifications();
        let drilled = runs.filter(|it| it.trigger == Trigger::Drill).count();
        // Each is attempted twice, for it is inconclusive.
        assert_eq!(drilled, 4, "{name}");
    }
    assert!(state.running.is_empty());
    let known = served.known();
    assert_eq!(known.running_since, None);
    assert_eq!(
        known.next_at,
        Some("2026-11-25T03:00:00Z".parse().expect("a time"))
    );
    let Some(DrillNews::Made { outcome, kept, .. }) = known.news.as_deref() else {
        panic!("{:?}", known.news);
    };
    assert_eq!(outcome.result, Verdict::Inconclusive);
    assert_eq!(kept.as_deref(), Ok(".drills/full/20261124T030000Z-1.json"));
    served.end().await;

    // Whoever takes over knows of the last one, and does not make it again.
    let served = Served::new(&place, "2026-11-24T12:00:00Z".parse().expect("a time"));
    served.speaks(Speaking::Ours);
    sleep(Duration::from_hours(12)).await;
    let known = served.known();
    let key = known.news.map(|it| it.key());
    assert_eq!(key.as_deref(), Some("20261124T030000Z"));
    assert_eq!(begun(&place).len(), 2);
    served.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_cannot_be_carried_out_is_told_and_made_as_soon_as_it_can() {
    let place = tempfile::tempdir().expect("a directory");
    fs::create_dir(place.path().join("repository")).expect("made");
    let served = Served::new(&place, at("02:30:00"));
    served.speaks(Speaking::Ours);
    sleep(Duration::from_mins(35)).await;
    let news = served.known().news.expect("it is told");
    let DrillNews::Missed { why, since, .. } = &*news else {
        panic!("{news:?}");
    };
    assert!(why.starts_with("drill full: none of its sources"), "{why}");
    assert_eq!(*since, at("03:00:00"));
    assert!(!news.is_to_be_told(at("03:29:59")));
    assert!(news.is_to_be_told(at("03:30:00")));
    assert!(news.is_to_be_told(at("15:00:00")));
    assert!(!news.is_to_be_told(at("15:00:01")));
    put(&place);
    sleep(Duration::from_hours(1)).await;
    let made = served.known().news.expect("it is told");
    assert!(matches!(&*made, DrillNews::Made { .. }), "{made:?}");
    assert!(made.key() > news.key());
    assert_eq!(begun(&place).len(), 1);
    served.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_drill_that_is_ended_with_the_program_is_made_up_for_at_the_next_start() {
    let place = tempfile::tempdir().expect("a directory");
    put(&place);
    let served = Served::new(&place, at("02:59:59"));
    served.speaks(Speaking::Ours);
    let mut state = served.service.published().subscribe();
    let is_running = state.wait_for(|it| it.drills[&full()].running_since.is_some());
    drop(is_running.await.expect("it begins"));
    served.end().await;
    let interrupted = begun(&place);
    assert_eq!(
        interrupted.len(),
        1,
        "its report says that it was interrupted"
    );
    let served = Served::new(&place, at("03:30:00"));
    served.speaks(Speaking::Ours);
    sleep(Duration::from_mins(30)).await;
    assert_eq!(begun(&place), [interrupted[0].as_str(), "20261122T033000Z"]);
    served.end().await;
}

#[test]
fn a_drill_whose_report_cannot_be_written_is_not_made_again() {
    let mut tries = Tries::default();
    let zone = jiff::tz::TimeZone::UTC;
    let daily = settings::Schedule::parse("0 3 * * *", &zone).expect("a schedule");
    let (since, now) = (at("02:00:00"), at("03:30:00"));
    assert_eq!(tries.due_at(&daily, since, now), Some(at("03:00:00")));
    let mut outcome = outcome();
    outcome.interrupted = true;
    tries.made(&outcome);
    assert_eq!(tries.due_at(&daily, since, now), Some(at("03:00:00")));
    outcome.interrupted = false;
    tries.made(&outcome);
    let next = "2026-11-23T03:00:00Z".parse().expect("a time");
    assert_eq!(tries.due_at(&daily, since, now), Some(next));
}

fn outcome() -> catalog::drill::DrillOutcome {
    catalog::drill::DrillOutcome {
        began_at: at("03:00:00"),
        ended_at: at("03:10:00"),
        result: Verdict::Verified,
        interrupted: false,
        recovery_milliseconds: None,
        wall_milliseconds: 600_000,
        objective_milliseconds: None,
        within: None,
    }
}
