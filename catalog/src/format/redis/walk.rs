//! The walk over an RDB file, from its magic to its end mark, item by item, as `rdbLoadRio` reads
//! them.
//!
//! Judges nothing: where and why the walk stops is weighed by `judge`.

use super::{
    census::{BUILT_IN, Census, DATABASES_MAX, Database, MODULES_MAX},
    dialect::{Family, MAGIC_LENGTH, Opcode, RdbMagic, Type},
    input::{Input, RdbResult},
    module,
    string::{length, skip_string, text},
    value::Reader,
};
use crate::format::{FINDINGS_MAX, InspectionFinding};

/// Warning about a name that comes twice in one collection.
const REPEATED: &str = "a collection has a field or member twice";

/// Largest number of a database: servers can be told no larger count of databases (`INT_MAX`).
const DATABASE_MAX: u64 = i32::MAX as u64;

/// How far the walk came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkEnd {
    /// To the end mark; the checksum comes next, where this version has one.
    End,
    /// Not an RDB file at all.
    Foreign,
    /// A version whose layout is not known here.
    UnknownVersion,
}

pub(super) struct Walk<'r> {
    pub(super) reader: Reader<'r>,
    pub(super) census: Census,
    family: Family,
    /// Number of the database the next keys belong to.
    selected: u64,
    /// Counts since this database was selected.
    current: Database,
    /// True if the next key expires.
    expires: bool,
    /// What is odd, and no damage if its writer wrote it so; the first ones, at most
    /// [`FINDINGS_MAX`].
    pub(super) warnings: Vec<InspectionFinding>,
}

impl<'r> Walk<'r> {
    pub(super) fn new(input: Input<'r>) -> Self {
        Self {
            reader: Reader::new(input),
            census: Census::default(),
            family: Family::Redis,
            selected: 0,
            current: Database::default(),
            expires: false,
            warnings: Vec::new(),
        }
    }

    /// Reads everything up to and including the end mark. The census holds what was counted, also
    /// when the walk stops early.
    pub(super) fn run(&mut self) -> RdbResult<WalkEnd> {
        let outcome = self.items();
        self.settle();
        outcome
    }

    /// Reads only the named facts at the beginning; stops silently where they end.
    pub(super) fn head(mut self) -> Census {
        if matches!(self.header(), Ok(None)) {
            while self.next_is_aux() && self.aux().is_ok() {}
        }
        self.census
    }

    fn next_is_aux(&mut self) -> bool {
        let family = self.family;
        let aux = |next: &[u8]| Opcode::read(family, next[0]) == Opcode::Aux;
        let is_aux = self.input().peek(1).is_ok_and(aux);
        if is_aux {
            self.input().consume(1);
        }
        is_aux
    }

