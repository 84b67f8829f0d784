//! The checksum a store keeps of a whole object, if it is one.

use aws_sdk_s3::{
    operation::head_object::HeadObjectOutput,
    types::{ChecksumMode, ChecksumType},
};
use aws_smithy_types::base64;

use super::{Asked, Bucket, get::nameable};
use crate::{
    model::Pin,
    storage::{Operation, StorageError, StorageReason, UploadAlgorithm, UploadChecksum},
};

/// Of the pinned content; `None` where there is none over all bytes.
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
        .set_version_id(pin.version_id.clone())
        .set_if_match(pin.etag.clone());
    let head = request.send().await.map_err(|error| asked.failed(error))?;
    let tags = [pin.etag.as_deref(), head.e_tag()];
    if matches!(tags, [Some(pinned), Some(now)] if pinned.trim_matches('"') != now.trim_matches('"'))
    {
        return Err(asked.refused(StorageReason::Replaced, "Select the snapshot again."));
    }
    Ok(whole_object(&head))
}

/// Only what is over the whole object: a checksum of checksums (`COMPOSITE`, `…-N`) is no witness
/// of the bytes. CRC-64/NVME is over the whole by definition ("Checking object integrity" of the
/// S3 User Guide knows no other kind), also where a store answers no type; of the others the store
/// must say so. What has another length than the algorithm's is no witness.
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
