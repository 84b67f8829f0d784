//! SHA-256 as records and manifests write it.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// `sha256:` and the lower-case hexadecimal digest of `bytes`.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    let mut digest = Sha256::new();
    digest.update(bytes.as_ref());
    format!("sha256:{}", digest.finish())
}

/// A running digest of a stream.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// The digest of no bytes yet.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest, as 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let digest = self.0.finish();
        let empty = String::with_capacity(64);
        digest.as_ref().iter().fold(empty, |mut text, byte| {
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_digest_of_nothing_is_the_one_of_fips_180() {
        assert_eq!(
            super::sha256(""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
