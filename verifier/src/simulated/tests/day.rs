//! One day of a hundred sources.

use super::*;

const PARALLEL: usize = 4;

const MORE: &str = "verifier: { runtime: docker, parallel: 4, \
                    slack: { webhook_url_file: nowhere, digest: \"0 8 * * *\" }, \
                    heartbeat: { url_file: nowhere, every: 5m } }";

/// Forty that are verified with each snapshot, forty at four o'clock, twenty once in a while.
fn sources() -> impl Iterator<Item = (String, &'static str)> {
    let each = (0..40).map(|it| (format!("each-{it}"), "{ when: new_snapshot }"));
    let nightly = (0..40).map(|it| (format!("nightly-{it}"), "{ schedule: \"0 4 * * *\" }"));
    let seldom = (0..20).map(|it| (format!("seldom-{it}"), "{ }"));
    each.chain(nightly).chain(seldom)
}

#[tokio::test(start_paused = true)]
async fn a_day_of_a_hundred_sources_is_exactly_these_verifications_and_messages() {
    let stage = Stage::new(Duration::from_mins(1));
    for (source, _) in sources() {
        stage.put(&source);
    }
    let simulated = stage.start(&config(sources(), MORE));
    for hour in 1..=24 {
        sleep(Duration::from_hours(1)).await;
        for number in 0..40 {
            stage.put(&format!("each-{number}"));
        }
        match hour {
            3 => (0..40).for_each(|it| stage.put(&format!("nightly-{it}"))),
            10 => stage.judge("each-7", Some(Reason::Damaged)),
            15 => stage.judge("each-7", None),
            _ => {}
        }
    }
    sleep(Duration::from_mins(59)).await;
    simulated.end().await;

    let mut all = Vec::new();
    for (source, _) in sources() {
        let runs = stage.runs(&source).await;
        let expected = match source.split_once('-').expect("a kind").0 {
            // The first one, and one with every snapshot.
            "each" => 25,
            // The first one, because nothing was proven, and that of the slot.
            "nightly" => 2,
            _ => 1,
        };
        assert_eq!(runs.len(), expected, "{source}: {:?}", begun(&runs));
        never_more_than(1, &runs);
        for run in &runs {
            let waited = run.began_at.duration_since(run.snapshot.taken_at);
            let most = if expected == 2 { 85 } else { 35 };
            assert!(waited.as_mins() <= most, "{source}: {:?}", begun(&runs));
        }
        all.extend(runs);
    }
    never_more_than(PARALLEL, &all);
    let counts = "Backups: 100 of 100 verified";
    let told = stage.told();
    let expected = [counts, "✘ each-7: failed (damaged)", "✔ each-7: recovered"];
    assert_eq!(told, expected);
    // One in five minutes, but for the first one, which waits for the lease.
    let beats = stage.recorder().beats();
    assert!((297..=300).contains(&beats), "{beats}");
}
