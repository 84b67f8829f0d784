//! The layers of an archive, from its magic to its last file: magic, metadata, frame, header, tar.
//!
//! Judges nothing: how each layer ended is weighed by `judge`.

use std::io::Read;

use super::{
    archive::Archive,
    header::{self, BLOCK},
    kind::{ArchiveMagic, Kind, SENTINEL},
    metadata,
    names::EntryNames,
    tar::{Contents, walk},
    window::{ArchiveResult, ArchiveWindow, Halt, PEEK_MAX, cut, damaged, unknown},
};
use crate::format::wrapper::{Unwrapped, WrapperFault};

/// The only version of the header (`Dumper.writeArchiveMetadata`).
const HEADER_VERSION: i32 = 1;

/// Fewest bytes of a frame: its magic and its descriptor (RFC 8878 §3.1.1.1).
const FRAME_HEAD: usize = 5;

/// How the reading of an archive ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// What stopped the walk, if anything did.
    pub(super) walked: ArchiveResult<()>,
    /// True if offsets of the walk are those of the unpacked content.
    pub(super) unpacked: bool,
    pub(super) frame: Option<FrameEnd>,
    pub(super) names: EntryNames,
    /// Bytes behind the end of the tar archive that are not padding.
    pub(super) trailing_bytes: u64,
}

/// How the frame of an archive ended.
#[derive(Debug)]
pub(super) struct FrameEnd {
    pub(super) fault: Option<WrapperFault>,
    /// True if the frame's checksum covers everything in the frame, and agrees.
    pub(super) verified: bool,
    /// Offset in the archive at which the frame ended, or its fault showed.
    pub(super) offset: u64,
    /// Number of bytes behind the frame.
    pub(super) trailing_bytes: u64,
}

/// Reads an archive to its end; of packed content, at most `limit` unpacked bytes. `archive` holds
/// what was found, however the reading ended.
pub(super) fn read(input: &mut ArchiveWindow<'_>, limit: u64, archive: &mut Archive) -> Ended {
    let mut reading = Reading {
        archive,
        contents: Contents::default(),
        trailing_bytes: 0,
    };
    let (walked, frame) = match reading.begin(input) {
        Ok(kind) if kind.frame().is_some() => reading.framed(kind, limit, input),
        Ok(kind) => (reading.tar(kind, input), None),
        Err(halt) => (Err(halt), None),
    };
    let Contents {
        files,
        bytes,
        names,
    } = reading.contents;
    let trailing_bytes = reading.trailing_bytes;
    archive.files = files;
    archive.bytes = bytes;
    archive.engine = names.engine;
    archive.data_at = names.changed_at;
    if frame.is_none() {
        archive.unpacked_bytes = input.offset();
    }
    Ended {
        walked,
        unpacked: frame.is_some(),
        frame,
        names,
        trailing_bytes,
    }
}

struct Reading<'a> {
    archive: &'a mut Archive,
    contents: Contents,
    trailing_bytes: u64,
}

