//! From a configured location to the driver that reads it.

use std::sync::Arc;

use super::{Bucket, Directory, Storage};
use crate::storage::Location;

/// Chooses the driver; nothing is read yet, so a repository that does not answer is found out by
/// its first survey.
pub fn open(location: &Location) -> Arc<dyn Storage> {
    match location {
        Location::Directory(path) => Arc::new(Directory::new(path)),
        Location::S3(s3) => Arc::new(Bucket::new((**s3).clone())),
    }
}
