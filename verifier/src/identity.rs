//! The id of a run, and the name of the host that writes its record.

use std::fmt::Write as _;

/// Bytes of randomness in a run's id: 80 bits, so that two verifiers never choose the same.
const ID_BYTES: usize = 10;

/// A new id: lower-case hexadecimal, fit for labels and file names.
///
/// # Panics
/// If the system has no randomness, which `aws_lc_rs` rules out.
pub fn new_id() -> String {
    let mut bytes = [0; ID_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).expect("invariant: the system has randomness");
    bytes.iter().fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// File in which Linux keeps the name of the host; in a pod it is that of the pod (proc(5)).
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Name of this host, or of the pod that runs it; `unknown` where it cannot be read.
pub fn host() -> String {
    let name = std::fs::read_to_string(HOSTNAME).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "unknown".into()
    } else {
        name.into()
    }
}
