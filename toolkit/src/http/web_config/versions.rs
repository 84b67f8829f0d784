//! `min_version` and `max_version`, in the words of Go's `crypto/tls`, which the file format uses.

use rustls::{
    SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use settings::{Located, Problems};

const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("TLS12", &TLS12), ("TLS13", &TLS13)];
const OLD_VERSIONS: [&str; 2] = ["TLS10", "TLS11"];

/// The versions of TLS from the least to the greatest, 1.2 to 1.3 where nothing is said; none if
/// there is a problem.
pub(super) fn versions(
    least: Option<&Located<String>>,
    greatest: Option<&Located<String>>,
    problems: &mut Problems,
) -> Vec<&'static SupportedProtocolVersion> {
    let mut read = |written: Option<&Located<String>>, default: usize| {
        let said = written.filter(|written| !written.is_empty());
        said.map_or(Some(default), |written| version(written, problems))
    };
    let from = read(least, 0);
    let to = read(greatest, VERSIONS.len() - 1);
    let (Some(from), Some(to)) = (from, to) else {
        return Vec::new();
    };
    if let Some(least) = least
        && from > to
    {
        let greatest = VERSIONS[to].0;
        problems.error(
            &least.place,
            format!("min_version is above max_version, which is {greatest}"),
        );
        return Vec::new();
    }
    VERSIONS[from..=to].iter().map(|(_, it)| *it).collect()
}

fn version(written: &Located<String>, problems: &mut Problems) -> Option<usize> {
    let word = written.value.as_str();
    let found = VERSIONS.iter().position(|(name, _)| *name == word);
    if found.is_none() {
        let message = if OLD_VERSIONS.contains(&word) {
            format!("{word} is broken and not offered")
        } else {
            "this is no version of TLS".to_owned()
        };
        problems
            .error(&written.place, message)
            .hint("Write TLS12 or TLS13.");
    }
    found
}
