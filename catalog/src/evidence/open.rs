//! From a configured location to the evidence that lies there.

use std::sync::Arc;

use super::{DirectoryEvidence, Evidence, S3Evidence};
use crate::storage::Location;

/// Chooses the driver; nothing is read or made yet.
pub fn open(location: &Location) -> Arc<dyn Evidence> {
    match location {
        Location::Directory(path) => Arc::new(DirectoryEvidence::new(path)),
        Location::S3(s3) => Arc::new(S3Evidence::new((**s3).clone())),
    }
}
