//! One entry of a listing, of objects or of versions.

use aws_sdk_s3::types::{Object, ObjectStorageClass, ObjectVersion, ObjectVersionStorageClass};
use jiff::Timestamp;

use super::super::meta::{class, tag, timestamp};
use crate::model::{Key, ObjectMeta};

/// An object as every kind of listing describes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    /// Whole key; `None` if there is none, or it is not UTF-8.
    pub(super) key: Option<String>,
    /// Size in bytes, as stored; `None` if the store does not tell it.
    size_bytes: Option<u64>,
    /// Time of the last modification; `None` if the store does not tell it.
    modified_at: Option<Timestamp>,
    etag: Option<String>,
    version_id: Option<String>,
    storage_class: String,
}

impl Entry {
    /// Makes an entry of a listing of objects.
    pub(super) fn of(object: &Object, encoded: bool) -> Self {
        Self {
            key: object.key().and_then(|listed| key(listed, encoded)),
            size_bytes: object.size().and_then(|size| size.try_into().ok()),
            modified_at: object.last_modified().and_then(timestamp),
            etag: tag(object.e_tag()),
            version_id: None,
            storage_class: class(object.storage_class().map(ObjectStorageClass::as_str)),
        }
    }

    /// Makes an entry of a listing of versions.
    pub(super) fn of_version(version: &ObjectVersion, encoded: bool) -> Self {
        let named = version.storage_class();
        Self {
            key: version.key().and_then(|listed| key(listed, encoded)),
            size_bytes: version.size().and_then(|size| size.try_into().ok()),
            modified_at: version.last_modified().and_then(timestamp),
            etag: tag(version.e_tag()),
            version_id: version
                .version_id()
                .filter(|version| !version.is_empty())
                .map(Into::into),
            storage_class: class(named.map(ObjectVersionStorageClass::as_str)),
        }
    }

    /// Forgets the version if it is `nothing`, a name that says nothing.
    pub(super) fn forget_version(&mut self, nothing: &str) {
        self.version_id.take_if(|version| version == nothing);
    }

    /// Returns the object; or its key and version where size or time is missing.
    pub(super) fn object(self, key: Key) -> Result<ObjectMeta, (Key, Option<String>)> {
        let (Some(size_bytes), Some(modified_at)) = (self.size_bytes, self.modified_at) else {
            return Err((key, self.version_id));
        };
        Ok(ObjectMeta {
            key,
            size_bytes,
            modified_at,
            etag: self.etag,
            version_id: self.version_id,
            storage_class: Some(self.storage_class),
        })
    }
}

/// Decodes a key that was listed with `encoding-type=url`; `None` if it is not UTF-8. That encodes
/// every character XML 1.0 cannot hold, and most others (RFC 3986 §2.1, and `+` for a space as in
/// HTML forms, which S3 and `MinIO` write).
pub(super) fn key(listed: &str, encoded: bool) -> Option<String> {
    if !encoded {
        return Some(listed.into());
    }
    let mut bytes = listed.bytes();
    let mut decoded = Vec::with_capacity(listed.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_key_is_decoded_only_if_the_store_says_that_it_encoded() {
        let check = |listed, encoded, expected| {
            assert_eq!(key(listed, encoded).as_deref(), expected, "{listed}");
        };
        check("a+b%2B%25%0a/%E2%98%83", true, Some("a b+%\n/☃"));
        check("a+b%2B", false, Some("a+b%2B"));
        check("%ff", true, None);
        check("%e2%98", true, None);
        check("100%", true, None);
        check("%zz", true, None);
    }
}
