//! Places are asked without knowing their driver.

use std::path::Path;

use settings::Document;

use super::*;

/// Reads the place of a repository written like this, whatever its driver.
fn read(text: &str, what: Holds) -> Location {
    let document = Document::parse("backups.yaml", text).unwrap();
    let mut problems = document.problems();
    let of_one = |driver: &&dyn Driver| {
        let section = document.root().get(driver.key())?;
        driver.read(&section, what, Path::new("/etc"), &mut problems)
    };
    let location = DRIVERS.iter().find_map(of_one).unwrap();
    assert!(!problems.has_errors(), "{problems}");
    location
}

#[test]
fn a_place_answers_as_its_driver_does() {
    let directory = read("directory: backups", Holds::Snapshots);
    assert_eq!(directory.to_string(), "/etc/backups");
    assert_eq!(directory.object("a/b", None), "/etc/backups/a/b");
    assert_eq!(directory.directory(), Some(Path::new("/etc/backups")));
    assert!(directory.grows());
    let bucket = read("s3: { bucket: b, prefix: p/ }", Holds::Snapshots);
    assert_eq!(bucket.to_string(), "s3://b/p/");
    assert_eq!(bucket.object("a", None), "s3://b/p/a");
    assert_eq!(bucket.object("a", Some("7")), "s3://b/p/a?versionId=7");
    assert_eq!((bucket.directory(), bucket.grows()), (None, false));
}

#[test]
fn places_of_two_drivers_are_two_and_none_lies_in_the_other() {
    let texts = ["directory: /b/p", "s3: { bucket: b, prefix: p }"];
    let places = texts.map(|text| read(text, Holds::Records));
    for (index, place) in places.iter().enumerate() {
        let again = read(texts[index], Holds::Records);
        assert_eq!(*place, again);
        assert_eq!(place.key_in(&again, "a").as_deref(), Some("a"));
        assert!(!place.open_records().place().is_empty());
        let other = &places[1 - index];
        assert_ne!(place, other);
        assert_eq!(place.key_in(other, "a"), None);
    }
    let elsewhere = read("directory: /b", Holds::Records);
    assert_ne!(places[0], elsewhere);
    assert_eq!(places[0].key_in(&elsewhere, "a").as_deref(), Some("p/a"));
    // Records lie below the prefix, and a prefix of snapshots is only characters.
    let begins = read("s3: { bucket: b, prefix: p }", Holds::Snapshots);
    assert_eq!(places[1].key_in(&begins, "a").as_deref(), Some("/a"));
}

#[test]
fn every_driver_has_a_key_of_its_own_and_says_how_it_is_written() {
    let mut keys: Vec<_> = DRIVERS.iter().map(|it| it.key()).collect();
    for driver in DRIVERS {
        let start = format!("{}: ", driver.key());
        assert!(driver.example().starts_with(&start), "{driver:?}");
        assert!(driver.about().ends_with('.'), "{driver:?}");
        assert!(driver.may_hold(Holds::Snapshots), "{driver:?}");
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), DRIVERS.len());
}
