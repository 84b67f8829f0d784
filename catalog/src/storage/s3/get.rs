//! One object: what it is now, and a part of the bytes that a pin names.

use std::ops::Range;

use aws_sdk_s3::{
    error::{ProvideErrorMetadata as _, SdkError},
    operation::{
        get_object::GetObjectOutput,
        head_object::{HeadObjectError, HeadObjectOutput},
    },
    primitives::{ByteStream, DateTime},
    types::StorageClass,
};
use futures::TryStreamExt as _;
use jiff::Timestamp;

use super::{Asked, Bucket, listing};
use crate::{
    model::{Key, ObjectMeta, Pin},
    storage::{ListFrom, Operation, StorageError, StorageReason},
};

/// What S3 calls the class of an object that names none.
const CLASS_DEFAULT: &str = "STANDARD";

/// One object as it is now, as a listing without versions says it.
pub(super) async fn head(bucket: &Bucket, key: &Key) -> Result<ObjectMeta, StorageError> {
    let whole = bucket.whole(key.as_str());
    let asked = bucket.asked(Operation::Head, &whole);
    nameable(asked)?;
    let client = bucket.client(asked).await?;
    let request = client
        .head_object()
        .bucket(&asked.bucket.bucket)
        .key(&whole);
    match request.send().await {
        Ok(_) if whole.starts_with('/') && !is_listed(bucket, key).await? => {
            Err(asked.refused(StorageReason::NotFound, ""))
        }
        Ok(head) => described(asked, key, &head),
        Err(error) if is_mute(&error) => Err(asked_again(bucket, asked, error).await),
        Err(error) => Err(asked.failed(error)),
    }
}

/// Whether there is a key of exactly this name: `MinIO` answers for `/a` with the object `a`.
async fn is_listed(bucket: &Bucket, key: &Key) -> Result<bool, StorageError> {
    let from = ListFrom {
        prefix: key.as_str().into(),
        ..ListFrom::default()
    };
    let first = listing::pages(bucket, from).try_next().await?;
    let first = first.as_ref().and_then(|page| page.objects.first());
    Ok(first.is_some_and(|object| object.key == *key))
}

fn described(
    asked: Asked<'_>,
    key: &Key,
    head: &HeadObjectOutput,
) -> Result<ObjectMeta, StorageError> {
    let size = head
        .content_length()
        .and_then(|size| u64::try_from(size).ok());
    let modified = head.last_modified().and_then(timestamp);
    let (Some(size_bytes), Some(modified_at)) = (size, modified) else {
        return Err(asked.refused(StorageReason::Protocol, "It has no size or no time."));
    };
    Ok(ObjectMeta {
        key: key.clone(),
        size_bytes,
        modified_at,
        etag: head.e_tag().map(Into::into),
        version_id: None,
        storage_class: Some(class(head.storage_class().map(StorageClass::as_str))),
    })
}

/// The answer to a HEAD has no body, so only "not found" speaks for itself.
fn is_mute(error: &SdkError<HeadObjectError, aws_sdk_s3::config::http::HttpResponse>) -> bool {
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    let spoken = error.as_service_error().and_then(|error| error.code());
    matches!(status, Some(300..=403 | 405..=499)) && spoken.is_none_or(|code| code != "NotFound")
}

/// The same question with an answer that has a body.
async fn asked_again(
    bucket: &Bucket,
    asked: Asked<'_>,
    mute: SdkError<HeadObjectError, aws_sdk_s3::config::http::HttpResponse>,
) -> StorageError {
    let client = match bucket.client(asked).await {
        Ok(client) => client,
        Err(error) => return error,
    };
    let get = client
        .get_object()
        .bucket(&asked.bucket.bucket)
        .key(asked.key);
    match get.range("bytes=0-0").send().await {
        Ok(_) => asked.failed(mute),
        Err(error) => asked.failed(error),
    }
}

/// The pinned bytes of this range; what the answer says of itself fits the pin.
pub(super) async fn get(
    bucket: &Bucket,
    operation: Operation,
    pin: &Pin,
    range: Range<u64>,
) -> Result<ByteStream, StorageError> {
    let whole = bucket.whole(pin.key.as_str());
    let asked = Asked {
        version: pin.version_id.as_deref(),
        ..bucket.asked(operation, &whole)
    };
    nameable(asked)?;
    let part = (range != (0..pin.size_bytes)).then_some(&range);
    let bytes = part.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
    let client = bucket.client(asked).await?;
    let request = client
        .get_object()
        .bucket(&asked.bucket.bucket)
        .key(&whole)
        .set_version_id(pin.version_id.clone())
        .set_if_match(pin.etag.clone())
        .set_range(bytes);
    let answer = request.send().await.map_err(|error| asked.failed(error))?;
    compared(asked, pin, part, &answer)?;
    Ok(answer.body)
}

/// The SDK takes a key of blanks alone for none.
pub(super) fn nameable(asked: Asked<'_>) -> Result<(), StorageError> {
    if asked.key.is_empty() {
        return Err(asked.refused(StorageReason::NotFound, ""));
    }
    if asked.key.trim().is_empty() {
        let hint = "Call it otherwise: a key of blanks alone cannot be asked for.";
        return Err(asked.refused(StorageReason::Protocol, hint));
    }
    Ok(())
}

/// Some stores ignore conditions or ranges.
fn compared(
    asked: Asked<'_>,
    pin: &Pin,
    part: Option<&Range<u64>>,
    answer: &GetObjectOutput,
) -> Result<(), StorageError> {
    let size = match (part, answer.content_range()) {
        (None, _) => answer
            .content_length()
            .and_then(|size| u64::try_from(size).ok()),
        (Some(part), Some(said)) => size_behind(said, part),
        (Some(_), None) => None,
    };
    let tags =
        [pin.etag.as_deref(), answer.e_tag()].map(|tag| tag.map(|tag| tag.trim_matches('"')));
    let versions = [pin.version_id.as_deref(), answer.version_id()];
    let differ =
        |pair: [Option<&str>; 2]| matches!(pair, [Some(pinned), Some(now)] if pinned != now);
    if differ(tags) || differ(versions) || size.is_some_and(|size| size != pin.size_bytes) {
        return Err(asked.refused(StorageReason::Replaced, "Select the snapshot again."));
    }
    if size.is_none() {
        let hint = "The store ignores ranges or names no sizes; look at what answers there.";
        return Err(asked.refused(StorageReason::Protocol, hint));
    }
    if let [Some(_), None] = tags {
        let hint = "The store lists an ETag and answers without; look at what answers there.";
        return Err(asked.refused(StorageReason::Protocol, hint));
    }
    Ok(())
}

/// The whole size that `bytes FIRST-LAST/SIZE` names (RFC 9110 §14.4), if the part is the one that
/// was asked for.
fn size_behind(said: &str, part: &Range<u64>) -> Option<u64> {
    let (sent, size) = said.strip_prefix("bytes ")?.split_once('/')?;
    (sent == format!("{}-{}", part.start, part.end - 1)).then(|| size.parse().ok())?
}

/// In whole seconds, which every answer can tell: a header never has more (RFC 9110 §5.6.7), and a
/// listing has milliseconds in some stores. One object has one time, whoever tells it.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

pub(super) fn class(named: Option<&str>) -> String {
    named.unwrap_or(CLASS_DEFAULT).into()
}
