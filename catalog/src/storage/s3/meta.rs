//! Properties of objects, as headers and listings tell them, in the one form that this driver
//! holds.
//!
//! Stores write the same thing in several ways, and one store in another way in its listing than in
//! its headers. Whatever is compared has passed through here.

use aws_sdk_s3::primitives::DateTime;
use jiff::Timestamp;

/// Class of an object that names none, as S3 calls it.
const CLASS_DEFAULT: &str = "STANDARD";

/// Returns a time in whole seconds, which every answer can tell: a header never has more (RFC 9110
/// §5.6.7), and a listing has milliseconds in some stores. So one object has one time, whoever
/// tells it.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

/// Returns the storage class, also of an object whose class is not named.
pub(super) fn class(named: Option<&str>) -> String {
    named.unwrap_or(CLASS_DEFAULT).into()
}

/// Returns the entity tag (RFC 9110 §8.8.3) as it is held and asked with: strong, in quotes.
///
/// | said | held |
/// |---|---|
/// | `"a"`, `a`, `W/"a"` | `"a"` |
/// | nothing, `""`, `W/""`, blanks | none |
pub(super) fn tag(said: Option<&str>) -> Option<String> {
    let said = said?.trim();
    let opaque = said.strip_prefix("W/").unwrap_or(said).trim_matches('"');
    (!opaque.trim().is_empty()).then(|| format!("\"{opaque}\""))
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn one_tag_is_held_in_one_form_and_an_empty_one_is_none() {
        for said in ["\"a-2\"", "a-2", "W/\"a-2\"", " \"a-2\" "] {
            assert_eq!(tag(Some(said)).as_deref(), Some("\"a-2\""), "{said}");
        }
        for said in ["", "\"\"", "W/\"\"", "  ", "\" \""] {
            assert_eq!(tag(Some(said)), None, "{said}");
        }
        assert_eq!(tag(None), None);
    }
}
