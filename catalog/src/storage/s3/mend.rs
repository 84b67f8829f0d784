//! Mends listings with an odd element, so that the SDK can read them.
//!
//! The SDK refuses a whole page for one value that is not of its type. Such a value says nothing,
//! so it is left out before the SDK sees it, and the entry is one without it. The meaning of a
//! value that is understood is never changed.

use std::borrow::Cow;

use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat, SdkBody};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

/// A client that asks through another client and mends the listings in its answers.
#[derive(Debug)]
pub(super) struct Mending(pub(super) SharedHttpClient);

impl HttpClient for Mending {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Through(self.0.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Through(SharedHttpConnector);

impl HttpConnector for Through {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let listing = Listing::of(request.uri());
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            match listing {
                Some(listing) if answer.status().as_u16() == 200 => mended(listing, answer).await,
                _ => Ok(answer),
            }
        })
    }
}

/// The listing that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listing {
    Objects,
    Versions,
}

impl Listing {
    /// Returns the listing that a URL asks for, by its query (`ListObjectsV2`,
    /// `ListObjectVersions`).
    fn of(uri: &str) -> Option<Self> {
        let (_, query) = uri.split_once('?')?;
        query.split('&').find_map(|part| match part {
            "list-type=2" => Some(Self::Objects),
            "versions" | "versions=" => Some(Self::Versions),
            _ => None,
        })
    }
}

async fn mended(listing: Listing, answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let mut answer = answer;
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let whole = ByteStream::new(body).collect().await;
    let whole = whole.map_err(|error| ConnectorError::io(error.into()))?;
    let bytes = whole.into_bytes();
    // The SDK would compare the length with another body.
    answer.headers_mut().remove("content-length");
    let Ok(text) = str::from_utf8(&bytes) else {
        *answer.body_mut() = SdkBody::from(bytes);
        return Ok(answer);
    };
    if listing == Listing::Versions && is_plain(text) {
        // A store that does not know the question answers another one: we say for it that it does
        // not.
        let status = 501
            .try_into()
            .map_err(|_| ConnectorError::user("no status".into()))?;
        let body = SdkBody::from("<Error><Code>NotImplemented</Code></Error>");
        return Ok(HttpResponse::new(status, body));
    }
    let sound = match listing {
        Listing::Versions => named(sound(text)),
        Listing::Objects => sound(text),
    };
    *answer.body_mut() = match sound {
        Cow::Owned(text) => SdkBody::from(text),
        Cow::Borrowed(_) => SdkBody::from(bytes),
    };
    Ok(answer)
}

/// Gives a listing of versions the name that the SDK looks for; `S3Mock` calls it a listing of
/// objects.
fn named(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("<ListBucketResult") {
        return text;
    }
    let opened = text.replace("<ListBucketResult", "<ListVersionsResult");
    Cow::Owned(opened.replace("</ListBucketResult", "</ListVersionsResult"))
}

/// True if the text is a listing without versions.
fn is_plain(text: &str) -> bool {
    text.contains("<ListBucketResult")
        && !text.contains("<Version>")
        && !text.contains("<DeleteMarker>")
}

/// A type that the SDK insists on for the text of an element.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Number,
    Truth,
    Time,
}

/// Every element of a listing whose text must be of a type.
const TYPED: [(&str, Kind); 6] = [
    ("LastModified", Kind::Time),
    ("Size", Kind::Number),
    ("IsLatest", Kind::Truth),
    ("IsTruncated", Kind::Truth),
    ("KeyCount", Kind::Number),
    ("MaxKeys", Kind::Number),
];

impl Kind {
    /// Returns the text as the SDK reads it; `None` if it is not of this type.
    fn read(self, text: &str) -> Option<Cow<'_, str>> {
        let text = text.trim();
        match self {
            Self::Number => text.parse::<i64>().ok().map(|_| text.into()),
            Self::Time => {
                let read = DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset);
                read.ok().map(|_| text.into())
            }
            Self::Truth => match text {
                "true" | "false" => Some(text.into()),
                _ if text.eq_ignore_ascii_case("true") => Some("true".into()),
                _ if text.eq_ignore_ascii_case("false") => Some("false".into()),
                _ => None,
            },
        }
    }
}

/// Returns the listing without the typed elements whose text is not of their type; all others are
/// written as the SDK reads them.
fn sound(text: &str) -> Cow<'_, str> {
    let mut sound = String::new();
    // All text up to here is in `sound`, unless nothing had to be changed yet.
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        at += found;
        let Some((length, other)) = odd(&text[at..]) else {
            at += 1;
            continue;
        };
        sound.push_str(&text[kept..at]);
        sound.push_str(&other);
        at += length;
        kept = at;
    }
    if kept == 0 {
        return text.into();
    }
    sound.push_str(&text[kept..]);
    sound.into()
}

/// Returns the length of a typed element that begins here and cannot stay, and its replacement.
fn odd(text: &str) -> Option<(usize, String)> {
    let name = text[1..].split(['>', '/', ' ', '\t', '\r', '\n']).next()?;
    let (_, kind) = TYPED.iter().find(|(typed, _)| *typed == name)?;
    let opened = text.find('>')? + 1;
    if text[..opened].ends_with("/>") {
        return Some((opened, String::new()));
    }
    let closing = format!("</{name}>");
    let length = text[opened..].find(&closing)?;
    let value = &text[opened..opened + length];
    let whole = opened + length + closing.len();
    match kind.read(value) {
        Some(read) if read == value => None,
        Some(read) => Some((whole, format!("<{name}>{read}</{name}>"))),
        None => Some((whole, String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_say_nothing_are_left_out_and_all_others_stay() {
        let check = |text: &str, expected: &str| assert_eq!(sound(text), expected, "{text}");
        let whole = "<Key>Size</Key><Size>1</Size><LastModified>2026-11-22T00:00:00.000Z\
                     </LastModified><IsTruncated>false</IsTruncated>";
        check(whole, whole);
        assert!(matches!(sound(whole), Cow::Borrowed(_)));
        for odd in [
            "<Size></Size>",
            "<Size/>",
            "<Size nil=\"true\" />",
            "<Size>null</Size>",
            "<Size>1.5</Size>",
            "<LastModified>null</LastModified>",
            "<LastModified/>",
            "<LastModified>yesterday</LastModified>",
            "<IsLatest>perhaps</IsLatest>",
            "<MaxKeys></MaxKeys>",
        ] {
            check(&format!("<a>é{odd}</a>"), "<a>é</a>");
            check(&format!("{odd}{odd}<Size>2</Size>"), "<Size>2</Size>");
        }
        check(
            "<IsTruncated> True </IsTruncated>",
            "<IsTruncated>true</IsTruncated>",
        );
        check("<Size> 7\n</Size>", "<Size>7</Size>");
        check("<Size>", "<Size>");
        check("<Size>1", "<Size>1");
        check("<", "<");
        check("", "");
    }

    #[test]
    fn only_listings_are_looked_into() {
        let check = |uri, expected| assert_eq!(Listing::of(uri), expected, "{uri}");
        check(
            "http://a/b?list-type=2&prefix=versions",
            Some(Listing::Objects),
        );
        check("http://a/b?prefix=p&versions", Some(Listing::Versions));
        check("http://a/b?versions=&prefix=p", Some(Listing::Versions));
        check("http://a/b/versions?versionId=2", None);
        check("http://a/list-type=2", None);
    }
}
