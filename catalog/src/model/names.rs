//! Names of sources, repositories and engines: checked once, then trusted.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

/// Longest name of a source or repository, in bytes.
///
/// 53 leaves room for the suffixes Kubernetes adds within its limit of 63 (RFC 1123 labels).
pub const NAME_LENGTH_MAX: usize = 53;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a name: 1 to 53 of a-z, 0-9 and -, beginning and ending with a letter or digit"
)]
pub struct NameError(String);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a name: `[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?`. Errs on any other text.
            pub fn new(text: &str) -> Result<Self, NameError> {
                if is_name(text) { Ok(Self(text.into())) } else { Err(NameError(text.into())) }
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name! {
    /// A thing that is backed up, with one engine and one schedule.
    SourceName
}
name! {
    /// A bucket and prefix, or a directory, that holds snapshots.
    RepositoryName
}
name! {
    /// A recovery exercise over several sources.
    DrillName
}

/// Name of an engine, always one of those in [`FORMATS`](crate::format::FORMATS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EngineName(&'static str);

impl EngineName {
    /// Names an engine. Only a format calls this; everyone else takes the name from the table.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as written in the configuration and in labels.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let bytes = text.as_bytes();
    !bytes.is_empty()
        && bytes.len() <= NAME_LENGTH_MAX
        && bytes.iter().all(|&byte| inner(byte))
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels_short_enough_for_a_suffix() {
        for good in ["a", "cache", "graph-2", "0", &"x".repeat(53)] {
            assert!(SourceName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a_b",
            "a b",
            "ä",
            "a.b",
            &"x".repeat(54),
        ] {
            assert!(SourceName::new(bad).is_err(), "{bad}");
        }
    }
}
