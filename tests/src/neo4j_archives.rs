//! Archives as `neo4j-admin` writes them, of every kind, made by hand where no server is needed.
//!
//! Shares nothing with the reader: what both say of the format was read in Neo4j's sources twice.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use zstd::stream::write::Encoder;

/// When the files of [`store`] were changed last: 2024-05-01T10:20:30Z.
pub const CHANGED_AT: u64 = 1_714_558_830;

/// When the backups of [`Said::default`] were made: 2024-05-01T12:00:00Z.
pub const TAKEN_AT: i64 = 1_714_564_800;

const BLOCK: usize = 512;

/// A tar archive that grows, and what it holds.
#[derive(Debug, Clone, Default)]
pub struct Tar {
    bytes: Vec<u8>,
    /// Regular files.
    pub files: i64,
    /// Their content, summed up.
    pub content: i64,
    gnu: bool,
}

impl Tar {
    /// With headers as GNU tar writes them.
    pub fn gnu() -> Self {
        Self {
            gnu: true,
            ..Self::default()
        }
    }

    /// A directory; its name ends with a slash.
    #[must_use]
    pub fn directory(self, name: &str) -> Self {
        self.entry(name, b'5', b"", CHANGED_AT)
    }

    /// A regular file.
    ///
    /// # Panics
    /// Never: no file is that large.
    #[must_use]
    pub fn file(mut self, name: &str, content: &[u8], changed_at: u64) -> Self {
        self.files += 1;
        self.content += i64::try_from(content.len()).expect("a small file");
        self.entry(name, b'0', content, changed_at)
    }

    /// A pax header of the entry that follows.
    #[must_use]
    pub fn pax(self, records: &[(&str, &str)]) -> Self {
        let content: String = records.iter().map(|record| pax_record(*record)).collect();
        self.entry("./PaxHeaders/x", b'x', content.as_bytes(), CHANGED_AT)
    }

    /// Any entry at all.
    #[must_use]
    pub fn entry(mut self, name: &str, kind: u8, content: &[u8], changed_at: u64) -> Self {
        let size = format!("{:011o}", content.len());
        self.header(name, kind, size.as_bytes(), changed_at);
        self.bytes.extend(content);
        self.bytes
            .resize(self.bytes.len().next_multiple_of(BLOCK), 0);
        self
    }

    /// A header alone, with these bytes as its size.
    pub fn header(&mut self, name: &str, kind: u8, size: &[u8], changed_at: u64) {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, name.as_bytes());
        put(100, b"0000644\0");
        put(124, size);
        put(136, format!("{changed_at:011o}").as_bytes());
        put(148, b"        ");
        put(156, &[kind]);
        put(
            257,
            if self.gnu {
                b"ustar  \0"
            } else {
                b"ustar\x0000"
            },
        );
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend(header);
    }

    /// Bytes as they are.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// All of it, without an end.
    pub fn open(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// All of it and two blocks of zeros.
    pub fn closed(&self) -> Vec<u8> {
        [&self.bytes[..], &[0; 2 * BLOCK]].concat()
    }
}

fn pax_record((key, value): (&str, &str)) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length.to_string().len() + rest.len() != length {
        length = length.to_string().len() + rest.len();
    }
    format!("{length}{rest}")
}

/// A small store of the record engine with its transaction logs.
pub fn store() -> Tar {
    Tar::default()
        .directory("./")
        .file("./neostore", &[7; 100], CHANGED_AT - 50)
        .directory("./schema/")
        .file("./schema/index-1", &[1; 513], CHANGED_AT + 500)
        .file(
            "./neostore.nodestore.db",
            &(0..=255).collect::<Vec<_>>(),
            CHANGED_AT,
        )
        .file(
            "./profiles/neostore.1.cacheprof",
            &[9; 21],
            CHANGED_AT + 900,
        )
        .file("./neostore.transaction.db.0", &[3; 700], CHANGED_AT - 9)
        .file("./checkpoint.0", &[4; 64], CHANGED_AT - 5)
}

