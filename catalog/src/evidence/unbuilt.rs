//! The place of evidence that this version cannot reach: it answers every call with that.

use futures::{
    FutureExt as _,
    future::{self, BoxFuture},
};

use super::{Evidence, EvidenceError, EvidenceRead};
use crate::model::SourceName;

/// Evidence nobody can reach yet.
#[derive(Debug)]
pub(super) struct Unbuilt {
    /// Its location.
    pub(super) location: String,
}

impl Unbuilt {
    fn refuse<T: Send + 'static>(
        &self,
        operation: &'static str,
    ) -> BoxFuture<'static, Result<T, EvidenceError>> {
        let error = EvidenceError::Store {
            operation,
            location: self.location.clone(),
            hint: "Name a directory.".into(),
            source: "evidence in S3 is not built into this version".into(),
        };
        future::ready(Err(error)).boxed()
    }
}

impl EvidenceRead for Unbuilt {
    fn list<'a>(
        &'a self,
        _: &'a SourceName,
        _: u64,
    ) -> BoxFuture<'a, Result<Vec<u64>, EvidenceError>> {
        self.refuse("list")
    }

    fn newest<'a>(
        &'a self,
        _: &'a SourceName,
    ) -> BoxFuture<'a, Result<Option<u64>, EvidenceError>> {
        self.refuse("list")
    }

    fn read<'a>(
        &'a self,
        _: &'a SourceName,
        _: u64,
    ) -> BoxFuture<'a, Result<String, EvidenceError>> {
        self.refuse("read")
    }
}

impl Evidence for Unbuilt {
    fn create<'a>(
        &'a self,
        _: &'a SourceName,
        _: u64,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), EvidenceError>> {
        self.refuse("write")
    }

    fn remove<'a>(&'a self, _: &'a SourceName, _: u64) -> BoxFuture<'a, Result<(), EvidenceError>> {
        self.refuse("prune")
    }
}
