//! What a failure of storage, of the way into the sandbox or of ourselves means for a verdict:
//! always inconclusive.

use catalog::{
    ledger::Reason,
    storage::{StorageError, StorageReason},
};

use crate::{
    engine::{Stopped, hindered},
    runtime::{Exit, FeedEnd},
    stream::PassError,
};

impl From<StorageError> for Stopped {
    fn from(error: StorageError) -> Self {
        let reason = match error.reason {
            StorageReason::NotFound => Reason::Vanished,
            StorageReason::Replaced => Reason::Replaced,
            StorageReason::AccessDenied | StorageReason::Credentials => Reason::AccessDenied,
            StorageReason::KeyDenied => Reason::KeyDenied,
            StorageReason::Archived => Reason::Archived,
            StorageReason::Truncated
            | StorageReason::Unreachable
            | StorageReason::Timeout
            | StorageReason::Throttled
            | StorageReason::Protocol
            | StorageReason::Io => Reason::UnstableRead,
        };
        let hint = if error.hint.is_empty() {
            ""
        } else {
            "\nhint: "
        };
        Self::new(reason, format!("{error}{hint}{}", error.hint))
    }
}

impl From<PassError> for Stopped {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Storage(error) => error.into(),
            PassError::Length { .. } => Self::new(Reason::UnstableRead, error.to_string()),
            PassError::Inspection(_) => Self::new(Reason::Internal, error.to_string()),
        }
    }
}

/// Errs unless every byte arrived in the sandbox.
pub(super) fn arrived(put: &Exit, bytes: u64) -> Result<(), Stopped> {
    ended_by_us(put, "the command that takes the snapshot into the sandbox")?;
    if put.feed != (FeedEnd::Complete { bytes }) {
        return Err(not_put(put.code));
    }
    Ok(())
}

/// Errs if the command met what only a sandbox does to it. A command that succeeded can only have
/// met a full disk or too little memory.
fn ended_by_us(exit: &Exit, who: &'static str) -> Result<(), Stopped> {
    let said = exit.stderr.text();
    let says = |text: &str| said.contains(text);
    let met = hindered::by_sandbox(who, (exit.code, exit.out_of_memory), &says);
    let counts =
        |it: &Stopped| exit.code != 0 || matches!(it.reason, Reason::Disk | Reason::OutOfMemory);
    met.filter(counts).map_or(Ok(()), Err)
}

/// The bytes did not arrive, and nobody knows what the code of the command means.
pub(super) fn not_put(code: i32) -> Stopped {
    let message = format!("the snapshot did not arrive in the sandbox: code {code}");
    Stopped::new(Reason::Internal, message)
}

/// Errs unless what lies in the sandbox is what was sent.
pub(super) fn same_inside(digest: &Exit, sha256: &str) -> Result<(), Stopped> {
    ended_by_us(
        digest,
        "the command by which what lies in the sandbox is compared",
    )?;
    let message = match digest.code {
        0 if digest.stdout.head.starts_with(sha256.as_bytes()) => return Ok(()),
        0 => "what lies in the sandbox is not what was sent there".into(),
        code => format!("what lies in the sandbox could not be compared: code {code}"),
    };
    Err(Stopped::new(Reason::Internal, message))
}

#[cfg(test)]
mod tests {
    use catalog::storage::Operation;

    use super::*;
    use crate::runtime::{Capture, exited};

    #[test]
    fn no_failure_of_storage_is_ever_the_snapshots() {
        let check = |reason, expected| {
            let error = StorageError {
                operation: Operation::Open,
                subject: "cache.rdb".into(),
                reason,
                hint: "Look there.".into(),
                source: None,
            };
            let stopped = Stopped::from(error);
            assert_eq!(stopped.reason, expected);
            assert!(
                stopped.message.ends_with("\nhint: Look there."),
                "{}",
                stopped.message
            );
        };
        check(StorageReason::NotFound, Reason::Vanished);
        check(StorageReason::Replaced, Reason::Replaced);
        check(StorageReason::AccessDenied, Reason::AccessDenied);
        check(StorageReason::Credentials, Reason::AccessDenied);
        check(StorageReason::KeyDenied, Reason::KeyDenied);
        check(StorageReason::Archived, Reason::Archived);
        check(StorageReason::Truncated, Reason::UnstableRead);
        check(StorageReason::Unreachable, Reason::UnstableRead);
        check(StorageReason::Io, Reason::UnstableRead);
    }

