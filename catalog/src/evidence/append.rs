//! Writing the next record of a chain, with other writers about.

use super::{
    Draft, Evidence, EvidenceError, EvidenceRead, Record, SEQUENCE_MAX, chain::digest_to_follow,
};
use crate::model::SourceName;

/// How often another writer may be faster before this one gives up.
const ATTEMPTS_MAX: u32 = 16;

/// A record that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// As it was understood again.
    pub record: Record,
    /// As it lies there.
    pub text: String,
}

/// Writes `draft` behind the newest record of `source`, whoever else writes too.
///
/// A break in the chain does not stop it: what was proven must be written down, and the break stays
/// where it is.
pub async fn append(
    evidence: &dyn Evidence,
    source: &SourceName,
    draft: Draft,
) -> Result<Appended, EvidenceError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some((sequence, previous)) = next_place(evidence, source).await? else {
            continue;
        };
        let sealed = Record::seal(draft.clone(), sequence, previous.as_deref())
            .and_then(|text| Record::parse(&text).map(|record| Appended { record, text }));
        let appended = sealed.map_err(|error| EvidenceError::Seal {
            source_name: source.clone(),
            source: error,
        })?;
        match evidence.create(source, sequence, &appended.text).await {
            Ok(()) => return Ok(appended),
            Err(EvidenceError::Taken { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(EvidenceError::Contended {
        source_name: source.clone(),
        attempts: ATTEMPTS_MAX,
    })
}

/// The next sequence number and what it follows; `None` if the head vanished meanwhile.
async fn next_place(
    evidence: &(impl EvidenceRead + ?Sized),
    source: &SourceName,
) -> Result<Option<(u64, Option<String>)>, EvidenceError> {
    let Some(head) = evidence.newest(source).await? else {
        return Ok(Some((1, None)));
    };
    if head >= SEQUENCE_MAX {
        return Err(EvidenceError::Exhausted {
            source_name: source.clone(),
        });
    }
    let previous = match evidence.read(source, head).await {
        Ok(text) => digest_to_follow(Ok(&text)),
        Err(EvidenceError::Unreadable { what, .. }) => digest_to_follow(Err(&what)),
        Err(EvidenceError::Gone { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some((head + 1, Some(previous))))
}
