//! What the native reading of a snapshot means for its verdict: only damage is `failed`, everything
//! else that stops it is inconclusive.

use catalog::{
    format::{Inspection, InspectionState},
    ledger::Reason,
    lineage::LINEAGE_MAX,
    model::{Continues, Snapshot, SnapshotFacts},
};

use toolkit::words::size;

use crate::{engine::Stopped, stream::ReadThrough};

/// Errs if the native reading does not allow a restore. Another kind of file may be a good snapshot
/// in an unknown wrapper, so it is not called bad. Content that no checksum inside vouches for is
/// restored, too: the engine's checks ask whether anything else vouches for it.
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

/// Errs if the snapshot continues others, for then it is not restored. `own` is its own head, which
/// the survey may not have read. What no head tells, the archive does once it was read.
///
/// | it continues | reason |
/// |---|---|
/// | nothing, or it is not known, and its head does not say that it is differential | none |
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

/// Errs if the bytes that were read are not those that the store took in. Nobody can tell whether
/// they changed there or on the way, so nothing is said of the snapshot.
pub(super) fn as_uploaded(passed: &ReadThrough) -> Result<(), Stopped> {
    if passed.as_uploaded != Some(false) {
        return Ok(());
    }
    let message = "the bytes that were read are not those that were uploaded: the store's checksum \
                   of the whole object is another\nhint: Read it by another way; look at the \
                   store, proxies and this machine's memory.";
    Err(Stopped::new(Reason::UnstableRead, message))
}

/// Errs if the unwrapped bytes are more than the sandbox may hold.
pub(super) fn fits(restorable_bytes: u64, disk_bytes: u64) -> Result<(), Stopped> {
    if restorable_bytes <= disk_bytes {
        return Ok(());
    }
    let message = format!(
        "it unwraps to {}, and the sandbox may hold {}\nhint: Raise verifier.limits.disk.",
        size(restorable_bytes),
        size(disk_bytes)
    );
    Err(Stopped::new(Reason::TooLarge, message))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
