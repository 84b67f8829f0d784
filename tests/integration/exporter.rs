//! `backup-exporter` from its arguments to its answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod buckets;
mod command_line;
mod reload;
mod running;
mod serving;
mod web;

use std::{fs, path::Path};

use catalog::{
    ledger::{DirectoryRecords, Draft, Finding, Outcome, Reason, append, fixtures},
    model::Key,
    storage::{Directory, Storage as _},
};
use tempfile::TempDir;

/// A key that must never leave the program.
const MARKER: &str = "MARKER-<script>";

/// A directory with a configuration, a repository and evidence.
struct Site(TempDir);

impl Site {
    /// One snapshot of `cache`, and one object that fits nothing.
    fn new() -> Self {
        let site = Self(TempDir::new().unwrap());
        site.put(
            "backups/redis/20261122-0400.rdb",
            b"REDIS0011\xff\0\0\0\0\0\0\0\0",
        );
        site.put(&format!("backups/redis/{MARKER}"), b"stray");
        fs::create_dir(site.path().join("evidence")).unwrap();
        site.configure("");
        site
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> String {
        self.path().join("backups.yaml").display().to_string()
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    /// Writes the configuration; `more` are further sources.
    fn configure(&self, more: &str) {
        let text = format!(
            "schema: 1
repositories: [{{ name: local, directory: backups }}]
sources:
  - name: cache
    engine: redis
    repository: local
    path: redis/%Y%m%d-%H%M.rdb
    schedule: \"0 * * * *\"
    settle: 0s
    objectives: {{ recovery_point: 90m }}
{more}evidence: {{ repository: {{ directory: evidence }} }}
exporter: {{ refresh: 1h }}
"
        );
        self.put("backups.yaml", text.as_bytes());
    }

    /// Writes down that the snapshot of this time, as it lies there, was verified an hour later.
    async fn prove(&self, taken_at: &str) {
        let mut run = fixtures::verification(fixtures::at(taken_at), None);
        let storage = Directory::new(self.path().join("backups"));
        for artifact in &mut run.snapshot.artifacts {
            let key = Key::new(artifact.key.clone());
            let listed = storage.head(&key).await.unwrap();
            artifact.etag = listed.etag;
            artifact.size_bytes = listed.size_bytes;
            artifact.modified_at = listed.modified_at;
        }
        self.record(Draft::Verification(Box::new(run))).await;
    }

    /// Writes down that it could not be judged for this reason, with a hint.
    async fn prove_inconclusive(&self, taken_at: &str, reason: Reason) {
        let mut run = fixtures::verification(fixtures::at(taken_at), Some(reason));
        run.findings = vec![Finding {
            check: "redis.checksum".into(),
            outcome: Outcome::Failed,
            observed: None,
            expected: None,
            basis: None,
            message: "nothing vouches\nhint: Write expect.".into(),
        }];
        self.record(Draft::Verification(Box::new(run))).await;
    }

    async fn record(&self, draft: Draft) {
        let evidence = DirectoryRecords::new(self.path().join("evidence"));
        append(&evidence, &fixtures::cache(), draft).await.unwrap();
    }
}
