//! Which servers read which files, and how much memory they need. Pure tables.

use std::fmt;

use catalog::{format::redis::Family, model::SnapshotFacts};

use crate::runtime::ImageFacts;

/// Name of the server program of a product.
pub(super) const fn program(family: Family) -> &'static str {
    match family {
        Family::Redis => "redis-server",
        Family::Valkey => "valkey-server",
    }
}

/// Names of the programs to try for a product, best first: an image that is named for neither may
/// hold either.
pub(super) const fn programs(family: Family) -> [&'static str; 2] {
    match family {
        Family::Redis => [program(Family::Redis), program(Family::Valkey)],
        Family::Valkey => [program(Family::Valkey), program(Family::Redis)],
    }
}

/// Version as far as it is compared: fixes in a patch change no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    pub(super) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Parses the numbers that a text begins with; a bare `8` is some 8.x, and surely as good as
    /// 8.0.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text
            .split(|letter: char| !letter.is_ascii_digit())
            .map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A server inside an image, known without starting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerKind {
    pub(super) family: Family,
    /// `None` if the image does not tell, as `redis:latest`.
    pub(super) version: Option<Version>,
}

impl fmt::Display for ServerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::Redis => "Redis",
            Family::Valkey => "Valkey",
        };
        match self.version {
            Some(version) => write!(f, "{family} {version}"),
            None => write!(f, "{family} of unknown version"),
        }
    }
}

impl ServerKind {
    pub(super) const fn known(family: Family, version: Version) -> Self {
        Self {
            family,
            version: Some(version),
        }
    }

    /// Returns the server in an image, by the image's environment, its program's `--version` or, at
    /// last, its tag.
    pub(super) fn of(image: &ImageFacts) -> Option<Self> {
        image
            .version_texts
            .iter()
            .find_map(|text| Self::of_text(text))
            .or_else(|| Self::of_tag(&image.image))
    }

    /// Returns the server that an accusation rests on: as it names itself, but only if its image
    /// tells a version, too. A server that nobody can tell before it runs accuses nobody.
    pub(super) fn accountable(image: &ImageFacts, itself: Option<Self>) -> Option<Self> {
        let told = Self::of(image).filter(|server| server.version.is_some())?;
        Some(itself.unwrap_or(told))
    }

    /// Parses `REDIS_VERSION=8.0.2`, `Redis server v=7.0.15 sha=…` (`server.c`, `version()`),
    /// `Valkey server v=9.1.0 …`.
    fn of_text(text: &str) -> Option<Self> {
        const PREFIXES: [(&str, Family); 5] = [
            ("VALKEY_VERSION=", Family::Valkey),
            ("REDIS_VERSION=", Family::Redis),
            ("Valkey server v=", Family::Valkey),
            ("Server v=", Family::Valkey),
            ("Redis server v=", Family::Redis),
        ];
        let found = PREFIXES.into_iter().find_map(|(prefix, family)| {
            let at = text.find(prefix)? + prefix.len();
            Some((family, &text[at..]))
        });
        let (family, version) = found?;
        Some(Self::known(family, Version::parse(version)?))
    }

    /// Parses the name that a server gives itself: `Redis 8.0.2`, `Valkey 9.1.2`.
    pub(super) fn of_itself(text: &str) -> Option<Self> {
        let (name, version) = text.split_once(' ')?;
        let family = match name {
            "Redis" => Family::Redis,
            "Valkey" => Family::Valkey,
            _ => return None,
        };
        Some(Self::known(family, Version::parse(version)?))
    }

    /// Parses a tag such as `redis:8.0` or `registry.example:5000/valkey/valkey:9.1-alpine`, with
    /// or without a digest. `redis:latest` tells no version, and of an image of another name not
    /// even the product is known.
    fn of_tag(image: &str) -> Option<Self> {
        let name = image.split('@').next()?.rsplit('/').next()?;
        let (name, tag) = name.split_once(':').unwrap_or((name, ""));
        let (family, version) = match name {
            _ if name.contains("valkey") => (Family::Valkey, Version::parse(tag)),
            _ if name.contains("redis") => (Family::Redis, Version::parse(tag)),
            _ => (Family::Redis, None),
        };
        Some(Self { family, version })
    }

