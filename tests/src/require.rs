//! What a test needs of the machine, and how it says that it is not there.
//!
//! `require!(docker)` as a test's first line returns from it when no engine answers. The skip goes
//! to stderr and, because cargo captures that, as a line to the file named by `SKIPS_FILE`, which
//! `make test` prints and counts. Where `REQUIRE` names what is missing, the test fails instead.
//!
//! It must not make anything available: that is the work of `scripts/`.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use bollard::Docker;

/// What a probe found: present, or the reason why not.
pub type Probe = Result<(), String>;

/// What is to become of a test.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Run,
    Skip(String),
    Fail(String),
}

/// Returns from the surrounding test, counted, unless the machine has what is named: `docker`,
/// `redis`, `promtool`, `prometheus`, `alertmanager`, `root` (who may mount a file system and be
/// another user), `s3` (a real store, which may be excused from a named case), or `image` with its
/// name.
#[macro_export]
macro_rules! require {
    (docker) => {
        $crate::require!(@ "docker", $crate::require::docker())
    };
    (redis) => {
        $crate::require!(@ "redis", $crate::require::program("redis-server"))
    };
    (promtool) => {
        $crate::require!(@ "promtool", $crate::require::program("promtool"))
    };
    (prometheus) => {
        $crate::require!(@ "prometheus", $crate::require::program("prometheus"))
    };
    (alertmanager) => {
        $crate::require!(@ "alertmanager", $crate::require::program("prometheus-alertmanager"))
    };
    (root) => {
        $crate::require!(@ "root", $crate::require::root())
    };
    (s3) => {
        $crate::require!(@ "s3", $crate::s3_store::probe())
    };
    (s3 $case:expr) => {
        $crate::require!(s3);
        $crate::require!(@ &format!("s3 {}", $case), $crate::s3_store::asks($case))
    };
    (image $image:expr) => {
        $crate::require!(@ $image, $crate::require::image($image))
    };
    (@ $name:expr, $probe:expr) => {
        if $crate::require::skipped($name, $probe) {
            return;
        }
    };
}

/// Whether the test is to return at once; says so where it is.
///
/// # Panics
/// When `REQUIRE` names what is missing.
#[must_use]
pub fn skipped(name: &str, probe: Probe) -> bool {
    match judge(name, probe, &env::var("REQUIRE").unwrap_or_default()) {
        Outcome::Run => false,
        Outcome::Skip(line) => {
            announce(&line, env::var_os("SKIPS_FILE").as_deref().map(Path::new));
            true
        }
        Outcome::Fail(message) => panic!("{message}"),
    }
}

/// A Docker engine answers where the product would look for it. Asked once a process.
pub fn docker() -> Probe {
    static ANSWER: OnceLock<Probe> = OnceLock::new();
    ANSWER.get_or_init(|| ask(None)).clone()
}

/// The engine has the image; it is not pulled.
pub fn image(name: &str) -> Probe {
    docker()?;
    ask(Some(name.to_owned()))
}

/// The program is on the search path.
pub fn program(name: &str) -> Probe {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|directory| directory.join(name).is_file());
    if found {
        Ok(())
    } else {
        Err(format!("{name} is not on the PATH"))
    }
}

/// A file system may be mounted, where nobody else sees it, and we may become another user.
pub fn root() -> Probe {
    let tried = std::process::Command::new("unshare")
        .args(["--mount", "sh", "-c"])
        .arg("mount -t tmpfs tmpfs /mnt && exec setpriv --reuid=65534 --clear-groups true")
        .output();
    match tried {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare does not run: {error}")),
    }
}

fn judge(name: &str, probe: Probe, required: &str) -> Outcome {
    match probe {
        Ok(()) => Outcome::Run,
        Err(reason) if required.split(',').any(|one| one.trim() == name) => {
            Outcome::Fail(format!("REQUIRE names {name}, and it is missing: {reason}"))
        }
        Err(reason) => Outcome::Skip(format!("{name}: {reason}")),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "what cargo shows of a test that fails later"
)]
fn announce(line: &str, file: Option<&Path>) {
    eprintln!("skipped: {line}");
    let Some(file) = file else { return };
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    assert!(
        written.is_ok(),
        "SKIPS_FILE {}: {written:?}",
        file.display()
    );
}

/// Runs on a thread of its own: tests call this from inside a runtime too.
fn ask(image: Option<String>) -> Probe {
    const PATIENCE: Duration = Duration::from_secs(10);
    let question = async move {
        let engine = Docker::connect_with_defaults()?;
        match image {
            None => engine.ping().await.map(drop),
            Some(name) => engine.inspect_image(&name).await.map(drop),
        }
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, question).await });
        match answer {
            Ok(answer) => answer.map_err(|error| format!("the engine says: {error}")),
            Err(_) => Err(format!("the engine does not answer within {PATIENCE:?}")),
        }
    })
    .join()
    .unwrap_or_else(|_| Err("the probe itself failed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Probe {
        Err("not here".to_owned())
    }

    #[test]
    fn what_is_there_runs_whether_required_or_not() {
        assert_eq!(judge("docker", Ok(()), ""), Outcome::Run);
        assert_eq!(judge("docker", Ok(()), "docker"), Outcome::Run);
    }

    #[test]
    fn what_is_missing_is_skipped_with_its_reason() {
        let skip = Outcome::Skip("docker: not here".to_owned());
        for required in ["", "redis", "redis, promtool", "dockerd"] {
            assert_eq!(
                judge("docker", missing(), required),
                skip,
                "REQUIRE={required}"
            );
        }
    }

    #[test]
    fn what_is_missing_and_required_fails() {
        for required in ["docker", "redis,docker", "redis, docker ,redis:7.0"] {
            let outcome = judge("docker", missing(), required);
            assert!(
                matches!(outcome, Outcome::Fail(_)),
                "REQUIRE={required}: {outcome:?}"
            );
        }
    }

    #[test]
    fn every_skip_is_one_more_line_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("skips");
        announce("docker: not here", Some(&file));
        announce("redis: nor this", Some(&file));
        let lines = std::fs::read_to_string(&file).unwrap();
        assert_eq!(lines, "docker: not here\nredis: nor this\n");
    }

    #[test]
    fn a_program_is_looked_for_on_the_path() {
        assert_eq!(program("sh"), Ok(()));
        assert!(program("no-such-program-anywhere").is_err());
    }

    #[test]
    fn an_image_nobody_has_is_missing_with_or_without_an_engine() {
        assert!(image("backup-witness/no-such-image:0").is_err());
    }
}
