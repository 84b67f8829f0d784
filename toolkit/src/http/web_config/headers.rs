//! `http_server_config.headers`: five headers, two of them with few values.

use hyper::header::{self, HeaderName, HeaderValue};
use settings::Problems;

use super::written::Headers;

/// Allowed values of a header that may have any.
const ANY: &[&str] = &[];
const FRAME_OPTIONS: &[&str] = &["deny", "sameorigin"];
const CONTENT_TYPE_OPTIONS: &[&str] = &["nosniff"];

/// Checks the headers. An empty value, where any is allowed, leaves out the header: `None`.
pub(super) fn check(
    written: Headers,
    problems: &mut Problems,
) -> Vec<(HeaderName, Option<HeaderValue>)> {
    let all = [
        (
            header::CONTENT_SECURITY_POLICY,
            written.content_security_policy,
            ANY,
        ),
        (
            header::X_FRAME_OPTIONS,
            written.x_frame_options,
            FRAME_OPTIONS,
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            written.x_content_type_options,
            CONTENT_TYPE_OPTIONS,
        ),
        (header::X_XSS_PROTECTION, written.x_xss_protection, ANY),
        (
            header::STRICT_TRANSPORT_SECURITY,
            written.strict_transport_security,
            ANY,
        ),
    ];
    let mut checked = Vec::new();
    for (name, written, allowed) in all {
        let Some(written) = written else { continue };
        let text = written.value.as_str();
        if !allowed.is_empty() && !allowed.contains(&text) {
            problems
                .error(&written.place, "this header has another value")
                .hint(format!("Write {}.", allowed.join(" or ")));
        } else if text.is_empty() {
            checked.push((name, None));
        } else if let Ok(value) = HeaderValue::from_str(text) {
            checked.push((name, Some(value)));
        } else {
            problems.error(&written.place, "a header cannot hold these characters");
        }
    }
    checked
}