    /// True if the server is known to read `REDIS00nn` or `VALKEYnnn` files of this number (`rdb.h`
    /// of each branch; Valkey refuses 12 to 79 as foreign). A server newer than all that are known
    /// may read any number.
    pub(super) fn reads(self, magic: Family, number: u32) -> bool {
        let Some(version) = self.version else {
            return false;
        };
        match (self.family, magic) {
            (Family::Redis, Family::Redis) => number <= newest_redis_number(version),
            (Family::Valkey, Family::Redis) => number <= 11,
            (Family::Valkey, Family::Valkey) => number <= newest_valkey_number(version),
            (Family::Redis, Family::Valkey) => false,
        }
    }

    /// True if some version of the server's product reads files with these letters.
    pub(super) const fn may_read(self, magic: Family) -> bool {
        matches!(
            (self.family, magic),
            (Family::Valkey, _) | (_, Family::Redis)
        )
    }
}

/// Largest number that a Redis of this version reads: `RDB_VERSION` of its branch.
fn newest_redis_number(version: Version) -> u32 {
    match (version.major, version.minor) {
        (9.., _) | (8, 11..) => u32::MAX,
        (8, 10) => 15,
        (8, 8..) => 14,
        (8, 6..) => 13,
        (8, _) | (7, 4..) => 12,
        (7, 2..) => 11,
        (7, _) => 10,
        (5..=6, _) => 9,
        (4, _) => 8,
        (3, 2..) => 7,
        _ => 6,
    }
}

/// Largest number behind `VALKEY` that a Valkey of this version reads. Before 9.0 it wrote the
/// letters of Redis, and 0 is no number.
fn newest_valkey_number(version: Version) -> u32 {
    match (version.major, version.minor) {
        (10.., _) | (9, 2..) => u32::MAX,
        (9, _) => 80,
        _ => 0,
    }
}

/// Memory in bytes that a server takes before it holds anything, and while it loads.
const MEMORY_BASE: u64 = 100 << 20;

/// Bytes of memory per byte of a file whose writer did not note its own: small strings that
/// compress well take 8.3 times (measured with 7.0).
const MEMORY_PER_BYTE: u64 = 10;

