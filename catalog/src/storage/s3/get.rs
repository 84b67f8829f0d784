//! One object: its description as it is now, and a part of the bytes that a pin names.

use std::ops::Range;

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::{
        get_object::GetObjectOutput,
        head_object::{HeadObjectError, HeadObjectOutput},
    },
    primitives::{ByteStream, DateTime},
    types::StorageClass,
};
use futures::TryStreamExt as _;

use super::{
    bucket::Bucket,
    failure::Asked,
    listing,
    meta::{class, tag, timestamp},
};
use crate::{
    model::{Key, ObjectMeta, Pin, lasting_version},
    storage::{ListFrom, Operation, StorageError, StorageReason},
};

/// Describes one object as it is now, or one version of it, in the form of a listing.
pub(super) async fn head(
    bucket: &Bucket,
    key: &Key,
    version: Option<&str>,
) -> Result<ObjectMeta, StorageError> {
    let whole = bucket.whole(key.as_str());
    let asked = Asked {
        version,
        ..bucket.asked(Operation::Head, &whole)
    };
    nameable(asked)?;
    let client = bucket.client(asked).await?;
    let request = client
        .head_object()
        .bucket(&asked.bucket.bucket)
        .key(&whole)
        .set_version_id(version.map(Into::into));
    let answer = match request.send().await {
        Ok(head) => described(asked, key, &head),
        Err(error) if is_mute(&error) => Err(asked_again(bucket, asked, error).await),
        Err(error) => Err(asked.failed(error)),
    };
    let is_doubtful = match &answer {
        Ok(_) => true,
        Err(error) => matches!(
            error.reason,
            StorageReason::Protocol | StorageReason::Unreachable
        ),
    };
    if is_doubtful && is_ambiguous(&whole) && matches!(is_listed(bucket, key).await, Ok(false)) {
        return Err(asked.refused(StorageReason::NotFound, ""));
    }
    answer
}

/// True if stores take the key for another one, or for none: `MinIO` and Versity's gateway answer
/// for `/a` and `b/../a` with the object `a`, and others refuse to look.
fn is_ambiguous(key: &str) -> bool {
    let mut segments = key.split('/');
    key.contains('\0') || segments.any(|segment| matches!(segment, "" | "." | ".."))
}

/// True if there is a key of exactly this name.
async fn is_listed(bucket: &Bucket, key: &Key) -> Result<bool, StorageError> {
    let from = ListFrom {
        prefix: key.as_str().into(),
        ..ListFrom::default()
    };
    let first = listing::pages(bucket, from).try_next().await?;
    let first = first.unwrap_or_default();
    let described = first.objects.iter().map(|object| &object.key);
    let mut keys = described.chain(first.undescribed.iter().map(|entry| &entry.key));
    Ok(keys.any(|listed| listed == key))
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
    if let Some((asked_for, said)) = asked.version.zip(head.version_id())
        && asked_for != said
    {
        let hint = "The store answers with another version; look at what answers there.";
        return Err(asked.refused(StorageReason::Protocol, hint));
    }
    Ok(ObjectMeta {
        key: key.clone(),
        size_bytes,
        modified_at,
        etag: tag(head.e_tag()),
        version_id: asked.version.map(Into::into),
        storage_class: Some(class(head.storage_class().map(StorageClass::as_str))),
    })
}

/// True if the answer to a HEAD does not say what is wrong: it has no body, so only "not found"
/// speaks for itself.
fn is_mute(error: &SdkError<HeadObjectError, HttpResponse>) -> bool {
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    let spoken = error.as_service_error().and_then(|error| error.code());
    matches!(status, Some(300..=403 | 405..=499)) && spoken.is_none_or(|code| code != "NotFound")
}

/// Asks the same question so that the answer has a body.
async fn asked_again(
    bucket: &Bucket,
    asked: Asked<'_>,
    mute: SdkError<HeadObjectError, HttpResponse>,
) -> StorageError {
    let client = match bucket.client(asked).await {
        Ok(client) => client,
        Err(error) => return error,
    };
    let get = client
        .get_object()
        .bucket(&asked.bucket.bucket)
        .key(asked.key)
        .set_version_id(asked.version.map(Into::into));
    match get.range("bytes=0-0").send().await {
        Ok(_) => asked.failed(mute),
        Err(error) => asked.failed(error),
    }
}

