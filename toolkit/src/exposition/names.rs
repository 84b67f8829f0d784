//! Names that Prometheus accepts without quoting.

/// True for `[a-zA-Z_:][a-zA-Z0-9_:]*` (Prometheus data model).
pub fn is_metric_name(name: &str) -> bool {
    is_identifier(name, |byte| byte == b'_' || byte == b':')
}

/// True for `[a-zA-Z_][a-zA-Z0-9_]*`, but not for `__…`, which Prometheus keeps for itself.
pub fn is_label_name(name: &str) -> bool {
    is_identifier(name, |byte| byte == b'_') && !name.starts_with("__")
}

fn is_identifier(name: &str, extra: impl Fn(u8) -> bool) -> bool {
    let first = |byte: u8| byte.is_ascii_alphabetic() || extra(byte);
    let rest = |byte: u8| first(byte) || byte.is_ascii_digit();
    name.bytes().next().is_some_and(first) && name.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_prometheus_accepts_without_quotes() {
        for good in ["a", "_a", "backup_age_seconds", "a:b", "A9"] {
            assert!(is_metric_name(good), "{good}");
        }
        for bad in ["", "9a", "a-b", "a b", "ä", "a\n"] {
            assert!(!is_metric_name(bad), "{bad}");
            assert!(!is_label_name(bad), "{bad}");
        }
        assert!(is_label_name("source"));
        assert!(!is_label_name("a:b"));
        assert!(!is_label_name("__name__"));
    }
}
