//! SHA-256 of a stream, as lower-case hexadecimal.

use std::fmt::Write;

use aws_lc_rs::digest;

/// A running digest.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Of no bytes yet.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let digest = self.0.finish();
        digest
            .as_ref()
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}
