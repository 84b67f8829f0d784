//! Which image restores an archive, and how much memory and disk it needs. Pure.

use catalog::{
    format::neo4j::{Archive, License},
    ledger::Reason,
    model::SnapshotFacts,
};

use super::admin_output;
use crate::{
    engine::{Purpose, Request, Stopped},
    runtime::{ImageFacts, SandboxSpec},
};

/// Edition that alone restores some archives, as the facts of a snapshot and images spell it.
const ENTERPRISE: &str = "enterprise";
const COMMUNITY: &str = "community";

/// First version that may be used: since 5.25 the Query API answers without being asked for (Query
/// API manual); calendar versions have it all.
const SINCE: (u32, u32) = (5, 25);

/// Heap of a server in bytes: a quarter of the sandbox's memory within these bounds. It answers a
/// few questions; with the least heap 320 to 430 MB are resident (measured).
const SERVER_HEAP: std::ops::RangeInclusive<u64> = (512 << 20)..=(8 << 30);

/// Heap of `neo4j-admin` in bytes, also a quarter: most of its work lies outside its heap.
const ADMIN_HEAP: std::ops::RangeInclusive<u64> = (256 << 20)..=(4 << 30);

/// Bytes for code, threads and buffers of a server.
const SERVER_BESIDE: u64 = 320 << 20;

/// Bytes of the smallest server without its page cache.
const MEMORY_BASE: u64 = (512 << 20) + SERVER_BESIDE;

/// Page cache in bytes: the least that serves a small graph, and the most that a verification gains
/// from.
const CACHE: std::ops::RangeInclusive<u64> = (128 << 20)..=(4 << 30);

/// Bytes of disk for transaction logs, rebuilt counts and populated indexes, on top of 130 in 100
/// of the store.
const DISK_BASE: u64 = 256 << 20;

/// Bytes on disk per byte of an archive that does not announce its size; zeros compress best.
const UNPACKED_PER_BYTE: u64 = 10;

/// A server inside an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Server {
    version: (u32, u32),
    enterprise: bool,
}

impl Server {
    /// The server by what its program says (`5.26.30`), else by the tag of its image.
    fn of(image: &ImageFacts) -> Option<Self> {
        let said = image.version_texts.iter();
        let mut said = said.filter_map(|text| {
            // Official images name the archive they were made of: `neo4j-community-5.26.30-unix…`.
            let archive = text.strip_prefix("NEO4J_TARBALL=neo4j-");
            let archive = archive.and_then(|it| it.split('-').nth(1));
            version(archive.unwrap_or_else(|| text.trim_start_matches("NEO4J_VERSION=")))
        });
        let tag = last_name(image)
            .split_once(':')
            .filter(|(name, _)| name.contains("neo4j"));
        let tag = tag.map_or("", |(_, tag)| tag);
        Some(Self {
            version: said.next().or_else(|| version(tag))?,
            enterprise: names(image, ENTERPRISE),
        })
    }
}

/// Last name in the path of an image, with its tag and without a digest.
fn last_name(image: &ImageFacts) -> &str {
    let path = image.image.split_once('@');
    let path = path.map_or(&*image.image, |(path, _)| path);
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// True if the name of an image, its edition or the archive it was made of names this edition.
fn names(image: &ImageFacts, edition: &str) -> bool {
    let said = format!("NEO4J_EDITION={edition}");
    let archive = format!("NEO4J_TARBALL=neo4j-{edition}-");
    let mut texts = image.version_texts.iter();
    texts.any(|text| *text == said || text.starts_with(&archive))
        || last_name(image).contains(edition)
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    // A bare `5` is some 5.x, the newest there is.
    let minor = numbers.next().and_then(|text| text.parse().ok());
    Some((major, minor.unwrap_or(u32::MAX)))
}

/// Returns the first image that restores the snapshot; one of the Enterprise Edition only if its
/// licence is accepted.
pub(super) fn pick<'a>(
    head: &SnapshotFacts,
    images: &'a [ImageFacts],
    license: Option<License>,
) -> Result<&'a ImageFacts, Stopped> {
    let of_enterprise = head.writer.as_deref() == Some(ENTERPRISE);
    let able = |image: &&ImageFacts| {
        Server::of(image).is_some_and(|server| {
            let may = if server.enterprise {
                license.is_some()
            } else {
                !of_enterprise
            };
            server.version >= SINCE && may
        })
    };
    images.iter().find(able).ok_or_else(|| {
        if of_enterprise {
            return needs_enterprise();
        }
        let message = "no image of verifier.images is a Neo4j of 5.25 or later that may be used\n\
                       hint: Add neo4j:5.26-community; an Enterprise image needs neo4j: \
                       { accept_license: yes }.";
        Stopped::new(Reason::NoImage, message)
    })
}

