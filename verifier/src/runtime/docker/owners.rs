//! Owners of data directories by image, kept in the state of this installation: an image never
//! changes under its id, and asking takes a container.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use catalog::digest::Sha256;

/// The owners that are known.
#[derive(Debug)]
pub(super) struct Owners(PathBuf);

impl Owners {
    /// Those kept below the directory of the state.
    pub(super) fn below(state: &Path) -> Self {
        Self(state.join("owners"))
    }

    /// User and group of this directory in the image of this id, if they were ever asked for.
    pub(super) fn known(&self, image_id: &str, directory: &str) -> Option<(u32, u32)> {
        let text = fs::read_to_string(self.file(image_id, directory)).ok()?;
        let (user, group) = text.trim().split_once(':')?;
        Some((user.parse().ok()?, group.parse().ok()?))
    }

    /// Keeps an owner. One that cannot be kept is asked for again.
    pub(super) fn keep(&self, image_id: &str, directory: &str, (user, group): (u32, u32)) {
        let file = self.file(image_id, directory);
        let kept = || -> io::Result<()> {
            fs::create_dir_all(&self.0)?;
            let part = file.with_extension(format!("{}.part", std::process::id()));
            fs::write(&part, format!("{user}:{group}\n"))?;
            fs::rename(part, &file)
        };
        if let Err(error) = kept() {
            tracing::debug!(file = %file.display(), %error, "an owner cannot be kept");
        }
    }

    fn file(&self, image_id: &str, directory: &str) -> PathBuf {
        let mut name = Sha256::new();
        name.update(image_id.as_bytes());
        name.update(b"\0");
        name.update(directory.as_bytes());
        self.0.join(name.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_known_of_its_image_and_directory_alone() {
        let state = tempfile::tempdir().unwrap();
        let owners = Owners::below(state.path());
        assert_eq!(owners.known("sha256:1", "/data"), None);
        owners.keep("sha256:1", "/data", (999, 1000));
        owners.keep("sha256:2", "/data", (7, 8));
        assert_eq!(owners.known("sha256:1", "/data"), Some((999, 1000)));
        for (image, directory) in [("sha256:1", "/"), ("sha256:1/data", ""), ("", "/data")] {
            assert_eq!(owners.known(image, directory), None, "{image} {directory}");
        }
        fs::write(owners.file("sha256:1", "/data"), "damaged").unwrap();
        assert_eq!(owners.known("sha256:1", "/data"), None);
    }

    #[test]
    fn without_a_place_nothing_is_kept_and_nothing_is_wrong() {
        let state = tempfile::NamedTempFile::new().unwrap();
        let owners = Owners::below(state.path());
        owners.keep("sha256:1", "/data", (999, 999));
        assert_eq!(owners.known("sha256:1", "/data"), None);
    }
}
