//! Whom we believe to be the store: the system's certificates and those of `ca_file`.

use std::{
    io,
    path::{Path, PathBuf},
};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::SharedHttpClient, runtime_components::RuntimeComponents,
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use thiserror::Error;

/// Why `ca_file` cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TrustError {
    /// Not there, or not for us.
    #[error("ca_file {} cannot be read: {source}", path.display())]
    Read {
        /// As configured.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No PEM, or no certificate in it.
    #[error("ca_file {} holds no certificate that can be used", .0.display())]
    NoCertificate(PathBuf),
}

/// A client that trusts those of the file besides the system's.
pub(super) async fn http_client(ca_file: &Path) -> Result<SharedHttpClient, TrustError> {
    let path = || ca_file.to_owned();
    let pem = tokio::fs::read(ca_file)
        .await
        .map_err(|source| TrustError::Read {
            path: path(),
            source,
        })?;
    if !is_usable(&pem) {
        return Err(TrustError::NoCertificate(path()));
    }
    let trusted = TrustStore::default().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let context = context.map_err(|_| TrustError::NoCertificate(path()))?;
    Ok(through(context))
}

/// A client that trusts the system's certificates.
pub(super) fn default_client() -> SharedHttpClient {
    through(TlsContext::default())
}

/// It goes through the proxy of the environment as the SDK's own does.
fn through(context: TlsContext) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .build()
    })
}

/// Whether every certificate in it is one: the connector would panic at the first that is none.
fn is_usable(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let mut certificates = CertificateDer::pem_slice_iter(pem);
    certificates.all(|found| found.is_ok_and(|certificate| roots.add(certificate).is_ok()))
        && !roots.is_empty()
}
