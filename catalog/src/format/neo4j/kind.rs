//! The kinds of archives, told by their first bytes (`ArchiveFormat`, `DumpFormatSelector` and
//! `BackupFormatSelector` of Neo4j).

use crate::format::wrapper::{GZIP_MAGIC, ZSTD_MAGIC};

/// Length of the magic in bytes (`ArchiveFormat.MAGIC_PREFIX_LENGTH`).
pub(super) const MAGIC_LENGTH: usize = 4;

/// First bytes of the content of every zstd frame of Neo4j (`StandardCompressionFormat.ZSTD`).
pub(super) const SENTINEL: &[u8; 4] = b"zstd";

/// Every kind of archive that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `DZV1`: a dump of 5.x and later.
    DumpZstd,
    /// `DGV1`: a dump of 5.x and later, where the zstd library could not be loaded.
    DumpGzip,
    /// A bare zstd frame: a dump of 3.5 to 4.4, and of early 5.
    LegacyZstd,
    /// A bare gzip member: a dump of 3.5 to 4.4, and of early 5, without zstd.
    LegacyGzip,
    /// `BZV1`, `BZV2` or `BZV3`: a backup of the Enterprise Edition, compressed.
    BackupZstd(u8),
    /// `BTV1` or `BTV2`: a backup of the Enterprise Edition, not compressed.
    BackupTar(u8),
    /// A tar archive of a data directory, not made by `neo4j-admin`.
    Directory,
}

/// Kind of a file, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArchiveMagic {
    Known(Kind),
    /// The magic of a kind that this version does not know.
    Unknown,
    /// Too few bytes for a magic; one may begin like this.
    Begun,
    Other,
}

impl Kind {
    /// Name of the kind as `inspect --format json` prints it: the magic, if there is one.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DumpZstd => "DZV1",
            Self::DumpGzip => "DGV1",
            Self::LegacyZstd => "legacy zstd",
            Self::LegacyGzip => "legacy gzip",
            Self::BackupZstd(1) => "BZV1",
            Self::BackupZstd(2) => "BZV2",
            Self::BackupZstd(_) => "BZV3",
            Self::BackupTar(1) => "BTV1",
            Self::BackupTar(_) => "BTV2",
            Self::Directory => "tar of a directory",
        }
    }

    /// Number at the end of the magic; `None` for a kind without magic.
    pub const fn version(self) -> Option<u32> {
        match self {
            Self::DumpZstd | Self::DumpGzip => Some(1),
            Self::BackupZstd(version) | Self::BackupTar(version) => Some(version as u32),
            Self::LegacyZstd | Self::LegacyGzip | Self::Directory => None,
        }
    }

    /// True if the archive carries metadata, which say what it is a backup of.
    pub const fn is_backup(self) -> bool {
        matches!(self, Self::BackupZstd(_) | Self::BackupTar(_))
    }

    /// True if the metadata lie before the frame, which does not cover them.
    pub const fn is_described_in_the_clear(self) -> bool {
        matches!(self, Self::BackupZstd(3..))
    }

    /// Number of bytes before the metadata or the frame.
    pub(super) const fn prefix(self) -> usize {
        match self {
            Self::LegacyZstd | Self::LegacyGzip | Self::Directory => 0,
            _ => MAGIC_LENGTH,
        }
    }

    /// First bytes of the frame; `None` for a kind without a frame.
    pub(super) const fn frame(self) -> Option<&'static [u8]> {
        match self {
            Self::DumpZstd | Self::LegacyZstd | Self::BackupZstd(_) => Some(&ZSTD_MAGIC),
            Self::DumpGzip | Self::LegacyGzip => Some(&GZIP_MAGIC),
            Self::BackupTar(_) | Self::Directory => None,
        }
    }

    /// True if the archive announces how much it holds, as only those in zstd do
    /// (`Dumper.wrapArchiveOut`).
    pub(super) const fn announces(self) -> bool {
        matches!(
            self,
            Self::DumpZstd | Self::LegacyZstd | Self::BackupZstd(_)
        )
    }
}

impl ArchiveMagic {
    /// Reads the first bytes of an archive under no wrapper. A bare frame may be a wrapper: what is
    /// inside decides that.
    pub(super) fn read(head: &[u8]) -> Self {
        const KNOWN: [(&[u8], Kind); 9] = [
            (b"DZV1", Kind::DumpZstd),
            (b"DGV1", Kind::DumpGzip),
            (b"BZV1", Kind::BackupZstd(1)),
            (b"BZV2", Kind::BackupZstd(2)),
            (b"BZV3", Kind::BackupZstd(3)),
            (b"BTV1", Kind::BackupTar(1)),
            (b"BTV2", Kind::BackupTar(2)),
            (&ZSTD_MAGIC, Kind::LegacyZstd),
            (&GZIP_MAGIC, Kind::LegacyGzip),
        ];
        let mut known = KNOWN.iter();
        if let Some((_, kind)) = known.find(|(magic, _)| head.starts_with(magic)) {
            return Self::Known(*kind);
        }
        if head.len() < MAGIC_LENGTH && KNOWN.iter().any(|(magic, _)| magic.starts_with(head)) {
            return Self::Begun;
        }
        match head {
            [b'D' | b'B', b'A'..=b'Z', b'V', b'0'..=b'9', ..] => Self::Unknown,
            _ => Self::Other,
        }
    }
}
