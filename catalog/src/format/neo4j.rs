//! Neo4j dumps and backups: archives read natively to their last byte.
//!
//! Knows no server and keeps no node and no property: only what an archive says of itself, names
//! and times of its files, and where something is wrong.

mod archive;
mod content;
mod header;
mod judge;
mod kind;
mod log;
mod metadata;
mod names;
mod settings;
mod tar;
#[cfg(test)]
mod tests;
mod window;

use std::{collections::BTreeMap, io::Read, sync::Arc};

use ::settings::{Problems, Section};
use bytes::Bytes;
use schemars::{Schema, SchemaGenerator};

use self::{
    judge::ArchiveJudgement,
    window::{ArchiveWindow, Halt},
};
use super::{
    CheckName, Detail, Format, HEAD_MAX, Inspection, Meaning, OwnKey, Settings, wrapper::Unwrapped,
};
use crate::model::{EngineName, SnapshotFacts};

pub use super::expectation::{Bounds, Change, ChecksumRule};

pub use self::{
    archive::Archive,
    kind::Kind,
    log::{ERROR_CLASSES, LOG_LINES},
    metadata::{Metadata, StoreId},
    names::StorageEngine,
    settings::{Check, CheckLevel, License, Neo4jCanary, Neo4jExpect, Query, Restore},
};

/// Most bytes that a head is unpacked to: its 64 KiB may unpack to gigabytes. Users and roles take
/// 1 MiB at most (`BackupMetadataV2.METADATA_SCRIPT_MAX_LENGTH`), and names of files follow.
const UNPACKED_MAX: u64 = 2 * 1024 * 1024;

/// Writer of archives that only the Enterprise Edition restores.
const ENTERPRISE: &str = "enterprise";

/// The format of engine `neo4j`: archives of `neo4j-admin`, of 3.5 and later.
#[derive(Debug, Clone, Copy, Default)]
pub struct Neo4j;

impl Format for Neo4j {
    fn engine(&self) -> EngineName {
        EngineName::new("neo4j")
    }

    fn restorable(&self) -> bool {
        true
    }

    fn items(&self) -> &'static [&'static str] {
        &["nodes", "relationships", "labels", "indexes", "constraints"]
    }

    fn checks(&self) -> &'static [CheckName] {
        CHECKS
    }

    fn default_images(&self) -> &'static [&'static str] {
        &["neo4j:5.26-community"]
    }

    fn migrates(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [OwnKey] {
        &[OwnKey {
            name: "neo4j",
            schema: SchemaGenerator::subschema_for::<Restore>,
        }]
    }

    fn settings(&self, section: &Section, problems: &mut Problems) -> Option<Settings> {
        let own: settings::Own = section.read(problems)?;
        settings::check_own(&own, problems);
        Some(Arc::new(own.neo4j))
    }

    fn expect(&self, section: Option<&Section>, problems: &mut Problems) -> Option<Settings> {
        let expect: Neo4jExpect = match section {
            Some(section) => section.read(problems)?,
            None => Neo4jExpect::default(),
        };
        settings::check_expect(&expect, problems);
        Some(Arc::new(expect))
    }

    fn expect_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Neo4jExpect>()
    }

    fn head_bytes(&self) -> u64 {
        // Metadata in the clear take a few hundred bytes; those in a frame need its first block.
        HEAD_MAX
    }

    fn describe(&self, heads: &[Bytes], settings: &Settings) -> SnapshotFacts {
        let database = settings
            .downcast_ref::<Restore>()
            .and_then(|own| own.database.as_ref());
        let database = database.map(|name| name.value.as_str());
        SnapshotFacts::of_artifacts(heads.iter().map(|head| describe(head, database)))
    }

    fn recognises(&self, head: &[u8]) -> bool {
        judge::recognises(head)
    }

    fn inspect(&self, input: &mut dyn Read, tee: &mut dyn FnMut(&[u8])) -> Inspection {
        inspection(judge::judge(input, tee))
    }
}

