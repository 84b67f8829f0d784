//! Neo4j without a container: the programs of the image, unpacked on this machine.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::{Command, Output},
};

use catalog::{format::neo4j::Neo4j, ledger::Reason};
use tempfile::TempDir;
use tests::{
    engine_suite::{self, Engined},
    neo4j_workshop::{IMAGE, TURNS, configured, workshop},
    require,
    runtime_suite::config,
    verifying::Subject,
};
use verifier::runtime::open;

/// Removed with its container, which never runs.
struct Unpacked {
    container: String,
    directory: TempDir,
}

fn docker(words: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    let output = command.args(["180", "docker"]).args(words).output();
    output.expect("docker runs")
}

impl Unpacked {
    fn of(image: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let everybody = fs::Permissions::from_mode(0o755);
        fs::set_permissions(directory.path(), everybody).expect("ours");
        let label = "--label=io.backup-witness.test=unpacked";
        let created = docker(&["create", "--network=none", label, image]);
        let container = String::from_utf8_lossy(&created.stdout).trim().to_owned();
        let unpacked = Self {
            container,
            directory,
        };
        for (from, to) in [("/var/lib/neo4j", "neo4j"), ("/opt/java/openjdk", "java")] {
            let from = format!("{}:{from}", unpacked.container);
            let to = unpacked.directory.path().join(to).display().to_string();
            let copied = docker(&["cp", &from, &to]);
            assert!(copied.status.success(), "{copied:?}");
        }
        symlink("../../java/bin/java", unpacked.programs().join("java")).expect("a link");
        unpacked
    }

    fn programs(&self) -> PathBuf {
        self.directory.path().join("neo4j/bin")
    }

    /// What was made for another system may not run on this one.
    fn runs(&self) -> Result<(), String> {
        let ran = Command::new(self.programs().join("java"))
            .arg("-version")
            .output();
        let ran = ran.map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
        ran.status.success().then_some(()).ok_or(said)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.container]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_of_this_machine_restore_and_refuse_as_an_image_does() {
    let _turn = TURNS.acquire().await.expect("never closed");
    require!(docker);
    require!(image IMAGE);
    let unpacked = Unpacked::of(IMAGE);
    require!(@ "image-java", unpacked.runs());
    let state = tempfile::tempdir().expect("a directory");
    let mut config = config(state.path());
    config.program_dirs.insert(0, unpacked.programs());
    let engine = &verifier::engine::neo4j::Neo4j;
    let mut subject = configured(Subject::on("process", &Neo4j, engine, &[]));
    subject.runtime = open("process", &config).expect("a runtime");
    let good = workshop().await.graph.clone();
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let verification = subject.verify(damaged.clone()).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Damaged),
        "{verification:#?}"
    );
    let sandbox = verification.sandbox.expect("there was one");
    assert_eq!(sandbox.runtime, "process");
    assert!(sandbox.image.contains("5.26."), "{sandbox:?}");
    let engined = Engined {
        subject,
        good,
        damaged,
    };
    engine_suite::a_good_snapshot_is_verified(engined).await;
    let root = config.run_root;
    assert!(!root.exists(), "nothing is left behind");
}
