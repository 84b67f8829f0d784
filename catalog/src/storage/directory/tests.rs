#![expect(
    clippy::disallowed_methods,
    reason = "a file gets another time, and another user is asked for"
)]

use std::{
    fs::{self, File, Permissions},
    os::unix::{
        ffi::OsStrExt, fs::PermissionsExt, fs::symlink, net::UnixListener, process::CommandExt,
    },
    process::Command,
    time::{Duration, SystemTime},
};

use futures::TryStreamExt;
use tempfile::{TempDir, tempdir};

use super::*;
use crate::storage::PAGE_MAX;

fn tree(files: &[&str]) -> (TempDir, Directory) {
    let root = tempdir().unwrap();
    for name in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let directory = Directory::new(root.path());
    (root, directory)
}

async fn listed(directory: &Directory, prefix: &str) -> Result<(Vec<String>, u64), StorageError> {
    let from = ListFrom {
        prefix: prefix.into(),
        ..ListFrom::default()
    };
    let pages: Vec<Page> = directory.list(from).try_collect().await?;
    let keys = pages.iter().flat_map(|page| &page.objects);
    let keys = keys.map(|object| object.key.to_string()).collect();
    Ok((keys, pages.iter().map(|page| page.skipped).sum()))
}

#[tokio::test]
async fn what_is_no_file_is_skipped_and_counted() {
    let (root, directory) = tree(&["a", "d/b"]);
    let path = root.path();
    fs::write(path.join(std::ffi::OsStr::from_bytes(b"bad-\xff")), "x").unwrap();
    fs::create_dir(path.join(std::ffi::OsStr::from_bytes(b"bad-\xfe"))).unwrap();
    let _socket = UnixListener::bind(path.join("socket")).unwrap();
    symlink("nowhere", path.join("dangling")).unwrap();
    symlink("turning", path.join("turning")).unwrap();
    symlink("..", path.join("d/up")).unwrap();
    assert_eq!(
        listed(&directory, "").await.unwrap(),
        (vec!["a".into(), "d/b".into()], 6)
    );
}

#[tokio::test]
async fn a_link_counts_as_its_file_only_below_the_root() {
    let (outside, _) = tree(&["secret"]);
    let (root, directory) = tree(&["d/real"]);
    let path = root.path();
    symlink("d/real", path.join("inside")).unwrap();
    symlink(outside.path().join("secret"), path.join("outside")).unwrap();
    symlink(outside.path(), path.join("elsewhere")).unwrap();
    let keys = vec!["d/real".into(), "inside".into()];
    assert_eq!(listed(&directory, "").await.unwrap(), (keys, 2));

    let inside = directory.head(&Key::new("inside")).await.unwrap();
    assert_eq!(directory.read(&inside.pin(), 0..6).await.unwrap(), "d/real");
    for key in ["outside", "elsewhere/secret", "elsewhere"] {
        let error = directory.head(&Key::new(key)).await.unwrap_err();
        assert_eq!(error.reason, StorageReason::NotFound, "{key}");
    }
    let error = listed(&directory, "elsewhere/").await.unwrap_err();
    assert_eq!(error.reason, StorageReason::NotFound);
    assert!(
        error.hint.contains("Links to directories"),
        "{}",
        error.hint
    );
}

#[tokio::test]
async fn the_root_itself_may_be_a_link() {
    let (root, _) = tree(&["a"]);
    let (other, _) = tree(&[]);
    symlink(root.path(), other.path().join("link")).unwrap();
    let directory = Directory::new(other.path().join("link"));
    let pin = directory.head(&Key::new("a")).await.unwrap().pin();
    assert_eq!(directory.read(&pin, 0..1).await.unwrap(), "a");
    assert_eq!(listed(&directory, "").await.unwrap().0, ["a"]);
}

#[tokio::test]
async fn a_missing_root_is_an_error_and_not_an_empty_repository() {
    let (root, _) = tree(&["file"]);
    for name in ["missing", "file"] {
        let directory = Directory::new(root.path().join(name));
        for prefix in ["", "redis/"] {
            let error = listed(&directory, prefix).await.unwrap_err();
            assert_eq!(error.reason, StorageReason::NotFound, "{name}");
            assert!(error.hint.contains("Create or mount"), "{}", error.hint);
        }
    }
}

#[tokio::test]
async fn a_file_rewritten_and_given_its_old_time_back_is_another_one() {
    let (root, directory) = tree(&["a"]);
    let path = root.path().join("a");
    let file = File::options().write(true).open(&path).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    file.set_modified(old).unwrap();
    let before = directory.head(&Key::new("a")).await.unwrap();
    // Until the file system's clock has ticked, both contents have the same times.
    let mut after = before.clone();
    for _ in 0..1_000_000 {
        fs::write(&path, "b").unwrap();
        file.set_modified(old).unwrap();
        after = directory.head(&Key::new("a")).await.unwrap();
        if after != before {
            break;
        }
    }
    assert_eq!(
        (after.modified_at, after.size_bytes),
        (before.modified_at, before.size_bytes)
    );
    let error = directory.read(&before.pin(), 0..1).await.unwrap_err();
    assert_eq!(error.reason, StorageReason::Replaced);
}

#[tokio::test]
async fn a_file_rewritten_while_it_is_read_is_replaced() {
    let (root, directory) = tree(&["a"]);
    let path = root.path().join("a");
    fs::write(&path, vec![1; 2_000_000]).unwrap();
    let pin = directory.head(&Key::new("a")).await.unwrap().pin();

    let mut stream = directory.open(&pin).await.unwrap().bytes;
    stream.next().await.unwrap().unwrap();
    let later = SystemTime::now() + Duration::from_secs(5);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.reason, StorageReason::Replaced);
}

