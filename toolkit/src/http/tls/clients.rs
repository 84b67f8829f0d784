//! Rules for the clients that a handshake lets in, in the words of Go's `tls.ClientAuthType`.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::certificate::{names, serves_client};

/// The rules for client certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::http) struct Clients {
    pub(in crate::http) policy: Policy,
    /// Certificates of the issuers; at least one where client certificates are asked for.
    pub(in crate::http) issuers: Vec<CertificateDer<'static>>,
    /// Alternative names, of which a certificate must have one; if the list is empty, any will do.
    pub(in crate::http) names: Vec<String>,
}

/// Certificate that is asked of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::http) enum Policy {
    /// No certificate.
    #[default]
    None,
    /// No certificate, or one of a known issuer.
    VerifyIfGiven,
    /// A certificate of a known issuer.
    RequireAndVerify,
}

impl Policy {
    /// Words of the file for the policies.
    pub(in crate::http) const WORDS: [(&'static str, Self); 3] = [
        ("NoClientCert", Self::None),
        ("VerifyClientCertIfGiven", Self::VerifyIfGiven),
        ("RequireAndVerifyClientCert", Self::RequireAndVerify),
    ];
}

impl Clients {
    /// True if nobody is let in without a certificate.
    pub(in crate::http) const fn demand_proof(&self) -> bool {
        matches!(self.policy, Policy::RequireAndVerify)
    }

    pub(super) fn verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        if self.policy == Policy::None {
            return Ok(WebPkiClientVerifier::no_client_auth());
        }
        let mut roots = RootCertStore::empty();
        for issuer in &self.issuers {
            roots.add(issuer.clone())?;
        }
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        if !self.demand_proof() {
            builder = builder.allow_unauthenticated();
        }
        let issued = builder
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let rules = self.clone();
        Ok(Arc::new(Known { issued, rules }))
    }
}

/// Verifier that takes certificates of known issuers, and certificates that are themselves in the
/// list of issuers; both only with an allowed name.
#[derive(Debug)]
struct Known {
    issued: Arc<dyn ClientCertVerifier>,
    rules: Clients,
}

impl ClientCertVerifier for Known {
    fn client_auth_mandatory(&self) -> bool {
        self.issued.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.issued.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let issued = self
            .issued
            .verify_client_cert(certificate, intermediates, now);
        // A self-signed certificate, which openssl makes able to issue others: webpki, unlike Go,
        // takes no issuer for a client.
        let listed = || {
            self.rules
                .issuers
                .iter()
                .any(|issuer| issuer == certificate)
        };
        let known = match issued {
            Err(_) if listed() && serves_client(certificate, now) => {
                ClientCertVerified::assertion()
            }
            issued => issued?,
        };
        let allowed = &self.rules.names;
        let mut names = names(certificate).into_iter();
        if allowed.is_empty() || names.any(|name| allowed.contains(&name)) {
            return Ok(known);
        }
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issued.supported_verify_schemes()
    }
}
