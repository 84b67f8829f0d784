//! Whether the store refuses to overwrite, as it is asked to.
//!
//! One that ignores the condition would let two verifiers write the same record, and neither would
//! know.

use super::{S3Evidence, create::Put, failure};
use crate::evidence::EvidenceError;

/// A reserved name: it begins with a dot (design §6). It stays, so that every later start needs one
/// request.
const NAME: &str = ".exclusive/created-once";

/// Creates the reserved object until it is refused, twice at most.
pub(super) async fn prove(evidence: &S3Evidence) -> Result<(), EvidenceError> {
    let key = evidence.bucket.whole(NAME);
    // Two texts, for an object of the first attempt must not pass for that of the second.
    for text in ["created once\n", "overwritten\n"] {
        let put = evidence.call(&key).create(text).await;
        match put.map_err(|error| failure::writing(evidence, error))? {
            Put::Exists => return Ok(()),
            Put::Created => {}
            Put::Unconditional => break,
        }
    }
    Err(failure::overwrites(evidence))
}