#[tokio::test]
async fn a_file_cut_while_it_is_read_is_truncated_and_a_grown_one_is_replaced() {
    let (root, directory) = tree(&["a"]);
    let path = root.path().join("a");
    for (then, reason) in [
        (10, StorageReason::Truncated),
        (9_000_000, StorageReason::Replaced),
    ] {
        fs::write(&path, vec![1; 2_000_000]).unwrap();
        let pin = directory.head(&Key::new("a")).await.unwrap().pin();
        let mut stream = directory.open(&pin).await.unwrap().bytes;
        stream.next().await.unwrap().unwrap();
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(then)
            .unwrap();
        let error = stream.try_collect::<Vec<_>>().await.unwrap_err();
        assert_eq!(error.reason, reason);
    }
}

#[tokio::test]
async fn an_opened_file_that_is_renamed_away_is_read_to_its_end() {
    let (root, directory) = tree(&["a"]);
    let path = root.path().join("a");
    fs::write(&path, vec![1; 2_000_000]).unwrap();
    let pin = directory.head(&Key::new("a")).await.unwrap().pin();
    let stream = directory.open(&pin).await.unwrap().bytes;
    fs::write(root.path().join("b"), "other").unwrap();
    fs::rename(root.path().join("b"), &path).unwrap();
    let chunks: Vec<Bytes> = stream.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), vec![1; 2_000_000]);
}

#[test]
fn a_directory_larger_than_the_names_held_is_read_in_parts_without_loss() {
    let names: Vec<String> = (0..500)
        .map(|number| format!("d/{:03}", number * 7 % 500))
        .collect();
    let (root, _) = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    fs::create_dir(root.path().join("d/250.d")).unwrap();
    fs::write(root.path().join("d/250.d/x"), "x").unwrap();
    for names_max in [1, 7, 499, 500, 501, 1000] {
        let from = ListFrom {
            prefix: String::new(),
            after: Some(Key::new("d/004")),
            versions: false,
        };
        let mut walker = Walker::new(root.path().into(), from).with_names_max(names_max);
        let page = walker.next_page().unwrap().unwrap();
        let keys: Vec<_> = page
            .objects
            .iter()
            .map(|object| object.key.as_str())
            .collect();
        let mut expected: Vec<_> = (5..500).map(|number| format!("d/{number:03}")).collect();
        expected.insert(246, "d/250.d/x".into());
        assert_eq!(keys, expected, "{names_max} names held");
        assert_eq!(walker.next_page().unwrap(), None);
    }
}

#[test]
fn what_vanishes_while_listing_is_as_if_we_had_come_later() {
    let many: Vec<String> = (0..=PAGE_MAX)
        .map(|number| format!("a/{number:04}"))
        .collect();
    let mut names: Vec<&str> = many.iter().map(String::as_str).collect();
    names.extend(["b/1", "c", "d"]);
    let (root, _) = tree(&names);
    let mut walker = Walker::new(root.path().into(), ListFrom::default());
    assert_eq!(walker.next_page().unwrap().unwrap().objects.len(), PAGE_MAX);
    fs::remove_dir_all(root.path().join("b")).unwrap();
    fs::remove_file(root.path().join("c")).unwrap();
    let page = walker.next_page().unwrap().unwrap();
    let keys: Vec<_> = page
        .objects
        .iter()
        .map(|object| object.key.as_str())
        .collect();
    assert_eq!((keys, page.skipped), (vec!["a/1000", "d"], 0));
}

/// Runs only as an unprivileged user, because nothing is refused to root: the test starts its own
/// executable again as `nobody`.
const UNPRIVILEGED: &str = "storage::directory::tests::permission_is_refused_with_a_hint";

#[test]
fn permission_is_refused_with_a_hint() {
    if !rustix::process::geteuid().is_root() {
        return tokio::runtime::Runtime::new().unwrap().block_on(refused());
    }
    let place = tempdir().unwrap();
    let copy = place.path().join("tests");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    let mut again = Command::new(&copy);
    again
        .args(["--exact", UNPRIVILEGED])
        .uid(65534)
        .gid(65534)
        .env("TMPDIR", place.path());
    let output = again.current_dir("/").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

async fn refused() {
    let (root, directory) = tree(&["open/a", "shut/b", "lost+found/c", "file"]);
    let mode = |name, mode| {
        fs::set_permissions(root.path().join(name), Permissions::from_mode(mode)).unwrap();
    };
    mode("lost+found", 0);
    assert_eq!(
        listed(&directory, "").await.unwrap().1,
        1,
        "lost+found is skipped"
    );
    let pin = directory.head(&Key::new("file")).await.unwrap().pin();
    mode("file", 0);
    mode("shut", 0);

    let errors = [
        listed(&directory, "").await.unwrap_err(),
        listed(&directory, "shut/").await.unwrap_err(),
        directory.head(&Key::new("shut/b")).await.unwrap_err(),
        directory.read(&pin, 0..1).await.unwrap_err(),
        directory.open(&pin).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.reason, StorageReason::AccessDenied, "{error}");
        let uid = rustix::process::geteuid().as_raw();
        assert!(
            error.hint.starts_with(&format!("Let uid {uid} read ")),
            "{}",
            error.hint
        );
    }
    assert_eq!(
        listed(&directory, "open/").await.unwrap().0,
        ["open/a"],
        "the rest is seen"
    );
    mode("shut", 0o300);
    listed(&directory, "shut/").await.unwrap_err();
    mode("shut", 0o400);
    listed(&directory, "shut/").await.unwrap_err();
    mode("shut", 0o700);
}