/// Every check of the Neo4j engine; the names appear in records.
const CHECKS: &[CheckName] = &[
    CheckName::new(
        "neo4j.checksum",
        "Does a checksum cover every file in the archive?",
    ),
    CheckName::new(
        "neo4j.trailing_bytes",
        "Does the file end where the archive ends?",
    ),
    CheckName::new(
        "neo4j.chain",
        "Is the newest change in a backup that was restored?",
    ),
    CheckName::new(
        "neo4j.identity",
        "Did the server serve exactly the database that was loaded?",
    )
    .means(Meaning::Identity),
    CheckName::new(
        "neo4j.consistency",
        "Do the restored files agree with each other?",
    ),
    CheckName::new(
        "neo4j.migration",
        "Does the server open the store without migrating it?",
    ),
    CheckName::new("neo4j.nodes", "Are there as many nodes as expected?"),
    CheckName::new(
        "neo4j.relationships",
        "Are there as many relationships as expected?",
    ),
    CheckName::new(
        "neo4j.labels",
        "Are there as many nodes of each label as expected?",
    ),
    CheckName::new(
        "neo4j.sample",
        "Can nodes, their properties and neighbours be read?",
    ),
    CheckName::new("neo4j.indexes", "Are all indexes online?"),
    CheckName::new(
        "neo4j.schema",
        "Is every index and constraint of before still there?",
    ),
    CheckName::new(
        "neo4j.change",
        "Did the counts change no more than allowed?",
    ),
    CheckName::new(
        "neo4j.manifest",
        "Does the database hold what its manifest says?",
    )
    .means(Meaning::Manifest),
    CheckName::new("neo4j.queries", "Are the answers as expected?"),
    CheckName::new(
        "neo4j.canary",
        "Is the newest heartbeat inside recent enough?",
    )
    .means(Meaning::Canary),
    CheckName::new("neo4j.roles", "Are users and roles part of the snapshot?"),
    CheckName::new(
        "neo4j.recovery_time",
        "Was it restored within its objective?",
    ),
    CheckName::new("neo4j.server", "Which server restored it?"),
];

/// Reads what the head of one archive says. The head may be cut anywhere, also inside a wrapper.
pub fn head(head: &[u8]) -> Archive {
    read_head(head).0
}

fn read_head(head: &[u8]) -> (Archive, Option<Halt>) {
    let mut archive = Archive::default();
    let mut reader = head;
    let halt = if judge::is_wrapped(head) {
        let mut content = Unwrapped::new(&mut reader).take(UNPACKED_MAX);
        read_head_of(&mut content, &mut archive)
    } else {
        read_head_of(&mut reader, &mut archive)
    };
    (archive, halt)
}

fn read_head_of(reader: &mut dyn Read, archive: &mut Archive) -> Option<Halt> {
    let mut window = ArchiveWindow::new(reader);
    let ended = content::read(&mut window, UNPACKED_MAX, archive);
    ended.walked.err()
}

fn describe(head: &[u8], database: Option<&str>) -> SnapshotFacts {
    let (archive, halt) = read_head(head);
    let said = archive.metadata.as_ref();
    let other = said.zip(database).filter(|(said, expected)| {
        // Neo4j keeps names of databases in lower case (`NormalizedDatabaseName`).
        !said.database.eq_ignore_ascii_case(expected)
    });
    let invalid = if head.is_empty() {
        Some("it is empty".into())
    } else if halt == Some(Halt::Foreign) {
        Some("it does not begin as an archive of Neo4j does".into())
    } else {
        other.map(|(said, expected)| {
            let (database, key) = (&said.database, "neo4j.database");
            format!("it is a backup of the database {database:?} (expected by {key}: {expected})")
        })
    };
    SnapshotFacts {
        taken_at: said.and_then(|it| it.taken_at),
        family: archive.kind.map(|kind| kind.as_str().into()),
        version: archive.kind.and_then(Kind::version),
        writer: archive.needs_enterprise().then(|| ENTERPRISE.into()),
        restored_bytes: archive
            .announced
            .and_then(|(_, bytes)| u64::try_from(bytes).ok()),
        lineage: said.map(Metadata::lineage_link),
        unplaced: said.is_none() && archive.kind.is_some_and(Kind::is_backup),
        invalid,
        ..SnapshotFacts::default()
    }
}

fn inspection(judgement: ArchiveJudgement) -> Inspection {
    let archive = judgement.facts;
    Inspection {
        format: "neo4j",
        state: judgement.state,
        truncated: judgement.truncated,
        version: archive.kind.and_then(Kind::version),
        bytes: judgement.bytes,
        checksum: judgement.checksum,
        trailing_bytes: judgement.trailing_bytes,
        taken_at: archive.metadata.as_ref().and_then(|it| it.taken_at),
        items: BTreeMap::new(),
        findings: judgement.findings,
        warnings: judgement.warnings,
        detail: Some(Detail::new(archive)),
    }
}
