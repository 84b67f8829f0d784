use super::*;

#[test]
fn only_eight_digits_name_a_record() {
    for (name, expected) in [
        ("00000001.json", Some(1)),
        ("99999999.json", Some(99_999_999)),
        ("00000000.json", None),
        ("1.json", None),
        ("000000001.json", None),
        ("+0000001.json", None),
        ("00000001.json~", None),
        (".00000001.1.0.tmp", None),
        ("00000001", None),
    ] {
        assert_eq!(sequence_of(name), expected, "{name}");
    }
    assert_eq!(sequence_of(&file_name(12)), Some(12));
}

#[test]
fn an_error_of_the_disk_says_what_to_do() {
    for (kind, part) in [
        (io::ErrorKind::StorageFull, "Free space"),
        (io::ErrorKind::PermissionDenied, "access"),
        (io::ErrorKind::ReadOnlyFilesystem, "writable"),
        (io::ErrorKind::NotFound, "Create"),
        (io::ErrorKind::Unsupported, "hard links"),
    ] {
        let error = store("write", Path::new("/evidence/cache"), kind.into());
        let text = error.to_string();
        let (what, hint) = text.split_once("\nhint: ").expect("a hint");
        assert_eq!(what, "cannot write evidence at /evidence/cache");
        assert!(hint.contains(part), "{hint}");
    }
    let error = store("write", Path::new("/evidence"), io::ErrorKind::Other.into());
    assert_eq!(error.to_string(), "cannot write evidence at /evidence");
}
