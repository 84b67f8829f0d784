//! Reading one record: its bytes are bounded, and are asked for again where the body breaks.

use aws_sdk_s3::{error::SdkError, operation::get_object::GetObjectError, primitives::ByteStream};

use super::call::Call;
use crate::{
    ledger::RECORD_BYTES_MAX,
    storage::{StorageError, StorageReason},
};

/// The text of an object, or why it is no text.
pub(super) type Text = Result<String, &'static str>;

impl Call<'_> {
    /// Reads the object; `None` if there is none.
    pub(super) async fn read(self) -> Result<Option<Text>, StorageError> {
        let asked = self.asked();
        let mut broken = None;
        for _ in 0..self.records.patience.attempts {
            let request = self
                .client()
                .await?
                .get_object()
                .bucket(&asked.bucket.bucket)
                .key(self.key);
            let body = match request.send().await {
                Ok(answer) => answer.body,
                Err(error) if is_gone(&error) => return Ok(None),
                Err(error) => return Err(asked.failed(error)),
            };
            match self.collect(body).await {
                Ok(text) => return Ok(Some(text)),
                Err(error) => broken = Some(error),
            }
        }
        let cut = || asked.refused(StorageReason::Truncated, "");
        Err(broken.unwrap_or_else(cut))
    }

    async fn collect(self, mut body: ByteStream) -> Result<Text, StorageError> {
        let mut bytes = Vec::new();
        loop {
            let next = tokio::time::timeout(self.records.patience.stall, body.next()).await;
            let Ok(next) = next else {
                let hint = "The record comes too slowly; look at the store.";
                return Err(self.asked().refused(StorageReason::Timeout, hint));
            };
            match next {
                Some(Ok(part)) => bytes.extend_from_slice(&part),
                Some(Err(error)) => return Err(self.asked().unanswered(error)),
                None => break,
            }
            if bytes.len() as u64 > RECORD_BYTES_MAX {
                return Ok(Err("larger than 1 MiB"));
            }
        }
        Ok(String::from_utf8(bytes).map_err(|_| "not UTF-8"))
    }
}

/// True if the store has no such key. A bucket that is not there is an error instead.
fn is_gone<R>(error: &SdkError<GetObjectError, R>) -> bool {
    error
        .as_service_error()
        .is_some_and(GetObjectError::is_no_such_key)
}
