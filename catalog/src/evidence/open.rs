//! From a configured location to where records lie.

use std::sync::Arc;

use thiserror::Error;

use super::{DirectoryEvidence, Evidence};
use crate::config::Location;

/// No driver for this kind of location.
#[derive(Debug, Error)]
#[error(
    "cannot open {location}: evidence in S3 is not built into this version; hint: Use a directory."
)]
pub struct OpenError {
    /// As configured.
    pub location: String,
}

/// Chooses the driver; nothing is read or made yet.
pub fn open(location: &Location) -> Result<Arc<dyn Evidence>, OpenError> {
    match location {
        Location::Directory(path) => Ok(Arc::new(DirectoryEvidence::new(path))),
        Location::S3(_) => Err(OpenError {
            location: location.to_string(),
        }),
    }
}
