//! What a failure of storage, sandbox or ourselves means for a verdict: always inconclusive.

use catalog::{
    format::{Inspection, InspectionState},
    ledger::Reason,
    lineage::LINEAGE_MAX,
    model::{Continues, Snapshot, SnapshotFacts},
    storage::{StorageError, StorageReason},
};

use crate::{
    engine::{Stopped, hindered},
    runtime::{Exit, FeedEnd},
    stream::{PassError, ReadThrough},
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

/// What the native reading allows. Another kind of file may be a good snapshot in a wrapper that is
/// not known here, so it is not called bad. What no checksum inside vouches for is restored, too:
/// whether anything else does, the engine's checks ask.
pub(super) fn understood(inspection: &Inspection) -> Result<(), Stopped> {
    let (reason, what) = match inspection.state {
        InspectionState::Intact | InspectionState::Unvouched => return Ok(()),
        InspectionState::Damaged if inspection.truncated => {
            (Reason::Damaged, "the snapshot is cut off")
        }
        InspectionState::Damaged => (Reason::Damaged, "the snapshot is damaged"),
        InspectionState::NotRecognised => (
            Reason::UnknownVersion,
            "the file is of no kind that this engine writes",
        ),
        InspectionState::NotUnderstood => (
            Reason::UnknownVersion,
            "the snapshot was not fully understood",
        ),
        InspectionState::Aborted => (Reason::UnstableRead, "the reading broke off"),
    };
    let message = match inspection.findings.first() {
        Some(found) => format!("{what}, at byte {}: {}", found.offset, found.message),
        None => what.into(),
    };
    Err(Stopped::new(reason, message))
}

/// Why a snapshot is not restored that continues others, as its own head says, which the survey may
/// not have read. What that does not tell, the archive does once it was read.
///
/// | it continues | reason |
/// |---|---|
/// | others, and it is known which | `needs_enterprise` |
/// | something that is missing | `vanished` |
/// | more than are followed | `too_large` |
/// | others, and it is not known which | `unstable_read` |
/// | others, and is not complete | `needs_enterprise` |
pub(super) fn whole_by_itself(snapshot: &Snapshot, own: &SnapshotFacts) -> Result<(), Stopped> {
    let is_differential = own.lineage.as_ref().is_some_and(|link| !link.full);
    let (reason, message) = match &snapshot.continues {
        Continues::Nothing | Continues::Unknown if !is_differential => return Ok(()),
        Continues::Nothing | Continues::Snapshot(_) => (
            Reason::NeedsEnterprise,
            "it is a differential backup, which is read with all that it continues, and not \
             restored: only the Enterprise Edition does that\nhint: Restore what `backup-verifier \
             fetch` brings by hand; full backups are verified."
                .into(),
        ),
        Continues::Missing(gap) => (
            Reason::Vanished,
            format!(
                "what it continues is not there: {gap}\nhint: `backup-verifier snapshots` shows \
                 what lies there."
            ),
        ),
        Continues::TooMany => (
            Reason::TooLarge,
            format!(
                "it continues more than {LINEAGE_MAX} snapshots\nhint: Take full backups more often."
            ),
        ),
        Continues::Unknown => (
            Reason::UnstableRead,
            "what it continues is not known: it may be among those whose heads were not read when \
             the repository was surveyed\nhint: The log of a survey at level debug says what was \
             not read, and why."
                .into(),
        ),
    };
    Err(Stopped::new(reason, message))
}

/// Whether the bytes that were read are those that the store took in. If not, nobody can tell
/// whether they changed there or on the way, so nothing is said of the snapshot.
pub(super) fn as_uploaded(passed: &ReadThrough) -> Result<(), Stopped> {
    if passed.as_uploaded != Some(false) {
        return Ok(());
    }
    let message = "the bytes that were read are not those that were uploaded: the store's checksum \
                   of the whole object is another\nhint: Read it by another way; look at the \
                   store, proxies and this machine's memory.";
    Err(Stopped::new(Reason::UnstableRead, message))
}

/// Whether what was unwrapped is no more than the sandbox may hold.
pub(super) fn fits(restorable_bytes: u64, disk_bytes: u64) -> Result<(), Stopped> {
    if restorable_bytes <= disk_bytes {
        return Ok(());
    }
    let message = format!(
        "it unwraps to {restorable_bytes} bytes, and the sandbox may hold {disk_bytes}\nhint: Raise \
         verifier.limits.disk."
    );
    Err(Stopped::new(Reason::TooLarge, message))
}

/// Whether every byte arrived in the sandbox.
pub(super) fn arrived(put: &Exit, bytes: u64) -> Result<(), Stopped> {
    ended_by_us(put, "the command that takes the snapshot into the sandbox")?;
    if put.feed != (FeedEnd::Complete { bytes }) {
        return Err(not_put(put.code));
    }
    Ok(())
}

/// What only a sandbox does to a command. One that succeeded met nothing but a full disk or too
/// little memory.
fn ended_by_us(exit: &Exit, who: &'static str) -> Result<(), Stopped> {
    let said = exit.stderr.text();
    let says = |text: &str| said.contains(text);
    let met = hindered::by_sandbox(who, (exit.code, exit.out_of_memory), &says);
    let counts =
        |it: &Stopped| exit.code != 0 || matches!(it.reason, Reason::Disk | Reason::OutOfMemory);
    met.filter(counts).map_or(Ok(()), Err)
}

/// What took the bytes ended with this code, and nobody knows what that means.
pub(super) fn not_put(code: i32) -> Stopped {
    let message = format!("the snapshot did not arrive in the sandbox: code {code}");
    Stopped::new(Reason::Internal, message)
}

/// Whether what lies in the sandbox is what was sent.
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
    fn only_what_was_read_and_understood_is_restored() {
        use InspectionState::{Aborted, Damaged, Intact, NotRecognised, NotUnderstood, Unvouched};
        let check = |state, truncated, expected: Option<(Reason, &str)>| {
            let inspection = Inspection {
                truncated,
                ..Inspection::new("rdb", state)
            };
            let stopped = understood(&inspection).err();
            let found = stopped.map(|stopped| (stopped.reason, stopped.message));
            let expected = expected.map(|(reason, said)| (reason, said.to_owned()));
            assert_eq!(found, expected, "{state:?}");
        };
        let unknown = Reason::UnknownVersion;
        check(Intact, false, None);
        check(Unvouched, false, None);
        check(
            Damaged,
            false,
            Some((Reason::Damaged, "the snapshot is damaged")),
        );
        check(
            Damaged,
            true,
            Some((Reason::Damaged, "the snapshot is cut off")),
        );
        check(
            NotUnderstood,
            false,
            Some((unknown, "the snapshot was not fully understood")),
        );
        let foreign = "the file is of no kind that this engine writes";
        check(NotRecognised, false, Some((unknown, foreign)));
        check(
            Aborted,
            false,
            Some((Reason::UnstableRead, "the reading broke off")),
        );
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
