//! What fuzzing kept is replayed: inputs that reach far into the code, and every one that once
//! broke a law.

use std::{fs, panic, path::Path};

use tests::laws;

#[track_caller]
fn replay(name: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(name);
    let mut replayed = 0;
    for entry in fs::read_dir(folder).expect("the corpus is part of the tree") {
        let path = entry.expect("a directory that can be read").path();
        let data = fs::read(&path).expect("a file of the corpus");
        let kept = panic::catch_unwind(|| law(&data));
        assert!(kept.is_ok(), "broken by {}", path.display());
        replayed += 1;
    }
    assert!(replayed >= 10, "only {replayed} inputs");
}

#[test]
fn the_inspector_keeps_its_laws() {
    replay("inspector", laws::inspector);
}

#[test]
fn the_layout_keeps_its_laws() {
    replay("layout", laws::layout);
}

#[test]
fn the_configuration_keeps_its_laws() {
    replay("yaml", laws::yaml);
}
