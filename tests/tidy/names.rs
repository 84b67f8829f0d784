//! A type has a name of its own within its crate, so that a search finds one type and a reader
//! needs no import list to know which one is meant.
//!
//! Types that one file keeps to itself and types of test code are left out.

use std::collections::BTreeMap;

use syn::{Attribute, Item, Visibility};

use crate::imports::is_of_tests;
use crate::tree::{self, File};
use crate::{Complaint, clean};

#[test]
fn every_type_has_its_own_name_within_its_crate() {
    clean(&shared(tree::rust()));
    let taken = "pub(super) struct Row;";
    for bad in [
        "pub struct Row;",
        "pub(in crate::a) enum Row { A }",
        "pub trait Row {}",
        "pub(crate) type Row = u8;",
        "catalog::words! { pub enum Row { A = \"a\", } }",
    ] {
        assert_eq!(shared(&two(taken, bad)).len(), 1, "{bad}");
    }
    for good in [
        "struct Row;",
        "pub struct Column;",
        "#[cfg(test)] pub struct Row;",
        "#[cfg(test)] mod tests { pub struct Row; }",
        "pub fn row() {}",
        "catalog::words! { enum Row { A = \"a\", } }",
    ] {
        assert_eq!(shared(&two(taken, good)), Vec::<Complaint>::new(), "{good}");
    }
}

/// Two files of one crate.
fn two(one: &str, other: &str) -> [File; 2] {
    [
        File::new("a/src/one.rs", one),
        File::new("a/src/other.rs", other),
    ]
}

/// Names that more than one file of a crate gives to a type.
fn shared<'a>(files: impl IntoIterator<Item = &'a File>) -> Vec<Complaint> {
    let mut types: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for file in files
        .into_iter()
        .filter(|file| file.program().next().is_some())
    {
        let Some((name, _)) = file.path.split_once("/src/") else {
            continue;
        };
        let parsed = syn::parse_file(&file.text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.path));
        for item in &parsed.items {
            if let Some(defined) = shown(item) {
                types.entry((name, defined)).or_default().push(&file.path);
            }
        }
    }
    let twice = types.into_iter().filter(|(_, paths)| paths.len() > 1);
    twice
        .map(|((name, defined), paths)| {
            format!(
                "{name}: `{defined}` names {} types: {}",
                paths.len(),
                paths.join(", ")
            )
        })
        .collect()
}

/// The name of a type that other files can see.
fn shown(item: &Item) -> Option<String> {
    let (attributes, visibility, name): (&[Attribute], _, _) = match item {
        Item::Struct(it) => (&it.attrs, &it.vis, &it.ident),
        Item::Enum(it) => (&it.attrs, &it.vis, &it.ident),
        Item::Trait(it) => (&it.attrs, &it.vis, &it.ident),
        Item::Type(it) => (&it.attrs, &it.vis, &it.ident),
        Item::Macro(it) => return vocabulary(&it.mac),
        _ => return None,
    };
    let private = matches!(visibility, Visibility::Inherited);
    (!private && !is_of_tests(attributes)).then(|| name.to_string())
}

/// The name of a type that `words!` makes and that other files can see.
fn vocabulary(makes: &syn::Macro) -> Option<String> {
    let is_vocabulary = makes.path.segments.last()?.ident == "words";
    let text = is_vocabulary.then(|| makes.tokens.to_string())?;
    let (before, after) = text.split_once(" enum ")?;
    let is_shown = before.ends_with("pub") || before.ends_with(')');
    is_shown.then(|| after.split_whitespace().next().map(Into::into))?
}
