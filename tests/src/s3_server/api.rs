//! The calls of S3 that we make, on a [`World`].

mod write;

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use s3s::{
    Body, S3, S3Request, S3Response, S3Result,
    dto::{
        ChecksumMode, ChecksumType, DeleteMarkerEntry, DeleteObjectInput, DeleteObjectOutput, ETag,
        ETagCondition, EncodingType, GetObjectInput, GetObjectOutput, HeadObjectInput,
        HeadObjectOutput, ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsV2Input,
        ListObjectsV2Output, Object as Listed, ObjectStorageClass, ObjectVersion, PutObjectInput,
        PutObjectOutput, StorageClass, StreamingBlob, Timestamp,
    },
    s3_error,
};

use super::{
    BUCKET,
    world::{Ignored, Object, State, World},
};

/// What a listing gives at once unless it is asked for less.
const PAGE_MAX: usize = 1000;

/// Size of every made-up object.
const FOREIGN_BYTES: i64 = 7;

#[derive(Debug)]
pub(super) struct Api(pub(super) Arc<World>);

#[async_trait::async_trait]
impl S3 for Api {
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        bucket(&input.bucket)?;
        let state = self.0.lock();
        let encoded = input.encoding_type.is_some() && !state.ignores(Ignored::Encoding);
        let prefix = input.prefix.unwrap_or_default();
        let after = input.continuation_token.or(input.start_after);
        let most = page_max(input.max_keys);
        let mut contents = Vec::new();
        if let Some(last) = after.as_deref().filter(|_| state.ignores(Ignored::Behind)) {
            contents.extend(listed(last, state.objects.get(last), encoded));
        }
        let mut last = after;
        let mut is_truncated = false;
        'more: loop {
            let keys = state.keys_behind(last.as_deref(), &prefix, most + 1);
            if keys.is_empty() {
                break;
            }
            for (key, versions) in keys {
                if let Some(listed) = listed(&key, versions, encoded) {
                    if contents.len() == most {
                        is_truncated = true;
                        break 'more;
                    }
                    contents.push(listed);
                }
                last = Some(key);
            }
        }
        Ok(S3Response::new(ListObjectsV2Output {
            contents: Some(contents),
            encoding_type: encoded.then(|| EncodingType::from_static(EncodingType::URL)),
            is_truncated: Some(is_truncated),
            next_continuation_token: last.filter(|_| is_truncated),
            ..Default::default()
        }))
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = request.input;
        bucket(&input.bucket)?;
        let state = self.0.lock();
        let encoded = input.encoding_type.is_some() && !state.ignores(Ignored::Encoding);
        let prefix = input.prefix.unwrap_or_default();
        let mut page = VersionsPage {
            encoded,
            most: page_max(input.max_keys),
            output: ListObjectVersionsOutput {
                encoding_type: encoded.then(|| EncodingType::from_static(EncodingType::URL)),
                is_truncated: Some(false),
                versions: Some(Vec::new()),
                delete_markers: Some(Vec::new()),
                ..Default::default()
            },
        };
        let markers = (
            input.key_marker.as_deref(),
            input.version_id_marker.as_deref(),
        );
        page.fill(&state, &prefix, markers.0, markers.1);
        Ok(S3Response::new(page.output))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        bucket(&input.bucket)?;
        let state = self.0.lock();
        let object = find(&state, &input.key, input.version_id.as_deref())?;
        condition(&state, object, input.if_match.as_ref())?;
        let mut output = HeadObjectOutput {
            content_length: Some(length(object)),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object)),
            storage_class: object.storage_class.clone().map(StorageClass::from),
            version_id: Some(object.version_id.clone()).filter(|id| id != "null"),
            ..Default::default()
        };
        if input
            .checksum_mode
            .is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
            && let Some((name, value)) = &object.checksum
        {
            output.checksum_type = match object.checksum_type {
                Some("") => None,
                Some(told) => Some(ChecksumType::from_static(told)),
                None => Some(checksum_type(value)),
            };
            match *name {
                "crc32" => output.checksum_crc32 = Some(value.clone()),
                "crc32c" => output.checksum_crc32c = Some(value.clone()),
                "crc64nvme" => output.checksum_crc64nvme = Some(value.clone()),
                "sha1" => output.checksum_sha1 = Some(value.clone()),
                _ => output.checksum_sha256 = Some(value.clone()),
            }
        }
        Ok(S3Response::new(output))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        bucket(&input.bucket)?;
        let state = self.0.lock();
        let object = find(&state, &input.key, input.version_id.as_deref())?;
        condition(&state, object, input.if_match.as_ref())?;
        let body = object.body.clone().unwrap_or_default();
        let size = body.len() as u64;
        let range = input.range.filter(|_| !state.ignores(Ignored::Ranges));
        let part = match range {
            Some(range) => Some(range.check(size).map_err(|_| s3_error!(InvalidRange))?),
            None => None,
        };
        let content_range = part
            .as_ref()
            .map(|part| format!("bytes {}-{}/{size}", part.start, part.end - 1));
        let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let sent = part.map_or(body.clone(), |part| {
            body.slice(at(part.start)..at(part.end))
        });
        Ok(S3Response::new(GetObjectOutput {
            content_length: i64::try_from(sent.len()).ok(),
            content_range,
            body: Some(blob(sent)),
            e_tag: Some(ETag::Strong(object.etag.clone())),
            last_modified: Some(timestamp(object)),
            version_id: Some(object.version_id.clone()).filter(|id| id != "null"),
            ..Default::default()
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        bucket(&request.input.bucket)?;
        let output = write::put(&self.0, request.input).await?;
        Ok(S3Response::new(output))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        bucket(&request.input.bucket)?;
        self.0.remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }
}

/// A page of versions while it is filled.
struct VersionsPage {
    encoded: bool,
    most: usize,
    output: ListObjectVersionsOutput,
}

impl VersionsPage {
    fn fill(
        &mut self,
        state: &State,
        prefix: &str,
        key_marker: Option<&str>,
        version_marker: Option<&str>,
    ) {
        let mut count = 0;
        let of_marker = key_marker.zip(version_marker).and_then(|(key, version)| {
            let versions = state.objects.get(key)?;
            let at = versions.iter().position(|it| it.version_id == version)?;
            let from = at + usize::from(!state.ignores(Ignored::Behind));
            Some((key.to_owned(), Some(versions), from))
        });
        let behind = state.keys_behind(key_marker, prefix, self.most + 1);
        let behind = behind.into_iter().map(|(key, versions)| (key, versions, 0));
        for (key, versions, from) in of_marker.into_iter().chain(behind) {
            let versions = versions.map(Vec::as_slice).unwrap_or_default();
            for (index, object) in versions.iter().enumerate().skip(from) {
                if count == self.most {
                    self.output.is_truncated = Some(true);
                    return;
                }
                count += 1;
                self.push(&key, object, index == 0);
            }
        }
    }

    fn push(&mut self, key: &str, object: &Object, is_latest: bool) {
        let listed = encoded(key, self.encoded);
        self.output.next_key_marker = Some(listed.clone());
        self.output.next_version_id_marker = Some(object.version_id.clone());
        if object.body.is_none() {
            let markers = self.output.delete_markers.get_or_insert_default();
            markers.push(DeleteMarkerEntry {
                is_latest: Some(is_latest),
                key: Some(listed),
                last_modified: Some(timestamp(object)),
                version_id: Some(object.version_id.clone()),
                ..Default::default()
            });
            return;
        }
        let versions = self.output.versions.get_or_insert_default();
        versions.push(ObjectVersion {
            e_tag: Some(ETag::Strong(object.etag.clone())),
            is_latest: Some(is_latest),
            key: Some(listed),
            last_modified: Some(timestamp(object)),
            size: Some(length(object)),
            version_id: Some(object.version_id.clone()),
            ..Default::default()
        });
    }
}

fn listed(key: &str, versions: Option<&Vec<Object>>, is_encoded: bool) -> Option<Listed> {
    let Some(versions) = versions else {
        return Some(Listed {
            key: Some(encoded(key, is_encoded)),
            size: Some(FOREIGN_BYTES),
            e_tag: Some(ETag::Strong("foreign".into())),
            last_modified: Some(Timestamp::default()),
            ..Default::default()
        });
    };
    let newest = versions.first().filter(|object| object.body.is_some())?;
    let class = newest.storage_class.clone();
    Some(Listed {
        key: Some(encoded(key, is_encoded)),
        size: Some(length(newest)),
        e_tag: Some(ETag::Strong(newest.etag.clone())),
        last_modified: Some(timestamp(newest)),
        storage_class: class.map(ObjectStorageClass::from),
        ..Default::default()
    })
}

fn bucket(name: &str) -> S3Result<()> {
    if name == BUCKET {
        Ok(())
    } else {
        Err(s3_error!(NoSuchBucket, "There is none."))
    }
}

fn page_max(asked: Option<i32>) -> usize {
    asked.map_or(PAGE_MAX, |most| {
        usize::try_from(most).unwrap_or(0).min(PAGE_MAX)
    })
}

fn find<'a>(state: &'a State, key: &str, version: Option<&str>) -> S3Result<&'a Object> {
    let versions = state
        .objects
        .get(key)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let found = match version {
        Some(version) => versions.iter().find(|object| object.version_id == version),
        None => versions.first(),
    };
    let found = found.filter(|object| object.body.is_some());
    found.ok_or_else(|| match version {
        Some(_) => s3_error!(NoSuchVersion, "There is none."),
        None => s3_error!(NoSuchKey, "There is none."),
    })
}

