//! Comparison of the bytes that pass by with the checksum of their upload.

use std::sync::{Arc, Mutex, PoisonError};

use catalog::{
    model::Pin,
    storage::{ByteStream, Recomputed, Storage, UploadChecksum},
};
use futures::{StreamExt, stream};

/// Returns the checksum that the store keeps of the whole upload. `None` also if the store does not
/// answer: it is then no witness, but others may be.
pub async fn upload_checksum(storage: &dyn Storage, pin: &Pin) -> Option<UploadChecksum> {
    let asked = storage.uploaded(pin).await;
    asked.unwrap_or_else(|error| {
        tracing::warn!(%error, "the checksum of the upload is not known");
        None
    })
}

/// Outcome of a watched stream, known once it ended.
#[derive(Debug, Clone, Default)]
pub struct AsUploaded(Arc<Mutex<Option<bool>>>);

impl AsUploaded {
    /// True if the bytes equal the upload; `None` without a checksum or before the end of the
    /// stream.
    pub fn is_equal(&self) -> Option<bool> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same stream, compared with the checksum on its way; after an error the outcome stays
/// unknown.
pub fn watched(input: ByteStream, checksum: Option<UploadChecksum>) -> (ByteStream, AsUploaded) {
    let outcome = AsUploaded::default();
    let Some(checksum) = checksum else {
        return (input, outcome);
    };
    let known = outcome.clone();
    let begin: (ByteStream, Option<Recomputed>) = (input, Some(checksum.recompute()));
    let watched = stream::unfold(begin, move |(mut input, mut running)| {
        let known = known.clone();
        async move {
            let Some(item) = input.next().await else {
                let is_equal = running.map(Recomputed::is_equal);
                *known.0.lock().unwrap_or_else(PoisonError::into_inner) = is_equal;
                return None;
            };
            match &item {
                Ok(bytes) => running.iter_mut().for_each(|it| it.update(bytes)),
                Err(_) => running = None,
            }
            Some((item, (input, running)))
        }
    });
    (watched.boxed(), outcome)
}
