//! What must hold whatever the bytes are: the laws that fuzzing tries to break.
//!
//! Pure and free of the harness, because the fuzz targets include this file as it is. What a
//! fuzzer once found lies in `fuzz/corpus`, and a test replays it.

use std::{
    collections::BTreeSet,
    io::{self, Read},
    path::Path,
};

use catalog::{
    config::{Source, load},
    format::{
        Checksum, FINDINGS_MAX, Format, Inspection,
        InspectionState::{Aborted, Damaged, Intact, Unvouched},
        neo4j::{Archive, Neo4j},
        redis::Redis,
        wrapper::is_wrapped,
    },
    layout::{Layout, Pattern},
    model::Key,
};
use jiff::tz::TimeZone;

/// Most problems a file is told of at once, in lines: 200, of at most 5 lines.
const LINES_MAX: usize = 1000;

/// The bytes in pieces of a few, as a slow network brings them.
struct Pieces<'a>(&'a [u8]);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(buffer.len()).min(7);
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// The bytes up to here, and then our own failure.
#[derive(Debug)]
pub struct Broken<'a>(pub &'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        self.0.read(buffer)
    }
}

fn inspect(format: &dyn Format, mut input: impl Read) -> (Inspection, u64) {
    let mut bytes = 0;
    let inspection = format.inspect(&mut input, &mut |piece| bytes += piece.len() as u64);
    (inspection, bytes)
}

/// The inspectors of Redis files and Neo4j archives: any bytes end in a judgement that does not
/// depend on how they arrive; damage has a finding; what is whole has its end; what is whole and
/// sealed is no longer whole without its last byte; and our own broken stream is never the
/// snapshot's fault.
pub fn inspector(data: &[u8]) {
    inspected(&Redis, data);
    inspected(&Neo4j, data);
}

fn inspected(format: &dyn Format, data: &[u8]) {
    let (whole, fed) = inspect(format, data);
    assert_eq!(whole.bytes, fed, "every restorable byte is fed");
    assert!(whole.findings.len() <= FINDINGS_MAX);
    assert!(whole.state != Damaged || !whole.findings.is_empty());
    assert_ne!(whole.state, Aborted, "nothing of ours broke");
    assert!(!whole.truncated || whole.state == Damaged, "{whole:?}");
    // An RDB file before version 5 has no checksum, by which its end could be told.
    let sealed = whole.format != "rdb" || whole.version.is_some_and(|version| version >= 5);
    if sealed && whole.state == Intact && whole.trailing_bytes == 0 && !is_wrapped(data) {
        let tail = &data[data.len().saturating_sub(64)..];
        assert_ne!(format.end(tail), Some(false), "whole, and without an end");
    }
    let archive = whole.detail.as_ref().and_then(|it| it.get::<Archive>());
    let last = archive.map_or(whole.bytes, |it| it.unpacked_bytes.max(whole.bytes));
    assert!(whole.warnings.len() <= FINDINGS_MAX);
    let unvouched = whole.state == Unvouched;
    assert!(
        !unvouched || whole.checksum == Checksum::Absent,
        "{whole:?}"
    );
    let vouched = whole.state == Intact && whole.checksum == Checksum::Verified;
    assert!(
        vouched || unvouched || whole.warnings.is_empty(),
        "{whole:?}"
    );
    for finding in whole.findings.iter().chain(&whole.warnings) {
        assert!(finding.offset <= last, "{finding:?} of {last}");
    }
    let (slowly, _) = inspect(format, Pieces(data));
    assert_eq!(slowly.json(), whole.json(), "in pieces it is the same");
    assert_eq!(slowly.state, whole.state);
    let sealed = whole.state == Intact && whole.checksum == Checksum::Verified;
    if sealed && whole.trailing_bytes == 0 && whole.bytes == data.len() as u64 {
        let (cut, _) = inspect(format, &data[..data.len() - 1]);
        assert_ne!(cut.state, Intact, "cut, and still whole");
    }
    let (broken, _) = inspect(format, Broken(&data[..data.len() / 2]));
    assert_ne!(broken.state, Intact, "half of it was read");
    assert!(
        broken.state != Damaged || whole.state == Damaged,
        "{broken:?}"
    );
}

/// The layout, from a pattern (the first line) and a key (the rest): what is recognised begins with
/// what is listed, may be held, and names the same snapshot again.
pub fn layout(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let (pattern, key) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(parsed) = pattern.parse::<Pattern>() else {
        return;
    };
    assert_eq!(parsed.as_str(), pattern);
    let layout = Layout::new(vec![parsed], TimeZone::UTC);
    assert!(
        layout.overlaps(&layout),
        "a path shares every key with itself"
    );
    let key = Key::new(key);
    let Some(found) = layout.recognise(&key) else {
        return;
    };
    assert!(
        layout
            .listing_prefixes()
            .any(|prefix| key.as_str().starts_with(prefix))
    );
    assert!(found.manifest_of.is_some() || layout.may_hold(key.as_str()));
    assert_eq!(found.named.is_some(), layout.has_time());
    assert_eq!(layout.recognise(&key), Some(found));
}

/// The YAML tree by way of the whole configuration: any text is either usable or explained, with
/// every problem inside the file and a bounded page of them.
pub fn yaml(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let lines = text.split(['\n', '\r']).count() + 1;
    let problems = match load(Path::new("backups.yaml"), text) {
        Ok(loaded) => {
            unique(&loaded.config.sources);
            loaded.warnings
        }
        Err(problems) => {
            assert!(problems.has_errors(), "refused without a reason");
            problems
        }
    };
    for problem in problems.iter() {
        assert!(problem.place.at.line <= lines, "{problem:?}");
    }
    assert!(problems.to_string().lines().count() <= LINES_MAX);
}

fn unique(sources: &[Source]) {
    let names: BTreeSet<_> = sources.iter().map(|source| &source.name).collect();
    assert_eq!(names.len(), sources.len(), "one ledger, one source");
}
