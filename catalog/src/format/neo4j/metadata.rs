//! The metadata of a backup of the Enterprise Edition (`BackupMetadataV1`, `BackupMetadataV2` and
//! `StoreIdSerialization` of Neo4j): whose backup it is, from when, from which change to which.
//!
//! All numbers are big-endian. Users and roles (`metadataScript`) are passed over, not kept.

use std::fmt::Write;

use jiff::Timestamp;

use super::window::{ArchiveResult, ArchiveWindow, Halt, cut, damaged, unknown};
use crate::model::LineageLink;

/// The only serialisation of a store's identity (`StoreIdSerialization.VERSION`).
const STORE_ID_VERSION: u8 = 1;

/// The only version of the metadata that begins with its own number (`BackupMetadataV2.VERSION`).
const VERSION_2: u8 = 2;

/// Length of the database's UUID.
const UUID_LENGTH: u8 = 16;

/// The field that holds users and roles (`BackupMetadataV2.METADATA_SCRIPT_FIELD`).
const SCRIPT_FIELD: &[u8] = b"metadataScript";

/// The metadata of one backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Name of the database.
    pub database: String,
    /// UUID of the database; another one after the database was created anew.
    pub database_id: [u8; 16],
    /// Identity and format of the store.
    pub store: StoreId,
    /// When the backup was made; `None` if the number written is no time at all.
    pub taken_at: Option<Timestamp>,
    /// Append index of the first change inside.
    pub lowest_append_index: i64,
    /// Append index of the last change inside. Both are 0 in a differential backup without changes.
    pub highest_append_index: i64,
    /// True if the transaction logs inside were applied already.
    pub recovered: bool,
    /// True if it is a whole database, not only the changes since another backup.
    pub full: bool,
    /// True if users and roles are part of the backup.
    pub has_roles: bool,
}

/// Identity and format of a store, which is the files of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreId {
    /// When the store was created, in epoch milliseconds.
    pub created: i64,
    /// Random number, drawn when the store was created.
    pub random: i64,
    /// Storage engine: `record` or `block`.
    pub engine: String,
    /// Family of formats: `aligned`, `standard`, `high_limit` or `block`.
    pub family: String,
    /// Version of the format, major and minor; negative = beta.
    pub version: (i8, i8),
}

impl StoreId {
    /// Name of the format as `neo4j-admin database info` writes it: `record-aligned-1.1`.
    pub fn format(&self) -> String {
        let (major, minor) = self.version;
        format!("{}-{}-{major}.{minor}", self.engine, self.family)
    }

    /// Text that identifies the store; another one after the store was created anew.
    pub fn identity(&self) -> String {
        format!("{:x}-{:x}", self.created, self.random)
    }
}

impl Metadata {
    /// The identity of the database, as UUIDs are written.
    pub fn database_id(&self) -> String {
        let mut text = String::new();
        for (index, byte) in self.database_id.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Position of the backup in its lineage. A database that was created anew has another
    /// identity, and so has its store: its backups are of another lineage.
    pub fn lineage_link(&self) -> LineageLink {
        LineageLink {
            lineage: format!("{} {}", self.database_id(), self.store.identity()),
            full: self.full,
            first: self.lowest_append_index,
            last: self.highest_append_index,
        }
    }
}

/// Reads the metadata, which begin at the next byte. `into` holds what was read, also when the rest
/// is cut off.
pub(super) fn read(
    version: u8,
    input: &mut ArchiveWindow<'_>,
    into: &mut Option<Metadata>,
) -> ArchiveResult<()> {
    let outcome = read_whole(version, input, into);
    match outcome {
        Err(Halt::Ended(at)) => cut(at, "the archive ends within its metadata"),
        outcome => outcome,
    }
}

fn read_whole(
    version: u8,
    input: &mut ArchiveWindow<'_>,
    into: &mut Option<Metadata>,
) -> ArchiveResult<()> {
    if version > 1 {
        let at = input.offset();
        let version = input.byte()?;
        if version != VERSION_2 {
            return unknown(
                at,
                format!("metadata of version {version} is not known here"),
            );
        }
    }
    let metadata = into.insert(first(input)?);
    if version > 1 {
        metadata.has_roles = fields(input)?;
    }
    Ok(())
}

fn first(input: &mut ArchiveWindow<'_>) -> ArchiveResult<Metadata> {
    let store = store_id(input)?;
    let at = input.offset();
    let length = input.byte()?;
    if length != UUID_LENGTH {
        return damaged(at, format!("a UUID of {length} bytes"));
    }
    let database_id = input.array()?;
    let database = text(input)?;
    let seconds = number(input)?;
    let lowest_append_index = number(input)?;
    let highest_append_index = number(input)?;
    let flags = flags(input)?;
    Ok(Metadata {
        database,
        database_id,
        store,
        taken_at: Timestamp::from_second(seconds).ok(),
        lowest_append_index,
        highest_append_index,
        recovered: flags & 0b001 != 0,
        full: flags & 0b100 != 0,
        has_roles: false,
    })
}

fn store_id(input: &mut ArchiveWindow<'_>) -> ArchiveResult<StoreId> {
    let at = input.offset();
    let version = input.byte()?;
    if version != STORE_ID_VERSION {
        return unknown(
            at,
            format!("a store identity of version {version} is not known here"),
        );
    }
    Ok(StoreId {
        created: number(input)?,
        random: number(input)?,
        engine: text(input)?,
        family: text(input)?,
        version: (
            i8::from_be_bytes(input.array()?),
            i8::from_be_bytes(input.array()?),
        ),
    })
}

fn number(input: &mut ArchiveWindow<'_>) -> ArchiveResult<i64> {
    Ok(i64::from_be_bytes(input.array()?))
}

/// Reads a set of bits, written without its trailing zero bytes. Only the first byte has bits with
/// a meaning, and is returned.
fn flags(input: &mut ArchiveWindow<'_>) -> ArchiveResult<u8> {
    let length = input.byte()?;
    let first = if length == 0 { 0 } else { input.peek(1)?[0] };
    input.skip(length.into())?;
    Ok(first)
}

/// Reads a text of at most 255 bytes.
fn text(input: &mut ArchiveWindow<'_>) -> ArchiveResult<String> {
    let at = input.offset();
    let length = usize::from(input.byte()?);
    let bytes = input.peek(length)?.to_vec();
    input.consume(length);
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains(char::is_control) => Ok(text),
        _ => unknown(at, "a name in the metadata is no text"),
    }
}

/// Passes over named fields; true if users and roles are among them. A false count or length needs
/// no bound of its own: reading ends where the bytes end.
fn fields(input: &mut ArchiveWindow<'_>) -> ArchiveResult<bool> {
    let count = i32::from_be_bytes(input.array()?);
    let mut has_roles = false;
    for _ in 0..count {
        let length = field_length(input)?;
        let known = length == SCRIPT_FIELD.len() as u64;
        has_roles |= known && input.peek(SCRIPT_FIELD.len())? == SCRIPT_FIELD;
        input.skip(length)?;
        let length = field_length(input)?;
        input.skip(length)?;
    }
    Ok(has_roles)
}

fn field_length(input: &mut ArchiveWindow<'_>) -> ArchiveResult<u64> {
    let at = input.offset();
    let length = i32::from_be_bytes(input.array()?);
    match u64::try_from(length) {
        Ok(length) => Ok(length),
        Err(_) => damaged(at, "a field of the metadata has a negative length"),
    }
}
