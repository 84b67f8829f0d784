//! Images in which no server can be fed by a pipe.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::runtime::{Exit, ImageFacts};

/// Exit code of a command that takes the bytes, where a program for it is missing.
const NO_PROGRAM: i32 = 127;

/// The images that were found to have no `mkfifo`. All verifications of a program share them, so
/// each is found, and said, once.
#[derive(Debug, Clone, Default)]
pub struct PipelessImages {
    known: Arc<Mutex<BTreeSet<String>>>,
    every: bool,
}

impl PipelessImages {
    /// Every image: all servers are fed by file.
    #[cfg(any(test, feature = "testing"))]
    pub fn every() -> Self {
        let every = true;
        Self {
            every,
            ..Self::default()
        }
    }

    pub(super) fn contains(&self, image: &ImageFacts) -> bool {
        self.every || self.with(|known| known.contains(name(image)))
    }

    /// Keeps the image in mind if this end of a command says that it cannot make a pipe.
    pub(super) fn learn(&self, image: &ImageFacts, put: &Exit) {
        if put.code == NO_PROGRAM && self.with(|known| known.insert(name(image).to_owned())) {
            tracing::info!(
                image = image.image,
                "the image has no mkfifo: its servers are fed by file, which takes longer"
            );
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        work(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn name(image: &ImageFacts) -> &str {
    image.id.as_deref().unwrap_or(&image.image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{exited, image};

    #[test]
    fn an_image_is_without_pipes_once_a_command_did_not_find_its_program() {
        let images = PipelessImages::default();
        let (bare, other) = (image("redis:bare", &[]), image("redis:7.0", &[]));
        for code in [0, 1, 126, 137, 141] {
            images.learn(&bare, &exited(code, "", ""));
            assert!(!images.contains(&bare), "{code}");
        }
        images.clone().learn(&bare, &exited(127, "", ""));
        assert!(images.contains(&bare));
        assert!(!images.contains(&other));
    }
}
