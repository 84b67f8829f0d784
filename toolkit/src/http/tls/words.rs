//! What may be negotiated, in the words of Go's `crypto/tls`, which the file format uses.
//!
//! Go knows more than rustls has; what rustls will not do is refused with the reason, never
//! silently left out.

use rustls::{
    CipherSuite, NamedGroup, ProtocolVersion, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs as provider},
    version::{TLS12, TLS13},
};
use settings::{Located, Problems, did_you_mean};

/// What may be negotiated.
#[derive(Debug, Clone)]
pub(in crate::http) struct Words {
    /// At least one.
    pub(in crate::http) versions: Vec<&'static SupportedProtocolVersion>,
    /// Of TLS 1.2, in order of preference; `None` means the default.
    pub(in crate::http) suites: Option<Vec<CipherSuite>>,
    /// `None` means the default. Within them the client's first guess is taken, to save a round
    /// trip.
    pub(in crate::http) curves: Option<Vec<NamedGroup>>,
}

const VERSIONS: [(&str, &SupportedProtocolVersion); 2] = [("TLS12", &TLS12), ("TLS13", &TLS13)];
const OLD_VERSIONS: [&str; 2] = ["TLS10", "TLS11"];

/// Go's names; those of TLS 1.3 may be listed, and are always on (`crypto/tls.Config`).
const SUITES: [(&str, CipherSuite); 9] = [
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    (
        "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_128_GCM_SHA256,
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_AES_256_GCM_SHA384,
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
];

const CURVES: [(&str, NamedGroup); 3] = [
    ("X25519", NamedGroup::X25519),
    ("CurveP256", NamedGroup::secp256r1),
    ("CurveP384", NamedGroup::secp384r1),
];

impl Words {
    /// Leaves of the provider what was asked for, in that order.
    pub(super) fn restrict(&self, to: &mut CryptoProvider) {
        if let Some(wanted) = &self.suites {
            let all = provider::ALL_CIPHER_SUITES.iter().copied();
            let mut suites: Vec<_> = all
                .clone()
                .filter(|suite| suite.version().version == ProtocolVersion::TLSv1_3)
                .collect();
            let listed = wanted.iter().filter_map(|name| {
                let mut older = all.clone();
                older.find(|suite| suite.suite() == *name && !suites.contains(suite))
            });
            let listed: Vec<_> = listed.collect();
            suites.extend(listed);
            to.cipher_suites = suites;
        }
        if let Some(wanted) = &self.curves {
            let all = provider::ALL_KX_GROUPS;
            let listed = wanted.iter().filter_map(|name| {
                let mut groups = all.iter();
                groups.find(|group| group.name() == *name).copied()
            });
            to.kx_groups = listed.collect();
        }
    }
}

/// From the least to the greatest, 1.2 to 1.3 where nothing is said.
pub(in crate::http) fn versions(
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
    if OLD_VERSIONS.contains(&word) {
        problems
            .error(&written.place, format!("{word} is broken and not offered"))
            .hint("Write TLS12 or TLS13.");
    } else if found.is_none() {
        problems
            .error(&written.place, "this is no version of TLS")
            .hint("Write TLS12 or TLS13.");
    }
    found
}

/// Cipher suites of TLS 1.2.
pub(in crate::http) fn suites(
    written: &[Located<String>],
    problems: &mut Problems,
) -> Vec<CipherSuite> {
    let why = |word: &str| {
        word.starts_with("TLS_").then(|| {
            format!("{word} is not offered: it is unknown, broken or without forward secrecy")
        })
    };
    read(written, &SUITES, "a cipher suite", why, problems)
}

/// Groups of a key exchange.
pub(in crate::http) fn curves(
    written: &[Located<String>],
    problems: &mut Problems,
) -> Vec<NamedGroup> {
    let why = |word: &str| {
        (word == "CurveP521").then(|| "CurveP521 is not offered: rustls has no such group".into())
    };
    read(written, &CURVES, "a curve", why, problems)
}

fn read<T: Copy>(
    written: &[Located<String>],
    known: &[(&str, T)],
    what: &str,
    why: impl Fn(&str) -> Option<String>,
    problems: &mut Problems,
) -> Vec<T> {
    let names = || known.iter().map(|(name, _)| *name);
    let mut found = Vec::new();
    for one in written {
        let word = one.value.as_str();
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == word) {
            found.push(*value);
            continue;
        }
        let reason = why(word);
        let hint = match did_you_mean(word, names()) {
            Some(meant) => format!("Did you mean {meant}?"),
            None if reason.is_some() => "Leave it out; what is offered by default is good.".into(),
            None => format!("Write one of {}.", names().collect::<Vec<_>>().join(", ")),
        };
        let message = reason.unwrap_or_else(|| format!("this is not {what}"));
        problems.error(&one.place, message).hint(hint);
    }
    found
}
