//! Finds the word that was probably meant.

/// The candidate nearest to `word`, if at most a third of it is wrong.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbors between two words (optimal string
/// alignment); words over 64 characters are simply far apart.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len().max(right.len()) > 64 {
        return usize::MAX / 4;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
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
