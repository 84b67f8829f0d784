use super::*;

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