/// What a backup says of itself.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of the format")]
pub struct Said {
    pub database: String,
    pub database_id: [u8; 16],
    pub created: i64,
    pub engine: String,
    pub family: String,
    pub taken_at: i64,
    pub indexes: (i64, i64),
    pub recovered: bool,
    pub full: bool,
    /// Of `BZV2` and later.
    pub fields: Vec<(String, String)>,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            database: "neo4j".into(),
            database_id: *b"0123456789abcdef",
            created: 1_700_000_000_000,
            engine: "record".into(),
            family: "aligned".into(),
            taken_at: TAKEN_AT,
            indexes: (1, 32),
            recovered: true,
            full: true,
            fields: vec![("metadataScript".into(), "CREATE ROLE x".into())],
        }
    }
}

impl Said {
    /// `BackupMetadataV1`.
    pub fn first(&self) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend(self.created.to_be_bytes());
        bytes.extend(42i64.to_be_bytes());
        short(&mut bytes, self.engine.as_bytes());
        short(&mut bytes, self.family.as_bytes());
        bytes.extend([1, 1]);
        short(&mut bytes, &self.database_id);
        short(&mut bytes, self.database.as_bytes());
        for number in [self.taken_at, self.indexes.0, self.indexes.1] {
            bytes.extend(number.to_be_bytes());
        }
        let flags = u8::from(self.recovered) | u8::from(self.full) << 2;
        match flags {
            0 => bytes.push(0),
            flags => bytes.extend([1, flags]),
        }
        bytes
    }

    /// Its version, and `BackupMetadataV2`.
    pub fn second(&self) -> Vec<u8> {
        let mut bytes = [&[2][..], &self.first()].concat();
        bytes.extend(length(self.fields.len()));
        for text in self.fields.iter().flat_map(|(key, value)| [key, value]) {
            bytes.extend(length(text.len()));
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

fn short(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.push(u8::try_from(text.len()).expect("a short text"));
    bytes.extend(text);
}

fn length(length: usize) -> [u8; 4] {
    i32::try_from(length).expect("a short text").to_be_bytes()
}

/// How much there is to come: version 1, files, bytes.
pub fn header(files: i64, bytes: i64) -> Vec<u8> {
    let mut header = 1i32.to_be_bytes().to_vec();
    header.extend(files.to_be_bytes());
    header.extend(bytes.to_be_bytes());
    header
}

/// Every kind of archive.
pub const KINDS: [&str; 9] = [
    "DZV1",
    "DGV1",
    "legacy zstd",
    "legacy gzip",
    "BZV1",
    "BZV2",
    "BZV3",
    "BTV1",
    "BTV2",
];

/// This store as an archive of this kind; dumps say nothing of themselves.
///
/// # Panics
/// If there is no such kind.
pub fn archive(kind: &str, tar: &Tar, said: &Said) -> Vec<u8> {
    let content = [header(tar.files, tar.content), tar.closed()].concat();
    let packed = |metadata: &[u8]| zstd(&[b"zstd", metadata, &content].concat());
    match kind {
        "DZV1" => [b"DZV1", &packed(b"")[..]].concat(),
        "DGV1" => [b"DGV1", &gzip(&tar.closed())[..]].concat(),
        "legacy zstd" => packed(b""),
        "legacy gzip" => gzip(&tar.closed()),
        "BZV1" => [b"BZV1", &packed(&said.first())[..]].concat(),
        "BZV2" => [b"BZV2", &packed(&said.second())[..]].concat(),
        "BZV3" => [b"BZV3", &said.second()[..], &packed(b"")].concat(),
        "BTV1" => [b"BTV1", &said.first()[..], &tar.closed()].concat(),
        "BTV2" => [b"BTV2", &said.second()[..], &tar.closed()].concat(),
        kind => panic!("there is no kind {kind}"),
    }
}

/// One frame with a checksum, as Neo4j writes it.
pub fn zstd(content: &[u8]) -> Vec<u8> {
    zstd_with(content, true, None)
}

/// One frame.
///
/// # Panics
/// If zstd knows no such window.
pub fn zstd_with(content: &[u8], checksum: bool, window_log: Option<u32>) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), 3).expect("a level");
    encoder.include_checksum(checksum).expect("a parameter");
    if let Some(window_log) = window_log {
        encoder.window_log(window_log).expect("a parameter");
    }
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}

/// One member.
///
/// # Panics
/// Never: it is in memory.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}
