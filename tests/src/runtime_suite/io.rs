//! Bytes in, bytes out, and everything that could hang.

use std::time::Duration;

use catalog::ledger::Reason;
use tokio::time::timeout;
use verifier::runtime::{CAPTURE_BYTES_MAX, FeedEnd};

use super::{PATIENCE, Subject, alive, eventually, feed, printed, run, shell, unique_sleep};

/// More than every buffer on the way together.
const MANY_BYTES: usize = 64 << 20;

/// Where a stream that is closed too early would show.
const ECHO_BYTES: usize = 300 << 20;

/// Far more than is kept, and than any buffer on the way.
const FLOOD_BYTES: u64 = 1 << 30;

/// Working directory, environment, both outputs and the exit code are the command's own.
pub async fn a_command_has_its_directory_environment_streams_and_code(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let mut command = shell("echo $SUITE $OWN; pwd >&2; echo kept >file; exit 42");
        command.env = vec![("OWN".to_owned(), "value".to_owned())];
        let exit = sandbox.exec(&command, None).await.expect("runs");
        assert_eq!(
            (exit.code, exit.feed, exit.out_of_memory),
            (42, FeedEnd::NoFeed, false)
        );
        assert_eq!(exit.stdout.text(), "conformance value\n");
        let directory = exit.stderr.text();
        assert_eq!(
            printed(&sandbox, "pwd; cat file").await,
            format!("{directory}kept")
        );
        assert_eq!(run(&sandbox, "kill -s KILL $$").await.code, 137);
        assert!(sandbox.free_bytes().await.expect("counted") > 0);
    };
    subject.with(case).await;
}

/// As every damaged archive makes a loader do.
pub async fn a_command_that_gives_up_early_hangs_nothing(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let mut all = feed(MANY_BYTES, false);
        let command = shell("head -c 6000000 | wc -c; exit 3");
        let exit = timeout(PATIENCE, sandbox.exec(&command, Some(&mut all))).await;
        let exit = exit.expect("no hang").expect("runs");
        assert_eq!((exit.code, exit.stdout.text().trim()), (3, "6000000"));
        let refused = matches!(exit.feed, FeedEnd::Refused { bytes }
            if bytes >= 6_000_000 && bytes < MANY_BYTES as u64);
        assert!(refused, "{:?}", exit.feed);
    };
    subject.with(case).await;
}

/// Input and output flow at the same time; all of both arrives.
pub async fn what_goes_in_comes_out_whole(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let mut all = feed(ECHO_BYTES, false);
        let exit = sandbox
            .exec(&shell("cat"), Some(&mut all))
            .await
            .expect("runs");
        let bytes = ECHO_BYTES as u64;
        assert_eq!((exit.code, exit.feed), (0, FeedEnd::Complete { bytes }));
        assert_eq!(exit.stdout.total_bytes, bytes);
    };
    subject.with(case).await;
}

/// Nothing at all is still an end.
pub async fn an_empty_feed_is_an_end_of_file(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let mut none = feed(0, false);
        let exit = sandbox
            .exec(&shell("wc -c"), Some(&mut none))
            .await
            .expect("runs");
        assert_eq!((exit.code, exit.stdout.text().trim()), (0, "0"));
        assert_eq!(exit.feed, FeedEnd::Complete { bytes: 0 });
    };
    subject.with(case).await;
}

/// Our own broken stream must not look like a truncated snapshot that was staged.
pub async fn a_feed_that_we_cut_never_looks_complete(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        for bytes in [0, 3 << 20] {
            let mut cut = feed(bytes, true);
            let stage = shell("cat >.part && mv .part whole");
            let exit = sandbox.exec(&stage, Some(&mut cut)).await.expect("runs");
            assert_eq!(
                exit.feed,
                FeedEnd::Cut {
                    bytes: bytes as u64
                }
            );
            assert_ne!(exit.code, 0);
            assert_eq!(
                printed(&sandbox, "ls").await.replace(".part", "").trim(),
                ""
            );
        }
    };
    subject.with(case).await;
}

/// Head and tail are kept, the middle is only counted.
pub async fn a_flood_of_output_is_counted_and_not_kept(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let line = format!("echo begin; head -c {FLOOD_BYTES} /dev/zero; echo end");
        let exit = run(&sandbox, &line).await;
        assert_eq!(exit.stdout.total_bytes, FLOOD_BYTES + 10);
        assert!(exit.stdout.head.starts_with(b"begin\n"));
        assert!(exit.stdout.tail.ends_with(b"end\n"));
        let kept = exit.stdout.head.len() + exit.stdout.tail.len();
        assert_eq!(kept, 2 * CAPTURE_BYTES_MAX);
    };
    subject.with(case).await;
}

/// What does not end is ended, and what it started with it.
pub async fn a_timeout_kills_the_command_and_its_children(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let sleep = unique_sleep();
        let mut command = shell(&format!("{sleep} & {sleep}; true"));
        command.timeout = Duration::from_secs(2);
        let error = sandbox.exec(&command, None).await.expect_err("too late");
        assert_eq!(error.reason, Reason::Deadline);
        assert!(error.message.contains("hint: "), "{error}");
        let gone = async || (!alive(&sandbox, &sleep).await).then_some(());
        eventually("the end of the command", gone).await;
    };
    subject.with(case).await;
}

/// Nobody waits any longer: it need not run any longer.
pub async fn a_dropped_command_is_killed(subject: &Subject) {
    let case = |sandbox: super::Handle| async move {
        let sleep = unique_sleep();
        let command = shell(&format!("{sleep}; true"));
        let seen = async || alive(&sandbox, &sleep).await.then_some(());
        tokio::select! {
            _ = sandbox.exec(&command, None) => panic!("it sleeps for a day"),
            () = eventually("the start of the command", seen) => {}
        }
        let gone = async || (!alive(&sandbox, &sleep).await).then_some(());
        eventually("the end of the command", gone).await;
    };
    subject.with(case).await;
}
