//! Objects of any kind, with evidence only: each must begin as `magic` says, where that is written.
//!
//! Nothing is restored, and nothing else inside is looked at.

use std::{io::Read, sync::Arc};

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use settings::{Problems, Section};

use super::{
    CheckName, Format, Inspection, InspectionState, OwnKey, Settings,
    wrapper::{GZIP_MAGIC, ZSTD_MAGIC},
};
use crate::model::{EngineName, SnapshotFacts};

/// Offset and bytes of the magic in a tar archive (POSIX 1003.1, `ustar` header; GNU writes the
/// same five letters).
const TAR_MAGIC: (usize, &[u8]) = (257, b"ustar");

/// The format of engine `files`: objects of every kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Files;

/// The keys that only a source of engine `files` has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Own {
    magic: Option<Magic>,
}

crate::words! {
    /// Kind of file that every object must begin as; any other object is invalid.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub enum Magic {
        /// A gzip file (RFC 1952).
        Gzip = "gzip",
        /// A zstd file (RFC 8878).
        Zstd = "zstd",
        /// A message of `OpenPGP` (RFC 9580), binary or armoured.
        Gpg = "gpg",
        /// A file of age (age-encryption.org/v1), binary or armoured.
        Age = "age",
        /// A tar archive (POSIX 1003.1).
        Tar = "tar",
    }
}

impl Magic {
    /// True if an object that begins like this can be of this kind.
    pub fn begins(self, head: &[u8]) -> bool {
        match self {
            Self::Gzip => head.starts_with(&GZIP_MAGIC),
            Self::Zstd => head.starts_with(&ZSTD_MAGIC),
            Self::Gpg => {
                head.starts_with(b"-----BEGIN PGP MESSAGE-----") || is_openpgp_packet(head)
            }
            Self::Age => {
                head.starts_with(b"age-encryption.org/")
                    || head.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
            }
            Self::Tar => {
                let (offset, magic) = TAR_MAGIC;
                head.get(offset..)
                    .is_some_and(|rest| rest.starts_with(magic))
            }
        }
    }
}

/// True if `head` begins with the first packet of an encrypted message, in the old or new form (RFC
/// 9580 §4.2). Such a packet is a session key for a public key (tag 1) or a password (tag 3), or
/// the encrypted data itself (18, 20).
fn is_openpgp_packet(head: &[u8]) -> bool {
    let tag = match head {
        [first @ 0xc0..=0xff, _, ..] => first & 0x3f,
        [first @ 0x80..=0xbf, _, ..] => first >> 2 & 0x0f,
        _ => return false,
    };
    matches!(tag, 1 | 3 | 18 | 20)
}

impl Format for Files {
    fn engine(&self) -> EngineName {
        EngineName::new("files")
    }

    fn restorable(&self) -> bool {
        false
    }

    fn items(&self) -> &'static [&'static str] {
        &[]
    }

    fn checks(&self) -> &'static [CheckName] {
        &[]
    }

    fn default_images(&self) -> &'static [&'static str] {
        &[]
    }

    fn keys(&self) -> &'static [OwnKey] {
        &[OwnKey {
            name: "magic",
            schema: SchemaGenerator::subschema_for::<Magic>,
        }]
    }

    fn settings(&self, section: &Section, problems: &mut Problems) -> Option<Settings> {
        Some(Arc::new(section.read::<Own>(problems)?))
    }

    fn expect(&self, _: Option<&Section>, _: &mut Problems) -> Option<Settings> {
        Some(Arc::new(()))
    }

    fn expect_schema(&self, _: &mut SchemaGenerator) -> Schema {
        false.into()
    }

    fn head_bytes(&self) -> u64 {
        512
    }

    fn describe(&self, heads: &[Bytes], settings: &Settings) -> SnapshotFacts {
        let own = settings.downcast_ref::<Own>().copied().unwrap_or_default();
        SnapshotFacts {
            invalid: invalid(heads, own.magic),
            ..SnapshotFacts::default()
        }
    }

    fn recognises(&self, _head: &[u8]) -> bool {
        false
    }

    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
        let mut buffer = vec![0; 64 * 1024];
        let mut bytes = 0;
        let state = loop {
            match input.read(&mut buffer) {
                Ok(0) => break InspectionState::NotRecognised,
                Ok(count) => {
                    bytes += count as u64;
                    tee(&buffer[..count]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break InspectionState::Aborted,
            }
        };
        Inspection {
            bytes,
            ..Inspection::new("files", state)
        }
    }
}

