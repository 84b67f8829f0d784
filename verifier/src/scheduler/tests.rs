//! Days of the loop in paused time, where no verification can come to a verdict.

use std::{fs, path::Path};

use catalog::ledger::{Ledger, Reason, Verdict, fixtures};
use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    fixtures::{NOTHING_IN_IT, service},
    *,
};

const CONFIG: &str = "schema: 1
repositories: [{ name: local, directory: repository }, { name: far, directory: far }]
evidence: { repository: { directory: evidence } }
exporter: { refresh: 1h }
verifier: { runtime: docker }
sources:
  - { name: cache, engine: redis, repository: local, path: \"%Y%m%d.rdb\" }
  - { name: other, engine: redis, repository: far, path: \"%Y%m%d.rdb\" }
";

/// A verifier without a runtime, on two repositories of which one is missing.
fn served(place: &TempDir) -> (Verifier, CancellationToken) {
    fs::create_dir(place.path().join("repository")).expect("made");
    put(&place.path().join("repository"));
    service(place, CONFIG, fixtures::at("12:00:00"))
}

fn put(directory: &Path) {
    fs::write(directory.join("20261101.rdb"), NOTHING_IN_IT).expect("written");
}

fn source(name: &str) -> SourceName {
    SourceName::new(name).expect("a name")
}

/// Minutes at which verifications of a source ended, since the first; none may come to a verdict.
fn ended(service: &Verifier, name: &str) -> Vec<i64> {
    let state = service.published().get();
    let Some(ledger) = &state.sources[&source(name)].ledger else {
        return Vec::new();
    };
    let runs: Vec<_> = ledger.verifications().collect();
    let all = runs.iter().all(|run| run.verdict == Verdict::Inconclusive);
    assert!(all, "{runs:?}");
    let first = runs.first().map(|run| run.ended_at);
    let since = |run: &&_| {
        let run: &catalog::ledger::Verification = run;
        run.ended_at
            .duration_since(first.expect("there is one"))
            .as_mins()
    };
    runs.iter().map(since).collect()
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_tried_ever_later_and_one_repository_holds_up_no_other() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let running = tokio::spawn(Scheduler::new(service.clone(), stop.clone()).run());
    sleep(Duration::from_hours(24)).await;
    let first_day = ended(&service, "cache");
    // 5 minutes, doubled up to six hours: nine retries in a day, within minutes.
    assert_eq!(first_day.len(), 10, "{first_day:?}");
    let pauses: Vec<_> = first_day.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, least) in pauses.iter().zip([5, 10, 20, 40, 80, 160, 320, 360, 360]) {
        assert!((least..least + 5).contains(pause), "{pauses:?}");
    }
    let state = service.published().get();
    let far = RepositoryName::new("far").expect("a name");
    assert!(state.plans[&far].is_some_and(|plan| !plan.succeeded));
    // 1, 2, 4, … 60 minutes: 6 tries in the first hour, then one each.
    let failed = state.failures[&Step::Survey];
    assert!((25..=31).contains(&failed), "{failed}");
    assert_eq!(state.failures.get(&Step::Sweep), Some(&1));
    assert!(state.is_planned() && state.running.is_empty());

    fs::create_dir(place.path().join("far")).expect("made");
    put(&place.path().join("far"));
    sleep(Duration::from_mins(62)).await;
    assert_eq!(ended(&service, "other").first(), Some(&0));
    stop.cancel();
    running.await.expect("it ends");
    assert_eq!(state.finished.get(&Verdict::Verified), None);
}

#[tokio::test(start_paused = true)]
async fn a_reload_tries_again_at_once_what_another_configuration_may_have_mended() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let running = tokio::spawn(Scheduler::new(service.clone(), stop.clone()).run());
    sleep(Duration::from_hours(6)).await;
    let before = ended(&service, "cache").len();
    let reload = async |text: &str| {
        fs::write(place.path().join("backups.yaml"), text).expect("written");
        service.reopen().is_ok()
    };
    assert!(!reload("schema: 1\n").await);
    assert!(reload(CONFIG).await);
    sleep(Duration::from_mins(2)).await;
    assert_eq!(ended(&service, "cache").len(), before, "nothing changed");
    assert!(reload(&format!("{CONFIG}# mended\n")).await);
    sleep(Duration::from_mins(2)).await;
    assert_eq!(ended(&service, "cache").len(), before + 1);
    let ledger = service.published().get().sources[&source("cache")]
        .ledger
        .clone();
    let last = ledger.and_then(|ledger| ledger.until(Timestamp::MAX).newest().cloned());
    let last = last.expect("a record");
    assert_eq!(last.reason, Some(Reason::RuntimeUnavailable));
    stop.cancel();
    running.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn what_a_person_asks_for_is_verified_under_the_id_that_was_answered() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let running = tokio::spawn(Scheduler::new(service.clone(), stop.clone()).run());
    sleep(Duration::from_hours(6)).await;
    let ask = async |name: &str, wanted| service.ask(source(name), wanted).await;
    let run = ask("cache", Wanted::Newest)
        .await
        .expect("it waits for room");
    sleep(Duration::from_mins(2)).await;
    let state = service.published().get();
    let ledger = state.sources[&source("cache")]
        .ledger
        .as_ref()
        .expect("it was read");
    let last = ledger.verifications().next_back().expect("a record");
    assert_eq!((&last.id, last.trigger), (&run.0, Trigger::Manual));
    let named = Wanted::Named("nothing".into());
    let refused = ask("cache", named)
        .await
        .expect_err("there is no such snapshot");
    assert!(matches!(refused, AskRefusal::NoSnapshot(_)), "{refused}");
    let refused = ask("nobody", Wanted::Newest)
        .await
        .expect_err("no such source");
    assert!(matches!(refused, AskRefusal::Unknown), "{refused}");
    let refused = ask("other", Wanted::Newest)
        .await
        .expect_err("it was never seen");
    assert!(matches!(refused, AskRefusal::NotYet), "{refused}");
    stop.cancel();
    running.await.expect("it ends");
    let refused = ask("cache", Wanted::Newest)
        .await
        .expect_err("nobody answers");
    assert!(matches!(refused, AskRefusal::Ends), "{refused}");
}

