//! Which servers read which files, and how much room they need. Pure tables.

use std::fmt;

use catalog::model::SnapshotFacts;

use crate::runtime::ImageFacts;

/// The two programs that understand RDB files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Redis,
    Valkey,
}

impl Family {
    /// As the facts of a snapshot name its writer.
    pub(super) const fn product(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    /// The name of its server program.
    pub(super) const fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }
}

/// A server inside an image, known without starting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) family: Family,
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::Redis => "Redis",
            Family::Valkey => "Valkey",
        };
        write!(f, "{family} {}.{}", self.major, self.minor)
    }
}

impl Server {
    /// What the image's environment, its program's `--version` or, at last, its tag says.
    pub(super) fn of(image: &ImageFacts) -> Option<Self> {
        image
            .version_texts
            .iter()
            .find_map(|text| Self::of_text(text))
            .or_else(|| Self::of_tag(&image.image))
    }

    /// `REDIS_VERSION=8.0.2`, `Redis server v=7.0.15 sha=…` (`server.c`, `version()`),
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
        Self::of_version(family, version)
    }

    /// `redis:8.0`, `registry.example:5000/valkey/valkey:9.1-alpine`, with or without a digest.
    fn of_tag(image: &str) -> Option<Self> {
        let name = image.split('@').next()?.rsplit('/').next()?;
        let (name, tag) = name.split_once(':')?;
        let family = match name {
            _ if name.contains("valkey") => Family::Valkey,
            _ if name.contains("redis") => Family::Redis,
            _ => return None,
        };
        Self::of_version(family, tag)
    }

    fn of_version(family: Family, text: &str) -> Option<Self> {
        let mut numbers = text
            .split(|letter: char| !letter.is_ascii_digit())
            .map(str::parse);
        let major = numbers.next()?.ok()?;
        // A bare `8` is some 8.x: what it can surely read is what 8.0 reads.
        let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self {
            family,
            major,
            minor,
        })
    }

    /// Whether it reads `REDIS00nn` or `VALKEYnnn` files of this version (`rdb.h` of each branch;
    /// Valkey refuses 12 to 79 as foreign).
    pub(super) fn reads(self, magic: &str, version: u32) -> bool {
        match (self.family, magic) {
            (Family::Redis, "REDIS") => version <= self.newest_redis_version(),
            (Family::Valkey, "REDIS") => version <= 11,
            (Family::Valkey, "VALKEY") => self.major >= 9 && version <= 80,
            _ => false,
        }
    }

    /// `RDB_VERSION` of its branch.
    fn newest_redis_version(self) -> u32 {
        match (self.major, self.minor) {
            (9.., _) | (8, 6..) => 13,
            (8, _) | (7, 4..) => 12,
            (7, 2..) => 11,
            (7, _) => 10,
            (5..=6, _) => 9,
            (4, _) => 8,
            (3, 2..) => 7,
            _ => 6,
        }
    }

    /// `sanitize-dump-payload` exists since Redis 6.2 (`config.c`); Valkey began at 7.2.
    pub(super) fn sanitizes(self) -> bool {
        (self.major, self.minor) >= (6, 2)
    }
}

/// An image that would do, for a hint; `None` for a version nobody is known to read.
pub(super) fn would_do(magic: &str, version: u32) -> Option<&'static str> {
    Some(match (magic, version) {
        ("REDIS", 0..=10) => "redis:7.0",
        ("REDIS", 11) => "redis:7.2",
        ("REDIS", 12) => "redis:8.0",
        ("REDIS", 13) => "redis:8.6",
        ("VALKEY", 80) => "valkey/valkey:9.1",
        _ => return None,
    })
}

/// What a server takes before it holds anything, and while it loads.
const MEMORY_BASE: u64 = 100 << 20;

/// Memory per byte of file where the writer did not note its own: small strings that compress well
/// take 8.3 times (measured with 7.0).
const MEMORY_PER_BYTE: u64 = 10;

/// Memory for the sandbox, at most `max`; `None` if the data itself would not fit.
pub(super) fn memory_bytes(head: &SnapshotFacts, size_bytes: u64, max: u64) -> Option<u64> {
    let wanted = match head.used_memory_bytes {
        Some(used) if used.saturating_add(MEMORY_BASE) > max => return None,
        // A third again: fragmentation, and what loading allocates and frees.
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
            let server = Server::of(&image(name, texts)).map(|server| server.to_string());
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
        check("redis", &[], None);
        check("redis:latest", &[], None);
        check("postgres:16", &[], None);
    }

    #[test]
    fn every_server_reads_what_its_branch_wrote_and_older_and_no_other_family() {
        let check = |tag, magic, versions: std::ops::RangeInclusive<u32>| {
            let server = Server::of(&image(tag, &[])).expect("a known tag");
            for version in 1..100 {
                let expected = versions.contains(&version);
                assert_eq!(
                    server.reads(magic, version),
                    expected,
                    "{tag} {magic} {version}"
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
        check("redis:8.6", "VALKEY", none.clone());
        check("valkey/valkey:8.1", "REDIS", 1..=11);
        check("valkey/valkey:8.1", "VALKEY", none);
        check("valkey/valkey:9.1", "REDIS", 1..=11);
        check("valkey/valkey:9.1", "VALKEY", 1..=80);
    }

    #[test]
    fn the_image_named_in_a_hint_would_do() {
        for (magic, versions) in [("REDIS", 1..=13), ("VALKEY", 80..=80)] {
            for version in versions {
                let name = would_do(magic, version).expect("a known version");
                let server = Server::of(&image(name, &[])).expect("a known tag");
                assert!(server.reads(magic, version), "{name} {magic} {version}");
            }
        }
        assert_eq!(would_do("REDIS", 14), None);
        assert_eq!(would_do("VALKEY", 81), None);
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