    #[test]
    fn a_put_that_failed_says_why() {
        let good = Exit {
            code: 0,
            stdout: Capture::default(),
            stderr: Capture::default(),
            feed: FeedEnd::Complete { bytes: 9 },
            out_of_memory: false,
        };
        let check = |exit: Exit, expected: Option<Reason>| {
            let reason = arrived(&exit, 9).err().map(|stopped| stopped.reason);
            assert_eq!(reason, expected, "{exit:?}");
        };
        let full = Capture {
            head: b"cat: No space left on device".into(),
            ..Capture::default()
        };
        check(good.clone(), None);
        check(
            Exit {
                code: 137,
                ..good.clone()
            },
            Some(Reason::Killed),
        );
        check(
            Exit {
                code: 137,
                out_of_memory: true,
                ..good.clone()
            },
            Some(Reason::OutOfMemory),
        );
        check(
            Exit {
                code: 1,
                stderr: full,
                ..good.clone()
            },
            Some(Reason::Disk),
        );
        let says = |text: &[u8]| Capture {
            head: text.to_vec(),
            ..Capture::default()
        };
        for (code, said, expected) in [
            (126, &b""[..], Some(Reason::NoImage)),
            (127, b"sh: cat: not found", Some(Reason::NoImage)),
            (
                1,
                b"cat: write error: Input/output error",
                Some(Reason::Internal),
            ),
            (
                1,
                b"cat: Resource temporarily unavailable",
                Some(Reason::Internal),
            ),
            (0, b"cat: Input/output error", None),
            (0, b"sync: No space left on device", Some(Reason::Disk)),
        ] {
            let stderr = says(said);
            check(
                Exit {
                    code,
                    stderr,
                    ..good.clone()
                },
                expected,
            );
        }
        for feed in [
            FeedEnd::Complete { bytes: 8 },
            FeedEnd::Cut { bytes: 9 },
            FeedEnd::Refused { bytes: 9 },
            FeedEnd::NoFeed,
        ] {
            check(
                Exit {
                    feed,
                    ..good.clone()
                },
                Some(Reason::Internal),
            );
        }
    }

    #[test]
    fn other_bytes_inside_are_told_from_a_comparison_that_failed() {
        let exit = |code, said: &str, printed: &str| exited(code, printed, said);
        let check = |exit: Exit, expected: Option<(Reason, &str)>| {
            let stopped = same_inside(&exit, "ab").err();
            let stopped = stopped.map(|stopped| (stopped.reason, stopped.message));
            let found = stopped
                .as_ref()
                .map(|(reason, said)| (*reason, said.as_str()));
            let told =
                expected.is_none_or(|(_, words)| found.is_some_and(|it| it.1.contains(words)));
            assert_eq!(found.map(|it| it.0), expected.map(|it| it.0), "{exit:?}");
            assert!(told, "{found:?}");
        };
        check(exit(0, "", "ab  snapshot.rdb"), None);
        check(
            exit(0, "", "cd  snapshot.rdb"),
            Some((Reason::Internal, "is not what was sent")),
        );
        check(
            exit(1, "", ""),
            Some((Reason::Internal, "could not be compared: code 1")),
        );
        check(exit(137, "", ""), Some((Reason::Killed, "compared")));
        let full = "sync: error syncing: No space left on device";
        check(exit(1, full, ""), Some((Reason::Disk, "disk")));
        let starved = Exit {
            out_of_memory: true,
            ..exit(137, "", "")
        };
        check(starved, Some((Reason::OutOfMemory, "memory")));
    }
}
