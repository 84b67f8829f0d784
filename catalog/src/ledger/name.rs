//! Names of files and objects at a place of records: the marker, and records, which are named by
//! their sequence number in eight digits, `00000012.json`.

/// Name of the file or object that says that records lie here.
pub const MARKER: &str = ".backup-evidence";

/// Contents of the marker, for whoever finds it.
pub(super) const MARKER_TEXT: &str = "Evidence of backup-verifier lies here. Keep this file: a \
    place without it is taken for a volume that is not mounted.\n";

pub(super) fn file_name(sequence: u64) -> String {
    format!("{sequence:08}.json")
}

/// Returns the sequence number that a record's name holds: eight digits and `.json`. Any other
/// name, and every name that begins with `.`, is no record's.
pub(super) fn sequence_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    let eight = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let sequence = eight.then(|| digits.parse().ok())??;
    (sequence > 0).then_some(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_eight_digits_name_a_record() {
        for (name, expected) in [
            ("00000001.json", Some(1)),
            ("99999999.json", Some(99_999_999)),
            ("00000000.json", None),
            ("1.json", None),
            ("000000001.json", None),
            ("+0000001.json", None),
            ("00000001.json~", None),
            (".00000001.1.0.tmp", None),
            ("00000001", None),
        ] {
            assert_eq!(sequence_of(name), expected, "{name}");
        }
        assert_eq!(sequence_of(&file_name(12)), Some(12));
    }
}
