//! Programs of this machine that could serve, and the version that each of them tells.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncReadExt, process::Command, time::timeout};

use super::children::plain;
use crate::runtime::ImageFacts;

/// Longest wait for `PROGRAM --version`; a Java program needs seconds.
const VERSION_LIMIT: Duration = Duration::from_secs(20);

/// Most bytes read of a version, which is one line.
const VERSION_BYTES_MAX: u64 = 4096;

/// Returns the programs of these names that are there, in the order of `names`.
pub(super) async fn find(dirs: &[PathBuf], names: &[&str]) -> Vec<ImageFacts> {
    let mut found = Vec::new();
    for path in names.iter().filter_map(|name| locate(dirs, name)) {
        found.push(ImageFacts {
            image: path.display().to_string(),
            id: None,
            present: true,
            version_texts: version(&path).await.into_iter().collect(),
        });
    }
    found
}

/// Path of the first executable file called `name` in `dirs`.
pub(super) fn locate(dirs: &[PathBuf], name: &str) -> Option<PathBuf> {
    let executable = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    dirs.iter().map(|dir| dir.join(name)).find(executable)
}

/// First line of `PROGRAM --version`; `None` if there is none in time. The program runs with the
/// environment of a sandbox: what it does not find there it must not find here.
#[expect(
    clippy::disallowed_methods,
    reason = "asks a configured program its version"
)]
async fn version(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_clear()
        .envs(plain(&program.display().to_string()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut text = Vec::new();
    let mut stdout = child.stdout.take()?.take(VERSION_BYTES_MAX);
    timeout(VERSION_LIMIT, stdout.read_to_end(&mut text))
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .next()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn script(dir: &Path, name: &str, text: &str, mode: u32) {
        let path = dir.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn programs_are_found_in_order_and_say_their_version_with_what_a_sandbox_has() {
        let dir = tempfile::tempdir().unwrap();
        script(
            dir.path(),
            "one",
            "#!/bin/sh\necho \"one 1.2 for $1$CARGO_PKG_NAME by $(helper)\"; echo more\n",
            0o755,
        );
        script(dir.path(), "helper", "#!/bin/sh\necho another\n", 0o755);
        script(dir.path(), "silent", "#!/bin/sh\nexit 1\n", 0o755);
        script(dir.path(), "data", "no program", 0o644);
        let dirs = [dir.path().join("absent"), dir.path().to_owned()];
        let found = find(&dirs, &["silent", "data", "none", "one"]).await;
        let versions: Vec<_> = found
            .iter()
            .map(|facts| facts.version_texts.clone())
            .collect();
        assert_eq!(
            versions,
            [vec![], vec!["one 1.2 for --version by another".to_owned()]]
        );
        assert!(found[1].image.ends_with("/one") && found[1].present);
    }
}