/// Errs if the archive is no whole database, or needs an edition that the sandbox's image is not
/// of.
pub(super) fn restores(archive: &Archive, spec: &SandboxSpec) -> Result<(), Stopped> {
    if archive.full() == Some(false) {
        return Err(admin_output::differential());
    }
    let enterprise = Server::of(&spec.image).is_some_and(|server| server.enterprise);
    if archive.needs_enterprise() && !enterprise {
        return Err(needs_enterprise());
    }
    Ok(())
}

/// The end of a run that has no image of the Enterprise Edition, which the archive needs.
fn needs_enterprise() -> Stopped {
    let message = "only the Enterprise Edition restores this archive: its store format is one that \
                   the Community Edition does not open\nhint: Add an Enterprise image to \
                   verifier.images.neo4j and write neo4j: { accept_license: yes } (or eval), or \
                   take backups of an aligned store.";
    Stopped::new(Reason::NeedsEnterprise, message)
}

/// Environment of the sandbox: images of the Enterprise Edition want to see that their licence is
/// accepted.
pub(super) fn environment(license: Option<License>) -> Vec<(String, String)> {
    let accepted = license.map(|license| license.as_label().to_owned());
    let name = "NEO4J_ACCEPT_LICENSE_AGREEMENT".to_owned();
    accepted
        .into_iter()
        .map(|said| (name.clone(), said))
        .collect()
}

/// Memory and disk of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) memory_bytes: u64,
    pub(super) disk_bytes: u64,
}

/// Returns the memory and disk for a store of the size that the head announces. Errs if the limits
/// allow less than is needed.
pub(super) fn room(request: &Request<'_>) -> Result<Room, Stopped> {
    let packed = request.size_bytes.saturating_mul(UNPACKED_PER_BYTE);
    let store = request.head.restored_bytes.unwrap_or(packed);
    let cache = store.clamp(*CACHE.start(), *CACHE.end());
    let memory_bytes = MEMORY_BASE
        .saturating_add(cache)
        .min(request.memory_bytes_max);
    let disk_bytes = store
        .saturating_add(store / 10 * 3)
        .saturating_add(DISK_BASE);
    if memory_bytes < MEMORY_BASE + CACHE.start() || disk_bytes > request.disk_bytes_max {
        let message = "the snapshot needs more than a sandbox may have\nhint: Raise \
                       verifier.limits; a Neo4j needs 960 MiB of memory at least.";
        return Err(Stopped::new(Reason::TooLarge, message));
    }
    // A migration writes the store once more; whether there is one is not known yet.
    let disk_bytes = match request.purpose {
        Purpose::Proof => disk_bytes,
        Purpose::Rehearsal => disk_bytes.saturating_add(store).min(request.disk_bytes_max),
    };
    Ok(Room {
        memory_bytes,
        disk_bytes,
    })
}

/// True if Neo4j's tools have little to do: the disk that was asked for follows the size of the
/// store.
pub(super) const fn is_small(spec: &SandboxSpec) -> bool {
    /// The disk for a store of 1.3 GiB.
    const DISK_MAX: u64 = 2 << 30;
    spec.disk_bytes <= DISK_MAX
}

/// True if even a tool that looks at every record has little to do.
pub(super) const fn is_tiny(spec: &SandboxSpec) -> bool {
    /// The disk for a store of 300 MiB, 256 of which may be one log. A check took as long with
    /// either compiler at 281 to 305 MiB, and 10.2 instead of 6.9 s at 530 MiB (measured with
    /// 5.26.30).
    const DISK_MAX: u64 = 646 << 20;
    spec.disk_bytes <= DISK_MAX
}

/// True if the image is known to be of the Community Edition, which does not tell a last
/// transaction.
pub(super) fn is_community(spec: &SandboxSpec) -> bool {
    names(&spec.image, COMMUNITY)
        && Server::of(&spec.image).is_some_and(|server| !server.enterprise)
}

/// The argument that tells `database migrate` how much memory it may use outside its heap.
pub(super) fn migration_memory(spec: &SandboxSpec) -> String {
    /// First version seen to know the argument; older ones can only be told of their page cache.
    const OFF_HEAP_SINCE: (u32, u32) = (2026, 8);
    let server = Server::of(&spec.image);
    let option = if server.is_some_and(|server| server.version >= OFF_HEAP_SINCE) {
        "max-off-heap-memory"
    } else {
        "pagecache"
    };
    format!("--{option}={}", check_bytes(spec.memory_bytes))
}

