//! The checksum that a store keeps of an object, if it is one of all its bytes.

use aws_sdk_s3::{
    operation::head_object::HeadObjectOutput,
    types::{ChecksumMode, ChecksumType},
};
use aws_smithy_types::base64;

use super::{
    bucket::Bucket,
    failure::Asked,
    get::{is_of_time, is_unmet, nameable},
    meta::tag,
};
use crate::{
    model::Pin,
    storage::{Operation, StorageError, StorageReason, UploadAlgorithm, UploadChecksum},
};

/// Asks for the checksum of the pinned content; `None` where there is none over all bytes.
pub(super) async fn uploaded(
    bucket: &Bucket,
    pin: &Pin,
) -> Result<Option<UploadChecksum>, StorageError> {
    let whole = bucket.whole(pin.key.as_str());
    let asked = Asked {
        version: pin.version_id.as_deref(),
        ..bucket.asked(Operation::Head, &whole)
    };
    nameable(asked)?;
    let client = bucket.client(asked).await?;
    let request = client
        .head_object()
        .bucket(&asked.bucket.bucket)
        .key(&whole)
        .checksum_mode(ChecksumMode::Enabled)
        .set_version_id(pin.version_id.clone());
    let condition = bucket.condition(pin);
    let is_conditional = condition.is_some();
    let (head, is_conditional) = match request.clone().set_if_match(condition).send().await {
        Err(error) if is_conditional && is_unmet(&error) => (request.send().await, false),
        answer => (answer, is_conditional),
    };
    let head = head.map_err(|error| asked.failed(error))?;
    let size = head.content_length();
    let other_size = size.is_some_and(|size| u64::try_from(size) != Ok(pin.size_bytes));
    let tags = [pin.etag.as_deref(), head.e_tag()].map(tag);
    let other_tag = matches!(&tags, [Some(pinned), Some(now)] if pinned != now);
    if !is_conditional {
        is_of_time(asked, pin, head.last_modified())?;
    }
    if other_tag || other_size {
        return Err(asked.refused(StorageReason::Replaced, "Select the snapshot again."));
    }
    Ok(whole_object(&head))
}

/// Returns the strongest checksum that is over the whole object. A checksum of checksums
/// (`COMPOSITE`, `…-N`) is no witness of the bytes, nor is a value with another length than the
/// algorithm's. CRC-64/NVME is over the whole by definition ("Checking object integrity" of the S3
/// User Guide knows no other kind), also where a store answers no type. Of the others the store
/// must say so.
fn whole_object(head: &HeadObjectOutput) -> Option<UploadChecksum> {
    let is_whole = head.checksum_type() == Some(&ChecksumType::FullObject);
    let given = [
        (UploadAlgorithm::Sha256, head.checksum_sha256()),
        (UploadAlgorithm::Crc64Nvme, head.checksum_crc64_nvme()),
        (UploadAlgorithm::Sha1, head.checksum_sha1()),
        (UploadAlgorithm::Crc32c, head.checksum_crc32_c()),
        (UploadAlgorithm::Crc32, head.checksum_crc32()),
    ];
    let whole = |algorithm| is_whole || algorithm == UploadAlgorithm::Crc64Nvme;
    given.into_iter().find_map(|(algorithm, value)| {
        let value = value.filter(|_| whole(algorithm));
        let value = base64::decode(value?).ok()?;
        UploadChecksum::new(algorithm, value).ok()
    })
}
