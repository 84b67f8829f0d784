//! The snapshot that the checks are asked about, good until a test changes it.

use super::*;

/// A snapshot with two databases, wholly loaded; tests change what they are about.
pub(super) struct World {
    pub(super) census: Census,
    pub(super) inspection: Inspection,
    pub(super) artifact: ArtifactRecord,
    pub(super) manifest: Option<Manifest>,
    pub(super) previous: Option<Baseline>,
    pub(super) expect: RedisExpect,
    pub(super) seen: RedisObservations,
    pub(super) recovery: (Option<u64>, Option<u64>),
}

pub(super) const TAKEN_AT: i64 = 1_700_000_000;

impl World {
    pub(super) fn new() -> Self {
        let database = |keys, expiring_keys| Database {
            keys,
            expiring_keys,
            announced: Some((keys, expiring_keys)),
        };
        let census = Census {
            family: Some(Family::Redis),
            version: Some(10),
            databases: BTreeMap::from([(0, database(100, 10)), (3, database(1, 0))]),
            functions: 1,
            writer: Some("7.0.15".into()),
            ..Census::default()
        };
        let inspection = Inspection {
            format: "rdb",
            truncated: false,
            state: InspectionState::Intact,
            version: Some(10),
            bytes: 1000,
            checksum: Checksum::Verified,
            trailing_bytes: 0,
            taken_at: None,
            items: BTreeMap::new(),
            findings: Vec::new(),
            warnings: Vec::new(),
            detail: Some(Detail::new(census.clone())),
        };
        let artifact = ArtifactRecord {
            key: "cache.rdb".into(),
            version_id: None,
            etag: None,
            size_bytes: 1000,
            sha256: Some("ab".repeat(32)),
            modified_at: at(0),
            integrity: Integrity::File,
        };
        let seen = RedisObservations {
            loaded: Some(98),
            expired: Some(2),
            skipped: Some(1),
            live_keys: Some(97),
            functions: Some(1),
            evicted: Some(0),
            used_memory: Some(1_000_000),
            server: Some("Redis 7.0.15".into()),
            without: None,
            time: Some(at(60)),
            canary: None,
        };
        Self {
            census,
            inspection,
            artifact,
            manifest: None,
            previous: None,
            expect: RedisExpect::default(),
            seen,
            recovery: (Some(900), None),
        }
    }

    pub(super) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::new();
        change(&mut world);
        world
    }

    pub(super) fn judge(&self) -> Vec<CheckResult> {
        let evidence = self.evidence();
        let cases = [self.case(&evidence)];
        let whole = self.whole(std::slice::from_ref(&evidence));
        let mut judged = of_artifact(&cases[0]);
        judged.extend(of_snapshot(&whole, &cases, &self.expect));
        judged
    }

    pub(super) fn evidence(&self) -> Case<'_> {
        Case {
            inspection: &self.inspection,
            observations: &[],
            artifact: &self.artifact,
            manifest: self.manifest.as_ref(),
            asked_at: at(61),
        }
    }

    pub(super) fn case<'a>(&'a self, evidence: &'a Case<'a>) -> RedisCase<'a> {
        RedisCase {
            evidence,
            census: &self.census,
            expect: &self.expect,
            seen: self.seen.clone(),
        }
    }

    pub(super) fn whole<'a>(&'a self, artifacts: &'a [Case<'a>]) -> Whole<'a> {
        Whole {
            artifacts,
            previous: self.previous.as_ref(),
            taken_at: at(0),
            recovery_milliseconds: self.recovery.0,
            recovery_milliseconds_max: self.recovery.1,
        }
    }

    pub(super) fn answer(&self, check: &str) -> CheckResult {
        let found = self
            .judge()
            .into_iter()
            .find(|judged| judged.finding.check == check);
        found.expect("every check answers")
    }
}

pub(super) fn at(seconds_after: i64) -> Timestamp {
    Timestamp::from_second(TAKEN_AT + seconds_after).expect("a valid time")
}

pub(super) fn manifest(keys: Option<u64>) -> Manifest {
    Manifest {
        schema: 1,
        size_bytes: Some(1000),
        sha256: Some("AB".repeat(32)),
        taken_at: None,
        items: keys
            .map(|keys| ("keys".to_owned(), keys))
            .into_iter()
            .collect(),
        producer: None,
        engine_version: None,
    }
}
