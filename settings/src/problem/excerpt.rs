//! The line a problem stands in, with what may be secret left out.
//!
//! Rather too much is left out than too little: after a key that sounds secret, the rest of the
//! line; beneath such a key, everything.

use crate::Place;

/// Text that is shown instead of a secret.
pub(crate) const REDACTED: &str = "[redacted]";
const SECRET: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "access_key",
    "api_key",
    "private_key",
];
/// Columns of source that are shown; a longer line is cut around the caret.
const WIDTH: usize = 96;

/// Two lines, the source and a caret; empty if the file has no line at `place`.
pub(super) fn excerpt(source: &str, place: &Place) -> String {
    let lines: Vec<&str> = source.lines().take(place.at.line).collect();
    let Some((line, above)) = lines.split_last().filter(|_| lines.len() == place.at.line) else {
        return String::new();
    };
    let number = place.at.line;
    let hidden = secret_path(&place.path) || secret_above(above, line);
    let shown = match redact_line(line) {
        Some(redacted) => redacted,
        None if hidden => REDACTED.to_owned(),
        None => redact_url(line),
    };
    let length = if shown == REDACTED {
        0
    } else {
        shown.chars().count()
    };
    let caret = (place.at.column - 1).min(length);
    let skipped = if caret < WIDTH { 0 } else { caret - WIDTH / 2 };
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = shown.chars().skip(skipped).take(WIDTH).map(clean).collect();
    let caret = caret - skipped;
    format!(
        "{number:>5} | {}\n      | {:caret$}^\n",
        shown.trim_end(),
        ""
    )
}

/// The text with the user and password of every URL left out.
pub(super) fn redact_url(text: &str) -> String {
    let mut parts = text.split("://");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        clean.push_str("://");
        let authority = part
            .find(['/', '?', '#', ' ', '"', '\'', '\n'])
            .unwrap_or(part.len());
        match part[..authority].rfind('@') {
            Some(at) => {
                clean.push_str(REDACTED);
                clean.push_str(&part[at..]);
            }
            None => clean.push_str(part),
        }
    }
    clean
}

/// True if a value under this path may be secret.
pub(super) fn secret_path(path: &str) -> bool {
    path.split(['.', '[']).any(secret_key)
}

fn secret_key(key: &str) -> bool {
    let key = key.trim_matches(['"', '\'', ' ', ']']).to_lowercase();
    let key = key.strip_suffix('s').unwrap_or(&key);
    SECRET.iter().any(|ending| key.ends_with(ending))
}

/// The line up to the first key that sounds secret; `None` without such a key, or without a value
/// after it.
fn redact_line(line: &str) -> Option<String> {
    let mut colons = line.match_indices(':').map(|(at, _)| at);
    let at = colons.find(|at| secret_key(last_word(&line[..*at])))?;
    let value = line[at + 1..].trim();
    (!value.is_empty()).then(|| format!("{}: {REDACTED}", &line[..at]))
}

/// True if `line` has no key of its own and goes on with a secret: the nearest line above with a
/// key sounds secret.
fn secret_above(above: &[&str], line: &str) -> bool {
    let key = |line: &&&str| line.contains(':');
    let opens = |line: &&str| line.split(':').any(|part| secret_key(last_word(part)));
    !line.contains(": ")
        && !line.trim_end().ends_with(':')
        && above.iter().rev().find(key).is_some_and(opens)
}

fn last_word(text: &str) -> &str {
    text.rsplit(['{', ',', ' ', '\t', '['])
        .find(|word| !word.is_empty())
        .unwrap_or_default()
}
