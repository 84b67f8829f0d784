mod resumed;

use std::{
    fs,
    ops::Range,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed},
};

use async_trait::async_trait;
use bytes::Bytes;
use catalog::{
    digest,
    model::{Key, ObjectMeta, Pin, RepositoryName, SourceName},
    storage::{
        Counted, ListFrom, ObjectBody, Operation, Page, Storage, StorageError, StorageReason,
        UploadAlgorithm, UploadChecksum,
        memory::{Fault, Memory},
    },
};
use futures::stream::BoxStream;
use tempfile::TempDir;

use super::{
    part::{Identity, PartFile, Paths},
    witness::Witness,
    *,
};
use crate::supervise;

const KEY: &str = "redis/1.rdb";
const BODY: &str = "abcdefghijklmnopqrstuvwxyz";
/// Bytes of a piece: the body has seven pieces.
const PIECE: u64 = 4;

/// What a read answers instead of the storage's own bytes, by its number and its range.
type Script = fn(u64, &Range<u64>) -> Option<Result<&'static str, StorageReason>>;

/// A storage whose reads follow a script.
#[derive(Debug)]
struct Scripted {
    memory: Memory,
    script: Script,
    reads: AtomicU64,
}

#[async_trait]
impl Storage for Scripted {
    fn list(&self, from: ListFrom) -> BoxStream<'_, Result<Page, StorageError>> {
        self.memory.list(from)
    }

    async fn head(&self, key: &Key) -> Result<ObjectMeta, StorageError> {
        self.memory.head(key).await
    }

    async fn read(&self, pin: &Pin, range: Range<u64>) -> Result<Bytes, StorageError> {
        match (self.script)(self.reads.fetch_add(1, Relaxed), &range) {
            None => self.memory.read(pin, range).await,
            Some(answer) => answer.map(Into::into).map_err(|reason| StorageError {
                operation: Operation::Read,
                subject: pin.key.to_string(),
                reason,
                hint: String::new(),
                source: None,
            }),
        }
    }

    async fn open(&self, pin: &Pin) -> Result<ObjectBody, StorageError> {
        self.memory.open(pin).await
    }

    async fn uploaded(&self, pin: &Pin) -> Result<Option<UploadChecksum>, StorageError> {
        self.memory.uploaded(pin).await
    }
}

/// An object in memory and a directory to fetch it into.
struct Place {
    directory: TempDir,
    memory: Memory,
    progress: ProgressLines,
}