/// The beginning of an answer with bytes.
#[derive(Debug)]
pub(super) struct RangePart {
    pub(super) bytes: ByteStream,
    /// Entity tag, as the answer names it.
    pub(super) etag: Option<String>,
    /// Version, as the answer names it; `None` if another write may take it over.
    pub(super) version_id: Option<String>,
}

/// Asks for the pinned bytes of this range, and compares what the answer says of itself with the
/// pin.
///
/// | `If-Match` | the object now (HEAD) | then |
/// |---|---|---|
/// | taken | – | tag, size and version are compared |
/// | refused (412) | as pinned | asked once more without it; the time is compared, too |
/// | refused (412) | another | replaced |
///
/// Where a store once refused the condition for an object that did not change, it is not sent
/// again.
pub(super) async fn get(
    bucket: &Bucket,
    operation: Operation,
    pin: &Pin,
    range: Range<u64>,
) -> Result<RangePart, StorageError> {
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
        .set_range(bytes);
    let condition = bucket.condition(pin);
    let sent = request.clone().set_if_match(condition.clone()).send().await;
    let (answer, conditional) = match sent {
        Err(error) if condition.is_some() && is_unmet(&error) => {
            unchanged(bucket, asked, pin).await?;
            (request.send().await, false)
        }
        answer => (answer, condition.is_some()),
    };
    let answer = answer.map_err(|error| asked.failed(error))?;
    compared(asked, pin, part, &answer)?;
    if !conditional {
        is_of_time(asked, pin, answer.last_modified())?;
        bucket.forgo_conditions(condition.is_some());
    }
    Ok(RangePart {
        etag: tag(answer.e_tag()),
        version_id: lasting_version(answer.version_id()).map(Into::into),
        bytes: answer.body,
    })
}

/// True if the store says that the condition does not hold.
pub(super) fn is_unmet<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    status == Some(412)
}

/// Errs unless the object is as it was pinned, whatever the store says of the condition.
async fn unchanged(bucket: &Bucket, asked: Asked<'_>, pin: &Pin) -> Result<(), StorageError> {
    let now = Box::pin(head(bucket, &pin.key, pin.version_id.as_deref())).await;
    let pinned = Pin {
        etag: tag(pin.etag.as_deref()),
        ..pin.clone()
    };
    let same = match now {
        Ok(now) => pinned.is_still(&now),
        // Whoever may not look believes the refusal.
        Err(error) if error.reason == StorageReason::AccessDenied => false,
        Err(error) => {
            let operation = asked.operation;
            return Err(StorageError { operation, ..error });
        }
    };
    if same {
        return Ok(());
    }
    Err(asked.refused(StorageReason::Replaced, "Select the snapshot again."))
}

/// Errs if an answer without a condition is of another time than the pinned object. A lasting
/// version never changes, so its time is not compared.
pub(super) fn is_of_time(
    asked: Asked<'_>,
    pin: &Pin,
    said: Option<&DateTime>,
) -> Result<(), StorageError> {
    if lasting_version(pin.version_id.as_deref()).is_some() {
        return Ok(());
    }
    match said.and_then(timestamp) {
        Some(now) if now.as_second() == pin.modified_at.as_second() => Ok(()),
        Some(_) => Err(asked.refused(StorageReason::Replaced, "Select the snapshot again.")),
        None => {
            let hint = "The store names neither ETag nor time; look at what answers there.";
            Err(asked.refused(StorageReason::Protocol, hint))
        }
    }
}

/// Errs for a key that cannot be asked for: an empty one names no object, and the SDK takes a key
/// of blanks alone for none.
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

/// Errs unless tag, version and size in the answer are those of the pin: some stores ignore
/// conditions or ranges.
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
    let tags = [pin.etag.as_deref(), answer.e_tag()].map(tag);
    let versions = [pin.version_id.as_deref(), answer.version_id()];
    let versions = versions.map(|version| version.map(ToOwned::to_owned));
    let differ =
        |pair: &[Option<String>; 2]| matches!(pair, [Some(pinned), Some(now)] if pinned != now);
    if differ(&tags) || differ(&versions) || size.is_some_and(|size| size != pin.size_bytes) {
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

/// Returns the whole size that `bytes FIRST-LAST/SIZE` names (RFC 9110 §14.4), if the part is the
/// one that was asked for.
fn size_behind(said: &str, part: &Range<u64>) -> Option<u64> {
    let (sent, size) = said.strip_prefix("bytes ")?.split_once('/')?;
    (sent == format!("{}-{}", part.start, part.end - 1)).then(|| size.parse().ok())?
}
