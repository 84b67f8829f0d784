use std::fs;

use catalog::{
    config::load_file,
    ledger::{DirectoryRecords, append, fixtures},
};
use tempfile::TempDir;

use super::*;

const CONFIG: &str = "schema: 1
repositories: [{ name: local, directory: repository }]
evidence: { repository: { directory: evidence } }
sources: [{ name: cache, engine: redis, repository: local, path: \"%Y%m%d.rdb\" }]
";

fn world(place: &TempDir, clock: Clock) -> World {
    let file = place.path().join("backups.yaml");
    fs::write(&file, CONFIG).expect("written");
    let outside = Outside {
        clock,
        cancelled: CancellationToken::new(),
        env: |_| None,
        compares_clocks: true,
    };
    World::of(load_file(&file).expect("a configuration").config, &outside)
}

async fn refused(world: &World) -> String {
    let refusal = world.may_write().await.expect_err("refused");
    assert_eq!(refusal.exit, toolkit::exit::Exit::Unknown);
    assert!(refusal.message.contains("hint: "), "{}", refusal.message);
    refusal.message
}

#[tokio::test]
async fn nothing_is_written_while_a_clock_is_far_from_that_of_the_evidence() {
    let place = tempfile::tempdir().expect("a directory");
    let early = world(&place, Clock::starting_at(jiff::Timestamp::UNIX_EPOCH));
    let told = refused(&early).await;
    assert!(
        told.contains(" s behind that of the evidence at "),
        "{told}"
    );
    let late = Clock::system().now() + jiff::SignedDuration::from_mins(6);
    let told = refused(&world(&place, Clock::starting_at(late))).await;
    assert!(
        told.contains(" s ahead of that of the evidence at "),
        "{told}"
    );
    let nearly = Clock::system().now() + jiff::SignedDuration::from_mins(4);
    for clock in [Clock::starting_at(nearly), Clock::system()] {
        let fine = world(&place, clock).may_write().await;
        fine.expect("near enough");
    }
    let left: Vec<_> = fs::read_dir(place.path().join("evidence"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, [".backup-evidence"]);
}

#[tokio::test]
async fn where_evidence_was_seen_a_place_that_is_like_new_is_not_used() {
    let place = tempfile::tempdir().expect("a directory");
    let cache = fixtures::cache();
    let root = place.path().join("evidence");
    let gone = || fs::remove_dir_all(&root).expect("removed");
    let empty = || {
        gone();
        fs::create_dir(&root).expect("a mount point");
    };
    let begun = world(&place, Clock::system());
    let ledger = begun.ledger(&cache).await.expect("a new place");
    assert_eq!(ledger.report().records, 0);
    assert!(!root.exists(), "who reads makes nothing");
    begun.may_write().await.expect("first use");
    gone();
    assert!(refused(&begun).await.contains("there is no evidence at "));
    begun.ledger(&cache).await.expect_err("it was seen");
    fs::create_dir(&root).expect("a mount point");
    assert!(refused(&begun).await.contains("there is no evidence at "));

    // Records of an earlier version, which made no marker.
    let evidence = DirectoryRecords::new(&root);
    let draft = fixtures::verified(fixtures::at("01:00:00"));
    append(&evidence, &cache, draft).await.expect("append");
    let read = world(&place, Clock::system());
    let ledger = read.ledger(&cache).await.expect("read");
    assert_eq!(ledger.report().records, 1);
    empty();
    assert!(refused(&read).await.contains("there is no evidence at "));
    read.ledger(&cache).await.expect_err("it was seen");
    let reloaded = world(&place, Clock::system());
    reloaded.goes_on_from(&read);
    assert!(
        refused(&reloaded)
            .await
            .contains("there is no evidence at ")
    );
    assert_eq!(fs::read_dir(&root).expect("listed").count(), 0);

    world(&place, Clock::system())
        .may_write()
        .await
        .expect("another program's first use");
}
