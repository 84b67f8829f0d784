//! `inspect`: one snapshot file, read to its last byte without a server or a configuration.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use catalog::format::{FORMATS, Format, Inspection, InspectionState, wrapper::Unwrapped};
use serde_json::Value;
use toolkit::{exit::Exit, words};

use crate::cli::{Inspect, InspectFormat};
use crate::console::{Console, Refusal};

/// Bytes that are enough to unpack the first block of a file: 128 KiB at most, and headers (RFC
/// 8878 §3.1.1.2.4).
const HEAD_MAX: u64 = 256 * 1024;

/// Most bytes unpacked of a head: names in an archive stand behind small files.
const UNPACKED_MAX: u64 = 64 * 1024;

pub(super) fn run(flags: &Inspect, console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let mut input = open(&flags.file)?;
    let mut head = Vec::new();
    let refuse = |error: io::Error| {
        Refusal::unknown(format!("cannot read {}: {error}", flags.file.display()))
    };
    input
        .by_ref()
        .take(HEAD_MAX)
        .read_to_end(&mut head)
        .map_err(refuse)?;
    let format = recognise(&head);
    let mut failed = None;
    let mut whole = Noted {
        inner: head.as_slice().chain(input),
        failed: &mut failed,
    };
    let inspection = format.inspect(&mut whole, &mut |_| {});
    if let Some(error) = failed {
        return Err(refuse(error));
    }
    match flags.format {
        InspectFormat::Json => writeln!(console.out, "{}", inspection.json())?,
        InspectFormat::Text => text(&inspection, console.out)?,
    }
    Ok(match inspection.state {
        InspectionState::Intact => Exit::Fine,
        InspectionState::Damaged => Exit::Failed,
        InspectionState::Unvouched
        | InspectionState::NotUnderstood
        | InspectionState::NotRecognised
        | InspectionState::Aborted => Exit::Unknown,
    })
}

fn open(path: &Path) -> Result<Box<dyn Read>, Refusal> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let refuse = |what: String| Refusal::usage(format!("cannot read {}: {what}", path.display()));
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    let kind = file.metadata().map_err(|error| refuse(error.to_string()))?;
    if kind.is_dir() {
        return Err(refuse(
            "it is a directory\nhint: Name one snapshot file.".into(),
        ));
    }
    Ok(Box::new(file))
}

/// Finds the format that recognises the head. If none does, the first one says for all that the
/// file is unknown.
fn recognise(head: &[u8]) -> &'static dyn Format {
    let mut content = Vec::new();
    let mut reader = head;
    // A head cut inside its wrapper still gives its first bytes.
    let _ = Unwrapped::new(&mut reader)
        .take(UNPACKED_MAX)
        .read_to_end(&mut content);
    let found = FORMATS
        .into_iter()
        .find(|format| format.recognises(&content));
    found.unwrap_or(FORMATS[0])
}

/// Remembers the error of a reader, which an inspection only knows as "aborted".
struct Noted<'a, R> {
    inner: R,
    failed: &'a mut Option<io::Error>,
}

impl<R: Read> Read for Noted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                *self.failed = Some(io::Error::new(error.kind(), error.to_string()));
            }
        })
    }
}

fn text(inspection: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let (sign, state) = match inspection.state {
        InspectionState::Intact => ('✔', "intact"),
        InspectionState::Unvouched => ('?', "odd, and no checksum inside vouches for it"),
        InspectionState::Damaged => ('✘', "DAMAGED"),
        InspectionState::NotUnderstood => ('?', "not fully understood"),
        InspectionState::NotRecognised => ('?', "not recognised: no format of this version"),
        InspectionState::Aborted => ('?', "not read to its end"),
    };
    let version = inspection
        .version
        .map_or_else(String::new, |it| format!(" version {it}"));
    writeln!(out, "{sign} {}{version}  {state}", inspection.format)?;
    if inspection.state == InspectionState::NotRecognised {
        return Ok(());
    }
    let told = ["format", "version", "intact", "findings", "warnings"];
    if let Value::Object(members) = inspection.json() {
        for (name, value) in members
            .iter()
            .filter(|(name, _)| !told.contains(&name.as_str()))
        {
            writeln!(out, "    {:<15} {}", name.replace('_', " "), plain(value))?;
        }
    }
    // A finding that is no damage by itself is only worth saying.
    let sign = match inspection.state {
        InspectionState::Intact | InspectionState::Unvouched => '⚠',
        _ => '✘',
    };
    for finding in inspection.findings.iter().chain(&inspection.warnings) {
        writeln!(
            out,
            "    {sign} at byte {}: {}",
            words::count(finding.offset),
            finding.message
        )?;
    }
    Ok(())
}

/// A value of the printed object as a person writes it: `0: keys 6, expiring keys 0`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number
            .as_u64()
            .map_or_else(|| number.to_string(), words::count),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) if members.is_empty() => "none".into(),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match value {
                Value::Object(_) => format!("{name} ({})", plain(value)),
                _ => format!("{} {}", name.replace('_', " "), plain(value)),
            };
            members.iter().map(member).collect::<Vec<_>>().join(", ")
        }
        Value::Bool(_) => value.to_string(),
    }
}
