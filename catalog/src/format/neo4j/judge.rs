//! The state of an archive: intact, damaged or not understood, by how its layers ended.
//!
//! The rule. A frame's fault explains everything found inside it; what is found inside a frame that
//! is whole is what its writer wrote.
//!
//! | the reading met | state |
//! |---|---|
//! | the last file, all announced, nothing behind | intact; the checksum is that of the frame |
//! | the end, a wrong checksum or count, bytes without sense | damaged |
//! | bytes behind a zstd frame | damaged: Neo4j refuses the file |
//! | bytes behind a gzip member | intact, with a finding: Neo4j does not look at them |
//! | a newer magic, metadata, header or entry; bytes behind the tar archive | not understood |
//! | a tar archive that `neo4j-admin` did not make | not understood |
//! | a reader of ours that broke | aborted |
//!
//! Offsets are those in the file (after any wrapper was undone) for magic, metadata and frame, and
//! those in the unpacked content for header and tar; the message says so. No checksum covers
//! metadata before a frame (`BZV3`, `BTV1`, `BTV2`) and files in no frame at all.

use std::io::{self, Read};

use super::{
    archive::Archive,
    content::{self, Ended, FrameEnd},
    header::{self, BLOCK},
    kind::{ArchiveMagic, Kind},
    window::{ArchiveWindow, Halt},
};
use crate::format::{
    Checksum, InspectionState,
    judgement::{self, Spot},
    wrapper::{Unwrapped, WrapperFault},
};

/// Number of bytes of a file that are enough to unpack its first block: 128 KiB at most, and
/// headers (RFC 8878 §3.1.1.2.4).
pub(super) const HEAD: u64 = 256 * 1024;

/// Texts in which zstd and gzip say that a checksum is wrong.
const CHECKSUM_WRONG: [&str; 2] = ["doesn't match checksum", "matching checksum"];

/// Added to a finding whose offset is not one in the file.
const IN_CONTENT: &str = " (counted in the unpacked content)";

const BY_HAND: &str = "a tar archive of a data directory that neo4j-admin did not make: whether it \
                       is whole cannot be told, and it needs recovery; take snapshots with \
                       neo4j-admin database dump or backup";

/// The judgement of one archive.
pub(super) type ArchiveJudgement = judgement::Judgement<Archive>;

/// True if an archive lies under a wrapper; false if it begins with a frame itself.
pub(super) fn is_wrapped(head: &[u8]) -> bool {
    let mut content = Vec::new();
    let mut reader = head;
    let mut unwrapped = Unwrapped::new(&mut reader);
    // A head cut inside its frame still gives its first bytes.
    let _ = (&mut unwrapped)
        .take(BLOCK as u64)
        .read_to_end(&mut content);
    let inside = ArchiveMagic::read(&content);
    unwrapped.wrapped() && matches!(inside, ArchiveMagic::Known(_) | ArchiveMagic::Unknown)
}

