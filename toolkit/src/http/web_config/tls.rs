//! `tls_server_config`: certificates, keys and rules, from the file or from files beside it.

use std::path::{Path, PathBuf};

use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use settings::{Located, Place, Problems, did_you_mean};

use super::{versions::versions, written::WrittenTls};
use crate::http::{
    files::Files,
    tls::{Clients, Parts, Policy, Tls},
};

/// Policies of Go under which a client shows a certificate of any issuer; the last one is an old
/// spelling of exporter-toolkit.
const PROOFLESS: [&str; 3] = [
    "RequestClientCert",
    "RequireAnyClientCert",
    "RequireClientCert",
];

/// Source of PEM: the file, or files `beside` it. What is wrong with it is added to `problems`.
struct Source<'a> {
    beside: &'a Path,
    files: &'a mut Files,
    problems: &'a mut Problems,
}

/// Bytes of PEM, with the place that holds them or names their file.
type Found = (Vec<u8>, Place);
type Certificates = (Vec<CertificateDer<'static>>, Place);

pub(super) fn check(
    written: Located<WrittenTls>,
    http2: bool,
    beside: &Path,
    files: &mut Files,
    problems: &mut Problems,
) -> Option<Tls> {
    let Located { value, place } = written;
    let mut source = Source {
        beside,
        files,
        problems,
    };
    let chain = source.find("cert", (value.cert, value.cert_file), Some(&place));
    let chain = chain.and_then(|found| source.certificates(found));
    let key = source.find("key", (value.key, value.key_file), Some(&place));
    let key = key.and_then(|found| source.key(&found));
    let issuers = source.find("client_ca", (value.client_ca, value.client_ca_file), None);
    let issuers = issuers.and_then(|found| source.certificates(found));
    let policy = value.client_auth_type.as_ref();
    let policy = policy.and_then(|written| policy_of(written, problems));
    let asking = policy.unwrap_or((Policy::None, place.clone()));
    let clients = clients(asking, issuers, value.client_allowed_sans, problems);
    let versions = versions(
        value.min_version.as_ref(),
        value.max_version.as_ref(),
        problems,
    );
    let refused = [value.cipher_suites, value.curve_preferences];
    for Located { place, .. } in refused.into_iter().flatten() {
        problems
            .error(&place, "cannot be chosen: only what is strong is offered")
            .hint("Leave it out; which versions of TLS are spoken is yours to choose.");
    }
    if problems.has_errors() {
        return None;
    }
    let (chain, at) = chain?;
    let parts = Parts {
        chain,
        key: key?,
        clients,
        versions,
        own_order: value.prefer_server_cipher_suites.unwrap_or(true),
        http2,
    };
    match Tls::new(parts) {
        Ok(tls) => Some(tls),
        Err(error) => {
            problems.error(&at, error);
            None
        }
    }
}

fn policy_of(written: &Located<String>, problems: &mut Problems) -> Option<(Policy, Place)> {
    let word = written.value.as_str();
    if word.is_empty() {
        return None;
    }
    let known = Policy::WORDS.iter().find(|(name, _)| *name == word);
    if PROOFLESS.contains(&word) {
        let message = "a certificate that anybody may have issued proves nothing";
        problems.error(&written.place, message).hint(
            "Write RequireAndVerifyClientCert or VerifyClientCertIfGiven, with client_ca_file.",
        );
    } else if known.is_none() {
        let message = "this is no way to ask for client certificates";
        let hint = match did_you_mean(word, Policy::WORDS.map(|(name, _)| name)) {
            Some(meant) => format!("Did you mean {meant}?"),
            None => "Write RequireAndVerifyClientCert, or leave it out.".to_owned(),
        };
        problems.error(&written.place, message).hint(hint);
    }
    known.map(|(_, policy)| (*policy, written.place.clone()))
}

/// Makes the rules for client certificates, and refuses rules that would protect nothing.
fn clients(
    (policy, asked_at): (Policy, Place),
    issuers: Option<Certificates>,
    names: Option<Located<Vec<String>>>,
    problems: &mut Problems,
) -> Clients {
    const VERIFY: &str = "Write client_auth_type: RequireAndVerifyClientCert.";
    match &issuers {
        Some((_, place)) if policy == Policy::None => {
            problems
                .error(place, "client certificates are not asked for")
                .hint(VERIFY);
        }
        None if policy != Policy::None => {
            problems
                .error(&asked_at, "nothing says who issues client certificates")
                .hint("Name a file of PEM certificates with client_ca_file.");
        }
        _ => {}
    }
    if let Some(names) = &names {
        if policy != Policy::RequireAndVerify {
            let message = "names protect nothing unless every client must prove its own";
            problems.error(&names.place, message).hint(VERIFY);
        } else if names.is_empty() {
            problems
                .error(&names.place, "an empty list lets nobody in")
                .hint("Name somebody, or leave it out to let in all whom the issuers know.");
        }
    }
    Clients {
        policy,
        issuers: issuers.map(|(issuers, _)| issuers).unwrap_or_default(),
        names: names.map(|names| names.value).unwrap_or_default(),
    }
}

impl Source<'_> {
    /// Finds the PEM in the text or in the file, whichever is there and not empty. Without both,
    /// there is a problem at `holder`, if it is given.
    fn find(
        &mut self,
        key: &str,
        (text, file): (Option<Located<String>>, Option<Located<PathBuf>>),
        holder: Option<&Place>,
    ) -> Option<Found> {
        let text = text.filter(|text| !text.is_empty());
        match (text, file.filter(|path| !path.as_os_str().is_empty())) {
            (Some(text), Some(_)) => {
                let message = format!("{key} and {key}_file are both there");
                self.problems
                    .error(&text.place, message)
                    .hint("Leave out one of them.");
                None
            }
            (Some(text), None) => Some((text.value.into_bytes(), text.place)),
            (None, Some(file)) => self.read(&file),
            (None, None) => {
                let message = format!("neither {key} nor {key}_file is there");
                let hint = format!("Name a PEM file with {key}_file, relative to this one.");
                self.problems.error(holder?, message).hint(hint);
                None
            }
        }
    }

    fn read(&mut self, file: &Located<PathBuf>) -> Option<Found> {
        let path = self.beside.join(&file.value);
        let bytes = self.files.read(&path);
        if let Err(error) = &bytes {
            let message = format!("cannot read {}: {error}", path.display());
            self.problems
                .error(&file.place, message)
                .hint("Name a readable PEM file, relative to this one.");
        }
        Some((bytes.ok()?, file.place.clone()))
    }

    fn certificates(&mut self, (bytes, place): Found) -> Option<Certificates> {
        let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        match all {
            Ok(all) if !all.is_empty() => return Some((all, place)),
            Ok(_) => self.problems.error(&place, "no PEM certificate is in it"),
            Err(_) => self.problems.error(&place, "its PEM is broken"),
        };
        None
    }

    fn key(&mut self, (bytes, place): &Found) -> Option<PrivateKeyDer<'static>> {
        let key = PrivateKeyDer::from_pem_slice(bytes).ok();
        let usable = key.filter(|key| any_supported_type(key).is_ok());
        if usable.is_none() {
            let locked = String::from_utf8_lossy(bytes).contains("ENCRYPTED");
            let message = if locked {
                "the key is locked by a passphrase, which nobody is there to type"
            } else {
                "no PEM private key that can be used is in it"
            };
            self.problems.error(place, message).hint(
                "Give an RSA, ECDSA or Ed25519 key, unlocked, that only this program can read.",
            );
        }
        usable
    }
}
