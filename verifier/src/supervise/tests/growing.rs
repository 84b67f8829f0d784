//! What is cut off may still be being written.

use async_trait::async_trait;
use catalog::storage::StorageReason;
use jiff::SignedDuration;

use super::*;

/// Always the same half of a snapshot, and what lies under its key at the next look.
#[derive(Debug)]
struct Half {
    now: Result<ObjectMeta, StorageReason>,
    grows: bool,
}

#[async_trait]
impl Storage for Half {
    fn list(&self, _: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        stream::empty().boxed()
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        let failed = |reason: StorageReason| StorageError {
            operation: Operation::Head,
            subject: key.to_string(),
            reason,
            hint: String::new(),
            source: None,
        };
        Box::pin(future::ready(self.now.clone().map_err(failed))).await
    }

    async fn read(&self, _: &Pin, _: Range<u64>) -> Result<Bytes, StorageError> {
        unreachable!("only ever opened")
    }

    async fn open(&self, _: &Pin) -> Result<ObjectBody, StorageError> {
        let body: ByteStream = stream::iter([Ok(Bytes::from_static(b"Cut"))]).boxed();
        Box::pin(future::ready(Ok(body.into()))).await
    }

    fn grows(&self) -> bool {
        self.grows
    }
}

/// One object modified so many minutes ago. `change` is what the next look finds changed.
fn half(minutes: i64, change: impl FnOnce(&mut Result<ObjectMeta, StorageReason>)) -> World {
    half_in(true, minutes, change)
}

/// One object as in [`half`], in a store where objects grow, or appear whole.
fn half_in(
    grows: bool,
    minutes: i64,
    change: impl FnOnce(&mut Result<ObjectMeta, StorageReason>),
) -> World {
    let mut snapshot = snapshot(3, "revision-1");
    let meta = &mut snapshot.artifacts[0].meta;
    meta.modified_at = Timestamp::UNIX_EPOCH - SignedDuration::from_mins(minutes);
    let mut now = Ok(meta.clone());
    change(&mut now);
    World {
        snapshot,
        ..World::of(Half { now, grows }, [GOOD], 3)
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_off_and_young_may_still_be_being_written() {
    for minutes in [0, 9, -9] {
        let told = half(minutes, |_| ())
            .check(Some(Reason::UnstableRead), 1)
            .await;
        let restored = told
            .findings
            .iter()
            .find(|it| it.check == "snapshot.restored");
        let message = &restored.unwrap().message;
        let expected = "it is cut off, in an object modified less than settle (10m) ago";
        assert!(message.starts_with(expected), "{message}");
    }
    let world = half(0, |_| ());
    let at_once = Assignment {
        settle: Duration::ZERO,
        ..world.assignment()
    };
    let told = verify_one(&world.context(), at_once).await;
    assert_eq!(told.reason, Some(Reason::Damaged), "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_off_and_settled_is_looked_at_once_more_before_it_is_damage() {
    let same = half(10, |_| ());
    let told = same.check(Some(Reason::Damaged), 1).await;
    assert_eq!(outcome(&told, "snapshot.intact"), Outcome::Failed);
    half(-10, |_| ()).check(Some(Reason::Damaged), 1).await;
    let mut other = half(10, |now| now.as_mut().unwrap().size_bytes = 4);
    other.check(Some(Reason::UnstableRead), 1).await;
    let grown = |now: &mut Result<ObjectMeta, _>| now.as_mut().unwrap().etag = Some("b".into());
    other = half(10, grown);
    other.check(Some(Reason::UnstableRead), 1).await;
    let touched = |now: &mut Result<ObjectMeta, _>| {
        let now = now.as_mut().unwrap();
        (now.etag, now.modified_at) = (None, Timestamp::UNIX_EPOCH);
    };
    half(10, touched).check(Some(Reason::UnstableRead), 1).await;
    let gone = |now: &mut Result<ObjectMeta, _>| *now = Err(StorageReason::NotFound);
    half(10, gone).check(Some(Reason::Vanished), 1).await;
    let silent = |now: &mut Result<ObjectMeta, _>| *now = Err(StorageReason::AccessDenied);
    half(10, silent).check(Some(Reason::Damaged), 1).await;
    // A version never changes, whatever lies there now.
    let mut version = half(10, gone);
    version.snapshot.artifacts[0].meta.version_id = Some("1".into());
    version.check(Some(Reason::Damaged), 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_grow_is_not_waited_for() {
    let damaged = async |world: World| world.check(Some(Reason::Damaged), 1).await;
    // An object of S3 appears whole, and may be replaced all the same.
    damaged(half_in(false, 0, |_| ())).await;
    let replaced = |now: &mut Result<ObjectMeta, _>| now.as_mut().unwrap().etag = Some("b".into());
    let other = half_in(false, 0, replaced);
    other.check(Some(Reason::UnstableRead), 1).await;
    let mut version = half(0, replaced);
    version.snapshot.artifacts[0].meta.version_id = Some("1".into());
    damaged(version).await;
    let witnessed = |state| {
        let mut world = half(0, |_| ());
        let key = world.snapshot.artifacts[0].meta.key.clone();
        let manifest = catalog::manifest::Manifest::parse(b"{\"schema\": 1}").expect("a manifest");
        world.snapshot.manifests.insert(key, manifest);
        world.snapshot.state = state;
        world
    };
    damaged(witnessed(SnapshotState::Complete)).await;
    // Its manifest is older: that of another content.
    let older = witnessed(SnapshotState::InProgress);
    older.check(Some(Reason::UnstableRead), 1).await;
}
