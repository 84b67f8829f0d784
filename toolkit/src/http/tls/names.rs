//! The alternative names of a certificate, as text.

use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::pki_types::CertificateDer;
use x509_parser::{parse_x509_certificate, prelude::GeneralName};

/// DNS names, mail addresses, IP addresses and URIs, spelled as Go's `crypto/x509` spells them;
/// none where the certificate cannot be read, so that nothing is allowed.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let alternatives = &alternatives.value.general_names;
    alternatives.iter().filter_map(text).collect()
}

fn text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Some((*text).to_owned())
        }
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(sixteen).to_string())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    #[test]
    fn every_kind_of_name_is_read_as_go_spells_it() {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![
            SanType::DnsName("scraper.example".try_into().unwrap()),
            SanType::Rfc822Name("ops@example.org".try_into().unwrap()),
            SanType::URI("spiffe://example.org/prometheus".try_into().unwrap()),
            SanType::IpAddress([127, 0, 0, 1].into()),
            SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
        ];
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(
            names(certificate.der()),
            [
                "scraper.example",
                "ops@example.org",
                "spiffe://example.org/prometheus",
                "127.0.0.1",
                "::1"
            ]
        );
    }

    #[test]
    fn where_there_is_nothing_to_read_there_are_no_names() {
        assert!(names(&CertificateDer::from(vec![0x30, 0x03, 1, 2])).is_empty());
        let params = CertificateParams::default();
        let bare = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert!(names(bare.der()).is_empty());
    }
}
