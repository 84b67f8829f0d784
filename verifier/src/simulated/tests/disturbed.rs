//! Nights in which the store of the records, the receivers or the clock are not well.

use super::*;

const MORE: &str = "verifier: { runtime: docker, time_zone: Europe/Berlin, \
                    slack: { webhook_url_file: nowhere, digest: \"0 8 * * *\", remind: 0s }, \
                    heartbeat: { url_file: nowhere, every: 5m } }";

fn one(verify: &'static str) -> [(String, &'static str); 1] {
    [("cache".to_owned(), verify)]
}

/// A service whose one source was verified once, and whose snapshot of two o'clock is damaged.
async fn damaged_at_two(stage: &Stage) -> Simulated {
    stage.put("cache");
    let simulated = stage.start(&config(one("{ when: new_snapshot }"), MORE));
    sleep(Duration::from_hours(1)).await;
    assert_eq!(stage.runs("cache").await.len(), 1);
    assert!(stage.recorder().beats() > 9);
    stage.judge("cache", Some(Reason::Damaged));
    simulated
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_full_hinders_no_verdict_and_no_message() {
    let stage = Stage::new(Duration::from_mins(1));
    let simulated = damaged_at_two(&stage).await;
    stage.around.records.set(Condition::Full);
    stage.put("cache");
    sleep(Duration::from_mins(20)).await;
    assert_eq!(stage.told(), ["✘ cache: failed (damaged)"]);
    sleep(Duration::from_mins(40)).await;
    let told = stage.told();
    assert_eq!(told, ["! cache: its record could not be written"]);
    stage.recorder().beats();
    sleep(Duration::from_hours(2)).await;
    assert_eq!(stage.recorder().beats(), 0, "the sign of life stops");
    let again = stage.told();
    assert_eq!(again, [""; 0], "nothing comes twice");
    stage.around.records.set(Condition::Well);
    sleep(Duration::from_hours(2)).await;
    let told = stage.told();
    assert_eq!(
        told,
        ["! cache: no longer: its record could not be written"]
    );
    assert!(stage.recorder().beats() > 9);
    let last = stage.runs("cache").await.pop().expect("a record");
    assert_eq!(last.reason, Some(Reason::Damaged));
    simulated.end().await;
    assert_eq!(stage.told(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_only_takes_longer() {
    let stage = Stage::new(Duration::from_mins(1));
    let simulated = damaged_at_two(&stage).await;
    stage
        .around
        .records
        .set(Condition::Slow(Duration::from_secs(20)));
    stage.put("cache");
    sleep(Duration::from_mins(59)).await;
    assert_eq!(stage.told(), ["✘ cache: failed (damaged)"]);
    assert!(stage.recorder().beats() > 9, "it can be written");
    stage.judge("cache", None);
    stage.put("cache");
    sleep(Duration::from_mins(59)).await;
    assert_eq!(stage.told(), ["✔ cache: recovered"]);
    simulated.end().await;
    assert_eq!(stage.runs("cache").await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_told_and_silences_the_heartbeat() {
    let stage = Stage::new(Duration::from_mins(1));
    let simulated = damaged_at_two(&stage).await;
    stage.around.records.set(Condition::Hangs);
    stage.put("cache");
    // Each question may take as long as a survey; what fails for half an hour is told.
    sleep(Duration::from_hours(4)).await;
    let told = stage.told();
    assert!(
        told.iter()
            .any(|it| it.starts_with("! cache: its evidence could not be read")),
        "{told:?}"
    );
    stage.recorder().beats();
    sleep(Duration::from_hours(1)).await;
    assert_eq!(stage.recorder().beats(), 0, "the sign of life stops");
    stage.around.records.set(Condition::Well);
    sleep(Duration::from_hours(5)).await;
    let told = stage.told();
    let expected = [
        "✘ cache: failed (damaged)",
        "! cache: no longer: its evidence could not be read",
    ];
    for expected in expected {
        assert!(told.iter().any(|it| it == expected), "{told:?}");
    }
    assert!(stage.recorder().beats() > 9);
    simulated.end().await;
}

#[tokio::test(start_paused = true)]
async fn receivers_that_were_away_get_each_message_once() {
    let stage = Stage::new(Duration::from_mins(1));
    let simulated = damaged_at_two(&stage).await;
    stage.recorder().set_away(true);
    stage.put("cache");
    sleep(Duration::from_hours(3)).await;
    assert_eq!(stage.told(), [""; 0]);
    stage.recorder().beats();
    sleep(Duration::from_hours(1)).await;
    assert_eq!(stage.recorder().beats(), 0, "the sign of life stops");
    stage.recorder().set_away(false);
    sleep(Duration::from_hours(2)).await;
    assert_eq!(stage.told(), ["✘ cache: failed (damaged)"]);
    simulated.end().await;
    let simulated = stage.start(&config(one("{ when: new_snapshot }"), MORE));
    sleep(Duration::from_hours(1)).await;
    simulated.end().await;
    let told = stage.told();
    assert_eq!(
        told,
        ["Backups: 0 of 1 verified"],
        "the digest of eight o'clock in Berlin"
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forth_and_back_blinds_nobody() {
    let stage = Stage::new(Duration::from_mins(1));
    let verify = "{ schedule: \"0 4 * * *\" }";
    stage.put("cache");
    let simulated = stage.start(&config(one(verify), MORE));
    sleep(Duration::from_hours(2)).await;
    stage.put("cache");
    sleep(Duration::from_hours(10)).await;
    // Four o'clock in Berlin is three o'clock UTC.
    let runs = stage.runs("cache").await;
    assert_eq!(begun(&runs), ["22 00:00", "22 03:00"]);
    // Ten years ahead for an hour, then back.
    let was = stage.now();
    stage
        .around
        .clock
        .set(was + SignedDuration::from_hours(24 * 3650));
    sleep(Duration::from_hours(1)).await;
    stage.around.clock.set(was + SignedDuration::from_hours(1));
    stage.put("cache");
    sleep(Duration::from_hours(24)).await;
    simulated.end().await;
    let begun = begun(&stage.runs("cache").await);
    let last = begun.last().expect("one");
    assert_eq!(last, "23 03:00", "{begun:?}");
    let told = stage.told();
    let digests = told.iter().filter(|it| it.starts_with("Backups: "));
    // One of each day, and one of that day in ten years.
    assert!((2..=3).contains(&digests.count()), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn the_nights_in_which_clocks_are_changed_have_one_digest_at_most() {
    // Slots at half past two in Berlin, which 29 March has not and 25 October has twice: a snapshot
    // between both is verified at the second one.
    let check = async |day: &str, most: usize, expected: &[&str]| {
        let stage = Stage::new(Duration::from_mins(1));
        let noon: Timestamp = format!("{day}T12:00:00Z").parse().expect("a time");
        stage
            .around
            .clock
            .set(noon - SignedDuration::from_hours(12));
        let more = MORE.replace("0 8 * * *", "30 2 * * *");
        stage.put("cache");
        let simulated = stage.start(&config(one("{ schedule: \"30 2 * * *\" }"), &more));
        for _ in 0..3 {
            // Before the slot, and between both where there are two.
            sleep(Duration::from_mins(1)).await;
            stage.put("cache");
            sleep(Duration::from_mins(59)).await;
            stage.put("cache");
            sleep(Duration::from_hours(23)).await;
        }
        simulated.end().await;
        assert_eq!(begun(&stage.runs("cache").await), expected, "{day}");
        let told = stage.told();
        let digests = told.iter().filter(|it| it.starts_with("Backups: "));
        assert_eq!(digests.count(), most, "{day}: {told:?}");
    };
    check("2026-03-28", 2, &["28 00:00", "28 01:30", "30 00:30"]).await;
    check(
        "2026-10-24",
        3,
        &["24 00:00", "24 00:30", "25 00:30", "25 01:30", "26 01:30"],
    )
    .await;
}