impl Reading<'_> {
    /// Reads the magic, and metadata that lie before a frame; then a frame must begin, if the kind
    /// has one.
    fn begin(&mut self, input: &mut ArchiveWindow<'_>) -> ArchiveResult<Kind> {
        let head = input.peek_some(PEEK_MAX)?;
        let kind = match ArchiveMagic::read(head) {
            ArchiveMagic::Known(kind) => kind,
            ArchiveMagic::Other if header::begins(head) => Kind::Directory,
            ArchiveMagic::Other => return Err(Halt::Foreign),
            ArchiveMagic::Unknown => {
                return unknown(0, "a newer kind of archive than is known here");
            }
            ArchiveMagic::Begun if head.is_empty() => return cut(0, "the file is empty"),
            ArchiveMagic::Begun => return cut(0, "the file ends within its first 4 bytes"),
        };
        self.archive.kind = Some(kind);
        input.consume(kind.prefix());
        // Since BZV3 metadata precede the frame; before, they are the first thing in it.
        if let Kind::BackupTar(version) | Kind::BackupZstd(version @ 3..) = kind {
            metadata::read(version.min(2), input, &mut self.archive.metadata)?;
        }
        let Some(frame) = kind.frame() else {
            return Ok(kind);
        };
        let at = input.offset();
        let head = input.peek_some(FRAME_HEAD)?;
        if head.len() < FRAME_HEAD {
            return cut(at, "the archive ends before its compressed part");
        }
        if !head.starts_with(frame) {
            let what = "no compressed part begins where it must";
            return if kind.is_backup() {
                unknown(at, what)
            } else {
                damaged(at, what)
            };
        }
        Ok(kind)
    }

    fn framed(
        &mut self,
        kind: Kind,
        limit: u64,
        input: &mut ArchiveWindow<'_>,
    ) -> (ArchiveResult<()>, Option<FrameEnd>) {
        let begin = input.offset();
        let mut frame = Unwrapped::new(input);
        let mut limited = (&mut frame).take(limit);
        let mut inside = ArchiveWindow::new(&mut limited);
        let walked = self.unpacked(kind, &mut inside);
        // The frame is read to its end, where its checksum lies, even if its content cannot be
        // parsed.
        let drained = inside.rest().map(drop);
        self.archive.unpacked_bytes = inside.offset();
        let end = frame.end_offset();
        let (fault, verified) = (frame.fault().cloned(), frame.verified());
        let frame_end = FrameEnd {
            fault,
            verified,
            offset: begin + end,
            trailing_bytes: input.offset().saturating_sub(begin + end),
        };
        (walked.and(drained), Some(frame_end))
    }

    fn unpacked(&mut self, kind: Kind, inside: &mut ArchiveWindow<'_>) -> ArchiveResult<()> {
        if kind == Kind::LegacyGzip && !header::begins(inside.peek_some(BLOCK)?) {
            return Err(Halt::Foreign);
        }
        if !kind.announces() {
            return self.tar(kind, inside);
        }
        if inside.peek_some(SENTINEL.len())? != SENTINEL {
            if kind != Kind::LegacyZstd {
                return unknown(0, "the compressed part does not begin as Neo4j's do");
            }
            if !header::begins(inside.peek_some(BLOCK)?) {
                return Err(Halt::Foreign);
            }
            self.archive.kind = Some(Kind::Directory);
            return self.tar(Kind::Directory, inside);
        }
        inside.consume(SENTINEL.len());
        if let Kind::BackupZstd(version @ ..3) = kind {
            metadata::read(version, inside, &mut self.archive.metadata)?;
        }
        self.header(inside)?;
        self.tar(kind, inside)
    }

    /// Reads the header: how many files and bytes follow.
    fn header(&mut self, inside: &mut ArchiveWindow<'_>) -> ArchiveResult<()> {
        let at = inside.offset();
        let outcome = self.header_whole(inside);
        match outcome {
            Err(Halt::Ended(_)) => cut(at, "the archive ends within its header"),
            outcome => outcome,
        }
    }

    fn header_whole(&mut self, inside: &mut ArchiveWindow<'_>) -> ArchiveResult<()> {
        let at = inside.offset();
        let version = i32::from_be_bytes(inside.array()?);
        if version != HEADER_VERSION {
            return unknown(
                at,
                format!("a header of version {version} is not known here"),
            );
        }
        let files = i64::from_be_bytes(inside.array()?);
        let bytes = i64::from_be_bytes(inside.array()?);
        self.archive.announced = Some((files, bytes));
        Ok(())
    }

    /// Walks over the files, and makes sure that nothing else follows.
    fn tar(&mut self, kind: Kind, input: &mut ArchiveWindow<'_>) -> ArchiveResult<()> {
        walk(input, &mut self.contents)?;
        let at = input.offset();
        let rest = input.rest()?;
        if !rest.padding {
            self.trailing_bytes = rest.bytes;
            return unknown(
                at,
                format!("{} bytes lie behind the end of the tar archive", rest.bytes),
            );
        }
        self.compare(at)?;
        let names = &self.contents.names;
        if kind != Kind::Directory && (names.odd || names.escapes) {
            return unknown(
                at,
                "the tar archive holds links, or names that lead out of it",
            );
        }
        Ok(())
    }

    /// Compares the files and bytes counted with those announced.
    fn compare(&self, at: u64) -> ArchiveResult<()> {
        let Some((files, bytes)) = self.archive.announced else {
            return Ok(());
        };
        let Contents {
            files: seen,
            bytes: seen_bytes,
            ..
        } = self.contents;
        let equal = |announced: i64, seen: u64| u64::try_from(announced) == Ok(seen);
        if equal(files, seen) && equal(bytes, seen_bytes) {
            return Ok(());
        }
        damaged(
            at,
            format!(
                "the header announces {files} files of {bytes} bytes, and there are {seen} of \
                 {seen_bytes}"
            ),
        )
    }
}
