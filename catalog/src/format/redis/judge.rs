//! The state of an RDB file: intact, damaged or not understood, by where the walk stopped and by
//! the checksum.
//!
//! The rule. A file whose last eight bytes are the checksum of all before them is what its writer
//! wrote. So:
//!
//! | the walk met | checksum agrees | switched off, or version below 5 | disagrees |
//! |---|---|---|---|
//! | the end mark | intact | intact, `absent` | damaged |
//! | the end, behind something odd | intact, warned | unvouched, warned | damaged |
//! | the end, and bytes behind it | intact | unvouched; the mark of a transfer: intact | damaged |
//! | an unknown opcode or type | not understood | not understood | damaged |
//! | bytes without sense, or the end of the file | not understood | damaged | damaged |
//! | a value that servers refuse | damaged | damaged | damaged |
//! | a version no file has | not understood, always | | |
//!
//! Odd is a collection of nothing, or a field or member that comes twice. Servers with a fault
//! wrote both; later ones pass over the first, and some load the second. Where no checksum says
//! that the writer wrote it so, it may as well be damage. A caller that knows another witness of
//! the bytes, a digest in a manifest or the checksum of an upload, decides by that. An encoding
//! that contradicts itself is refused in any case: a server takes it by its header, and may
//! crash when it is touched.
//!
//! A version above the known ones is no reason to stop: the file is read as far as its types and
//! opcodes are known. In a file of Valkey above version 80 only refused values are called damaged:
//! such a file may be compressed behind its first bytes.
//!
//! Bytes behind the end are counted. Behind a checksum that agrees they are harmless (a mark of a
//! diskless transfer, the tail of a longer file written over). Without one, nothing inside shows
//! that the end mark is the real one: it may be a changed byte, with keys behind it.

use super::{
    census::Census,
    dialect::{Family, MAGIC_LENGTH},
    input::{CHECKSUM_LENGTH, RdbResult, Seal, Stop, is_eof_mark},
    walk::{Walk, WalkEnd},
};
use crate::format::{
    Checksum, InspectionState,
    judgement::{self, Spot},
};

/// The first version whose writers save every key they announce: earlier ones skip expired keys.
const ANNOUNCES_TRULY: u32 = 9;

/// The first version whose files end with a checksum (`rdbLoadRio`).
const CHECKSUM_SINCE: u32 = 5;

/// The judgement of one RDB file.
pub(super) type RdbJudgement = judgement::Judgement<Census>;

