//! Reserved files in a bucket.

use async_trait::async_trait;
use futures::TryStreamExt as _;

use super::{call::S3Records, failure};
use crate::{
    ledger::{
        LedgerError, ReservedEntry, ReservedPath, ReservedReader, ReservedWriter,
        reserved::LISTED_MAX,
    },
    storage::{ListFrom, Operation, Storage as _, StorageReason},
};

#[async_trait]
impl ReservedReader for S3Records {
    async fn list_reserved(&self, below: &ReservedPath) -> Result<Vec<ReservedEntry>, LedgerError> {
        let prefix = format!("{below}/");
        let mut pages = self.bucket.list(ListFrom {
            prefix: prefix.clone(),
            ..ListFrom::default()
        });
        let mut entries = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(failure::listing)? {
            for object in page.objects {
                if let Some(path) = ReservedPath::new(object.key.as_str()) {
                    let modified_at = object.modified_at;
                    entries.push(ReservedEntry { path, modified_at });
                }
            }
            if entries.len() > LISTED_MAX {
                let asked = self.bucket.asked(Operation::List, &prefix);
                let hint = "Remove old files below it.";
                return Err(failure::listing(
                    asked.refused(StorageReason::Protocol, hint),
                ));
            }
        }
        entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        entries.dedup();
        Ok(entries)
    }

    async fn read_reserved(&self, path: &ReservedPath) -> Result<Option<String>, LedgerError> {
        let key = self.bucket.whole(path.as_str());
        let call = self.call(&key);
        match call.read().await.map_err(failure::reading)? {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(what)) => {
                let refused = call
                    .asked()
                    .refused(StorageReason::Protocol, format!("It is {what}."));
                Err(failure::reading(refused))
            }
        }
    }
}

#[async_trait]
impl ReservedWriter for S3Records {
    async fn create_reserved(&self, path: &ReservedPath, text: &str) -> Result<bool, LedgerError> {
        self.create_at(&self.bucket.whole(path.as_str()), text)
            .await
    }

    async fn remove_reserved(&self, path: &ReservedPath) -> Result<(), LedgerError> {
        self.remove_at(&self.bucket.whole(path.as_str())).await
    }
}
