//! The writer of a file, which decides which server is tried first and which one may call the file
//! bad. Pure.
//!
//! Versions are compared by product and major.minor. The number in a file's head does not tell who
//! can load it: a vector set saved by 8.2 is of number 12, as 8.0 writes, and 8.0 refuses it.
//!
//! | the server | is tried | its accusation |
//! |---|---|---|
//! | the writer's product, equal or newer | first, whatever the number | holds |
//! | the same, and the writer or its contents are of a pre-release | first | is `no_image` |
//! | the writer's product, older; or the other product | second, if it reads it | is `no_image` |
//! | of unknown version | last | is `no_image` |
//!
//! An accusation is `unrestorable`, `identity` (keys or functions that were not loaded), or an end
//! for want of memory: an older server may need more for what it does not know.
//!
//! A file that names no writer is taken for one of the newest server that writes its number, by its
//! magic, and is tried only where that number is read. A file of a number that no known server
//! writes is accused by nobody.

use std::fmt;

use catalog::{
    format::redis::{Census, Family},
    ledger::Reason,
    model::SnapshotFacts,
};

use super::server::{ServerKind, Version};
use crate::engine::Stopped;

/// Newest server that writes each number behind `REDIS`, from the smallest number on (`rdb.h` of
/// each branch; before number 7 a file names no writer).
const REDIS_WRITERS: [(u32, Version); 11] = [
    (5, Version::new(2, 8)),
    (6, Version::new(3, 0)),
    (7, Version::new(3, 2)),
    (8, Version::new(4, 0)),
    (9, Version::new(6, 2)),
    (10, Version::new(7, 0)),
    (11, Version::new(7, 2)),
    (12, Version::new(8, 4)),
    (13, Version::new(8, 6)),
    (14, Version::new(8, 8)),
    (15, Version::new(8, 10)),
];

/// Newest number that Valkey writes, and its newest server: `SAVE` writes 80 and `valkey-cli --rdb`
/// fetches 11.
const VALKEY_WRITER: (u32, Version) = (80, Version::new(9, 1));

/// Released versions, oldest first, for hints: pre-releases and forks name versions that are not
/// among them.
const REDIS_RELEASES: [Version; 16] = [
    Version::new(2, 8),
    Version::new(3, 0),
    Version::new(3, 2),
    Version::new(4, 0),
    Version::new(5, 0),
    Version::new(6, 0),
    Version::new(6, 2),
    Version::new(7, 0),
    Version::new(7, 2),
    Version::new(7, 4),
    Version::new(8, 0),
    Version::new(8, 2),
    Version::new(8, 4),
    Version::new(8, 6),
    Version::new(8, 8),
    Version::new(8, 10),
];
const VALKEY_RELEASES: [Version; 5] = [
    Version::new(7, 2),
    Version::new(8, 0),
    Version::new(8, 1),
    Version::new(9, 0),
    Version::new(9, 1),
];

/// Smallest patch number of a pre-release (`version.h`: 7.0-rc1 is 6.9.240).
const PRE_RELEASE_PATCH: u32 = 200;

/// Minor version and smallest patch number of a pre-release before 6.0 (5.0-rc1 is 4.9.101); no
/// release has this minor version.
const EARLY_MINOR: &str = "9";
const EARLY_PATCH: u32 = 100;

/// The server that wrote a file, as far as the file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Writer {
    family: Family,
    /// `None` if no server is known to write files of this number, or the named version is none of
    /// ours.
    version: Option<Version>,
    /// True if the file names that version.
    said: bool,
    pre_release: bool,
    /// Letters and number of the file's head.
    magic: Family,
    number: u32,
}

