//! A survey of many files beside `find`, which looks at the same metadata.

use std::{fs, process::Command};

use anyhow::Result;

use crate::{
    Bench,
    child::{paired, run},
    report::{Row, mib},
    samples::EMPTY,
};

/// Files of the repository.
const FILES: u64 = 100_000;

pub(crate) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let repository = bench.work.join("many");
    fs::create_dir_all(&repository)?;
    for file in 0..FILES {
        fs::write(
            repository.join(format!("cache-{}.rdb", 1_600_000_000 + file * 60)),
            EMPTY,
        )?;
    }
    let config = bench.work.join("many.yaml");
    let text = format!(
        "schema: 1\nrepositories: [{{ name: many, directory: {} }}]\n\
         sources: [{{ name: cache, engine: redis, repository: many, path: cache-%s.rdb, settle: 0s }}]\n",
        repository.display()
    );
    fs::write(&config, text)?;
    let once = || {
        let mut command = Command::new(bench.program("backup-exporter"));
        run(command.arg("--config.file").arg(&config).arg("--once"), 0)
    };
    let find = || {
        run(
            Command::new("find")
                .arg(&repository)
                .args(["-printf", "%s %T@ %p\n"]),
            0,
        )
    };
    let (ours, theirs) = paired(bench.runs, once, find)?;
    let (our, their) = (ours.wall.as_secs_f64(), theirs.wall.as_secs_f64());
    Ok(vec![Row {
        what: format!("survey {FILES} files (`--once`)"),
        ours: format!("{our:.2} s, {}", mib(ours.memory)),
        theirs: format!("find -printf: {their:.2} s"),
        figure: format!("{:.1} × its time", our / their),
        goal: None,
    }])
}
