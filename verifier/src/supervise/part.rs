//! One artifact of the snapshot under verification.

use std::sync::Arc;

use catalog::{
    manifest::Manifest,
    model::{Artifact, ObjectMeta, Snapshot, SnapshotFacts},
};
use tokio::time::Instant;

use super::{
    Assignment, Context,
    attempt::{Attempt, Kept},
};
use crate::{
    engine::{Judged, Purpose},
    report,
    runtime::RunId,
    stream::Passed,
};

/// Which one, and within which deadline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) context: &'a Context,
    pub(super) assignment: &'a Assignment,
    pub(super) purpose: Purpose,
    pub(super) index: usize,
    pub(super) deadline: Instant,
}

/// What is known of an artifact in the end.
#[derive(Debug)]
pub(super) struct Shown {
    /// Of the run that counts.
    pub(super) kept: Kept,
    /// About this artifact alone.
    pub(super) answers: Vec<Judged>,
    /// A second run did not confirm the first: nothing counted in it may accuse the snapshot.
    pub(super) doubtful: bool,
}

impl Shown {
    pub(super) const fn of(kept: Kept, answers: Vec<Judged>) -> Self {
        Self {
            kept,
            answers,
            doubtful: false,
        }
    }
}

impl Part<'_> {
    /// A run of it; a further one of the same verification says why, and has labels of its own.
    pub(super) fn attempt(&self, why: Option<&str>) -> Arc<Attempt> {
        let mut run = self.assignment.run.0.clone();
        if self.assignment.is_of_several() {
            run = format!("{run}-{}", self.index + 1);
        }
        if let Some(why) = why {
            run = format!("{run}-{why}");
        }
        Attempt::new(self, RunId(run))
    }
}

impl Assignment {
    /// Whether findings must say which artifact they are about.
    pub(super) fn is_of_several(&self) -> bool {
        self.snapshot.artifacts.len() > 1
    }

    /// What `*` of the path matched, as it may be printed; `None` where there is only one.
    pub(super) fn name_of(&self, index: usize) -> Option<String> {
        let artifact: &Artifact = self.snapshot.artifacts.get(index)?;
        self.is_of_several()
            .then(|| report::printable(&artifact.name))
    }

    /// What the snapshot continues, the full one first; nothing where that is not known.
    pub(super) fn before(&self) -> Vec<&Snapshot> {
        self.snapshot.before().unwrap_or_default()
    }

    /// What is read for the artifact of this index: what it continues, and itself as the last.
    pub(super) fn objects(&self, index: usize) -> Vec<&ObjectMeta> {
        let before = self.before().into_iter();
        let before = before.filter_map(|snapshot| snapshot.artifacts.first());
        let own = self.snapshot.artifacts.get(index);
        before.chain(own).map(|artifact| &artifact.meta).collect()
    }

    /// What was read of the artifact itself, behind what it continues.
    pub(super) fn own<'a>(&self, kept: &'a Kept) -> Option<&'a Passed> {
        kept.read.get(self.before().len())
    }

    /// Its own one.
    pub(super) fn manifest_of(&self, index: usize) -> Option<&Manifest> {
        let artifact = self.snapshot.artifacts.get(index)?;
        self.snapshot.manifests.get(&artifact.meta.key)
    }

    /// Bytes of the objects that all its runs read.
    pub(super) fn size_bytes(&self) -> u64 {
        self.snapshot.chain_bytes()
    }

    /// Facts from the head of the only artifact. `None` with several artifacts (the survey merges
    /// their heads), or if the survey did not read the head.
    pub(super) fn facts_of_only(&self) -> Option<&SnapshotFacts> {
        let facts = &self.snapshot.facts;
        (!self.is_of_several() && facts.version.is_some()).then_some(facts)
    }
}
