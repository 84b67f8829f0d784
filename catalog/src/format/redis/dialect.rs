//! The two families of servers that write RDB files, and what the numbers in their files mean.
//!
//! Redis and Valkey use the same numbers for different newer types and opcodes. So the table is
//! chosen by the magic, never by the number alone (`rdb.h` of both).

use std::fmt;

/// Family of the server that wrote a file, by the file's first letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `REDIS`: every Redis, and Valkey up to 8.1.
    Redis,
    /// `VALKEY`: Valkey from 9.0 on.
    Valkey,
}

impl Family {
    /// The letters of the magic.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "REDIS",
            Self::Valkey => "VALKEY",
        }
    }

    /// The product, as its images and programs are called.
    pub const fn product(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    /// True if there are files of this version, as far as is known, or may be in time.
    pub(super) const fn has(self, version: u32) -> bool {
        match self {
            Self::Redis => version >= 1,
            Self::Valkey => version >= 80,
        }
    }

    /// True if a file of this version may be compressed as a whole, behind its first bytes: Valkey
    /// is to do that behind version 80 (9.0, 9.1). Files of Redis end alike in every version up to
    /// 15 (8.10), and later ones are taken to do so.
    pub(super) const fn may_be_packed(self, version: u32) -> bool {
        matches!(self, Self::Valkey) && version > 80
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Number of bytes of the magic and the version, in either family.
pub(super) const MAGIC_LENGTH: usize = 9;

/// What the first bytes of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RdbMagic {
    /// A whole header: family and version.
    Whole(Family, u32),
    /// Too few bytes; a header may begin like this.
    Begun,
    /// No header of either family.
    Foreign,
}

impl RdbMagic {
    /// Reads `REDIS` and four digits, or `VALKEY` and three.
    pub(super) fn read(head: &[u8]) -> Self {
        let head = &head[..head.len().min(MAGIC_LENGTH)];
        for family in [Family::Valkey, Family::Redis] {
            let letters = family.as_str().as_bytes();
            let shared = head.len().min(letters.len());
            let (begin, digits) = head.split_at(shared);
            if begin != &letters[..shared] || !digits.iter().all(u8::is_ascii_digit) {
                continue;
            }
            if head.len() < MAGIC_LENGTH {
                return Self::Begun;
            }
            let version = digits
                .iter()
                .fold(0, |version, digit| version * 10 + u32::from(digit - b'0'));
            return Self::Whole(family, version);
        }
        Self::Foreign
    }
}

/// Kind of an item, by the byte in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    /// A key with a value of this type.
    Key(Type),
    /// Redis 8.10: field names that many hashes share.
    HashTemplate,
    /// Redis 8.6: what modules attached to the next key.
    KeyMeta,
    /// Valkey 9: slots on their way into this server.
    SlotImport,
    /// Sizes of one slot's tables.
    SlotInfo,
    /// One function library.
    Function,
    /// One function library, as candidates of Redis 7.0 wrote it: name, engine, perhaps a
    /// description, code.
    FunctionOfCandidate,
    /// A module's own data.
    ModuleAux,
    /// Idle time of the next key.
    Idle,
    /// Frequency of the next key.
    Frequency,
    /// A named fact about the file.
    Aux,
    /// Keys, and keys that expire, of the database.
    ResizeDb,
    /// Time at which the next key expires, in milliseconds.
    ExpireMilliseconds,
    /// Time at which the next key expires, in seconds.
    ExpireSeconds,
    /// The database of what follows.
    SelectDb,
    /// The last item.
    End,
    /// An item of release candidates only, with no reader left.
    Prerelease,
    /// An item that this version does not know.
    Unknown,
}

/// Kind of item for each byte, by the order of [`Family`]: looked up once for every key.
static OPCODES: [[Opcode; 256]; 2] = [table(Family::Redis), table(Family::Valkey)];