/// Memory of the sandbox in bytes, at most `max`; `None` if the data itself would not fit.
pub(super) fn memory_bytes(head: &SnapshotFacts, size_bytes: u64, max: u64) -> Option<u64> {
    let wanted = match head.used_memory_bytes {
        Some(used) if used.saturating_add(MEMORY_BASE) > max => return None,
        // 30 % more: fragmentation, and what loading allocates and frees.
        Some(used) => used.saturating_add(used / 10 * 3),
        None => size_bytes.saturating_mul(MEMORY_PER_BYTE),
    };
    Some(wanted.saturating_add(MEMORY_BASE).min(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::image;

    #[test]
    fn a_server_is_known_by_its_environment_then_its_program_then_its_tag() {
        let check = |name, texts: &[&str], expected: Option<&str>| {
            let server = ServerKind::of(&image(name, texts)).map(|server| server.to_string());
            assert_eq!(server.as_deref(), expected, "{name} {texts:?}");
        };
        check("cache:latest", &["REDIS_VERSION=8.0.2"], Some("Redis 8.0"));
        check("redis:7.0", &["VALKEY_VERSION=9.1.2"], Some("Valkey 9.1"));
        let line = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64";
        check("/usr/bin/redis-server", &[line], Some("Redis 7.0"));
        let line = "Valkey server v=8.1.1 sha=00000000:0";
        check("/usr/bin/redis-server", &[line], Some("Valkey 8.1"));
        let line = "Server v=9.1.2 sha=00000000:0 malloc=jemalloc bits=64";
        check("/usr/bin/valkey-server", &[line], Some("Valkey 9.1"));
        check("redis:8.0", &["PATH=/bin"], Some("Redis 8.0"));
        check("redis:8", &[], Some("Redis 8.0"));
        check(
            "mirror.example:5000/valkey/valkey:9.1-alpine",
            &[],
            Some("Valkey 9.1"),
        );
        check(
            "docker.io/library/redis:7.2.4@sha256:00",
            &[],
            Some("Redis 7.2"),
        );
        let unknown = Some("Redis of unknown version");
        check("redis", &[], unknown);
        check("redis:latest", &[], unknown);
        check("registry.example/cache:16", &[], unknown);
    }

    #[test]
    fn a_server_accounts_for_itself_only_where_its_image_tells_a_version() {
        let check = |name, itself: Option<&str>, expected: Option<&str>| {
            let itself = itself.and_then(ServerKind::of_itself);
            let server = ServerKind::accountable(&image(name, &[]), itself);
            let server = server.map(|server| server.to_string());
            assert_eq!(server.as_deref(), expected, "{name}");
        };
        check("redis:8", Some("Redis 8.10.2"), Some("Redis 8.10"));
        check("redis:8.0", None, Some("Redis 8.0"));
        check("redis:latest", Some("Redis 8.10.2"), None);
        check("registry.example/cache:16", Some("Redis 8.10.2"), None);
    }

    #[test]
    fn every_server_reads_what_its_branch_wrote_and_older_and_no_other_family() {
        let check = |tag, magic: &str, numbers: std::ops::RangeInclusive<u32>| {
            let server = ServerKind::of(&image(tag, &[])).expect("a known tag");
            let family = [Family::Redis, Family::Valkey]
                .into_iter()
                .find(|it| it.as_str() == magic)
                .expect("a known magic");
            for number in 1..100 {
                let expected = numbers.contains(&number);
                assert_eq!(
                    server.reads(family, number),
                    expected,
                    "{tag} {magic} {number}"
                );
            }
        };
        let none = std::ops::RangeInclusive::new(1, 0);
        check("redis:2.8", "REDIS", 1..=6);
        check("redis:3.2", "REDIS", 1..=7);
        check("redis:4.0", "REDIS", 1..=8);
        check("redis:6.2", "REDIS", 1..=9);
        check("redis:7.0", "REDIS", 1..=10);
        check("redis:7.2", "REDIS", 1..=11);
        check("redis:7.4", "REDIS", 1..=12);
        check("redis:8.4", "REDIS", 1..=12);
        check("redis:8.6", "REDIS", 1..=13);
        check("redis:8.8", "REDIS", 1..=14);
        check("redis:8.10", "REDIS", 1..=15);
        check("redis:9.0", "REDIS", 1..=99);
        check("redis:latest", "REDIS", none.clone());
        check("redis:8.6", "VALKEY", none.clone());
        check("valkey/valkey:8.1", "REDIS", 1..=11);
        check("valkey/valkey:8.1", "VALKEY", none);
        check("valkey/valkey:9.1", "REDIS", 1..=11);
        check("valkey/valkey:9.1", "VALKEY", 1..=80);
        check("valkey/valkey:9.2", "VALKEY", 1..=99);
    }

    #[test]
    fn memory_follows_the_writer_not_the_file_and_never_exceeds_the_limit() {
        let check = |used, size, max, expected| {
            let head = SnapshotFacts {
                used_memory_bytes: used,
                ..SnapshotFacts::default()
            };
            assert_eq!(
                memory_bytes(&head, size, max),
                expected,
                "{used:?} {size} {max}"
            );
        };
        let mib = |count: u64| count << 20;
        check(Some(mib(100)), mib(1), mib(4096), Some(mib(230)));
        check(Some(mib(1000)), mib(1), mib(1200), Some(mib(1200)));
        check(Some(mib(4000)), mib(1), mib(4096), None);
        check(None, mib(10), mib(4096), Some(mib(200)));
        check(None, mib(4000), mib(4096), Some(mib(4096)));
        check(Some(u64::MAX), mib(1), mib(4096), None);
    }
}
