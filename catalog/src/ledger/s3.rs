//! Evidence in a bucket of S3, or of a store that speaks as S3 does:
//! `<prefix>/<source>/<sequence, 8 digits>.json`.
//!
//! A record is created by one request that must not overwrite (`If-None-Match: *`). A store that
//! overwrites nevertheless is found out before the first record is written to it, and refused.

mod call;
mod create;
mod exclusive;
mod failure;
mod numbers;
mod read;

use futures::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;

pub use self::call::S3Records;
use self::create::Put;
use super::{
    LedgerError, RecordReader, RecordWriter,
    name::{MARKER, MARKER_TEXT},
};
use crate::model::SourceName;

impl RecordReader for S3Records {
    fn place(&self) -> String {
        let key = self.bucket.whole("");
        self.call(&key).asked().subject()
    }

    fn is_marked(&self) -> BoxFuture<'_, Result<bool, LedgerError>> {
        async move {
            let key = self.bucket.whole(MARKER);
            let found = self.call(&key).read().await;
            found.map(|it| it.is_some()).map_err(failure::reading)
        }
        .boxed()
    }

    fn list<'a>(
        &'a self,
        source: &'a SourceName,
        after: u64,
    ) -> BoxFuture<'a, Result<Vec<u64>, LedgerError>> {
        async move {
            let part = numbers::behind(&self.bucket, source, after).await;
            part.map(|part| part.sequences).map_err(failure::listing)
        }
        .boxed()
    }

    fn newest<'a>(
        &'a self,
        source: &'a SourceName,
    ) -> BoxFuture<'a, Result<Option<u64>, LedgerError>> {
        async move {
            let newest = numbers::newest(&self.bucket, source).await;
            newest.map_err(failure::listing)
        }
        .boxed()
    }

    fn read<'a>(
        &'a self,
        source: &'a SourceName,
        sequence: u64,
    ) -> BoxFuture<'a, Result<String, LedgerError>> {
        async move {
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
        .boxed()
    }
}

impl RecordWriter for S3Records {
    fn mark(&self) -> BoxFuture<'_, Result<bool, LedgerError>> {
        async move {
            self.ready().await?;
            let key = self.bucket.whole(MARKER);
            match self.call(&key).create(MARKER_TEXT).await {
                Ok(Put::Created) => Ok(true),
                Ok(Put::Exists) => Ok(false),
                Ok(Put::Unconditional) => Err(failure::overwrites(self)),
                Err(error) => Err(failure::writing(self, error)),
            }
        }
        .boxed()
    }

    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, LedgerError>> {
        async move {
            let key = self.bucket.whole(MARKER);
            let time = self.call(&key).time(MARKER_TEXT).await;
            time.map_err(|error| failure::writing(self, error))
        }
        .boxed()
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), LedgerError>> {
        async move {
            let proven = || exclusive::prove(self);
            self.exclusive.get_or_try_init(proven).await.copied()
        }
        .boxed()
    }

    fn create<'a>(
        &'a self,
        source: &'a SourceName,
        sequence: u64,
        text: &'a str,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        async move {
            self.ready().await?;
            let key = self.key(source, sequence);
            match self.call(&key).create(text).await {
                Ok(Put::Created) => Ok(()),
                Ok(Put::Exists) => Err(LedgerError::Taken {
                    source_name: source.clone(),
                    sequence,
                }),
                Ok(Put::Unconditional) => Err(failure::overwrites(self)),
                Err(error) => Err(failure::writing(self, error)),
            }
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        source: &'a SourceName,
        sequence: u64,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        async move {
            let key = self.key(source, sequence);
            let removed = self.call(&key).remove().await;
            removed.map_err(|error| failure::pruning(self, error))
        }
        .boxed()
    }
}