    fn input(&mut self) -> &mut Input<'r> {
        &mut self.reader.input
    }

    fn items(&mut self) -> RdbResult<WalkEnd> {
        if let Some(outcome) = self.header()? {
            return Ok(outcome);
        }
        loop {
            let byte = self.input().peek(1)?[0];
            let opcode = Opcode::read(self.family, byte);
            if let Opcode::Unknown | Opcode::Prerelease = opcode {
                return self
                    .input()
                    .unknown(format!("nothing known begins with the byte {byte}"));
            }
            self.input().consume(1);
            if opcode == Opcode::End {
                return Ok(WalkEnd::End);
            }
            self.item(opcode)?;
        }
    }

    fn header(&mut self) -> RdbResult<Option<WalkEnd>> {
        let mut seen = 0;
        let magic = loop {
            // Byte by byte, so that a short file of another kind is not called a cut one.
            seen += 1;
            match RdbMagic::read(self.input().peek(seen)?) {
                RdbMagic::Begun if seen < MAGIC_LENGTH => {}
                magic => break magic,
            }
        };
        let RdbMagic::Whole(family, version) = magic else {
            return Ok(Some(WalkEnd::Foreign));
        };
        self.family = family;
        self.census.family = Some(family);
        self.census.version = Some(version);
        if !family.has(version) {
            return Ok(Some(WalkEnd::UnknownVersion));
        }
        self.input().consume(MAGIC_LENGTH);
        Ok(None)
    }

    fn item(&mut self, opcode: Opcode) -> RdbResult<()> {
        match opcode {
            Opcode::Key(kind) => self.key(kind),
            Opcode::ExpireMilliseconds => self.expiry(8),
            Opcode::ExpireSeconds => self.expiry(4),
            Opcode::Idle => length(self.input()).map(drop),
            Opcode::Frequency => self.input().skip(1),
            Opcode::SelectDb => self.select(),
            Opcode::ResizeDb => {
                let keys = length(self.input())?;
                self.current.announced = Some((keys, length(self.input())?));
                Ok(())
            }
            Opcode::Aux => self.aux(),
            Opcode::Function => {
                skip_string(self.input())?;
                self.census.functions += 1;
                Ok(())
            }
            Opcode::FunctionOfCandidate => self.function_of_candidate(),
            Opcode::ModuleAux => self.module_aux(),
            Opcode::KeyMeta => self.key_meta(),
            Opcode::HashTemplate => self.hash_template(),
            Opcode::SlotInfo => self.numbers(3),
            Opcode::SlotImport => {
                skip_string(self.input())?;
                for _ in 0..length(self.input())? {
                    self.numbers(2)?;
                }
                Ok(())
            }
            Opcode::End | Opcode::Prerelease | Opcode::Unknown => Ok(()),
        }
    }

    fn key(&mut self, kind: Type) -> RdbResult<()> {
        // Offset of the byte that says the key's type.
        let at = self.input().offset() - 1;
        skip_string(self.input())?;
        self.current.keys += 1;
        self.current.expiring_keys += u64::from(std::mem::take(&mut self.expires));
        self.census.pre_release |= kind.is_of_candidate();
        if kind == Type::Module {
            let identifier = length(self.input())?;
            self.need(module::name(identifier))?;
        }
        let elements = self.reader.skip_value(kind)?;
        if elements == 0 {
            self.census.empty_keys += 1;
            self.warn(at, "a key holds a collection of nothing");
        }
        if self.reader.names.twice() {
            self.census.repeating_keys += 1;
            self.warn(at, REPEATED);
        }
        Ok(())
    }

    fn hash_template(&mut self) -> RdbResult<()> {
        let at = self.input().offset() - 1;
        if self.reader.template()? {
            self.warn(at, REPEATED);
        }
        Ok(())
    }

    fn warn(&mut self, offset: u64, message: &str) {
        if self.warnings.len() < FINDINGS_MAX {
            let message = message.into();
            self.warnings.push(InspectionFinding { offset, message });
        }
    }

    /// Reads when the next key expires. Redis itself takes minus one for no expiry.
    fn expiry(&mut self, bytes: usize) -> RdbResult<()> {
        self.expires = self.input().peek(bytes)?.iter().any(|byte| *byte != 0xff);
        self.input().consume(bytes);
        Ok(())
    }

    fn select(&mut self) -> RdbResult<()> {
        self.settle();
        let number = length(self.input())?;
        if number > DATABASE_MAX {
            return self
                .input()
                .broken("no server has a database of this number");
        }
        if self.census.databases.len() >= DATABASES_MAX {
            return self
                .input()
                .unknown(format!("more than {DATABASES_MAX} databases"));
        }
        self.selected = number;
        self.census.databases.entry(number).or_default();
        Ok(())
    }

    /// Adds what was counted since the last selection to the database selected.
    fn settle(&mut self) {
        let current = std::mem::take(&mut self.current);
        if current == Database::default() {
            return;
        }
        let database = self.census.databases.entry(self.selected).or_default();
        database.keys += current.keys;
        database.expiring_keys += current.expiring_keys;
        database.announced = current.announced.or(database.announced);
    }

    fn aux(&mut self) -> RdbResult<()> {
        let Reader { input, window, .. } = &mut self.reader;
        let name = text(input, window)?;
        let value = text(input, window)?;
        self.census.note(&name, value);
        Ok(())
    }

    fn function_of_candidate(&mut self) -> RdbResult<()> {
        self.census.pre_release = true;
        skip_string(self.input())?;
        skip_string(self.input())?;
        match length(self.input())? {
            0 => {}
            1 => skip_string(self.input())?,
            _ => {
                let what = "a function does not say whether it is described";
                return self.input().broken(what);
            }
        }
        skip_string(self.input())?;
        self.census.functions += 1;
        Ok(())
    }

    fn module_aux(&mut self) -> RdbResult<()> {
        let identifier = length(self.input())?;
        if length(self.input())? != 2 {
            return self
                .input()
                .broken("a module's data does not say when it belongs");
        }
        self.numbers(1)?;
        self.need(module::name(identifier))?;
        module::skip_annotated(self.input())
    }

    fn key_meta(&mut self) -> RdbResult<()> {
        for _ in 0..length(self.input())? {
            let class = u32::from_le_bytes(self.input().array()?);
            self.need(module::class_name(class))?;
            module::skip_annotated(self.input())?;
        }
        Ok(())
    }

    fn need(&mut self, module: String) -> RdbResult<()> {
        if BUILT_IN.iter().any(|(name, _)| *name == module) {
            self.census.built_in.insert(module);
            return Ok(());
        }
        if self.census.modules.len() >= MODULES_MAX && !self.census.modules.contains(&module) {
            return self
                .input()
                .unknown(format!("more than {MODULES_MAX} modules"));
        }
        self.census.modules.insert(module);
        Ok(())
    }

    fn numbers(&mut self, count: u64) -> RdbResult<()> {
        for _ in 0..count {
            length(self.input())?;
        }
        Ok(())
    }
}