/// Heap of the server in bytes.
pub(super) fn server_heap_bytes(memory_bytes: u64) -> u64 {
    (memory_bytes / 4).clamp(*SERVER_HEAP.start(), *SERVER_HEAP.end())
}

/// Heap of each tool in bytes.
pub(super) fn admin_heap_bytes(memory_bytes: u64) -> u64 {
    (memory_bytes / 4).clamp(*ADMIN_HEAP.start(), *ADMIN_HEAP.end())
}

/// Page cache of the server in bytes: what it leaves of a sandbox's memory.
pub(super) fn cache_bytes(memory_bytes: u64) -> u64 {
    memory_bytes
        .saturating_sub(server_heap_bytes(memory_bytes) + SERVER_BESIDE)
        .max(*CACHE.start() / 2)
}

/// Bytes that a consistency check may use outside its heap. A check that is not told would take
/// nine tenths of the machine.
pub(super) fn check_bytes(memory_bytes: u64) -> u64 {
    /// Bytes of a Java machine beside its heap.
    const MACHINE: u64 = 192 << 20;
    memory_bytes.saturating_sub(admin_heap_bytes(memory_bytes) + MACHINE)
}

#[cfg(test)]
mod tests {
    use catalog::{
        format::neo4j::{Kind, Metadata, StoreId},
        ledger::Fed,
    };

    use super::*;
    use crate::runtime::image;

    fn metadata(full: bool, engine: &str) -> Metadata {
        Metadata {
            database: "neo4j".into(),
            database_id: [1; 16],
            store: StoreId {
                created: 5,
                random: 6,
                engine: engine.into(),
                family: "aligned".into(),
                version: (1, 1),
            },
            taken_at: None,
            lowest_append_index: 1,
            highest_append_index: 10,
            recovered: true,
            full,
            has_roles: false,
        }
    }

