//! Records in a bucket of S3, or of a store that speaks as S3 does: `<prefix>/<source>/<sequence, 8
//! digits>.json`.
//!
//! A record is created by one request that must not overwrite (`If-None-Match: *`). A store that
//! overwrites nevertheless is found out before the first record is written to it, and refused.

mod call;
mod create;
mod exclusive;
mod failure;
mod numbers;
mod read;
mod reserved;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::call::S3Records;
use super::{
    LedgerError, RecordReader, RecordWriter,
    name::{MARKER, MARKER_TEXT},
};
use crate::model::SourceName;

#[async_trait]
impl RecordReader for S3Records {
    fn place(&self) -> String {
        let key = self.bucket.whole("");
        self.call(&key).asked().subject()
    }

    async fn is_marked(&self) -> Result<bool, LedgerError> {
        let key = self.bucket.whole(MARKER);
        let found = self.call(&key).read().await;
        found.map(|it| it.is_some()).map_err(failure::reading)
    }

    async fn list(&self, source: &SourceName, after: u64) -> Result<Vec<u64>, LedgerError> {
        let part = numbers::behind(&self.bucket, source, after).await;
        part.map(|part| part.sequences).map_err(failure::listing)
    }

    async fn newest(&self, source: &SourceName) -> Result<Option<u64>, LedgerError> {
        let newest = numbers::newest(&self.bucket, source).await;
        newest.map_err(failure::listing)
    }

    async fn read(&self, source: &SourceName, sequence: u64) -> Result<String, LedgerError> {
        let key = self.key(source, sequence);
        let source_name = source.clone();
        match self.call(&key).read().await.map_err(failure::reading)? {
            Some(Ok(text)) => Ok(text),
            Some(Err(what)) => Err(LedgerError::Unreadable {
                source_name,
                sequence,
                what: what.into(),
            }),
            None => Err(LedgerError::Gone {
                source_name,
                sequence,
            }),
        }
    }
}

#[async_trait]
impl RecordWriter for S3Records {
    async fn mark(&self) -> Result<bool, LedgerError> {
        self.create_at(&self.bucket.whole(MARKER), MARKER_TEXT)
            .await
    }

    async fn time(&self) -> Result<Option<Timestamp>, LedgerError> {
        let key = self.bucket.whole(MARKER);
        let time = self.call(&key).time(MARKER_TEXT).await;
        time.map_err(|error| failure::writing(self, error))
    }

    async fn ready(&self) -> Result<(), LedgerError> {
        let proven = || exclusive::prove(self);
        self.exclusive.get_or_try_init(proven).await.copied()
    }

    async fn create(
        &self,
        source: &SourceName,
        sequence: u64,
        text: &str,
    ) -> Result<(), LedgerError> {
        if self.create_at(&self.key(source, sequence), text).await? {
            return Ok(());
        }
        Err(LedgerError::Taken {
            source_name: source.clone(),
            sequence,
        })
    }

    async fn remove(&self, source: &SourceName, sequence: u64) -> Result<(), LedgerError> {
        self.remove_at(&self.key(source, sequence)).await
    }
}