fn condition(state: &State, object: &Object, asked: Option<&ETagCondition>) -> S3Result<()> {
    let wanted = asked.and_then(ETagCondition::as_etag);
    match wanted.filter(|_| !state.ignores(Ignored::Conditions)) {
        Some(tag) if tag.value() != object.etag || state.ignores(Ignored::Match) => {
            Err(s3_error!(PreconditionFailed))
        }
        _ => Ok(()),
    }
}

fn checksum_type(value: &str) -> ChecksumType {
    let composite = value.contains('-');
    ChecksumType::from_static(if composite {
        ChecksumType::COMPOSITE
    } else {
        ChecksumType::FULL_OBJECT
    })
}

fn length(object: &Object) -> i64 {
    object
        .body
        .as_ref()
        .map_or(0, |body| i64::try_from(body.len()).unwrap_or(i64::MAX))
}

fn timestamp(object: &Object) -> Timestamp {
    SystemTime::from(object.modified_at).into()
}

fn blob(bytes: Bytes) -> StreamingBlob {
    StreamingBlob::from(Body::from(bytes))
}

/// As AWS writes it: everything but letters, digits and a few marks, with `+` for a space.
fn encoded(key: &str, is_encoded: bool) -> String {
    if !is_encoded {
        return key.into();
    }
    let byte = |byte: u8| match byte {
        b' ' => "+".into(),
        b'/' | b'-' | b'_' | b'.' | b'*' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}
