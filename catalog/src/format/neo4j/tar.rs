//! The walk over a tar archive, from its first header to the two blocks of zeros behind the last
//! file.
//!
//! Counts files and bytes and looks at names and times, but keeps no name and no file. Memory is a
//! few bounded buffers, whatever a header claims.

use super::{
    header::{BLOCK, Header},
    names::EntryNames,
    window::{ArchiveResult, ArchiveWindow, Halt, cut, damaged, unknown},
};

/// Most bytes of a long name or a pax header: paths have at most 4,096 (`PATH_MAX`).
const EXTENSION_MAX: u64 = 64 * 1024;

/// The files counted in an archive, and what their names tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) names: EntryNames,
}

/// What extra headers say about the entry behind them.
#[derive(Debug, Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<i64>,
}

/// Walks over a tar archive. `into` holds what was counted, also when the rest is damaged.
pub(super) fn walk(input: &mut ArchiveWindow<'_>, into: &mut Contents) -> ArchiveResult<()> {
    match entries(input, into) {
        Err(Halt::Ended(at)) => cut(at, "the tar archive ends before its end mark"),
        outcome => outcome,
    }
}

fn entries(input: &mut ArchiveWindow<'_>, into: &mut Contents) -> ArchiveResult<()> {
    let mut extension = Extension::default();
    loop {
        let at = input.offset();
        let block = input.peek(BLOCK)?;
        if is_zero(block) {
            input.consume(BLOCK);
            return end(input);
        }
        let header = Header::read(block, at)?;
        let (kind, size) = (header.kind, header.size);
        match kind {
            b'x' | b'L' => {
                input.consume(BLOCK);
                extend(kind, size, input, &mut extension)?;
            }
            // `g` says something of all entries that follow (comments, usually), `K` where a link
            // leads.
            b'g' | b'K' => {
                input.consume(BLOCK);
                pass(input, size)?;
            }
            _ => {
                let known = std::mem::take(&mut extension);
                let size = entry(&header, &known, at, into)?;
                input.consume(BLOCK);
                pass(input, size)?;
            }
        }
    }
}

/// Counts one entry; returns how many bytes of content follow its header.
fn entry(
    header: &Header<'_>,
    known: &Extension,
    at: u64,
    into: &mut Contents,
) -> ArchiveResult<u64> {
    let size = known.size.unwrap_or(header.size);
    let modified = known.modified.or(header.modified);
    let whole;
    let name = match &known.name {
        Some(name) => name,
        None if header.prefix.is_empty() => header.name,
        None => {
            whole = [header.prefix, b"/", header.name].concat();
            &whole[..]
        }
    };
    match header.kind {
        b'0' | 0 | b'7' => {
            into.files += 1;
            into.bytes = into.bytes.saturating_add(size);
            into.names.file(name, modified, header.posix);
            Ok(size)
        }
        b'5' if size == 0 => {
            into.names.directory(name, header.posix);
            Ok(0)
        }
        // Links, devices and pipes have no content.
        b'1'..=b'4' | b'6' if size == 0 => {
            into.names.odd = true;
            Ok(0)
        }
        kind => unknown(
            at,
            format!(
                "a tar entry of type {} is not known here",
                kind.escape_ascii()
            ),
        ),
    }
}

/// Reads a long name, or a pax header, of the entry that follows.
fn extend(
    kind: u8,
    size: u64,
    input: &mut ArchiveWindow<'_>,
    into: &mut Extension,
) -> ArchiveResult<()> {
    let at = input.offset();
    if size > EXTENSION_MAX {
        return unknown(at, "a tar header extension of more than 64 KiB");
    }
    let mut content = Vec::new();
    input.pass(size, |bytes| content.extend_from_slice(bytes))?;
    pad(input, size)?;
    if kind == b'L' {
        content.truncate(
            content
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(content.len()),
        );
        into.name = Some(content);
        return Ok(());
    }
    let mut rest = &content[..];
    while !rest.is_empty() {
        let Some((record, behind)) = record(rest) else {
            return damaged(at, "a pax header that cannot be told apart");
        };
        rest = behind;
        if !note(record, into) {
            return damaged(at, "a pax header with a number that is none");
        }
        if record.starts_with(b"GNU.sparse.") {
            return unknown(at, "a sparse file in the tar archive");
        }
    }
    Ok(())
}

/// Splits off a record `length key=value\n`, whose length is decimal and counts itself. Returns
/// `key=value`, and the bytes behind the record.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let length = str::from_utf8(&bytes[..blank])
        .ok()?
        .parse::<usize>()
        .ok()?;
    let record = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
    record.contains(&b'=').then(|| (record, &bytes[length..]))
}

/// Takes over one record; false if its size is no number. Records of other keys are ignored.
fn note(record: &[u8], into: &mut Extension) -> bool {
    if let Some(path) = record.strip_prefix(b"path=") {
        into.name = Some(path.to_vec());
    } else if let Some(size) = record.strip_prefix(b"size=") {
        into.size = str::from_utf8(size).ok().and_then(|it| it.parse().ok());
        return into.size.is_some();
    } else if let Some(modified) = record.strip_prefix(b"mtime=") {
        // Seconds, perhaps with a fraction.
        let text = str::from_utf8(modified).unwrap_or_default();
        let seconds = text.split('.').next().unwrap_or_default();
        into.modified = seconds.parse().ok();
    }
    true
}

/// Passes over the content of an entry and the padding in its last block.
fn pass(input: &mut ArchiveWindow<'_>, size: u64) -> ArchiveResult<()> {
    input.skip(size)?;
    pad(input, size)
}

fn pad(input: &mut ArchiveWindow<'_>, size: u64) -> ArchiveResult<()> {
    let block = BLOCK as u64;
    input.skip((block - size % block) % block)
}

/// Reads the second block of zeros, which must follow the first one.
fn end(input: &mut ArchiveWindow<'_>) -> ArchiveResult<()> {
    let at = input.offset();
    if !is_zero(input.peek(BLOCK)?) {
        return unknown(at, "one block of zeros stands where two end a tar archive");
    }
    input.consume(BLOCK);
    Ok(())
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}
