//! Images with one file more, or another one, made of an image of the tests.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::runtime_suite::run_id;

/// Runs a program to its end, three minutes at most.
///
/// # Panics
/// If it does not succeed.
pub fn ran(program: &str, words: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    let output = command.args(["180", program]).args(words).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{program} {words:?}: {output:?}");
    output
}

/// An image by a tag of its own, which tells the version as its origin does; removed when it is
/// dropped.
#[derive(Debug)]
pub struct PrivateImage(pub String);

impl PrivateImage {
    /// The image `origin` with a copy of `file` at the absolute path `place`.
    ///
    /// # Panics
    /// If Docker cannot make it.
    pub fn with(origin: &str, place: &str, file: &Path) -> Self {
        let tag = run_id().0.to_lowercase();
        let name = format!("backup-witness-test/{origin}-{tag}");
        let label = "--label=io.backup-witness.test=image";
        let created = ran("docker", &["create", "--network=none", label, origin]);
        let container = String::from_utf8_lossy(&created.stdout).trim().to_owned();
        // The directory need not be there: what is copied is the last part of the path.
        let root = tempfile::tempdir().expect("a directory");
        let (directory, copy) = place[1..].rsplit_once('/').expect("an absolute path");
        let inside = root.path().join(directory);
        fs::create_dir_all(&inside).expect("ours");
        fs::copy(file, inside.join(copy)).expect("ours");
        let from = format!("{}/.", root.path().display());
        ran("docker", &["cp", &from, &format!("{container}:/")]);
        ran("docker", &["commit", &container, &name]);
        ran("docker", &["rm", "-f", &container]);
        Self(name)
    }
}

impl Drop for PrivateImage {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rmi", &self.0]).output();
    }
}
