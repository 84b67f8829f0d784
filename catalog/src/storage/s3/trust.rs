//! The certificates by which we believe a store: the system's, and those of `ca_file`.

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
    /// The file is not there, or not for us to read.
    #[error("ca_file {} cannot be read: {source}", path.display())]
    Read {
        /// Path as configured.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The file is no PEM, or no certificate is in it.
    #[error("ca_file {} holds no certificate that can be used", .0.display())]
    NoCertificate(PathBuf),
}

/// Makes a client that trusts the certificates of the file besides the system's.
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

/// Makes a client that trusts the system's certificates.
pub(super) fn default_client() -> SharedHttpClient {
    through(TlsContext::default())
}

/// Makes a client that goes through the proxy of the environment, as the SDK's own does.
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

/// True if every certificate in the file can be used: the connector would panic at the first that
/// cannot.
fn is_usable(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let mut certificates = CertificateDer::pem_slice_iter(pem);
    certificates.all(|found| found.is_ok_and(|certificate| roots.add(certificate).is_ok()))
        && !roots.is_empty()
}
