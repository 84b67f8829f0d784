//! A format whose heads say when they are from, and the surroundings of a survey.

use super::*;
use crate::{
    format::double::Double,
    grouping::Completeness,
    layout::Layout,
    model::{LineageLink, SnapshotFacts},
};

/// 2026-11-22T12:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_348_800, 0);

pub(super) fn ago(minutes: i64) -> Timestamp {
    NOW - SignedDuration::from_mins(minutes)
}

/// `head=-70` is from 70 minutes before [`NOW`]; `full 1 10` and `part 11 20` are of one lineage;
/// `bad` is no snapshot.
static FAKE: Double = Double {
    head_bytes: u64::MAX,
    end: |tail| Some(tail.ends_with(b".")),
    describe: |heads| {
        let head = String::from_utf8_lossy(&heads[0]);
        let head = head.trim_end_matches('.');
        let minutes = head
            .strip_prefix("head=")
            .map(|minutes| minutes.parse::<i64>().unwrap());
        SnapshotFacts {
            taken_at: minutes.map(|minutes| ago(-minutes)),
            lineage: lineage(head),
            invalid: (head == "bad").then(|| "bad".into()),
            ..SnapshotFacts::default()
        }
    },
    ..Double::new("fake")
};

fn lineage(head: &str) -> Option<LineageLink> {
    let mut words = head.split(' ');
    let full = match words.next()? {
        "full" => true,
        "part" => false,
        _ => return None,
    };
    let mut number = || words.next().unwrap().parse().unwrap();
    Some(LineageLink {
        lineage: "one".into(),
        full,
        first: number(),
        last: number(),
    })
}

pub(super) fn source(name: &str, paths: &[&str]) -> SurveySource {
    let patterns = paths.iter().map(|path| path.parse().unwrap()).collect();
    SurveySource {
        name: SourceName::new(name).unwrap(),
        format: &FAKE,
        settings: std::sync::Arc::new(()),
        layout: Layout::new(patterns, TimeZone::UTC),
        completeness: Completeness::default(),
    }
}

pub(super) struct Setup {
    sources: Vec<SurveySource>,
    pub(super) cache: HeadCache,
    /// Recovery points in evidence records, by key.
    pub(super) known: Vec<(&'static str, Timestamp)>,
    pub(super) everything: bool,
}

impl Setup {
    pub(super) fn new(sources: &[SurveySource]) -> Self {
        Self {
            sources: sources.into(),
            cache: HeadCache::default(),
            known: Vec::new(),
            everything: false,
        }
    }

    pub(super) async fn survey(
        &mut self,
        storage: &dyn Storage,
    ) -> Result<Inventory, StorageError> {
        let recorded = |_: &SourceName, meta: &ObjectMeta| {
            let mut known = self.known.iter();
            known.find_map(|(key, at)| (*key == meta.key.as_str()).then_some(*at))
        };
        let context = SurveyContext {
            now: NOW,
            cache: &mut self.cache,
            known: &recorded,
            everything: self.everything,
        };
        let repository = RepositoryName::new("local").unwrap();
        survey(storage, &repository, &self.sources, context).await
    }
}
