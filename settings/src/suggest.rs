//! Finds the word that was probably meant.

use strsim::osa_distance;

/// Longest word that is compared, in bytes: the time of a comparison grows with the square.
const LONGEST: usize = 64;

/// The candidate nearest to `word`, upper and lower case alike. `None` if in each candidate more
/// than a third of the letters are wrong: inserted, left out, replaced or swapped with a neighbor.
/// One wrong letter is always allowed.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| word.len().max(candidate.len()) <= LONGEST)
        .map(|candidate| (osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_recognized_and_other_words_are_not() {
        let keys = ["schedule", "retention", "minimum_size", "name", "TLS13"];
        let check = |word, expected| assert_eq!(did_you_mean(word, keys), expected, "for {word}");
        check("shedule", Some("schedule"));
        check("schedlue", Some("schedule"));
        check("Retention", Some("retention"));
        check("min_size", Some("minimum_size"));
        check("minimum-size", Some("minimum_size"));
        check("nmae", Some("name"));
        check("tls_13", Some("TLS13"));
        check("owner", None);
        check("", None);
        check(&"schedule".repeat(100), None);
    }
}