/// Says what is wrong with the first bad head; `None` if every head is as it should be.
fn invalid(heads: &[Bytes], magic: Option<Magic>) -> Option<String> {
    let wrong = |head: &Bytes| {
        if head.is_empty() {
            return Some("is empty".into());
        }
        let name = magic.filter(|magic| !magic.begins(head))?.as_label();
        Some(format!(
            "does not begin as {name} does (expected by magic: {name})"
        ))
    };
    let (index, what) = heads
        .iter()
        .enumerate()
        .find_map(|(index, head)| Some((index, wrong(head)?)))?;
    Some(match heads.len() {
        1 => format!("it {what}"),
        count => format!("artifact {} of {count} {what}", index + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid_of(heads: &[&'static [u8]], magic: Option<Magic>) -> Option<String> {
        let heads: Vec<_> = heads.iter().copied().map(Bytes::from_static).collect();
        let settings: Settings = Arc::new(Own { magic });
        Files.describe(&heads, &settings).invalid
    }

    #[test]
    fn every_artifact_must_begin_as_magic_says() {
        let check = |heads: &[&'static [u8]], magic, expected: Option<&str>| {
            assert_eq!(invalid_of(heads, magic).as_deref(), expected, "{heads:?}");
        };
        let gzip: &[u8] = &[0x1f, 0x8b, 8, 0];
        check(&[b"text"], None, None);
        check(&[gzip], Some(Magic::Gzip), None);
        check(
            &[b"text"],
            Some(Magic::Gzip),
            Some("it does not begin as gzip does (expected by magic: gzip)"),
        );
        check(
            &[gzip, b"text"],
            Some(Magic::Gzip),
            Some("artifact 2 of 2 does not begin as gzip does (expected by magic: gzip)"),
        );
        check(&[gzip, gzip], Some(Magic::Gzip), None);
        check(&[b"", gzip], None, Some("artifact 1 of 2 is empty"));
        // A head shorter than the magic does not begin with it.
        check(
            &[&gzip[..2]],
            Some(Magic::Gzip),
            Some("it does not begin as gzip does (expected by magic: gzip)"),
        );
    }

    #[track_caller]
    fn check(head: &[u8], expected: &[Magic]) {
        let seen: Vec<_> = Magic::ALL
            .into_iter()
            .filter(|magic| magic.begins(head))
            .collect();
        assert_eq!(seen, expected, "{head:?}");
    }

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let tar = [&[b'n'; 257][..], b"ustar\0"].concat();
        check(&tar, &[Magic::Tar]);
        check(&tar[..260], &[]);
        check(&[0x1f, 0x8b, 8, 0], &[Magic::Gzip]);
        check(&[0x28, 0xb5, 0x2f, 0xfd, 0x24], &[Magic::Zstd]);
        check(b"age-encryption.org/v1\n", &[Magic::Age]);
        check(b"-----BEGIN AGE ENCRYPTED FILE-----", &[Magic::Age]);
        check(b"-----BEGIN PGP MESSAGE-----", &[Magic::Gpg]);
        // gpg --encrypt in the old form, gpg --symmetric, and the new form of sequoia.
        check(&[0x85, 0x01, 0x0c], &[Magic::Gpg]);
        check(&[0x8c, 0x0d, 0x04], &[Magic::Gpg]);
        check(&[0xc1, 0x4c, 0x03], &[Magic::Gpg]);
        check(b"REDIS0010", &[]);
        check(b"", &[]);
    }

    #[test]
    fn an_empty_object_is_invalid_and_any_other_is_read_to_its_end() {
        assert!(invalid_of(&[b""], None).is_some());
        assert!(invalid_of(&[b"x"], None).is_none());
        let mut copy = Vec::new();
        let inspection = Files.inspect(&mut &b"anything"[..], &mut |bytes| copy.extend(bytes));
        assert_eq!((inspection.bytes, &copy[..]), (8, &b"anything"[..]));
        assert_eq!(inspection.state, InspectionState::NotRecognised);
    }
}
