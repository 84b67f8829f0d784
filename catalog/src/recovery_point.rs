//! The moment a snapshot is from: one function for both programs.
//!
//! The function weighs times that others read. It reads nothing and asks no wall clock: the store's
//! own modification time is the only upper bound.

use jiff::{SignedDuration, Timestamp};

use crate::model::TakenAtFrom;

/// Largest time that a witness may be ahead of the store's clock (design §5).
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Times that the witnesses of one snapshot give; `None` if a witness says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Witnesses {
    /// Time inside the file itself.
    pub content: Option<Timestamp>,
    /// Time in its manifest.
    pub manifest: Option<Timestamp>,
    /// Time in an evidence record of the same object, if the record had it from content or
    /// manifest.
    pub evidence: Option<Timestamp>,
    /// Time in the key.
    pub name: Option<Timestamp>,
    /// Newest modification time of its artifacts, by the store.
    pub modified: Timestamp,
}

/// A recovery point and the witness that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// The moment the snapshot is from.
    pub at: Timestamp,
    /// The witness that was believed.
    pub from: TakenAtFrom,
    /// True if the best witness was more than [`TOLERANCE`] ahead of the store and was not
    /// believed.
    pub from_the_future: bool,
}

/// Returns the time of the best witness.
///
/// If that time is more than [`TOLERANCE`] ahead of the store's clock, returns the store's time. No
/// lesser witness is asked then, because something is wrong that people must see.
///
/// ```
/// use catalog::{model::TakenAtFrom, recovery_point::{Witnesses, recovery_point}};
///
/// let witnesses = Witnesses {
///     content: None,
///     manifest: None,
///     evidence: None,
///     name: Some("2026-11-22T01:00:00Z".parse()?),
///     modified: "2026-11-22T01:04:00Z".parse()?,
/// };
/// let point = recovery_point(&witnesses);
/// assert_eq!(point.from, TakenAtFrom::Name);
///
/// // A name an hour ahead of the store's clock is not believed.
/// let early = Witnesses { modified: "2026-11-22T00:00:00Z".parse()?, ..witnesses };
/// assert!(recovery_point(&early).from_the_future);
/// assert_eq!(recovery_point(&early).at, early.modified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn recovery_point(witnesses: &Witnesses) -> RecoveryPoint {
    let Witnesses {
        content,
        manifest,
        evidence,
        name,
        modified,
    } = *witnesses;
    let best_first = [
        (content, TakenAtFrom::Content),
        (manifest, TakenAtFrom::Manifest),
        (evidence, TakenAtFrom::Evidence),
        (name, TakenAtFrom::Name),
    ];
    let best = best_first
        .into_iter()
        .find_map(|(said, from)| Some((said?, from)));
    let store = RecoveryPoint {
        at: modified,
        from: TakenAtFrom::Modified,
        from_the_future: false,
    };
    match best {
        Some((at, _)) if at.duration_since(modified) > TOLERANCE => RecoveryPoint {
            from_the_future: true,
            ..store
        },
        Some((at, from)) => RecoveryPoint {
            at,
            from,
            from_the_future: false,
        },
        None => store,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes after the modification, by content, manifest, evidence and name.
    fn check(said: [Option<i64>; 4], expected: (i64, TakenAtFrom, bool)) {
        let modified = Timestamp::constant(1_795_309_200, 0);
        let at = |minutes| modified + SignedDuration::from_mins(minutes);
        let [content, manifest, evidence, name] = said.map(|minutes| minutes.map(at));
        let witnesses = Witnesses {
            content,
            manifest,
            evidence,
            name,
            modified,
        };
        let point = recovery_point(&witnesses);
        let expected = RecoveryPoint {
            at: at(expected.0),
            from: expected.1,
            from_the_future: expected.2,
        };
        assert_eq!(point, expected, "{said:?}");
    }

    #[test]
    fn the_best_witness_is_believed() {
        check(
            [Some(-9), Some(-8), Some(-7), Some(-6)],
            (-9, TakenAtFrom::Content, false),
        );
        check(
            [None, Some(-8), Some(-7), Some(-6)],
            (-8, TakenAtFrom::Manifest, false),
        );
        check(
            [None, None, Some(-7), Some(-6)],
            (-7, TakenAtFrom::Evidence, false),
        );
        check([None, None, None, Some(-6)], (-6, TakenAtFrom::Name, false));
        check([None; 4], (0, TakenAtFrom::Modified, false));
        check(
            [Some(-6_000_000), None, None, None],
            (-6_000_000, TakenAtFrom::Content, false),
        );
    }

    #[test]
    fn a_witness_ahead_of_the_store_is_not_believed() {
        check(
            [Some(5), None, None, None],
            (5, TakenAtFrom::Content, false),
        );
        check(
            [Some(6), None, None, None],
            (0, TakenAtFrom::Modified, true),
        );
        check(
            [Some(6), Some(-1), None, Some(-1)],
            (0, TakenAtFrom::Modified, true),
        );
        check(
            [None, None, None, Some(60)],
            (0, TakenAtFrom::Modified, true),
        );
        check(
            [Some(-1), Some(60), Some(60), Some(60)],
            (-1, TakenAtFrom::Content, false),
        );
    }

    #[test]
    fn no_time_is_too_far_away_to_be_compared() {
        for (said, modified) in [
            (Timestamp::MAX, Timestamp::MIN),
            (Timestamp::MIN, Timestamp::MAX),
        ] {
            let witnesses = Witnesses {
                content: Some(said),
                manifest: None,
                evidence: None,
                name: None,
                modified,
            };
            assert_eq!(recovery_point(&witnesses).from_the_future, said > modified);
        }
    }
}
