//! Which lines of a server or tool may be shown: its own fixed sentences with something short and
//! harmless at each placeholder.

/// Longest number: a CRC-64 in hexadecimal, a count of 64 bits in decimals.
const NUMBER_LENGTH_MAX: usize = 20;

/// Whether `text` is `pattern` with something short and harmless at each placeholder.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some(at) = pattern.find(['#', '@']) else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(&pattern[..at]) else {
        return false;
    };
    let number = pattern.as_bytes()[at] == b'#';
    let harmless = |byte: u8| {
        if number {
            byte.is_ascii_hexdigit() || byte == b'.'
        } else {
            byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
        }
    };
    let most = rest
        .bytes()
        .take(NUMBER_LENGTH_MAX)
        .take_while(|byte| harmless(*byte))
        .count();
    // The shortest fit is not always the right one: a version may be followed by a full stop.
    (1..=most).any(|length| matches(&pattern[at + 1..], &rest[length..]))
}
