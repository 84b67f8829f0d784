//! Names and uses that a certificate states of itself.
//!
//! It must not decide whom to believe.

use std::net::{Ipv4Addr, Ipv6Addr};

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::{parse_x509_certificate, prelude::GeneralName};

/// Alternative names: DNS names, mail addresses, IP addresses and URIs, spelled as Go's
/// `crypto/x509` spells them. Empty if the certificate cannot be read, so that nothing is allowed.
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

/// True if the certificate is valid at `now`, and not made only for other uses than a client's
/// (RFC 5280 §4.2.1.12).
pub(super) fn serves_client(certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        return false;
    };
    let Ok(now) = i64::try_from(now.as_secs()) else {
        return false;
    };
    let validity = certificate.validity();
    let valid = (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now);
    let made_for = match certificate.extended_key_usage() {
        Ok(usage) => usage.is_none_or(|usage| usage.value.client_auth || usage.value.any),
        Err(_) => false,
    };
    valid && made_for
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
    use std::time::Duration;

    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType, date_time_ymd};

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

    #[test]
    fn a_certificate_serves_a_client_while_it_is_valid_and_made_for_that() {
        let check = |purposes: &[ExtendedKeyUsagePurpose], year: u64, expected: bool| {
            let mut params = CertificateParams::default();
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2030, 1, 1);
            params.extended_key_usages = purposes.to_vec();
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let now = Duration::from_hours((year - 1970) * 365 * 24 + 24 * 30);
            let now = UnixTime::since_unix_epoch(now);
            let served = serves_client(certificate.der(), now);
            assert_eq!(served, expected, "{purposes:?} in {year}");
        };
        check(&[], 2025, true);
        check(&[ExtendedKeyUsagePurpose::ClientAuth], 2025, true);
        check(&[ExtendedKeyUsagePurpose::Any], 2025, true);
        check(&[ExtendedKeyUsagePurpose::ServerAuth], 2025, false);
        check(&[], 2019, false);
        check(&[], 2031, false);
        let broken = CertificateDer::from(vec![0x30, 0x03, 1, 2]);
        assert!(!serves_client(&broken, UnixTime::now()));
    }
}