    fn spec(image: ImageFacts) -> SandboxSpec {
        SandboxSpec {
            image,
            data_dir: "/data".into(),
            memory_bytes: 960 << 20,
            disk_bytes: 1,
            env: Vec::new(),
            ports: Vec::new(),
            deadline: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_server_is_known_by_its_program_or_its_tag() {
        let check = |name, texts: &[&str], expected: Option<((u32, u32), bool)>| {
            let server = Server::of(&image(name, texts));
            let found = server.map(|server| (server.version, server.enterprise));
            assert_eq!(found, expected, "{name} {texts:?}");
        };
        check("neo4j:5.26-community", &[], Some(((5, 26), false)));
        check("neo4j:5.26.30-enterprise", &[], Some(((5, 26), true)));
        check(
            "mirror.example:5000/neo4j:2026.08",
            &[],
            Some(((2026, 8), false)),
        );
        check("neo4j:5", &[], Some(((5, u32::MAX), false)));
        check(
            "/opt/neo4j/bin/neo4j-admin",
            &["5.26.30"],
            Some(((5, 26), false)),
        );
        let edition = ["NEO4J_EDITION=enterprise", "NEO4J_VERSION=5.26.30"];
        check("graph:production", &edition, Some(((5, 26), true)));
        check(
            "registry.example/neo4j-enterprise:5.26",
            &[],
            Some(((5, 26), true)),
        );
        let archive = ["NEO4J_TARBALL=neo4j-community-2025.10.1-unix.tar.gz"];
        check("neo4j:latest", &archive, Some(((2025, 10), false)));
        check("neo4j:latest", &[], None);
        check("redis:7.0", &[], None);
    }

    #[test]
    fn an_edition_is_community_only_if_something_says_so() {
        let check = |name, texts: &[&str], expected: bool| {
            let spec = spec(image(name, texts));
            assert_eq!(is_community(&spec), expected, "{name} {texts:?}");
        };
        check("neo4j:5.26-community", &[], true);
        check(
            "graph:production",
            &["NEO4J_EDITION=community", "NEO4J_VERSION=5.26.30"],
            true,
        );
        let archive = ["NEO4J_TARBALL=neo4j-community-5.26.30-unix.tar.gz"];
        check("neo4j:latest", &archive, true);
        check("neo4j:5.26", &[], false);
        check("/opt/neo4j/bin/neo4j-admin", &["5.26.30"], false);
        check("neo4j:5.26-enterprise", &[], false);
        check("community/neo4j:5.26", &[], false);
        let both = ["NEO4J_EDITION=enterprise", "NEO4J_VERSION=5.26.30"];
        check("neo4j-community:5.26", &both, false);
        let archive = ["NEO4J_TARBALL=neo4j-enterprise-5.26.30-unix.tar.gz"];
        check("neo4j-community:5.26", &archive, false);
        let other = ["GDS_EDITION=community", "NEO4J_VERSION=5.26.30"];
        check("graph:production", &other, false);
    }

    #[test]
    fn an_image_is_used_if_it_can_be_asked_and_may_be_used() {
        let check =
            |head: Option<&str>, names: &[&str], license, expected: Result<&str, Reason>| {
                let head = SnapshotFacts {
                    writer: head.map(Into::into),
                    ..SnapshotFacts::default()
                };
                let images: Vec<_> = names.iter().map(|name| image(name, &[])).collect();
                let picked = pick(&head, &images, license);
                let picked = picked.as_ref().map(|it| it.image.as_str());
                assert_eq!(picked.map_err(|stopped| stopped.reason), expected);
            };
        let (old, community) = ("neo4j:4.4", "neo4j:5.26-community");
        let enterprise = "neo4j:5.26-enterprise";
        check(None, &[old, enterprise, community], None, Ok(community));
        check(None, &[enterprise], None, Err(Reason::NoImage));
        check(None, &[enterprise], Some(License::Eval), Ok(enterprise));
        check(None, &[old], None, Err(Reason::NoImage));
        let needs = Err(Reason::NeedsEnterprise);
        check(Some("enterprise"), &[community], None, needs);
        check(Some("enterprise"), &[community, enterprise], None, needs);
        let eval = Some(License::Eval);
        let both = &[community, enterprise];
        check(Some("enterprise"), both, eval, Ok(enterprise));
        check(None, both, eval, Ok(community));
    }

    #[test]
    fn no_image_restores_a_differential_archive_and_only_enterprise_a_block_store() {
        let of = |full, engine: &str| Archive {
            kind: Some(Kind::BackupZstd(1)),
            metadata: Some(metadata(full, engine)),
            ..Archive::default()
        };
        let check = |archive: &Archive, name, expected| {
            let restored = restores(archive, &spec(image(name, &[])));
            let reason = restored.map_err(|stopped| stopped.reason);
            assert_eq!(reason, expected, "{name} {archive:?}");
        };
        let (community, enterprise) = ("neo4j:5.26-community", "neo4j:5.26-enterprise");
        let needs = Err(Reason::NeedsEnterprise);
        check(&of(false, "record"), community, needs);
        check(&of(false, "record"), enterprise, needs);
        check(&of(true, "block"), community, needs);
        check(&of(true, "block"), enterprise, Ok(()));
        check(&of(true, "record"), community, Ok(()));
    }

    #[test]
    fn room_follows_what_the_head_announces_and_never_exceeds_the_limits() {
        let room_of = |restored_bytes, size_bytes, memory_max: u64, purpose| {
            let head = SnapshotFacts {
                restored_bytes,
                ..SnapshotFacts::default()
            };
            let request = Request {
                purpose,
                head: &head,
                size_bytes,
                way: Fed::File,
                images: &[],
                memory_bytes_max: memory_max << 20,
                disk_bytes_max: 50 << 30,
                deadline: jiff::Timestamp::UNIX_EPOCH,
            };
            let room = room(&request).ok();
            room.map(|room| (room.memory_bytes >> 20, room.disk_bytes >> 20))
        };
        let check = |restored_bytes, size_bytes, memory_max, expected: Option<(u64, u64)>| {
            let found = room_of(restored_bytes, size_bytes, memory_max, Purpose::Proof);
            assert_eq!(
                found, expected,
                "{restored_bytes:?} {size_bytes} {memory_max}"
            );
        };
        check(Some(0), 1, 4096, Some((960, 256)));
        check(Some(1 << 30), 1, 4096, Some((1856, 1587)));
        check(Some(8 << 30), 1, 4096, Some((4096, 10_905)));
        check(None, 100 << 20, 4096, Some((1832, 1556)));
        check(Some(0), 1, 900, None);
        check(Some(60 << 30), 1, 4096, None);
        check(Some(u64::MAX), 1, 4096, None);
        let migrates = |restored_bytes| room_of(Some(restored_bytes), 1, 4096, Purpose::Rehearsal);
        assert_eq!(migrates(1 << 30), Some((1856, 1587 + 1024)));
        assert_eq!(
            migrates(30 << 30),
            Some((4096, 50 << 10)),
            "as much as may be"
        );
    }

    #[test]
    fn a_migration_is_told_of_memory_in_the_words_of_its_version() {
        let check = |name, expected: &str| {
            let spec = spec(image(name, &[]));
            let bytes = 512 << 20;
            assert_eq!(migration_memory(&spec), format!("--{expected}={bytes}"));
        };
        check("neo4j:5.26-community", "pagecache");
        check("neo4j:2025.06", "pagecache");
        check("neo4j:2026.08-community", "max-off-heap-memory");
    }
}
