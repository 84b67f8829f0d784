//! A whole verification in Docker, from listing to record, beside a bare server of the same image
//! that loads the same file; and how much memory the verifier needs for it.

use std::{fs, process::Command};

use anyhow::{Result, ensure};

use crate::{
    Bench,
    child::{Took, paired, run},
    docker,
    report::{Row, mib},
    samples::{self, Sample},
};

/// Of tests/images/versions, and able to read what redis-server of Debian 12 saves.
const IMAGE: &str = "redis:7.0";

/// Bytes of the small sample, which needs as much memory as the large one.
const SMALL: u64 = 64 << 20;

/// Goals of the small and of the large sample.
const WALL_MAX: [f64; 2] = [2.0, 1.4];
const MEMORY_MAX: u64 = 64 << 20;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    ensure!(
        docker::has(IMAGE),
        "no {IMAGE}; hint: run `make images` first"
    );
    let mut rows = Vec::new();
    for bytes in [SMALL, bench.large] {
        let repository = bench.work.join("repository");
        fs::create_dir_all(&repository)?;
        let file = repository.join("dump.rdb");
        samples::make(Sample::Mixed, bytes, &file)?;
        let verify = || verify(bench);
        let bare = || docker::bare_load(IMAGE, &repository);
        let (ours, theirs) = paired(bench.runs, verify, bare)?;
        rows.extend(tell(
            file.metadata()?.len(),
            ours,
            theirs,
            bytes == bench.large,
        ));
        fs::remove_dir_all(&repository)?;
    }
    Ok(rows)
}

fn verify(bench: &Bench) -> Result<Took> {
    let evidence = bench.work.join("evidence");
    fs::create_dir_all(&evidence)?;
    let config = bench.work.join("backups.yaml");
    let text = format!(
        "schema: 1\nrepositories: [{{ name: local, directory: {work}/repository }}]\n\
         sources: [{{ name: cache, engine: redis, repository: local, path: dump.rdb, \
         settle: 0s }}]\n\
         evidence: {{ repository: {{ directory: {work}/evidence }} }}\n\
         verifier: {{ images: {{ redis: [\"{IMAGE}\"] }}, pull: never }}\n",
        work = bench.work.display()
    );
    fs::write(&config, text)?;
    let mut command = Command::new(bench.program("backup-verifier"));
    run(command.arg("--config.file").arg(&config).arg("verify"), 0)
}

fn tell(bytes: u64, ours: Took, theirs: Took, large: bool) -> [Row; 2] {
    let (our, their) = (ours.wall.as_secs_f64(), theirs.wall.as_secs_f64());
    let ratio = our / their;
    let most = WALL_MAX[usize::from(large)];
    [
        Row {
            what: format!("verify {}, listing to record", mib(bytes)),
            ours: format!("{our:.2} s"),
            theirs: format!("bare {IMAGE} loads it: {their:.2} s"),
            figure: format!("{ratio:.2} × its time"),
            goal: Some((format!("≤ {most} ×"), ratio <= most)),
        },
        Row {
            what: format!("verifier's memory, {}", mib(bytes)),
            ours: mib(ours.memory),
            theirs: "–".into(),
            figure: format!("{:.1} s of processor", ours.cpu.as_secs_f64()),
            goal: Some((format!("≤ {}", mib(MEMORY_MAX)), ours.memory <= MEMORY_MAX)),
        },
    ]
}
