//! Redis and Valkey snapshots: RDB files, read natively to their last byte.
//!
//! Knows no server and keeps no key and no value: only counts, the writer's own names, and where
//! something is wrong.

mod census;
mod dialect;
mod input;
mod judge;
mod lzf;
mod module;
mod repeats;
mod settings;
mod slice;
mod string;
mod structure;
#[cfg(test)]
mod tests;
mod value;
mod walk;

use std::{collections::BTreeMap, io::Read, sync::Arc};

use ::settings::{Problems, Section};
use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};

use self::{dialect::RdbMagic, input::Input, judge::RdbJudgement, walk::Walk};
use super::{
    CheckName, Detail, Format, HEAD_MAX, Inspection, Meaning, Settings, wrapper::Unwrapped,
};
use crate::model::{EngineName, SnapshotFacts};

pub use super::expectation::{Bounds, Change, ChecksumRule};

pub use self::{
    census::{BUILT_IN, Census, Database},
    dialect::Family,
    settings::{RedisCanary, RedisExpect},
};

/// The RDB format of Redis (versions 1 to 15, and higher ones as far as their types are known) and
/// Valkey (`VALKEY080`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Redis;

impl Format for Redis {
    fn engine(&self) -> EngineName {
        EngineName::new("redis")
    }

    fn restorable(&self) -> bool {
        true
    }

    fn items(&self) -> &'static [&'static str] {
        &["keys", "expiring_keys", "live_keys", "functions"]
    }

    fn checks(&self) -> &'static [CheckName] {
        CHECKS
    }

    fn default_images(&self) -> &'static [&'static str] {
        // The newest of each product: only these read what all servers write, and so may call a
        // file bad.
        &["redis:8.10", "valkey/valkey:9.1"]
    }

    fn has_modules(&self) -> bool {
        true
    }

    fn expect(&self, section: Option<&Section>, problems: &mut Problems) -> Option<Settings> {
        let expect: RedisExpect = match section {
            Some(section) => section.read(problems)?,
            None => RedisExpect::default(),
        };
        Some(Arc::new(expect))
    }

    fn expect_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<RedisExpect>()
    }

    fn head_bytes(&self) -> u64 {
        // A plain file needs a few hundred bytes; a compressed one its first block.
        HEAD_MAX
    }

    fn describe(&self, heads: &[Bytes], _: &Settings) -> SnapshotFacts {
        SnapshotFacts::of_artifacts(heads.iter().map(|head| describe(head)))
    }

    fn end(&self, tail: &[u8]) -> Option<bool> {
        Some(input::ends(tail))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        matches!(RdbMagic::read(head), RdbMagic::Whole(..))
    }

    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
        let mut content = Unwrapped::new(input);
        let mut judgement = Walk::new(Input::new(&mut content, tee)).judge();
        judgement.heed(&content);
        inspection(judgement)
    }
}

/// Every check of the Redis engine; the names appear in records.
const CHECKS: &[CheckName] = &[
    CheckName::new(
        "redis.checksum",
        "Does a checksum cover every byte of the snapshot?",
    ),
    CheckName::new(
        "redis.trailing_bytes",
        "Does the file end where the snapshot ends?",
    ),
    CheckName::new(
        "redis.contents",
        "Does every key hold something, and nothing twice?",
    ),
    CheckName::new(
        "redis.identity",
        "Did the server load exactly the keys counted in the file?",
    )
    .means(Meaning::Identity),
    CheckName::new(
        "redis.announced",
        "Does the file hold as many keys as its writer announced?",
    )
    .means(Meaning::Announced),
    CheckName::new(
        "redis.keys",
        "Are there as many keys in the file as expected?",
    ),
    CheckName::new("redis.distinct", "Is every artifact another one?"),
    CheckName::new(
        "redis.databases",
        "Are there as many keys in each database as expected?",
    ),
    CheckName::new(
        "redis.change",
        "Did the number of keys change no more than allowed?",
    ),
    CheckName::new(
        "redis.manifest",
        "Does the file hold what its manifest says?",
    )
    .means(Meaning::Manifest),
    CheckName::new(
        "redis.functions",
        "Did the server load every function library in the file?",
    ),
    CheckName::new(
        "redis.evictions",
        "Did the server keep everything it loaded?",
    ),
    CheckName::new(
        "redis.canary",
        "Is the newest heartbeat inside recent enough?",
    )
    .means(Meaning::Canary),
    CheckName::new(
        "redis.recovery_time",
        "Was it restored within its objective?",
    ),
    CheckName::new(
        "redis.memory",
        "How much memory does the data take after loading?",
    ),
    CheckName::new(
        "redis.server",
        "Which server restored it, and which one wrote it?",
    ),
    CheckName::new("redis.clock", "Is the sandbox's clock ours?"),
];

/// Reads what the head of one file says. The head may be cut anywhere, also inside a wrapper.
fn describe(mut head: &[u8]) -> SnapshotFacts {
    if head.is_empty() {
        return SnapshotFacts {
            invalid: Some("it is empty".into()),
            ..SnapshotFacts::default()
        };
    }
    let mut content = Unwrapped::new(&mut head);
    let census = Walk::new(Input::new(&mut content, &mut |_| ())).head();
    // A wrapper that is cut may give no content, which says nothing of the file.
    let foreign = census.family.is_none() && content.fault().is_none();
    SnapshotFacts {
        taken_at: census.taken_at,
        family: census.family.map(|family| family.as_str().into()),
        version: census.version,
        writer: census.writer_family.map(|family| family.product().into()),
        engine_version: census.writer,
        used_memory_bytes: census.used_memory_bytes,
        invalid: foreign.then(|| "it does not begin as an RDB file does".into()),
        ..SnapshotFacts::default()
    }
}

fn inspection(judgement: RdbJudgement) -> Inspection {
    let census = judgement.facts;
    Inspection {
        format: "rdb",
        state: judgement.state,
        truncated: judgement.truncated,
        version: census.version,
        bytes: judgement.bytes,
        checksum: judgement.checksum,
        trailing_bytes: judgement.trailing_bytes,
        taken_at: census.taken_at,
        items: BTreeMap::from([
            ("keys", census.keys()),
            ("expiring_keys", census.expiring_keys()),
            ("functions", census.functions),
        ]),
        findings: judgement.findings,
        warnings: judgement.warnings,
        detail: Some(Detail::new(census)),
    }
}
