//! The listing of every version: the newest version of a key is the object, the others are
//! noncurrent.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::list_object_versions::ListObjectVersionsOutput,
    types::EncodingType,
};

use super::{
    Cursor, Listed, NOTHING, Next,
    entry::{Entry, key},
};
use crate::{
    model::UNVERSIONED,
    storage::{PAGE_MAX, Page, StorageError},
};

/// True if the store does not know versions at all.
fn is_unknown<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    status == Some(501) || error.code() == Some("NotImplemented")
}

impl Cursor<'_> {
    pub(super) async fn versions_page(&mut self) -> Result<(Page, Next), StorageError> {
        let asked = self.asked();
        let (key_marker, version_marker) = if let Next::Marker(key, version) = &self.next {
            (Some(key.clone()), version.clone())
        } else {
            let after = self.from.after.as_ref();
            (after.map(|key| self.bucket.whole(key.as_str())), None)
        };
        let client = self.bucket.client(asked).await?;
        let request = client
            .list_object_versions()
            .bucket(&asked.bucket.bucket)
            .prefix(&self.whole_prefix)
            .encoding_type(EncodingType::Url)
            .max_keys(i32::try_from(PAGE_MAX).unwrap_or(i32::MAX))
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if self.next == Next::First && is_unknown(&error) => {
                self.versions = false;
                return self.plain_page().await;
            }
            Err(error) if self.is_nowhere(error.code()) => return Ok(NOTHING),
            Err(error) => return Err(asked.failed(error)),
        };
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let next = self.behind_version(&answer, encoded)?;
        let page = self.sorted_out(&answer, encoded)?;
        Ok((page, next))
    }

    /// Sorts a page of versions. A delete marker is no object, and no version that it hides is
    /// current.
    fn sorted_out(
        &mut self,
        answer: &ListObjectVersionsOutput,
        encoded: bool,
    ) -> Result<Page, StorageError> {
        let listed = answer.versions().iter().map(|version| {
            let mut entry = Entry::of_version(version, encoded);
            let is_current = version.is_latest() == Some(true);
            if is_current {
                entry.forget_version(UNVERSIONED);
            }
            Listed { entry, is_current }
        });
        let markers = answer.delete_markers().iter();
        let hidden: Vec<_> = markers.map(|it| (it.key(), it.version_id())).collect();
        self.page(listed.collect(), &hidden)
    }

    fn behind_version(
        &self,
        answer: &ListObjectVersionsOutput,
        encoded: bool,
    ) -> Result<Next, StorageError> {
        let marker = answer.next_key_marker();
        let marker = marker.and_then(|marker| key(marker, encoded));
        let next = marker.filter(|marker| !marker.is_empty()).map(|marker| {
            let version = answer.next_version_id_marker();
            let version = version.filter(|version| !version.is_empty());
            Next::Marker(marker, version.map(Into::into))
        });
        let listed = answer.versions().len() + answer.delete_markers().len();
        self.follows(answer.is_truncated(), next, listed)
    }
}
