//! `quiet-hour SOURCES RECORDS [DIRECTORY]`: an hour of `serve` in which nothing is due, in paused
//! time. `make bench` runs it.
//!
//! Repositories and records are in memory, or in the directory. It prints seconds of processor for
//! the hour, memory in KiB by which the process grew, and all its memory in KiB.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measuring program looks at itself and prints"
)]

use std::{env, fmt::Write as _, fs, path::Path, sync::Arc, time::Duration};

use catalog::{
    ledger::{DirectoryRecords, Draft, MemoryRecords, RecordWriter, append, fixtures},
    model::{SnapshotId, SourceName, TakenAtFrom},
    storage::memory::Memory,
};
use jiff::{SignedDuration, Timestamp};
use toolkit::clock::Clock;
use verifier::simulated::{Quiet, SimulatedRecords};

/// Snapshots of each source: ten nights.
const SNAPSHOTS: i64 = 10;

/// An empty snapshot of Redis, whole but without keys.
const EMPTY: &[u8] = b"REDIS0011\xff\0\0\0\0\0\0\0\0";

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [sources, records, directory @ ..] = &arguments[..] else {
        return Err("usage: quiet-hour SOURCES RECORDS [DIRECTORY]".into());
    };
    let (sources, records) = (sources.parse()?, records.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    let home = tempfile::tempdir()?;
    let directory = directory.first().map(Path::new);
    runtime.block_on(measure(sources, records, directory, home.path()))
}

async fn measure(
    sources: usize,
    records: i64,
    directory: Option<&Path>,
    home: &Path,
) -> Fallible<()> {
    let noon = fixtures::at("12:00:00");
    let memory = (Memory::default(), MemoryRecords::default());
    let writer: Arc<dyn RecordWriter> = match directory {
        None => Arc::new(memory.1.clone()),
        Some(directory) => {
            fs::create_dir_all(directory.join("evidence"))?;
            Arc::new(DirectoryRecords::new(directory.join("evidence")))
        }
    };
    writer.mark().await?;
    for number in 0..sources {
        let name = SourceName::new(&format!("cache-{number}"))?;
        for day in (0..SNAPSHOTS).rev() {
            let at = noon - SignedDuration::from_hours(9 + 24 * day);
            let key = format!("{name}/{}.rdb", at.strftime("%Y%m%d-%H%M"));
            put(directory, &memory.0, &key, at)?;
        }
        for day in (0..records).rev() {
            let at = noon - SignedDuration::from_hours(9 + 24 * day);
            append(&*writer, &name, record(&name, at)).await?;
        }
    }
    let config = config(sources, directory);
    let clock = Clock::starting_at(noon);
    let (repository, records) = memory;
    let stores = (repository, SimulatedRecords::new(records, clock.clone()));
    let stores = directory.is_none().then_some(stores);
    let before = status("VmRSS")?;
    let mut hours = Vec::new();
    let hour = Duration::from_hours(1);
    // The first hour reads every ledger; the second one is measured.
    let service = Quiet {
        home,
        config: &config,
        clock,
        stores,
    };
    service.run([hour, hour], || hours.push(processor())).await;
    let [began, ended] = hours[..] else {
        return Err("the hour never ended".into());
    };
    let took = ended.saturating_sub(began);
    let grown = status("VmHWM")?.saturating_sub(before);
    println!("{:.3} {grown} {}", took.as_secs_f64(), status("VmHWM")?);
    Ok(())
}

fn put(directory: Option<&Path>, memory: &Memory, key: &str, at: Timestamp) -> Fallible<()> {
    let Some(directory) = directory else {
        memory.put_at(key, EMPTY, at);
        return Ok(());
    };
    let path = directory.join("repository").join(key);
    fs::create_dir_all(path.parent().ok_or("a key has a directory")?)?;
    fs::write(&path, EMPTY)?;
    let file = fs::File::options().write(true).open(&path)?;
    file.set_modified(at.into())?;
    Ok(())
}

/// A record of the nightly verification of a snapshot.
fn record(name: &SourceName, taken_at: Timestamp) -> Draft {
    let mut run = fixtures::verification(taken_at, None);
    let id = taken_at.strftime("%Y%m%d-%H%M").to_string();
    run.source = name.clone();
    run.snapshot.artifacts[0].key = format!("{name}/{id}.rdb");
    run.snapshot.artifacts[0].etag = None;
    run.snapshot.artifacts[0].size_bytes = EMPTY.len() as u64;
    run.snapshot.id = SnapshotId(id);
    run.snapshot.taken_at_from = TakenAtFrom::Name;
    run.log_tail = vec!["a line of the log of a server that was restored".into(); 20];
    Draft::Verification(Box::new(run))
}

fn config(sources: usize, directory: Option<&Path>) -> String {
    let place = directory.unwrap_or_else(|| Path::new("/nowhere")).display();
    let mut text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: {place}/repository }}]\n\
         evidence: {{ repository: {{ directory: {place}/evidence }} }}\n\
         verifier: {{ runtime: docker, slack: {{ webhook_url_file: nowhere }} }}\nsources:\n"
    );
    for number in 0..sources {
        let _ = writeln!(
            text,
            "  - {{ name: cache-{number}, engine: redis, repository: local, settle: 0s, \
             path: \"cache-{number}/%Y%m%d-%H%M.rdb\", verify: {{ schedule: \"0 4 * * *\" }} }}"
        );
    }
    text
}

/// Time of this process on the processor, user and system: `clock_gettime(2)`.
fn processor() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// A line of /proc/self/status, in KiB (proc(5)).
fn status(of: &str) -> Fallible<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| *name == of).ok_or("no such line")?;
    Ok(value.trim().trim_end_matches(" kB").parse()?)
}
