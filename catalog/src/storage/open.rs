//! From a configured location to the driver that reads it.

use std::sync::Arc;

use thiserror::Error;

use super::{Directory, Storage};
use crate::config::Location;

/// No driver for this kind of location.
#[derive(Debug, Error)]
#[error(
    "cannot open {location}: reading S3 is not built into this version; hint: Use a directory."
)]
pub struct OpenError {
    /// As configured.
    pub location: String,
}

/// Chooses the driver; nothing is read yet, so a repository that does not answer is found out by
/// its first survey.
pub fn open(location: &Location) -> Result<Arc<dyn Storage>, OpenError> {
    match location {
        Location::Directory(path) => Ok(Arc::new(Directory::new(path))),
        Location::S3(_) => Err(OpenError {
            location: location.to_string(),
        }),
    }
}