impl Writer {
    /// The writer by the first bytes of a file; `None` if they are of no known kind.
    pub(super) fn of_head(head: &SnapshotFacts) -> Option<Self> {
        const FAMILIES: [Family; 2] = [Family::Redis, Family::Valkey];
        let named = |name: &Option<String>, of: fn(Family) -> &'static str| {
            let mut families = FAMILIES.into_iter();
            families.find(|family| name.as_deref() == Some(of(*family)))
        };
        let magic = named(&head.family, Family::as_str)?;
        let product = named(&head.writer, Family::product);
        Some(Self::new(
            magic,
            head.version?,
            product,
            head.engine_version.as_deref(),
        ))
    }

    /// The writer by the whole file.
    pub(super) fn of_census(census: &Census) -> Option<Self> {
        let (magic, number) = (census.family?, census.version?);
        let text = census.writer.as_deref();
        let writer = Self::new(magic, number, census.writer_family, text);
        Some(Self {
            pre_release: writer.pre_release || census.pre_release,
            ..writer
        })
    }

    fn new(magic: Family, number: u32, named: Option<Family>, text: Option<&str>) -> Self {
        let family = named.unwrap_or(magic);
        let said = text.and_then(Version::parse);
        // A file whose version text cannot be read is of a product that is not known here.
        let version = match text {
            Some(_) => said,
            None => newest_writer(family, number),
        };
        Self {
            family,
            version,
            said: said.is_some(),
            pre_release: text.is_some_and(is_pre_release),
            magic,
            number,
        }
    }

    /// Rank in which a server is tried, 0 first; `None` if it cannot read the file.
    pub(super) fn rank(&self, server: &ServerKind) -> Option<u8> {
        let reads = server.reads(self.magic, self.number);
        match server.version {
            Some(_) if self.is_outlived_by(server) && (self.said || reads) => Some(0),
            Some(_) => reads.then_some(1),
            None => server.may_read(self.magic).then_some(2),
        }
    }

    /// True if a server is of the writer's product, and at least as new.
    fn is_outlived_by(&self, server: &ServerKind) -> bool {
        let newer = self.version.zip(server.version);
        server.family == self.family && newer.is_some_and(|(wrote, reads)| reads >= wrote)
    }

    /// The end of a run, changed to `no_image` if it is an accusation that does not hold.
    pub(super) fn heard(&self, server: Option<ServerKind>, stopped: Stopped) -> Stopped {
        let accuses = matches!(stopped.reason, Reason::Unrestorable | Reason::OutOfMemory);
        match self.doubt(server).filter(|_| accuses) {
            None => stopped,
            Some(doubt) => {
                let said = stopped.message.split("\nhint: ").next().unwrap_or_default();
                Stopped::new(Reason::NoImage, format!("{said}, but {doubt}"))
            }
        }
    }

    /// Why a server may not accuse the file, with a hint which one would; `None` if it may.
    pub(super) fn doubt(&self, server: Option<ServerKind>) -> Option<String> {
        let outlived = server.is_some_and(|server| self.is_outlived_by(&server));
        if outlived && !self.pre_release {
            return None;
        }
        let reader = server.map_or_else(
            || "a server of unknown version".into(),
            |server| server.to_string(),
        );
        let why = if self.pre_release {
            "a pre-release wrote it, and no released server has to read its files".into()
        } else {
            let writer = match self.version {
                Some(version) => ServerKind::known(self.family, version).to_string(),
                None => format!("an unknown server (version {} of the file)", self.number),
            };
            format!("{writer} wrote it, and {reader} is no witness against it")
        };
        Some(format!("{why}\nhint: {}", self.advice()))
    }

    /// Hint for a run in which no image may accuse the file.
    ///
    /// | the writer's version | an image that reads the number, and is as new | the hint names |
    /// |---|---|---|
    /// | named or inferred | is known | that image, `or newer` |
    /// | named | is not known | product and version that it must have at least |
    /// | named by a pre-release, or by nobody | is not known | the product |
    pub(super) fn advice(&self) -> String {
        let image = match (self.would_do(), self.version) {
            (Some(image), _) if self.pre_release => {
                return format!("Save it anew with {image}, and verify that with such an image.");
            }
            (Some(image), _) => image,
            (None, Some(version)) if self.said && !self.pre_release => format!(
                "an image at least as new as the writer, {}, that reads version {} of {} files",
                ServerKind::known(self.family, version),
                self.number,
                self.magic
            ),
            (None, _) => format!("an image of the {} that wrote it", self.family.product()),
        };
        format!("Put {image} first in verifier.images.redis, or in verify.image.")
    }

    /// An image that may be believed and can read the file, e.g. `redis:8.2 or newer`.
    fn would_do(&self) -> Option<String> {
        let (image, releases) = match self.family {
            Family::Redis => ("redis", &REDIS_RELEASES[..]),
            Family::Valkey => ("valkey/valkey", &VALKEY_RELEASES[..]),
        };
        let wanted = self.version?;
        // A file may name a writer that is older than any that writes its number.
        let would = |version: &Version| {
            let server = ServerKind::known(self.family, *version);
            *version >= wanted && server.reads(self.magic, self.number)
        };
        // Nothing is known of what comes after a pre-release that is newer than all releases.
        let itself = Some(wanted).filter(|_| !self.pre_release);
        let version = releases.iter().copied().chain(itself).find(would)?;
        Some(format!("{image}:{version} or newer"))
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} of {} files", self.number, self.magic)?;
        match self.version {
            Some(version) => write!(
                f,
                ", as {} writes it",
                ServerKind::known(self.family, version)
            ),
            None => Ok(()),
        }
    }
}

/// Newest server of this product that writes files of this number; `None` if there is none.
fn newest_writer(family: Family, number: u32) -> Option<Version> {
    let known = match family {
        Family::Redis => REDIS_WRITERS.iter().find(|(known, _)| number <= *known)?,
        Family::Valkey => Some(&VALKEY_WRITER).filter(|(known, _)| number <= *known)?,
    };
    Some(known.1)
}

/// True if a version is a pre-release, by its patch number or the letters behind it (`8.1.0-rc2`).
fn is_pre_release(text: &str) -> bool {
    let mut parts = text.splitn(3, '.');
    let (Some(_), Some(minor), Some(patch)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = patch.bytes().take_while(u8::is_ascii_digit).count();
    let (patch, rest) = patch.split_at(digits);
    let lettered = rest
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_alphabetic()));
    let patch: u32 = patch.parse().unwrap_or(0);
    let early = minor == EARLY_MINOR && patch >= EARLY_PATCH;
    lettered || early || patch >= PRE_RELEASE_PATCH
}

#[cfg(test)]
mod tests;
