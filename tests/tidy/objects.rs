//! Whether a record is of an object, and whether an object is still the same, is asked in one place
//! each: four places once had four answers.

use crate::tree::{self, File};
use crate::{Complaint, clean};

/// The one rule for a record and an object, and the one for two looks at an object; the drivers,
/// which hold what a store answers against a pin; and the listing, which holds an entry that comes
/// again against the first.
const MAY_COMPARE: [&str; 4] = [
    "catalog/src/ledger/same.rs",
    "catalog/src/model/snapshot.rs",
    "catalog/src/storage/",
    "catalog/src/survey/listing",
];

/// What tells two objects of one key apart.
const MARKS: [&str; 2] = [".etag", ".version_id"];

/// What may be done with a mark anywhere: hand it on, or ask whether there is one.
const HARMLESS: [&str; 4] = [".clone()", ".as_deref()", ".is_some()", ".is_none()"];

#[test]
fn records_are_compared_with_objects_by_one_rule() {
    clean(&tree::rust().flat_map(comparisons).collect::<Vec<_>>());
    for bad in [
        "&& artifact.etag == pin.etag",
        "artifact.version_id != pin.version_id",
        "&written.etag,",
        "let same = match (&before.etag, &now.etag) {",
        "let objects = it.map(|it| (it.version_id.clone(), it.etag.clone()));",
    ] {
        let found = |path: &str| comparisons(&File::new(path, bad)).len();
        assert_eq!(found("exporter/src/known.rs"), 1, "{bad}");
        assert_eq!(found("catalog/src/storage/a.rs"), 0, "{bad}");
        assert_eq!(found("tests/e2e/a.rs"), 0, "{bad}");
    }
    for good in ["etag: meta.etag.clone(),", "meta.version_id = None;"] {
        assert_eq!(comparisons(&File::new("a/src/a.rs", good)).len(), 0);
    }
}

fn comparisons(file: &File) -> Vec<Complaint> {
    let path = &file.path;
    if MAY_COMPARE.iter().any(|own| path.starts_with(own)) || path.contains("fixtures") {
        return Vec::new();
    }
    let reads = |line: &str| {
        let marks = MARKS.iter().filter(|mark| line.contains(**mark)).count();
        let is_set = MARKS
            .iter()
            .any(|mark| line.contains(&format!("{mark} = ")));
        let harmless = is_set || HARMLESS.iter().any(|it| line.contains(it));
        let together = marks > 1 && line.contains(".clone()");
        marks > 0 && (together || !harmless)
    };
    file.program()
        .filter(|(_, line)| !line.trim_start().starts_with("//") && reads(line))
        .map(|(number, _)| {
            format!(
                "{path}:{number}: compares objects; ask `ArtifactRecord::sameness` of a record \
                 (catalog/src/ledger/same.rs), and `Pin::is_still` of two looks at an object"
            )
        })
        .collect()
}
