//! A bucket with very many objects that are nobody's, surveyed by the program itself.

use std::{fs, process::Command};

use crate::{
    peak::peak,
    s3_server::{Call, S3Server},
};

/// What an exporter may hold, whatever lies in its repositories beside the snapshots: a page of
/// 1,000 objects and the program. Seen, in a build without optimization: 29 MiB, be it two thousand
/// objects or a million.
pub const PEAK_MAX: u64 = 64 << 20;

/// What one survey took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Bytes of memory, at most.
    pub peak: u64,
    /// Requests that list.
    pub lists: usize,
    /// All other requests.
    pub others: usize,
}

/// Surveys so many foreign objects by `backup-exporter --once`, which lies at `program`. The server
/// makes them up while it lists them.
///
/// # Panics
/// If the program fails.
pub async fn survey(program: &str, objects: u64) -> Survey {
    let server = S3Server::start().await;
    server.world().foreign(objects);
    let directory = tempfile::tempdir().expect("a directory");
    let text = format!(
        "schema: 1\n\
         repositories: [{{ name: cloud, s3: {} }}]\n\
         sources:\n  - name: cache\n    engine: redis\n    repository: cloud\n    \
         path: \"foreign/%Y%m%d-%H%M.rdb\"\n    schedule: \"0 * * * *\"\n",
        server.yaml("")
    );
    fs::write(directory.path().join("backups.yaml"), text).expect("a configuration");
    let mut program = Command::new(program);
    program
        .args(["--config.file", "backups.yaml", "--once"])
        .current_dir(directory.path());
    let peak = tokio::task::spawn_blocking(move || peak(&mut program));
    let peak = peak.await.expect("it was measured");
    let calls = server.world().take_calls();
    let lists = calls.iter().filter(|(call, _)| *call == Call::List).count();
    Survey {
        peak,
        lists,
        others: calls.len() - lists,
    }
}