impl Place {
    fn new(body: &'static str) -> Self {
        let memory = Memory::default();
        memory.put(KEY, body);
        Self {
            directory: tempfile::tempdir().unwrap(),
            memory,
            progress: ProgressLines::new(false),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What lies in the directory.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    async fn pin(&self) -> Pin {
        self.memory.head(&Key::new(KEY)).await.unwrap().pin()
    }

    fn identity(pin: &Pin) -> Identity {
        Identity::new(&RepositoryName::new("local").unwrap(), pin, PIECE)
    }

    /// What a fetch that was killed may have left.
    fn leave(&self, part: &[u8], note: &[u8]) {
        fs::write(self.path(".1.rdb.part"), part).unwrap();
        fs::write(self.path(".1.rdb.part.json"), note).unwrap();
    }

    /// Fetches as the script says: the outcome, and how many reads it took.
    async fn fetch_by(
        &self,
        script: Script,
        witnesses: &[Witness],
    ) -> (Result<Fetched, FetchError>, u64) {
        let counted = Counted::new(Arc::new(Scripted {
            memory: self.memory.clone(),
            script,
            reads: AtomicU64::new(0),
        }));
        let fetcher = Fetcher {
            storage: Arc::new(counted.clone()),
            repository: RepositoryName::new("local").unwrap(),
            directory: self.directory.path().into(),
            piece: PIECE,
            watch: Watch {
                cancelled: CancellationToken::new(),
                tell: Arc::new(|step| match step {
                    supervise::Progress::Bytes { read, of } => assert!(read <= of),
                    _stage => {}
                }),
            },
            source: SourceName::new("cache").unwrap(),
            progress: self.progress.clone(),
        };
        let outcome = fetcher
            .object(&self.pin().await, "1.rdb", witnesses.into())
            .await;
        let reads = counted.requests().calls.get(&Operation::Read).copied();
        (outcome, reads.unwrap_or(0))
    }

    async fn fetch(&self, witnesses: &[Witness]) -> (Result<Fetched, FetchError>, u64) {
        self.fetch_by(|_, _| None, witnesses).await
    }

    /// The object is there, whole and alone.
    #[track_caller]
    fn is_whole(&self, outcome: Result<Fetched, FetchError>, body: &str) {
        let fetched = outcome.unwrap();
        assert_eq!(self.names(), ["1.rdb"]);
        assert_eq!(fetched.path, self.path("1.rdb"));
        assert_eq!(fs::read_to_string(&fetched.path).unwrap(), body);
        assert_eq!(fetched.sha256, sha256(body));
    }

    /// Asserts that this was said since it was last asked for.
    #[track_caller]
    fn heard(&self, words: &str) {
        let heard = self.progress.rest();
        assert!(heard.contains(words), "{words}: {heard:?}");
    }
}

fn sha256(body: &str) -> String {
    digest::sha256(body).trim_start_matches("sha256:").into()
}

fn witness(body: &str) -> Witness {
    Witness {
        who: "its manifest".into(),
        sha256: sha256(body),
    }
}

#[tokio::test]
async fn an_object_is_read_in_pieces_and_named_when_it_is_whole() {
    let place = Place::new(BODY);
    let (outcome, reads) = place.fetch(&[witness(BODY)]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 7);
    let mode = fs::metadata(place.path("1.rdb")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600, "a backup is nobody else's");
    place.heard("1.rdb has the SHA-256 that is known from its manifest");
}

#[tokio::test]
async fn an_empty_object_is_an_empty_file() {
    let place = Place::new("");
    let (outcome, reads) = place.fetch(&[]).await;
    place.is_whole(outcome, "");
    assert_eq!(reads, 0);
    place.heard("nobody vouches for 1.rdb");
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_a_few_times() {
    let place = Place::new(BODY);
    let storm: Script = |number, _| (number < 8).then_some(Err(StorageReason::Throttled));
    let (outcome, reads) = place.fetch_by(storm, &[]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 15);

    let place = Place::new(BODY);
    let cut: Script = |_, range| (range.start == 8).then_some(Err(StorageReason::Truncated));
    let (outcome, reads) = place.fetch_by(cut, &[]).await;
    let Err(FetchError::Storage(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.reason, StorageReason::Truncated);
    assert_eq!(reads, 5 + 4);
    assert_eq!(place.names(), [".1.rdb.part", ".1.rdb.part.json"]);
    let (outcome, reads) = place.fetch(&[]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 6, "the last one that was written, and all behind it");
}

#[tokio::test(start_paused = true)]
async fn fewer_or_more_bytes_than_were_asked_for_are_put_nowhere() {
    for lie in [(|_, _| Some(Ok("abc"))) as Script, |_, _| Some(Ok("abcde"))] {
        let place = Place::new(BODY);
        let (outcome, _) = place.fetch_by(lie, &[]).await;
        let Err(FetchError::Storage(error)) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(error.reason, StorageReason::Truncated);
        let part = fs::read(place.path(".1.rdb.part")).unwrap();
        assert!(part.is_empty(), "nothing was written");
    }
}

#[tokio::test]
async fn what_a_driver_gets_wrong_is_caught_by_whoever_knows_the_object() {
    let place = Place::new(BODY);
    let lie: Script = |_, range| (range.start == 8).then_some(Ok("IJKL"));
    let (outcome, _) = place.fetch_by(lie, &[witness(BODY)]).await;
    let refusal = Refusal::from(outcome.unwrap_err());
    assert_eq!(refusal.exit, Exit::Failed);
    assert!(
        refusal.message.contains("according to its manifest"),
        "{refusal}"
    );
    assert!(place.names().is_empty(), "nothing is kept of it");
    let (outcome, _) = place.fetch(&[witness(BODY)]).await;
    place.is_whole(outcome, BODY);
    let both = [witness(BODY), witness("another")];
    let place = Place::new(BODY);
    let (outcome, _) = place.fetch(&both).await;
    assert!(
        matches!(outcome, Err(FetchError::Mismatch { .. })),
        "one is enough"
    );
}

/// CRC-32 of the body, by zlib.
fn vouched_for(place: &Place) {
    let value = vec![0x4c, 0x27, 0x50, 0xbd];
    let checksum = UploadChecksum::new(UploadAlgorithm::Crc32, value);
    place.memory.vouch(KEY, checksum.unwrap());
}

#[tokio::test]
async fn the_checksum_of_the_upload_is_a_witness_that_may_contradict() {
    let place = Place::new(BODY);
    vouched_for(&place);
    let lie: Script = |_, range| (range.start == 8).then_some(Ok("IJKL"));
    let (outcome, _) = place.fetch_by(lie, &[]).await;
    let refusal = Refusal::from(outcome.unwrap_err());
    let said = "the CRC-32 of \"redis/1.rdb\" is not the one that the store keeps of its upload";
    assert!(refusal.message.contains(said), "{refusal}");
    assert_eq!(refusal.exit, Exit::Unknown, "nobody knows where it changed");
    assert!(place.names().is_empty(), "nothing is kept of it");

    let (outcome, _) = place.fetch(&[]).await;
    place.is_whole(outcome, BODY);
    place.heard("1.rdb has the CRC-32 that the store keeps of its upload");
    let (outcome, reads) = place.fetch(&[]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 7, "it does not say which object a file is");
    let (outcome, reads) = place.fetch(&[witness(BODY)]).await;
    place.is_whole(outcome, BODY);
    assert_eq!(reads, 0);
    place.heard("from its manifest and the CRC-32 that the store keeps of its upload");

    let other = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    fs::write(place.path("1.rdb"), other).unwrap();
    let (outcome, _) = place.fetch(&[witness(other)]).await;
    assert!(matches!(outcome, Err(FetchError::Taken(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_store_that_does_not_say_what_was_uploaded_is_no_witness() {
    let place = Place::new(BODY);
    vouched_for(&place);
    let pin = place.pin().await;
    assert!(
        crate::stream::upload_checksum(&place.memory, &pin)
            .await
            .is_some()
    );
    place.memory.fail(Fault::Refuse {
        at: Operation::Head,
        reason: StorageReason::AccessDenied,
    });
    assert!(
        crate::stream::upload_checksum(&place.memory, &pin)
            .await
            .is_none()
    );
}

#[tokio::test]
async fn an_equal_file_is_done_already_and_another_one_is_never_replaced() {
    for witnesses in [&[witness(BODY)][..], &[]] {
        let place = Place::new(BODY);
        fs::write(place.path("1.rdb"), BODY).unwrap();
        let (outcome, reads) = place.fetch(witnesses).await;
        place.is_whole(outcome, BODY);
        let doubt = if witnesses.is_empty() { 7 } else { 0 };
        assert_eq!(reads, doubt, "without a witness the object itself is asked");
        place.heard("1.rdb was there already");

        for other in ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "short"] {
            fs::write(place.path("1.rdb"), other).unwrap();
            let (outcome, _) = place.fetch(witnesses).await;
            assert!(matches!(outcome, Err(FetchError::Taken(_))), "{outcome:?}");
            assert_eq!(fs::read_to_string(place.path("1.rdb")).unwrap(), other);
        }
    }
}

#[tokio::test]
async fn whatever_else_has_the_name_is_left_alone() {
    let place = Place::new(BODY);
    fs::create_dir(place.path("1.rdb")).unwrap();
    let (outcome, _) = place.fetch(&[]).await;
    assert!(matches!(outcome, Err(FetchError::Taken(_))), "{outcome:?}");
    fs::remove_dir(place.path("1.rdb")).unwrap();
    fs::write(place.path("elsewhere"), BODY).unwrap();
    symlink(place.path("elsewhere"), place.path("1.rdb")).unwrap();
    let (outcome, _) = place.fetch(&[witness(BODY)]).await;
    assert!(matches!(outcome, Err(FetchError::Taken(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_part_that_leads_elsewhere_is_not_written_through() {
    let place = Place::new(BODY);
    fs::write(place.path("elsewhere"), "mine").unwrap();
    symlink(place.path("elsewhere"), place.path(".1.rdb.part")).unwrap();
    let (outcome, _) = place.fetch(&[]).await;
    assert!(
        matches!(outcome, Err(FetchError::Local { .. })),
        "{outcome:?}"
    );
    fs::remove_file(place.path(".1.rdb.part")).unwrap();
    fs::hard_link(place.path("elsewhere"), place.path(".1.rdb.part")).unwrap();
    symlink(place.path("elsewhere"), place.path(".1.rdb.part.json")).unwrap();
    place.fetch(&[]).await.0.unwrap();
    assert_eq!(fs::read_to_string(place.path("elsewhere")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(place.path("1.rdb")).unwrap(), BODY);
}

#[tokio::test]
async fn of_two_fetches_at_once_the_second_says_so() {
    let place = Place::new(BODY);
    let pin = place.pin().await;
    let paths = Paths::new(place.directory.path(), "1.rdb");
    let first = PartFile::open(paths, &Place::identity(&pin)).unwrap();
    let (outcome, reads) = place.fetch(&[]).await;
    assert!(matches!(outcome, Err(FetchError::Busy(_))), "{outcome:?}");
    assert_eq!(reads, 0);
    drop(first);
    let (outcome, _) = place.fetch(&[]).await;
    place.is_whole(outcome, BODY);
}

#[test]
fn lines_are_what_sha256sum_reads() {
    let check = |path: &str, expected: &str| {
        let line = line("ab", Path::new(path));
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    };
    check("to/1.rdb", "ab  to/1.rdb\n");
    check("to/ü 1", "ab  to/ü 1\n");
    check("t\no\\\r/1", "\\ab  t\\no\\\\\\r/1\n");
}
