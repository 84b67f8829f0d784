//! The names of fetched objects: the end of a key, made safe. Pure.
//!
//! Whatever a key says, the name is one entry of one directory: no separator, no hidden file, no
//! control character, no two alike.

use std::collections::{BTreeMap, BTreeSet};

use catalog::digest::sha256;

/// Bytes put around a name while its file is not whole yet: `.NAME.part.json`.
const AROUND_BYTES: usize = ".".len() + ".part.json".len();

/// Longest name, in bytes: `NAME_MAX` of Linux (limits.h) less what stands around it.
const NAME_BYTES_MAX: usize = 255 - AROUND_BYTES;

/// Digits of a key's digest that tell two names apart.
const MARK_DIGITS: usize = 16;

/// One name for each object, by key and version, in their order: the last segment of the key, and
/// as many before it as tell all of them apart (also where a file system does not know upper from
/// lower case). Where one key has several versions, the name begins with a mark of the version.
pub(super) fn names(objects: &[(&str, Option<&str>)]) -> Vec<String> {
    let keys: BTreeSet<&str> = objects.iter().map(|(key, _)| *key).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    let of_keys = names_of_keys(&keys);
    let of_keys: BTreeMap<&str, String> = keys.into_iter().zip(of_keys).collect();
    let named = objects.iter().map(|(key, version)| {
        let name = &of_keys[key];
        let same = objects.iter().filter(|(other, _)| other == key);
        match same.count() {
            1 => name.clone(),
            _ => marked(version.unwrap_or_default(), name),
        }
    });
    named.collect()
}

fn names_of_keys(keys: &[&str]) -> Vec<String> {
    let segments = keys.iter().map(|key| key.split('/').count()).max();
    let named = |count| keys.iter().map(|key| name(key, count)).collect();
    let mut candidates = (1..=segments.unwrap_or(1)).map(named);
    let distinct = candidates.find(|names: &Vec<String>| are_distinct(names));
    distinct.unwrap_or_else(|| keys.iter().map(|key| marked(key, &name(key, 1))).collect())
}

fn are_distinct(names: &[String]) -> bool {
    let folded = names.iter().map(|name| name.to_lowercase());
    folded.collect::<BTreeSet<_>>().len() == names.len()
}

/// The last `count` segments of a key as one name.
fn name(key: &str, count: usize) -> String {
    let named = |segment: &&str| !matches!(*segment, "" | "." | "..");
    let segments: Vec<_> = key.split('/').filter(named).collect();
    let last = &segments[segments.len().saturating_sub(count)..];
    let plain: String = last.join("_").chars().map(plain).collect();
    let name = match plain.chars().next() {
        // Neither hidden nor an option.
        Some('.' | '-') => format!("_{plain}"),
        Some(_) => plain,
        None => marked(key, ""),
    };
    if name.len() > NAME_BYTES_MAX {
        marked(key, &name)
    } else {
        name
    }
}

/// Turns a character that a terminal or a script could take for something else into an underscore.
fn plain(character: char) -> char {
    let misleads = matches!(
        character,
        // Zero width, direction and invisible characters (Unicode, general category Cf, Zl, Zp).
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    );
    if character.is_control() || character == '\\' || misleads {
        '_'
    } else {
        character
    }
}

/// A name that begins with digits of the digest of a key or version, and ends as `name` does.
fn marked(key: &str, name: &str) -> String {
    let digest = sha256(key);
    let digits = digest.trim_start_matches("sha256:");
    let mark = &digits[..MARK_DIGITS];
    let room = NAME_BYTES_MAX - MARK_DIGITS - 1;
    let mut from = name.len().saturating_sub(room);
    while !name.is_char_boundary(from) {
        from += 1;
    }
    if name.is_empty() {
        mark.into()
    } else {
        format!("{mark}-{}", &name[from..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of objects that have no versions.
    fn names(keys: &[&str]) -> Vec<String> {
        let objects: Vec<_> = keys.iter().map(|key| (*key, None)).collect();
        super::names(&objects)
    }

    fn check(keys: &[&str], expected: &[&str]) {
        assert_eq!(names(keys), expected, "{keys:?}");
    }

    #[test]
    fn versions_of_one_key_are_files_of_their_own() {
        let both = super::names(&[("a/d", Some("1")), ("b/d", None), ("a/d", Some("2"))]);
        let mark = |version: &str| marked(version, "a_d");
        assert_eq!(both, [mark("1"), "b_d".into(), mark("2")]);
        // The name of a version stays when others come.
        assert_ne!(mark("1"), mark("2"));
        let three = super::names(&[("a/d", Some("0")), ("a/d", Some("1")), ("b/d", None)]);
        assert_eq!(three[1..], [mark("1"), "b_d".into()]);
    }

    #[test]
    fn a_file_is_called_like_the_end_of_its_key() {
        check(&["redis/20261101-0100.rdb"], &["20261101-0100.rdb"]);
        check(&["dump.rdb"], &["dump.rdb"]);
        check(&["a/über 1 $(x) 'y'.rdb"], &["über 1 $(x) 'y'.rdb"]);
        check(&["a/0.rdb", "b/1.rdb"], &["0.rdb", "1.rdb"]);
    }

    #[test]
    fn as_much_of_the_path_is_kept_as_tells_two_files_apart() {
        check(&["r/a/d.rdb", "r/b/d.rdb"], &["a_d.rdb", "b_d.rdb"]);
        check(&["a/x/d", "b/x/d", "b/y/D"], &["a_x_d", "b_x_d", "b_y_D"]);
        check(&["a", "b/a"], &["a", "b_a"]);
        let same = names(&["a/b", "a//b"]);
        assert!(are_distinct(&same), "{same:?}");
        let glued = names(&["a_b/c", "a/b_c", "x/c", "x/b_c"]);
        assert!(are_distinct(&glued), "{glued:?}");
    }

    #[test]
    fn no_key_leads_out_of_its_directory_or_misleads_whoever_reads_it() {
        check(&["../../etc/passwd"], &["passwd"]);
        check(&["/etc/shadow"], &["shadow"]);
        check(&["a/.."], &["a"]);
        check(&["a/.bashrc"], &["_.bashrc"]);
        check(&["a/-rf"], &["_-rf"]);
        check(&["a/b\nc\0d\\e\u{202e}f\u{1b}[31m"], &["b_c_d_e_f_[31m"]);
        check(&["a/b/"], &["b"]);
        for nothing in ["", "/", "..", "../.", "///"] {
            let name = names(&[nothing]).remove(0);
            assert_eq!(name.len(), MARK_DIGITS, "{nothing:?}: {name}");
        }
    }

    #[test]
    fn a_name_that_no_directory_holds_is_cut_at_its_beginning() {
        let long = format!("{}ü.rdb", "ä".repeat(400));
        let name = names(&[&long]).remove(0);
        assert!(
            name.len() <= NAME_BYTES_MAX && name.ends_with("äü.rdb"),
            "{name}"
        );
        let other = names(&[&format!("b{long}")]).remove(0);
        assert_ne!(name, other, "the digest is of the whole key");
        let fits = "x".repeat(NAME_BYTES_MAX);
        check(&[&fits], &[&fits]);
    }
}
