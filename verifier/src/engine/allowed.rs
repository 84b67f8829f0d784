//! Matching of log lines that may be shown: fixed sentences of a server or tool, with something
//! short and harmless at each placeholder.

/// Most bytes at a placeholder: a CRC-64 in hexadecimal has 16, a count of 64 bits in decimals 20.
const NUMBER_LENGTH_MAX: usize = 20;

/// True if `text` is `pattern` with something short and harmless at each placeholder: `#` is a
/// number or version, `@` a name.
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
    // Every length is tried: a version may be followed by a full stop, which belongs to the
    // pattern.
    (1..=most).any(|length| matches(&pattern[at + 1..], &rest[length..]))
}
