//! What headers and listings say of an object, in the one form that this driver holds.
//!
//! Stores write the same thing in several ways, and one store in another way in its listing than in
//! its headers. Whatever is compared has passed through here.

use aws_sdk_s3::primitives::DateTime;
use jiff::Timestamp;

/// What S3 calls the class of an object that names none.
const CLASS_DEFAULT: &str = "STANDARD";

/// The version of an object that was written while the bucket had no versions. Another write may
/// replace it under the same name.
pub(super) const UNVERSIONED: &str = "null";

/// Times in whole seconds, which every answer can tell: a header never has more (RFC 9110 §5.6.7),
/// and a listing has milliseconds in some stores. One object has one time, whoever tells it.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

/// The storage class, also of an object whose class is not named.
pub(super) fn class(named: Option<&str>) -> String {
    named.unwrap_or(CLASS_DEFAULT).into()
}

/// The entity tag (RFC 9110 §8.8.3) as it is held and asked with: strong, in quotes.
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

/// The version of an object as it is now; [`UNVERSIONED`] names none.
pub(super) fn version(said: Option<&str>) -> Option<String> {
    let said = said.filter(|version| !version.is_empty() && *version != UNVERSIONED);
    said.map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::{tag, version};

    #[test]
    fn a_version_that_the_next_object_may_have_too_is_none() {
        assert_eq!(version(Some("v1")).as_deref(), Some("v1"));
        for said in [None, Some(""), Some("null")] {
            assert_eq!(version(said), None, "{said:?}");
        }
    }

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