const fn table(family: Family) -> [Opcode; 256] {
    let mut table = [Opcode::Unknown; 256];
    let mut byte = 0;
    loop {
        table[byte as usize] = Opcode::of(family, byte);
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

impl Opcode {
    /// Returns what this byte says in front of an item.
    #[inline]
    pub(super) fn read(family: Family, byte: u8) -> Self {
        OPCODES[family as usize][usize::from(byte)]
    }

    /// `RDB_OPCODE_*` and `RDB_TYPE_*` of `rdb.h`.
    const fn of(family: Family, byte: u8) -> Self {
        match byte {
            242 => match family {
                Family::Redis => Self::HashTemplate,
                Family::Valkey => Self::Unknown,
            },
            243 => match family {
                Family::Redis => Self::KeyMeta,
                Family::Valkey => Self::SlotImport,
            },
            244 => Self::SlotInfo,
            245 => Self::Function,
            246 => Self::FunctionOfCandidate,
            6 => Self::Prerelease,
            247 => Self::ModuleAux,
            248 => Self::Idle,
            249 => Self::Frequency,
            250 => Self::Aux,
            251 => Self::ResizeDb,
            252 => Self::ExpireMilliseconds,
            253 => Self::ExpireSeconds,
            254 => Self::SelectDb,
            255 => Self::End,
            _ => match Type::read(family, byte) {
                Some(kind) => Self::Key(kind),
                None => Self::Unknown,
            },
        }
    }
}

/// Layout of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    String,
    /// Lists: elements.
    Elements,
    /// Sets: members.
    Members,
    /// Hashes: fields and values.
    Pairs,
    /// Members with scores as text.
    ScoresAsText,
    /// Members with scores as eight bytes.
    Scores,
    Module,
    Zipmap,
    Intset,
    ListZiplist,
    PairsZiplist,
    /// A list of ziplists.
    Quicklist,
    /// A list of listpacks and of single large elements.
    Quicklist2,
    /// Streams; by the number of their layout, 1 to 5.
    Stream(u8),
    SetListpack,
    PairsListpack,
    /// Redis 7.4: hash with expiring fields; true if the earliest expiry stands in front.
    ExpiringPairs(bool),
    /// Redis 7.4: the same hash as one listpack; true as above.
    ExpiringListpack(bool),
    /// Valkey 9: hash whose fields each carry eight bytes of expiry.
    Hash2,
    /// Redis 8.8: elements by index.
    Array,
    /// Redis 8.10: hash whose field names are those of a template.
    Templated(Values, TemplateNamesAt),
    /// One number, of a rate limiter that no release has built in.
    Number,
}

/// How the values of a hash with a template are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// The values are in one listpack.
    Listpack,
    /// The values follow one by one.
    Array,
}

/// Where the field names of a hash with a template are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TemplateNamesAt {
    /// The names stand in front of the values.
    Own,
    /// The names stand in the head of the file.
    Shared,
}

impl Type {
    /// True if only candidates of Redis 7.4 wrote this type (`RDB_TYPE_HASH_METADATA_PRE_GA` and
    /// `RDB_TYPE_HASH_LISTPACK_EX_PRE_GA`).
    pub(super) const fn is_of_candidate(self) -> bool {
        matches!(
            self,
            Self::ExpiringPairs(false) | Self::ExpiringListpack(false)
        )
    }

    const fn read(family: Family, byte: u8) -> Option<Self> {
        Some(match (byte, family) {
            (0, _) => Self::String,
            (1, _) => Self::Elements,
            (2, _) => Self::Members,
            (3, _) => Self::ScoresAsText,
            (4, _) => Self::Pairs,
            (5, _) => Self::Scores,
            (7, _) => Self::Module,
            (9, _) => Self::Zipmap,
            (10, _) => Self::ListZiplist,
            (11, _) => Self::Intset,
            (12 | 13, _) => Self::PairsZiplist,
            (14, _) => Self::Quicklist,
            (15, _) => Self::Stream(1),
            (16 | 17, _) => Self::PairsListpack,
            (18, _) => Self::Quicklist2,
            (19, _) => Self::Stream(2),
            (20, _) => Self::SetListpack,
            (21, _) => Self::Stream(3),
            (22, Family::Valkey) => Self::Hash2,
            (22, Family::Redis) => Self::ExpiringPairs(false),
            (23, Family::Redis) => Self::ExpiringListpack(false),
            (24, Family::Redis) => Self::ExpiringPairs(true),
            (25, Family::Redis) => Self::ExpiringListpack(true),
            (26, Family::Redis) => Self::Stream(4),
            (27, Family::Redis) => Self::Stream(5),
            (28, Family::Redis) => Self::Array,
            (29, Family::Redis) => Self::Templated(Values::Listpack, TemplateNamesAt::Own),
            (30, Family::Redis) => Self::Templated(Values::Listpack, TemplateNamesAt::Shared),
            (31, Family::Redis) => Self::Templated(Values::Array, TemplateNamesAt::Own),
            (32, Family::Redis) => Self::Templated(Values::Array, TemplateNamesAt::Shared),
            (33, Family::Redis) => Self::Number,
            _ => return None,
        })
    }
}