/// A verification of `cache` that left one record.
fn verified() -> RunEnd {
    let mut ledger = Ledger::new(fixtures::cache());
    let records = fixtures::sealed([fixtures::verified(fixtures::at("10:00:00"))]);
    ledger.take(1, Ok(&records[0]));
    let run = fixtures::verification(fixtures::at("10:00:00"), None);
    RunEnd {
        name: source("cache"),
        verification: Some(Arc::new(run)),
        lost: None,
        ledger: Some(ledger),
        log: None,
        elsewhere: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_in_the_evidence_of_the_configuration_before_is_none_of_this_one() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let mut scheduler = Scheduler::new(service.clone(), stop);
    let under = Arc::clone(&scheduler.opened);
    let standing = scheduler.standings.get(&source("cache"));
    standing.expect("it is configured").running = Some(under);
    let elsewhere = CONFIG.replace("directory: evidence", "directory: elsewhere");
    fs::write(place.path().join("backups.yaml"), elsewhere).expect("written");
    service.reopen().expect("reloaded");
    let opened = Arc::clone(&service.opened().borrow());
    scheduler.take_over(opened);
    scheduler.ended(Some(verified()));
    let state = service.published().get();
    let known = &state.sources[&source("cache")];
    assert!(known.ledger.is_none());
    assert_eq!(
        known.lost.as_ref().map(|it| it.step),
        Some(Step::ReadRecords)
    );
    assert_eq!(state.failures.get(&Step::ReadRecords), Some(&1));
    assert_eq!(state.finished.get(&Verdict::Verified), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_began_before_a_verification_ended_takes_nothing_back() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let mut scheduler = Scheduler::new(service.clone(), stop);
    scheduler.turn();
    let before = loop {
        let looked = scheduler.looks.join_next().await;
        let looked = looked.expect("a look").expect("it ends");
        if looked.repository.as_str() == "local" {
            break looked;
        }
    };
    scheduler.ended(Some(verified()));
    scheduler.looked(before);
    let state = service.published().get();
    let ledger = state.sources[&source("cache")].ledger.as_ref();
    assert_eq!(ledger.expect("one").report().records, 1);
    let standing = scheduler.standings.get(&source("cache"));
    assert!(!standing.expect("it is configured").is_busy());
}

#[tokio::test(start_paused = true)]
async fn a_verification_that_never_ends_does_not_hold_up_the_stop_for_ever() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let mut scheduler = Scheduler::new(service, stop);
    scheduler.runs.spawn(std::future::pending());
    let draining = timeout(Duration::from_hours(24), scheduler.drain());
    draining.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn evidence_that_hangs_is_waited_for_as_long_as_a_survey_and_told() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, _stop) = served(&place);
    let opened = Arc::clone(&service.opened().borrow());
    let hangs = std::future::pending::<()>();
    let asked = opened
        .world
        .in_time("its record was not written", hangs)
        .await;
    let message = asked.expect_err("it never ends").message;
    assert!(
        message.starts_with("its record was not written within 7200 s\nhint: "),
        "{message}"
    );
    let answered = opened.world.in_time("nothing", std::future::ready(1)).await;
    assert_eq!(answered.ok(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_failure_is_there_after_a_restart() {
    let place = tempfile::tempdir().expect("a directory");
    let (service, stop) = served(&place);
    let opened = Arc::clone(&service.opened().borrow());
    let evidence = opened.world.evidence().expect("it is configured");
    opened.world.may_write().await.expect("it is made");
    let mut run = fixtures::verification(fixtures::at("11:00:00"), Some(Reason::Damaged));
    run.snapshot.taken_at = "2026-11-01T00:00:00Z".parse().expect("a time");
    let draft = catalog::ledger::Draft::Verification(Box::new(run));
    let appended = catalog::ledger::append(&**evidence, &source("cache"), draft).await;
    appended.expect("written");
    let mut state = service.published().subscribe();
    let running = tokio::spawn(Scheduler::new(service.clone(), stop.clone()).run());
    let is_seen = |it: &Arc<State>| it.sources[&source("cache")].seen_at.is_some();
    drop(state.wait_for(is_seen).await.expect("it is looked at"));
    stop.cancel();
    running.await.expect("it ends");
    let state = service.published().get();
    let known = &state.sources[&source("cache")];
    let (id, log) = known.failed_log.as_ref().expect("it was read");
    assert_eq!((id.as_str(), &**log), ("run", &["a line".to_owned()][..]));
}