impl Walk<'_> {
    /// Reads the whole file and says what it is.
    pub(super) fn judge(mut self) -> RdbJudgement {
        let mut verdict = RdbJudgement {
            state: InspectionState::Aborted,
            truncated: false,
            checksum: Checksum::Absent,
            bytes: 0,
            trailing_bytes: 0,
            findings: Vec::new(),
            warnings: Vec::new(),
            facts: Census::default(),
        };
        let outcome = self.run();
        let judged = match outcome {
            Ok(WalkEnd::End) => self.trailer(&mut verdict),
            Ok(WalkEnd::Foreign) => self.foreign(&mut verdict),
            Ok(WalkEnd::UnknownVersion) => self.unknown_version(&mut verdict),
            Err(stop) => self.stopped(*stop, &mut verdict),
        };
        if judged.is_err() {
            // Only a failing reader gets here: whatever was seen before says nothing.
            verdict.state = InspectionState::Aborted;
            verdict.findings.clear();
            verdict.warnings.clear();
        }
        verdict.bytes = self.reader.input.end_offset();
        verdict.facts = self.census;
        verdict
    }

    fn may_be_packed(&self) -> bool {
        let version = self.census.version.unwrap_or_default();
        let family = self.census.family;
        family.is_some_and(|family| family.may_be_packed(version))
    }

    fn has_checksum(&self) -> bool {
        self.census
            .version
            .is_some_and(|version| version >= CHECKSUM_SINCE)
    }

    /// Reads the checksum behind the end mark, and what lies behind that.
    fn trailer(&mut self, verdict: &mut RdbJudgement) -> RdbResult<()> {
        let computed = self.reader.input.checksum();
        let at = self.reader.input.offset();
        if self.has_checksum() {
            let stored = match self.reader.input.array::<CHECKSUM_LENGTH>() {
                Ok(bytes) => u64::from_le_bytes(bytes),
                Err(stop) => return self.stopped(*stop, verdict),
            };
            if stored != 0 && stored != computed {
                let what = "the checksum is not that of the bytes before it".into();
                return self.stopped(Stop::Broken(Spot { offset: at, what }), verdict);
            }
            if stored != 0 {
                verdict.checksum = Checksum::Verified;
            }
        }
        verdict.warnings = std::mem::take(&mut self.warnings);
        verdict.state = if verdict.warnings.is_empty() {
            InspectionState::Intact
        } else {
            odd(verdict.checksum)
        };
        self.warn_of_counts(verdict);
        self.tail(verdict)
    }

    fn tail(&mut self, verdict: &mut RdbJudgement) -> RdbResult<()> {
        let at = self.reader.input.offset();
        let (length, mark) = self.reader.input.rest()?;
        verdict.trailing_bytes = length;
        if length == 0 {
            return Ok(());
        }
        if mark.is_some_and(|mark| is_eof_mark(&mark)) {
            let message = "behind the end lies the mark of a diskless transfer: servers ignore it";
            verdict.find(at, message.into());
        } else {
            let message =
                format!("{length} bytes lie behind the end of the snapshot: servers ignore them");
            verdict.find(at, message);
            self.census.stray_bytes = length;
            if verdict.state == InspectionState::Intact {
                verdict.state = odd(verdict.checksum);
            }
        }
        Ok(())
    }

    fn warn_of_counts(&self, verdict: &mut RdbJudgement) {
        if self
            .census
            .version
            .is_none_or(|version| version < ANNOUNCES_TRULY)
        {
            return;
        }
        for (number, database) in &self.census.databases {
            let counted = (database.keys, database.expiring_keys);
            if let Some(announced) = database.announced.filter(|announced| *announced != counted) {
                let message = format!(
                    "database {number} announces {} keys, {} of them expiring, and holds {}, {}",
                    announced.0, announced.1, counted.0, counted.1
                );
                verdict.find(self.reader.input.offset(), message);
            }
        }
    }

    fn foreign(&mut self, verdict: &mut RdbJudgement) -> RdbResult<()> {
        verdict.state = InspectionState::NotRecognised;
        verdict.find(
            0,
            "the file begins with neither REDIS nor VALKEY and a version".into(),
        );
        self.reader.input.rest().map(drop)
    }

    fn unknown_version(&mut self, verdict: &mut RdbJudgement) -> RdbResult<()> {
        verdict.state = InspectionState::NotUnderstood;
        let family = self.census.family.unwrap_or(Family::Redis);
        let version = self.census.version.unwrap_or_default();
        verdict.find(
            0,
            format!("there is no version {version} of {family} files"),
        );
        self.reader.input.rest().map(drop)
    }

    /// Weighs what the walk stopped at against the end of the file.
    fn stopped(&mut self, stop: Stop, verdict: &mut RdbJudgement) -> RdbResult<()> {
        let cut = matches!(stop, Stop::Ended);
        let (at, known) = match stop {
            Stop::Aborted => return Err(Box::new(stop)),
            Stop::Ended => (self.ended(), true),
            Stop::Broken(at) => (at, true),
            Stop::Unknown(at) => (at, false),
            Stop::Refused(at) => {
                verdict.find(at.offset, at.what.into_owned());
                self.seal(verdict)?;
                verdict.state = InspectionState::Damaged;
                return Ok(());
            }
        };
        verdict.find(at.offset, at.what.into_owned());
        let known = known && !self.may_be_packed();
        verdict.state = match (self.seal(verdict)?, known) {
            (Seal::Differs, false) if self.may_be_packed() => InspectionState::NotUnderstood,
            (Seal::Matches, _) | (Seal::Disabled, false) => InspectionState::NotUnderstood,
            (Seal::Disabled, true) | (Seal::Differs, _) => InspectionState::Damaged,
        };
        verdict.truncated = cut && verdict.state == InspectionState::Damaged;
        Ok(())
    }

    fn seal(&mut self, verdict: &mut RdbJudgement) -> RdbResult<Seal> {
        let seal = self.reader.input.seal()?;
        let seal = if self.has_checksum() {
            seal
        } else {
            Seal::Disabled
        };
        verdict.checksum = match seal {
            Seal::Matches => Checksum::Verified,
            Seal::Disabled => Checksum::Absent,
            Seal::Differs => Checksum::Wrong,
        };
        Ok(seal)
    }

    fn ended(&mut self) -> Spot {
        let offset = self.reader.input.end_offset();
        let what = match offset {
            0 => "the file is empty".into(),
            1..=9 => format!("the file ends within the first {MAGIC_LENGTH} bytes").into(),
            _ => "the file ends before its end mark and checksum".into(),
        };
        Spot { offset, what }
    }
}

/// State of a file that was read to its end mark, and in which something may be damage.
const fn odd(checksum: Checksum) -> InspectionState {
    match checksum {
        Checksum::Verified => InspectionState::Intact,
        Checksum::Absent | Checksum::Wrong => InspectionState::Unvouched,
    }
}
