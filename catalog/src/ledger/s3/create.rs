//! Creating an object without overwriting one, and finding out what happened when the answer was
//! lost.
//!
//! Attempts are counted here and not by the SDK: only who knows that an earlier attempt may have
//! been applied can tell its own object from another's.

use aws_sdk_s3::{
    config::{Builder, http::HttpResponse, retry::RetryConfig},
    error::SdkError,
    operation::put_object::PutObjectError,
    primitives::ByteStream,
};
use aws_smithy_types::base64;
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use md5::{Digest as _, Md5};

use super::{
    call::{Call, S3Records},
    failure,
};
use crate::{
    ledger::{LedgerError, RecordWriter as _},
    storage::{StorageError, StorageReason},
};

/// Result of a request to create an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// The object is there, and it is ours.
    Created,
    /// Another object was there before.
    Exists,
    /// The store says that it does not know the condition (501).
    Unconditional,
}

/// Why one attempt was not confirmed; only [`Failed`](Self::Failed) may have created the object.
enum Refusal {
    /// 412: the object exists; with the store's time, if the answer names it.
    Exists(Option<Timestamp>),
    /// 409: another writer is at it (`ConditionalRequestConflict`); AWS: "retry the upload".
    Conflict(StorageError),
    /// 501: the store does not implement the condition.
    Unconditional,
    /// Any other failure.
    Failed(StorageError),
}

impl S3Records {
    /// Creates the object of this whole key, once the store has shown that it overwrites none;
    /// `false` if there is one.
    pub(super) async fn create_at(&self, key: &str, text: &str) -> Result<bool, LedgerError> {
        self.ready().await?;
        match self.call(key).create(text).await {
            Ok(Put::Created) => Ok(true),
            Ok(Put::Exists) => Ok(false),
            Ok(Put::Unconditional) => Err(failure::overwrites(self)),
            Err(error) => Err(failure::writing(self, error)),
        }
    }

    /// Removes the object of this whole key; one that is gone is no error.
    pub(super) async fn remove_at(&self, key: &str) -> Result<(), LedgerError> {
        let removed = self.call(key).remove().await;
        removed.map_err(|error| failure::pruning(self, error))
    }
}

impl Call<'_> {
    /// Creates the object, unless there is one.
    pub(super) async fn create(self, text: &str) -> Result<Put, StorageError> {
        let patience = &self.records.patience;
        let mut pause = patience.backoff;
        let mut perhaps_ours = false;
        for attempt in 1.. {
            let error = match self.put(text).await? {
                Ok(()) => return Ok(Put::Created),
                Err(Refusal::Exists(_)) if perhaps_ours => {
                    let ours = self.holds(text).await?;
                    return Ok(if ours { Put::Created } else { Put::Exists });
                }
                Err(Refusal::Exists(_)) => return Ok(Put::Exists),
                Err(Refusal::Unconditional) => return Ok(Put::Unconditional),
                Err(Refusal::Conflict(error)) => error,
                Err(Refusal::Failed(error)) if error.reason.is_transient() => {
                    perhaps_ours = true;
                    error
                }
                Err(Refusal::Failed(error)) => return Err(error),
            };
            if attempt >= patience.attempts {
                let ours = perhaps_ours && self.holds(text).await.unwrap_or(false);
                return if ours { Ok(Put::Created) } else { Err(error) };
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        unreachable!("the last attempt returns")
    }

    /// Makes one attempt, as one of many writers at once: 412 and 409 both say that another one
    /// won.
    pub(super) async fn race(self, text: &str) -> Result<Put, StorageError> {
        match self.put(text).await? {
            Ok(()) => Ok(Put::Created),
            Err(Refusal::Exists(_) | Refusal::Conflict(_)) => Ok(Put::Exists),
            Err(Refusal::Unconditional) => Ok(Put::Unconditional),
            Err(Refusal::Failed(error)) => Err(error),
        }
    }

    /// Reads the store's clock from its refusal to create an object that exists; `None` where that
    /// does not tell.
    pub(super) async fn time(self, text: &str) -> Result<Option<Timestamp>, StorageError> {
        let patience = &self.records.patience;
        let mut pause = patience.backoff;
        for attempt in 1.. {
            let error = match self.put(text).await? {
                Ok(()) | Err(Refusal::Unconditional) => return Ok(None),
                Err(Refusal::Exists(at)) => return Ok(at),
                Err(Refusal::Conflict(error) | Refusal::Failed(error)) => error,
            };
            if attempt >= patience.attempts || !error.reason.is_transient() {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        unreachable!("the last attempt returns")
    }

    /// One attempt.
    async fn put(self, text: &str) -> Result<Result<(), Refusal>, StorageError> {
        let single = Builder::new().retry_config(RetryConfig::disabled());
        let request = self
            .client()
            .await?
            .put_object()
            .bucket(&self.asked().bucket.bucket)
            .key(self.key)
            .if_none_match("*")
            .content_type("application/json")
            // Every store knows this header, and a bucket with object lock wants it.
            .content_md5(base64::encode(Md5::digest(text)))
            .body(ByteStream::from(text.as_bytes().to_vec()));
        let sent = request.customize().config_override(single).send().await;
        Ok(sent.map(drop).map_err(|error| self.refusal(error)))
    }

    fn refusal(self, error: SdkError<PutObjectError, HttpResponse>) -> Refusal {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        match status {
            Some(412) => Refusal::Exists(date(&error)),
            Some(501) => Refusal::Unconditional,
            Some(409) => Refusal::Conflict(self.asked().failed(error)),
            _ => Refusal::Failed(self.asked().failed(error)),
        }
    }

    /// True if the object is there with these contents.
    async fn holds(self, text: &str) -> Result<bool, StorageError> {
        let found = self.read().await?;
        Ok(matches!(found, Some(Ok(found)) if found == text))
    }

    /// Removes the object; in a bucket with versions a marker hides it.
    pub(super) async fn remove(self) -> Result<(), StorageError> {
        let request = self
            .client()
            .await?
            .delete_object()
            .bucket(&self.asked().bucket.bucket)
            .key(self.key);
        match request
            .send()
            .await
            .map_err(|error| self.asked().failed(error))
        {
            Err(error) if error.reason == StorageReason::NotFound && error.hint.is_empty() => {
                Ok(())
            }
            removed => removed.map(drop),
        }
    }
}

/// When the store answered, by its own clock (RFC 9110 §6.6.1).
fn date(error: &SdkError<PutObjectError, HttpResponse>) -> Option<Timestamp> {
    let date = error.raw_response()?.headers().get("date")?;
    DateTimeParser::new().parse_timestamp(date).ok()
}
