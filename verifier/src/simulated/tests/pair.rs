//! Two verifiers of one evidence.

use super::*;

const MORE: &str = "verifier: { runtime: docker, parallel: 2, \
                    slack: { webhook_url_file: nowhere, digest: \"0 8 * * *\", \
                    notify: [failed, recovered, verified] } }";

fn sources() -> impl Iterator<Item = (String, &'static str)> {
    (0..8).map(|it| (format!("each-{it}"), "{ when: new_snapshot }"))
}

/// Puts snapshots of all sources each hour, until this hour.
async fn until(hour: i64, stage: &Stage) {
    while stage.now() < hours(hour) {
        for (source, _) in sources() {
            stage.put(&source);
        }
        sleep(Duration::from_hours(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_verifiers_share_the_work_and_speak_with_one_voice() {
    let stage = Stage::new(Duration::from_mins(7));
    let text = config(sources(), MORE);
    let elsewhere = tempfile::tempdir().expect("a directory");
    let first = stage.start(&text);
    let second = Simulated::start(elsewhere.path(), &text, &stage.around);
    until(6, &stage).await;
    // One is killed in the middle of its work; the other one takes over what it left.
    first.kill();
    until(12, &stage).await;
    second.end().await;
    let mut verified = 0;
    for (source, _) in sources() {
        let runs = stage.runs(&source).await;
        never_more_than(1, &runs);
        let of_kind = |interrupted: bool| {
            let runs = runs.iter();
            runs.filter(move |it| (it.reason == Some(Reason::Interrupted)) == interrupted)
        };
        let mut snapshots: Vec<_> = of_kind(false).map(|it| &it.snapshot.id).collect();
        verified += snapshots.len();
        snapshots.dedup();
        // Every snapshot once, whoever verified it.
        assert_eq!(snapshots.len(), of_kind(false).count(), "{source}");
        assert!(
            (11..=12).contains(&snapshots.len()),
            "{source}: {snapshots:?}"
        );
        assert!(of_kind(true).count() <= 1, "{source}");
    }
    let told = stage.told();
    let digests = told.iter().filter(|it| it.starts_with("Backups: "));
    assert_eq!(digests.count(), 1, "{told:#?}");
    // Each result is told, and told once; what ended within a minute is one message.
    let counted = told.iter().filter_map(|it| it.strip_suffix(": verified"));
    let counted = counted.map(|it| {
        let number = it.trim_start_matches("✔ ").strip_suffix(" sources");
        number.map_or(1, |it| it.parse().expect("a number"))
    });
    assert_eq!(counted.sum::<usize>(), verified, "{told:#?}");
}
