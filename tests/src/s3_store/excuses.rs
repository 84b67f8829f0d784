//! What a store of `make test-s3` is not asked, case by case: docs/stores.md says what was seen.

use std::env;

use crate::require::Probe;

/// The environment's name of the store that is under test: a file of `tests/s3/stores`.
const STORE: &str = "S3_STORE";

/// Store, case, and what the store does otherwise than S3.
const EXCUSES: &[(&str, &str, &str)] = &[
    (
        "versitygw",
        "hostile_keys_are_keys",
        "a control character is listed as U+FFFD",
    ),
    (
        "versitygw",
        "what_is_not_there_is_not_found",
        "a slash that begins a key, and the second of two, is left out",
    ),
    (
        "versitygw",
        "versions_of_a_key_with_a_control_character_are_listed",
        "a control character is listed as U+FFFD",
    ),
    (
        "moto",
        "versions_of_a_key_with_a_control_character_are_listed",
        "the listing of versions is no XML then",
    ),
    (
        "moto",
        "hostile_keys_are_keys",
        "a key with a line break is answered by a web page",
    ),
    (
        "moto",
        "a_checksum_of_the_upload_is_recomputed",
        "no checksum is compared with what arrived, or said to be of the whole object",
    ),
    (
        "moto",
        "refusals_have_their_reasons",
        "any secret access key is taken",
    ),
    (
        "s3proxy",
        "hostile_keys_are_keys",
        "names of more than the file system's length or with odd characters are refused",
    ),
    (
        "s3proxy",
        "what_is_not_there_is_not_found",
        "below a key that is a file, HEAD is answered by 500",
    ),
    ("s3proxy", "versions", "it keeps none"),
];

/// Whether the store is asked this case: `Err` says why not.
pub fn asks(case: &str) -> Probe {
    let store = env::var(STORE).unwrap_or_default();
    match excuse(&store, case) {
        None => Ok(()),
        Some(why) => Err(why.into()),
    }
}

fn excuse(store: &str, case: &str) -> Option<&'static str> {
    let mut excuses = EXCUSES.iter();
    excuses
        .find(|(of, what, _)| *of == store && *what == case)
        .map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn only_what_is_named_is_excused_and_only_of_stores_that_are_tried() {
        assert_eq!(excuse("s3proxy", "versions"), Some("it keeps none"));
        assert_eq!(excuse("moto", "versions"), None);
        assert_eq!(excuse("s3proxy", "a_listing_may_be_abandoned"), None);
        assert_eq!(excuse("", "versions"), None);
        let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("s3/stores");
        for (store, case, _) in EXCUSES {
            let recipe = stores.join(format!("{store}.sh"));
            assert!(recipe.is_file(), "{store} is excused from {case}");
        }
    }
}
