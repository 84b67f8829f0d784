//! Bytes are those of the pin, whatever happens on the way.

use tests::s3_server::{Call, Effect, Fault, Ignored};

use super::*;

const LARGE: usize = 3_000_001;

async fn large() -> (Repository, ObjectMeta, Vec<u8>) {
    let repository = Repository::start("p/").await;
    let body: Vec<u8> = (0..LARGE).map(|at| at.to_le_bytes()[at % 3]).collect();
    repository.server.world().put("p/a", body.clone());
    let object = head(&repository.bucket, "a").await.expect("a head");
    (repository, object, body)
}

#[tokio::test]
async fn a_cut_body_is_resumed_where_it_broke() {
    let (repository, object, body) = large().await;
    let world = repository.server.world();
    for cut in [0, 1, 70_000, LARGE - 1] {
        world.heal();
        world.fail(Fault::always(Call::Get, Effect::Cut(cut)).times(3));
        let read = opened(&repository.bucket, &object).await.expect("resumed");
        assert!(read == body, "other bytes after a cut at {cut}");
    }
    world.heal();
    world.take_calls();
    world.fail(Fault::always(Call::Get, Effect::Cut(1000)).times(2));
    let part = repository
        .bucket
        .read(&object.pin(), 10..5000)
        .await
        .expect("resumed");
    assert!(part == body[10..5000]);
    assert_eq!(world.take_calls().len(), 3);
}

#[tokio::test]
async fn a_body_that_always_breaks_is_truncated_in_the_end() {
    let (repository, object, _) = large().await;
    repository
        .server
        .world()
        .fail(Fault::always(Call::Get, Effect::Cut(5)));
    repository.server.world().take_calls();
    let error = opened(&repository.bucket, &object)
        .await
        .expect_err("no end");
    expect(&error, Operation::Open, StorageReason::Truncated);
    assert_eq!(
        repository.server.world().take_calls().len(),
        6,
        "its budget"
    );
    let error = repository
        .bucket
        .read(&object.pin(), 0..900)
        .await
        .expect_err("no end");
    expect(&error, Operation::Read, StorageReason::Truncated);
}

#[tokio::test]
async fn a_stalled_body_is_resumed_and_in_the_end_a_timeout() {
    let (repository, object, body) = large().await;
    let bucket = repository.reader(IMPATIENT, |_| ());
    let stall = Fault::always(Call::Get, Effect::Stall(LARGE / 2));
    repository.server.world().fail(stall.clone().times(1));
    assert!(opened(&bucket, &object).await.expect("resumed") == body);
    repository
        .server
        .world()
        .fail(Fault::always(Call::Get, Effect::Stall(0)));
    let error = opened(&bucket, &object).await.expect_err("no byte");
    expect(&error, Operation::Open, StorageReason::Timeout);
}

#[tokio::test]
async fn a_body_that_drips_is_a_timeout_in_the_end() {
    let (repository, object, _) = large().await;
    let bucket = repository.reader(IMPATIENT, |_| ());
    let drip = Effect::Drip(Duration::from_millis(20));
    repository
        .server
        .world()
        .fail(Fault::always(Call::Get, drip));
    let error = opened(&bucket, &object).await.expect_err("some bytes");
    expect(&error, Operation::Open, StorageReason::Timeout);
    let read = bucket.read(&object.pin(), 0..9000).await;
    expect(
        &read.expect_err("some bytes"),
        Operation::Read,
        StorageReason::Timeout,
    );
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_is_replaced() {
    let (repository, object, _) = large().await;
    let effect = Effect::CutAndReplace(1_000_000, "y".repeat(LARGE));
    repository
        .server
        .world()
        .fail(Fault::always(Call::Get, effect).times(1));
    let error = opened(&repository.bucket, &object)
        .await
        .expect_err("another object");
    expect(&error, Operation::Open, StorageReason::Replaced);
}

#[tokio::test]
async fn a_store_that_ignores_conditions_or_ranges_is_found_out() {
    let (repository, old, _) = large().await;
    let world = repository.server.world();
    world.ignore(&[Ignored::Conditions]);
    world.put("p/a", vec![1; LARGE]);
    let error = opened(&repository.bucket, &old)
        .await
        .expect_err("another object");
    expect(&error, Operation::Open, StorageReason::Replaced);
    let error = repository
        .bucket
        .read(&old.pin(), 0..9)
        .await
        .expect_err("another object");
    expect(&error, Operation::Read, StorageReason::Replaced);

    world.ignore(&[Ignored::Ranges]);
    let new = head(&repository.bucket, "a").await.expect("a head");
    let error = repository
        .bucket
        .read(&new.pin(), 5..9)
        .await
        .expect_err("the whole object");
    expect(&error, Operation::Read, StorageReason::Protocol);
    let whole = repository.bucket.read(&new.pin(), 0..LARGE as u64).await;
    assert_eq!(whole.expect("no range was needed").len(), LARGE);
}

#[tokio::test]
async fn an_answer_that_does_not_say_what_it_is_or_is_another_version_is_not_read() {
    let repository = Repository::start("").await;
    let world = repository.server.world();
    world.version();
    world.put("a", "one");
    world.put("a", "two");
    let pages = listed(&repository.bucket, true).await.expect("a listing");
    let objects = [&pages[0].objects[0], &pages[0].noncurrent[0]];
    let check = async |name, value, reason: Option<StorageReason>| {
        world.heal();
        world.fail(Fault::always(Call::Get, Effect::Header(name, value)));
        for object in objects {
            let read = opened(&repository.bucket, object).await;
            assert_eq!(read.err().map(|error| error.reason), reason, "{name}");
        }
    };
    check("etag", "", Some(StorageReason::Protocol)).await;
    check("x-amz-version-id", "other", Some(StorageReason::Replaced)).await;
    // The version was asked for; not every store repeats it.
    check("x-amz-version-id", "", None).await;
}

#[tokio::test]
async fn a_slow_reader_uses_up_no_patience() {
    let (repository, object, body) = large().await;
    let bucket = repository.reader(IMPATIENT, |_| ());
    repository.server.world().put("p/mute", "x");
    let mute = Fault::always(Call::Get, Effect::Stall(0)).on("mute");
    repository.server.world().fail(mute);
    let other = head(&bucket, "mute").await.expect("a head");
    let mut stream = bucket.open(&object.pin()).await.expect("a body").bytes;
    let mut read = stream
        .try_next()
        .await
        .expect("bytes")
        .expect("bytes")
        .to_vec();
    // Nobody reads on while all the patience with another body is used up.
    let error = opened(&bucket, &other).await.expect_err("no byte");
    expect(&error, Operation::Open, StorageReason::Timeout);
    while let Some(bytes) = stream.try_next().await.expect("bytes") {
        read.extend_from_slice(&bytes);
    }
    assert!(read == body);
}
