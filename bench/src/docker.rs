//! A bare server in a container that loads the same file: what a restore costs without us.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::child::Took;

/// Printed by servers of every version once everything is loaded (`server.c`).
const READY: &str = "Ready to accept connections";

/// Starts a container whose server loads `directory`/dump.rdb; until it says that it is ready. The
/// container is removed after the clock has stopped.
pub(crate) fn bare_load(image: &str, directory: &Path) -> Result<Took> {
    let name = format!("backup-witness-bench-{}", std::process::id());
    let mount = format!("{}:/data", directory.display());
    let began = Instant::now();
    let mut server = Command::new("docker")
        .args([
            "run",
            "--rm",
            "--network",
            "none",
            "--name",
            &name,
            "--volume",
            &mount,
            image,
        ])
        .args(["redis-server", "--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("docker")?;
    let ready = wait_until_ready(&mut server);
    let wall = began.elapsed();
    Command::new("docker")
        .args(["rm", "--force", &name])
        .stdout(Stdio::null())
        .status()?;
    server.wait()?;
    ready?;
    Ok(Took::by_the_clock(wall))
}

fn wait_until_ready(server: &mut Child) -> Result<()> {
    let output = server.stdout.take().context("its output is piped")?;
    for line in BufReader::new(output).lines() {
        if line?.contains(READY) {
            return Ok(());
        }
    }
    bail!("the bare server ended before it was ready")
}

/// Whether the engine has this image.
pub(crate) fn has(image: &str) -> bool {
    let mut command = Command::new("docker");
    command
        .args(["image", "inspect", image])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
