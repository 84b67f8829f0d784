//! A real module in a real image: loaded where the image brings it or the configuration names it,
//! and named where it is missing.

use std::process::{Command, Output};

use catalog::{
    format::redis::Redis,
    ledger::{Reason, Verification},
};
use tempfile::TempDir;
use tests::{
    redis_writer::save,
    require,
    runtime_suite::run_id,
    verifying::{Subject, finding},
};

const IMAGE: &str = "redis:8.0";

/// Where official images keep modules, and where none does.
const KNOWN: &str = "/usr/local/lib/redis/modules/witness.so";
const OTHER: &str = "/opt/witness.so";

fn ran(program: &str, words: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    let output = command.args(["180", program]).args(words).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{program} {words:?}: {output:?}");
    output
}

/// The image with the module in this place, by a tag of its own; removed when it is dropped.
struct Brought(String);

impl Brought {
    fn at(place: &str, module: &str) -> Self {
        let tag = run_id().0.to_lowercase();
        let name = format!("backup-witness-test/redis:8.0-{tag}");
        let label = "--label=io.backup-witness.test=module";
        let created = ran("docker", &["create", "--network=none", label, IMAGE]);
        let container = String::from_utf8_lossy(&created.stdout).trim().to_owned();
        // The directory need not be there: what is copied is the last part of the path.
        let root = tempfile::tempdir().expect("a directory");
        let (directory, file) = place[1..].rsplit_once('/').expect("an absolute path");
        let inside = root.path().join(directory);
        std::fs::create_dir_all(&inside).expect("ours");
        std::fs::copy(module, inside.join(file)).expect("ours");
        let from = format!("{}/.", root.path().display());
        ran("docker", &["cp", &from, &format!("{container}:/")]);
        ran("docker", &["commit", &container, &name]);
        ran("docker", &["rm", "-f", &container]);
        Self(name)
    }
}

impl Drop for Brought {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", &self.0]).output();
    }
}

fn subject(image: &str) -> Subject {
    Subject::on("docker", &Redis, &verifier::engine::redis::Redis, &[image])
}

/// The module, built.
fn module(folder: &TempDir) -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/images/module/witness.c");
    let module = folder.path().join("witness.so").display().to_string();
    ran(
        "cc",
        &["-shared", "-fPIC", "-nostdlib", "-o", &module, source],
    );
    module
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_of_the_image_is_loaded_one_elsewhere_is_named_and_a_missing_one_is_told() {
    require!(docker);
    require!(image IMAGE);
    let folder = tempfile::tempdir().expect("a folder");
    let module = module(&folder);
    let (known, other) = (Brought::at(KNOWN, &module), Brought::at(OTHER, &module));
    let commands = ["WITNESS.SET treasure", "SET plain 1"].map(str::to_owned);
    let file = save(&subject(&known.0).runtime, &known.0, &commands).await;
    let is = |verification: Verification, reason: Option<Reason>| {
        assert_eq!(verification.reason, reason, "{verification:#?}");
        verification
    };
    let verified = is(subject(&known.0).verify(file.clone()).await, None);
    assert_eq!(verified.items[&"keys".into()], 2);
    let mut named = subject(&other.0);
    let unnamed = named.verify(file.clone()).await;
    is(unnamed, Some(Reason::ModuleMissing));
    named.settings.modules = vec![OTHER.into()];
    is(named.verify(file.clone()).await, None);
    let mut plain = subject(IMAGE);
    let missing = async |plain: &Subject, told: &str| {
        let verification = plain.verify(file.clone()).await;
        let verification = is(verification, Some(Reason::ModuleMissing));
        let restored = finding(&verification, "snapshot.restored");
        assert!(restored.message.starts_with("witness-1: "), "{restored:?}");
        assert!(restored.message.contains(told), "{restored:?}");
    };
    missing(
        &plain,
        "or name the module's file in verifier.modules.redis.",
    )
    .await;
    plain.settings.modules = vec![OTHER.into()];
    let wrong = format!("; verifier.modules.redis names {OTHER}, which is not in {IMAGE}\nhint: ");
    missing(&plain, &wrong).await;
}
