//! The checksum that a store keeps of a whole object since its upload, and its recomputation.
//!
//! Only a checksum over all bytes counts: not one over the parts' checksums (`…-N`), and never an
//! entity tag.

use std::fmt;

use aws_lc_rs::digest;
use crc_fast::CrcAlgorithm;

/// Algorithms of the checksums that uploaders give, the strongest first ("Checking object
/// integrity" of the S3 User Guide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadAlgorithm {
    /// FIPS 180-4.
    Sha256,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// FIPS 180-4.
    Sha1,
    /// CRC-32/ISCSI.
    Crc32c,
    /// CRC-32/ISO-HDLC.
    Crc32,
}

/// Written as people write it.
impl fmt::Display for UploadAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "SHA-256",
            Self::Crc64Nvme => "CRC-64/NVME",
            Self::Sha1 => "SHA-1",
            Self::Crc32c => "CRC-32C",
            Self::Crc32 => "CRC-32",
        })
    }
}

/// A checksum of one content; the store compared it with the bytes that arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadChecksum {
    algorithm: UploadAlgorithm,
    /// Bytes of the checksum; those of a CRC with the most significant first.
    value: Vec<u8>,
}

/// The value has not the length of a checksum of this algorithm; with its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a checksum of {0} bytes is none of this algorithm")]
pub struct UploadChecksumError(usize);

impl UploadChecksum {
    /// Makes a checksum of the value that the store gives, decoded from base64. Errs if its length
    /// is not that of the algorithm.
    pub fn new(algorithm: UploadAlgorithm, value: Vec<u8>) -> Result<Self, UploadChecksumError> {
        let length = match algorithm {
            UploadAlgorithm::Sha256 => 32,
            UploadAlgorithm::Crc64Nvme => 8,
            UploadAlgorithm::Sha1 => 20,
            UploadAlgorithm::Crc32c | UploadAlgorithm::Crc32 => 4,
        };
        if value.len() == length {
            Ok(Self { algorithm, value })
        } else {
            Err(UploadChecksumError(value.len()))
        }
    }

    /// Returns the algorithm of the checksum.
    pub fn algorithm(&self) -> UploadAlgorithm {
        self.algorithm
    }

    /// Begins the recomputation, which must be given every byte in order.
    pub fn recompute(self) -> Recomputed {
        let crc = |algorithm| Running::Crc(Box::new(crc_fast::Digest::new(algorithm)));
        let running = match self.algorithm {
            UploadAlgorithm::Sha256 => Running::Sha(digest::Context::new(&digest::SHA256)),
            UploadAlgorithm::Sha1 => {
                Running::Sha(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY))
            }
            UploadAlgorithm::Crc64Nvme => crc(CrcAlgorithm::Crc64Nvme),
            UploadAlgorithm::Crc32c => crc(CrcAlgorithm::Crc32Iscsi),
            UploadAlgorithm::Crc32 => crc(CrcAlgorithm::Crc32IsoHdlc),
        };
        Recomputed {
            expected: self.value,
            running,
        }
    }
}

/// Shows the algorithm only, which is enough for a log.
impl fmt::Debug for UploadChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UploadChecksum({:?})", self.algorithm)
    }
}

/// A checksum while it is recomputed.
#[derive(Clone)]
pub struct Recomputed {
    expected: Vec<u8>,
    running: Running,
}

#[derive(Clone)]
enum Running {
    Sha(digest::Context),
    Crc(Box<crc_fast::Digest>),
}

impl Recomputed {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.running {
            Running::Sha(context) => context.update(bytes),
            Running::Crc(digest) => digest.update(bytes),
        }
    }

    /// True if all bytes are those that were uploaded.
    pub fn is_equal(self) -> bool {
        match self.running {
            Running::Sha(context) => context.finish().as_ref() == self.expected,
            Running::Crc(digest) => digest.finalize().to_be_bytes().ends_with(&self.expected),
        }
    }
}

impl fmt::Debug for Recomputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recomputed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_every_algorithm_are_met_and_no_others() {
        // Of "123456789": the catalogue of parametrised CRC algorithms; SHA by sha1sum, sha256sum.
        let cases = [
            (UploadAlgorithm::Crc32, "cbf43926"),
            (UploadAlgorithm::Crc32c, "e3069283"),
            (UploadAlgorithm::Crc64Nvme, "ae8b14860a799888"),
            (
                UploadAlgorithm::Sha1,
                "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
            ),
            (
                UploadAlgorithm::Sha256,
                "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
            ),
        ];
        for (algorithm, value) in cases {
            let value: Vec<u8> = (0..value.len() / 2)
                .map(|at| u8::from_str_radix(&value[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            let is_equal = |parts: &[&[u8]]| {
                let mut running = UploadChecksum::new(algorithm, value.clone())
                    .unwrap()
                    .recompute();
                for part in parts {
                    running.update(part);
                }
                running.is_equal()
            };
            assert!(is_equal(&[b"1234", b"", b"56789"]), "{algorithm:?}");
            assert!(!is_equal(&[b"12345678"]), "{algorithm:?}");
            assert!(!is_equal(&[b"123456780"]), "{algorithm:?}");
            let short = value[1..].to_vec();
            UploadChecksum::new(algorithm, short).unwrap_err();
        }
    }
}
