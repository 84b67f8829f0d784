//! From answers to a verdict: one rule, in one place (design §5). Pure.
//!
//! Two mistakes are unforgivable: a damaged snapshot called verified, and a good one called failed.
//! So nothing is verified without an observation, and nothing failed without a reason that shows
//! it.

use catalog::{
    format::Checksum,
    ledger::{Integrity, Reason, Verdict},
    manifest::Manifest,
};

use crate::{engine::CheckResult, stream::ReadThrough};

/// Reasons that show a snapshot to be bad, the most telling first: damage explains whatever follows
/// it.
const SHOWN: [Reason; 5] = [
    Reason::Damaged,
    Reason::Identity,
    Reason::Inconsistent,
    Reason::Unrestorable,
    Reason::Expectation,
];

/// The verdict of a verification, and why it is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conclusion {
    /// Verified, failed or inconclusive.
    pub verdict: Verdict,
    /// The reason why it is not verified; `None` exactly when it is.
    pub reason: Option<Reason>,
}

impl Conclusion {
    /// The conclusion whose reason is `reason`: each reason has one verdict.
    pub const fn because(reason: Reason) -> Self {
        Self {
            verdict: reason.verdict(),
            reason: Some(reason),
        }
    }

    const VERIFIED: Self = Self {
        verdict: Verdict::Verified,
        reason: None,
    };
}

/// Concludes from all answers. `observed`: a restored server was asked and answered.
///
/// | the answers | conclusion |
/// |---|---|
/// | one shows the snapshot to be bad | `failed`, by the most telling reason |
/// | another one spoils the verdict | `inconclusive`, by the first such reason |
/// | none spoils it, and a server was observed | `verified` |
/// | none spoils it, and no server was observed | `inconclusive (internal)` |
pub fn conclude(answers: &[CheckResult], observed: bool) -> Conclusion {
    let given = |reason: &Reason| answers.iter().any(|answer| answer.spoils == Some(*reason));
    let shown = SHOWN.into_iter().find(given);
    let first = || answers.iter().find_map(|answer| answer.spoils);
    match shown.or_else(first) {
        Some(reason) => Conclusion::because(reason),
        None if observed => Conclusion::VERIFIED,
        None => Conclusion::because(Reason::Internal),
    }
}

/// Names the witness that vouches for the bytes read: the file's own checksum, the manifest's, or
/// that of the upload, in this order. An entity tag never does.
pub fn integrity(passed: &ReadThrough, manifest: Option<&Manifest>) -> Integrity {
    let written = manifest.and_then(|manifest| manifest.sha256.as_deref());
    if passed.inspection.checksum == Checksum::Verified {
        Integrity::File
    } else if written.is_some_and(|written| written.eq_ignore_ascii_case(&passed.sha256)) {
        Integrity::Manifest
    } else if passed.as_uploaded == Some(true) {
        Integrity::Object
    } else {
        Integrity::None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use catalog::format::{Inspection, InspectionState};

    use super::*;

    #[test]
    fn only_an_observed_snapshot_that_nothing_spoils_is_verified() {
        use Reason::{
            Damaged, Deadline, Expectation, Identity, Inconsistent, Internal, NoChecksum,
            Unrestorable,
        };
        let check = |spoils: &[Reason], observed, reason: Option<Reason>| {
            let mut answers = vec![CheckResult::passed("a", ""), CheckResult::warning("b", "")];
            answers.extend(
                spoils
                    .iter()
                    .map(|reason| CheckResult::failed("c", *reason, "")),
            );
            let conclusion = conclude(&answers, observed);
            assert_eq!(conclusion.reason, reason, "{spoils:?} {observed}");
            let verdict = reason.map_or(Verdict::Verified, Reason::verdict);
            assert_eq!(conclusion.verdict, verdict, "{spoils:?} {observed}");
        };
        check(&[], true, None);
        check(&[], false, Some(Internal));
        check(&[NoChecksum], true, Some(NoChecksum));
        check(&[Deadline, NoChecksum], false, Some(Deadline));
        check(&[Expectation], true, Some(Expectation));
        check(&[NoChecksum, Expectation], true, Some(Expectation));
        check(&[Expectation, Unrestorable], true, Some(Unrestorable));
        check(&[Unrestorable, Inconsistent], true, Some(Inconsistent));
        check(&[Inconsistent, Identity], true, Some(Identity));
        check(&[Identity, Internal, Damaged], true, Some(Damaged));
    }

    #[test]
    fn every_reason_that_fails_has_its_rank() {
        for reason in Reason::ALL {
            let failed = reason.verdict() == Verdict::Failed;
            assert_eq!(SHOWN.contains(reason), failed, "{}", reason.as_label());
        }
    }

    #[test]
    fn a_checksum_inside_beside_or_of_the_upload_vouches_for_the_bytes() {
        let check = |checksum, sha256: Option<&str>, as_uploaded, expected| {
            let passed = ReadThrough {
                sha256: "ab12".into(),
                restorable_sha256: None,
                restorable_bytes: 0,
                inspection: Inspection {
                    checksum,
                    ..Inspection::new("rdb", InspectionState::Intact)
                },
                version_id: None,
                as_uploaded,
            };
            let manifest = Manifest {
                schema: 1,
                size_bytes: None,
                sha256: sha256.map(str::to_owned),
                taken_at: None,
                items: BTreeMap::new(),
                producer: None,
                engine_version: None,
            };
            assert_eq!(integrity(&passed, Some(&manifest)), expected);
        };
        check(Checksum::Verified, None, None, Integrity::File);
        check(Checksum::Absent, Some("AB12"), None, Integrity::Manifest);
        check(Checksum::Absent, Some("ab13"), None, Integrity::None);
        check(Checksum::Absent, None, None, Integrity::None);
        check(Checksum::Wrong, Some("ab12"), None, Integrity::Manifest);
        check(
            Checksum::Absent,
            Some("ab13"),
            Some(true),
            Integrity::Object,
        );
        check(Checksum::Absent, None, Some(true), Integrity::Object);
        check(Checksum::Absent, None, Some(false), Integrity::None);
    }
}
