//! Whether the bytes that pass by are those that were uploaded.

use std::sync::{Arc, Mutex, PoisonError};

use catalog::{
    model::Pin,
    storage::{ByteStream, Recomputed, Storage, UploadChecksum},
};
use futures::{StreamExt, stream};

/// The checksum that the store keeps of all that was uploaded. A store that does not answer is no
/// witness: the others may be.
pub async fn upload_checksum(storage: &dyn Storage, pin: &Pin) -> Option<UploadChecksum> {
    let asked = storage.uploaded(pin).await;
    asked.unwrap_or_else(|error| {
        tracing::warn!(%error, "the checksum of the upload is not known");
        None
    })
}

/// What a watched stream came to; known once it ended.
#[derive(Debug, Clone, Default)]
pub struct AsUploaded(Arc<Mutex<Option<bool>>>);

impl AsUploaded {
    /// `None` where nothing is known: no checksum, or no end.
    pub fn is_equal(&self) -> Option<bool> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same stream, its bytes held against the checksum; an error leaves nothing known.
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