/// Reads the whole file and says what it is.
pub(super) fn judge(input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> ArchiveJudgement {
    let mut input = Source {
        reader: input,
        broken: None,
    };
    let mut head = Vec::new();
    // A reader that breaks here breaks again at the next read.
    let _ = (&mut input).take(HEAD).read_to_end(&mut head);
    let mut whole = head.as_slice().chain(&mut input);
    if !is_wrapped(&head) {
        return judge_archive(&mut whole, tee);
    }
    let mut content = Unwrapped::new(&mut whole);
    let mut judgement = judge_archive(&mut content, tee);
    judgement.heed(&content);
    judgement
}

fn judge_archive(reader: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> ArchiveJudgement {
    let mut stored = Stored {
        reader,
        tee,
        bytes: 0,
        broken: false,
    };
    let mut window = ArchiveWindow::new(&mut stored);
    let mut archive = Archive::default();
    let ended = content::read(&mut window, u64::MAX, &mut archive);
    // The tee gets all there is, whatever was met.
    let drained = window.rest();
    let mut judgement = ArchiveJudgement {
        state: InspectionState::Intact,
        truncated: false,
        checksum: Checksum::Absent,
        bytes: stored.bytes,
        trailing_bytes: ended.trailing_bytes,
        findings: Vec::new(),
        warnings: Vec::new(),
        facts: archive,
    };
    if drained.is_err() || stored.broken {
        // What was seen before the reader broke says nothing.
        judgement.state = InspectionState::Aborted;
    } else {
        weigh(ended, &mut judgement);
    }
    judgement
}

fn weigh(ended: Ended, judgement: &mut ArchiveJudgement) {
    let wrong = ended.frame.as_ref().and_then(|frame| frame.fault.as_ref());
    if wrong.is_none() {
        weigh_content(&ended, judgement);
    }
    let Some(frame) = ended.frame else { return };
    match &frame.fault {
        Some(WrapperFault::Damaged(message)) => {
            if CHECKSUM_WRONG.iter().any(|text| message.contains(text)) {
                judgement.checksum = Checksum::Wrong;
            }
            judgement.be(InspectionState::Damaged, frame.offset, message.clone());
        }
        Some(WrapperFault::Truncated(message)) => {
            judgement.be(InspectionState::Damaged, frame.offset, message.clone());
            judgement.truncated = true;
        }
        Some(WrapperFault::Unsupported(message)) => {
            judgement.be(
                InspectionState::NotUnderstood,
                frame.offset,
                message.clone(),
            );
        }
        None => {
            // No checksum covers what lies before the frame.
            let bare = judgement
                .facts
                .kind
                .is_some_and(Kind::is_described_in_the_clear);
            if frame.verified && !bare {
                judgement.checksum = Checksum::Verified;
            }
            if frame.trailing_bytes > 0 {
                behind(&frame, judgement);
            }
        }
    }
}

/// Judges the bytes behind a frame that is whole.
fn behind(frame: &FrameEnd, judgement: &mut ArchiveJudgement) {
    let zstd = judgement.facts.kind.is_some_and(Kind::announces);
    judgement.trailing_bytes = frame.trailing_bytes;
    let count = frame.trailing_bytes;
    if zstd && judgement.state == InspectionState::Intact {
        let message = format!("{count} bytes lie behind the end, and Neo4j refuses such a file");
        judgement.be(InspectionState::Damaged, frame.offset, message);
    } else {
        let message = format!("{count} bytes lie behind the end of the compressed part");
        judgement.find(frame.offset, message);
    }
}

fn weigh_content(ended: &Ended, judgement: &mut ArchiveJudgement) {
    let names = &ended.names;
    let any = names.in_root || names.below || names.logs;
    let by_hand = match judgement.facts.kind {
        Some(Kind::Directory) => true,
        // Only its files tell such a dump from any other archive.
        Some(Kind::LegacyGzip) if ended.frame.is_some() => {
            let dump = names.in_root && names.logs && !names.below && !names.foreign;
            !dump
        }
        _ => false,
    };
    if by_hand && !any {
        return foreign(judgement);
    }
    if by_hand {
        judgement.facts.kind = Some(Kind::Directory);
    }
    match &ended.walked {
        Ok(()) if by_hand => {
            judgement.be(InspectionState::NotUnderstood, 0, BY_HAND.into());
        }
        Ok(()) => {}
        Err(Halt::Foreign) => foreign(judgement),
        Err(Halt::Damaged(at)) => stopped(InspectionState::Damaged, at, ended, judgement),
        Err(Halt::Unknown(at)) => stopped(InspectionState::NotUnderstood, at, ended, judgement),
        Err(Halt::Cut(at)) => {
            stopped(InspectionState::Damaged, at, ended, judgement);
            // A frame that is whole was closed by its writer: nothing more will come.
            judgement.truncated = ended.frame.is_none();
        }
        Err(Halt::Ended(at)) => {
            let message = "the archive ends before all of it was there".to_owned();
            judgement.be(InspectionState::Damaged, *at, message);
            judgement.truncated = ended.frame.is_none();
        }
        // Neither a fault of the frame nor of the reader: nobody to blame but us.
        Err(Halt::Failed) => judgement.state = InspectionState::Aborted,
    }
}

fn stopped(state: InspectionState, at: &Spot, ended: &Ended, judgement: &mut ArchiveJudgement) {
    let place = if ended.unpacked { IN_CONTENT } else { "" };
    judgement.be(state, at.offset, format!("{}{place}", at.what));
}

fn foreign(judgement: &mut ArchiveJudgement) {
    judgement.facts = Archive::default();
    let message = "the file begins as no archive of Neo4j does".to_owned();
    judgement.be(InspectionState::NotRecognised, 0, message);
}

/// True if these first bytes, after any wrapper was undone, are those of an archive, or of the
/// content of a bare frame.
pub(super) fn recognises(head: &[u8]) -> bool {
    use super::{kind::SENTINEL, tar};
    match ArchiveMagic::read(head) {
        ArchiveMagic::Known(_) | ArchiveMagic::Unknown => return true,
        ArchiveMagic::Begun | ArchiveMagic::Other => {}
    }
    if head.starts_with(SENTINEL) {
        return true;
    }
    if !header::begins(head) {
        return false;
    }
    let mut reader = head;
    let mut contents = tar::Contents::default();
    // The walk fails where the head ends; the names before are enough.
    let _ = tar::walk(&mut ArchiveWindow::new(&mut reader), &mut contents);
    let names = contents.names;
    names.in_root || names.below || names.logs
}

/// A reader that fails for good once it failed.
struct Source<'r> {
    reader: &'r mut dyn Read,
    broken: Option<io::ErrorKind>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(kind) = self.broken {
            return Err(kind.into());
        }
        self.reader.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.broken = Some(error.kind());
            }
        })
    }
}

/// A reader of the restorable bytes: counts them, and gives each to the tee once.
struct Stored<'r> {
    reader: &'r mut dyn Read,
    tee: &'r mut dyn FnMut(&[u8]),
    bytes: u64,
    broken: bool,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) => {
                (self.tee)(&buffer[..count]);
                self.bytes += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.broken |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}
