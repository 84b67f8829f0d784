//! Compression of large answers, for clients that ask for it.

use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use hyper::{HeaderMap, header};

/// Bytes of the least body that is compressed: on a local network, a smaller one is there sooner as
/// it is.
pub(super) const LEAST: usize = 64 * 1024 + 1;

/// Level of compression, the quickest: metrics repeat themselves so much that it is enough.
const LEVEL: Compression = Compression::new(1);

/// True if the client accepts gzip: it is named in `Accept-Encoding`, and not with a weight of zero
/// (RFC 9110 §12.5.3). A `*` alone is not taken for it.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter();
    let lists = lists.filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = weight.map_or(Ok(1.0), str::parse::<f64>);
        is_gzip && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// Compresses a body, apart from the threads that answer others; `None` if that failed, and the
/// plain body is to be sent.
pub(super) async fn compressed(body: Bytes) -> Option<Bytes> {
    let compressing = tokio::task::spawn_blocking(move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), LEVEL);
        encoder.write_all(&body).ok()?;
        encoder.finish().ok().map(Bytes::from)
    });
    compressing.await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn gzip_is_accepted_where_it_is_named_and_not_refused() {
        let accepts = |lists: &[&'static str]| {
            let lists = lists.iter().map(|list| HeaderValue::from_static(list));
            let lists = lists.map(|list| (header::ACCEPT_ENCODING, list));
            is_accepted(&lists.collect())
        };
        for yes in ["gzip", "deflate, GZIP;q=0.5", "br;q=1.0 ,gzip ; q=0.001"] {
            assert!(accepts(&[yes]), "{yes}");
        }
        for no in [
            "",
            "*",
            "identity",
            "gzip;q=0",
            "gzip; q=0.000",
            "gzip;q=x",
            "gzipped",
        ] {
            assert!(!accepts(&[no]), "{no}");
        }
        assert!(accepts(&["br", "gzip"]));
        assert!(!accepts(&[]));
    }

    #[tokio::test]
    async fn what_is_unpacked_is_what_was_packed() {
        let body = Bytes::from("backup_age_seconds 1\n".repeat(10_000));
        let packed = compressed(body.clone()).await.unwrap();
        assert!(packed.len() < body.len() / 10, "{}", packed.len());
        let mut unpacked = Vec::new();
        let mut decoder = GzDecoder::new(&packed[..]);
        decoder.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, body);
    }
}
