//! What each file of a crate imports from other files of it, tests left out.
//!
//! An import leads to the file that defines the name, whatever hands it on. A name that a file only
//! hands on (`pub use`) is no import of that file.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use crate::tree::File;

/// The path of a module within its crate; empty for the crate's root.
pub(crate) type Module = Vec<String>;

/// The files that each file imports from.
pub(crate) type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// How many names may hand one on to the next.
const HANDED_ON_MAX: usize = 16;

/// What one file says.
#[derive(Debug, Default)]
struct Contents {
    defines: BTreeSet<String>,
    /// Names that `use` brings, by what they are called here.
    uses: Vec<Import>,
    /// Paths of two and more parts in the code.
    paths: Vec<Vec<String>>,
    /// First parts of paths, which may be names that `use` brought.
    named: BTreeSet<String>,
}

#[derive(Debug)]
struct Import {
    path: Vec<String>,
    called: String,
    is_handed_on: bool,
}

/// The imports of one crate; its root and `main.rs` import from everywhere and are left out.
pub(crate) fn of<'a>(name: &str, files: impl Iterator<Item = &'a File>) -> Imports {
    let start = format!("{name}/src/");
    let ours = files.filter_map(|file| Some((file.path.strip_prefix(&start)?, file)));
    let mut contents = BTreeMap::new();
    let mut tests = BTreeSet::new();
    for (path, file) in ours.filter(|(path, _)| *path != "main.rs") {
        let parsed = syn::parse_file(&file.text);
        let parsed = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.path));
        let mut module: Module = path
            .trim_end_matches(".rs")
            .split('/')
            .map(Into::into)
            .collect();
        if path == "lib.rs" {
            module.clear();
        }
        for item in &parsed.items {
            if let Item::Mod(inner) = item
                && is_of_tests(&inner.attrs)
            {
                tests.insert([module.clone(), vec![inner.ident.to_string()]].concat());
            }
        }
        let mut found = Contents::default();
        found.visit_file(&parsed);
        contents.insert(module, found);
    }
    contents.retain(|module, _| !tests.iter().any(|it| module.starts_with(it)));
    let imports = |(module, found): (&Module, &Contents)| {
        let others = found
            .imported()
            .filter_map(|path| defined(&contents, module, path, 0));
        (module.clone(), others.filter(|it| it != module).collect())
    };
    let files = contents.iter().filter(|(module, _)| !module.is_empty());
    files.map(imports).collect()
}

/// Where a path that is written in this module leads.
fn defined(
    contents: &BTreeMap<Module, Contents>,
    module: &Module,
    path: &[String],
    handed_on: usize,
) -> Option<Module> {
    let mut at = module.clone();
    let mut parts = path.iter();
    let mut is_first = true;
    while let Some(part) = parts.next() {
        match part.as_str() {
            "crate" if is_first => at.clear(),
            "self" if is_first => {}
            "super" => drop(at.pop()),
            part => {
                at.push(part.into());
                if !contents.contains_key(&at) {
                    at.pop();
                    let found = contents.get(&at)?;
                    if is_first && !found.brings(part) {
                        // The name of another crate, or of the prelude.
                        return None;
                    }
                    let on = found
                        .uses
                        .iter()
                        .find(|it| it.called == part && it.path != path);
                    let on = on.filter(|_| !found.defines.contains(part));
                    let on = on.filter(|_| handed_on < HANDED_ON_MAX);
                    let Some(on) = on else { return Some(at) };
                    let rest = [on.path.clone(), parts.cloned().collect()].concat();
                    return defined(contents, &at, &rest, handed_on + 1);
                }
            }
        }
        is_first = false;
    }
    Some(at)
}

impl Contents {
    fn brings(&self, name: &str) -> bool {
        self.defines.contains(name) || self.uses.iter().any(|it| it.called == name)
    }

    fn imported(&self) -> impl Iterator<Item = &[String]> {
        let is_named = |it: &&Import| !it.is_handed_on || self.named.contains(&it.called);
        let uses = self.uses.iter().filter(is_named).map(|it| &it.path[..]);
        uses.chain(self.paths.iter().map(Vec::as_slice))
    }

    fn bring(&mut self, tree: &UseTree, before: &[String], is_handed_on: bool) {
        let with = |name: String| [before, &[name]].concat();
        let (path, called) = match tree {
            UseTree::Path(path) => {
                let before = with(path.ident.to_string());
                return self.bring(&path.tree, &before, is_handed_on);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.bring(tree, before, is_handed_on);
                }
                return;
            }
            UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned().unwrap_or_default())
            }
            UseTree::Name(name) => (with(name.ident.to_string()), name.ident.to_string()),
            UseTree::Rename(name) => (with(name.ident.to_string()), name.rename.to_string()),
            UseTree::Glob(_) => (before.to_vec(), String::new()),
        };
        self.uses.push(Import {
            path,
            called,
            is_handed_on,
        });
    }
}

impl<'ast> Visit<'ast> for Contents {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = match item {
            Item::Const(it) => (&it.attrs, Some(&it.ident)),
            Item::Enum(it) => (&it.attrs, Some(&it.ident)),
            Item::Fn(it) => (&it.attrs, Some(&it.sig.ident)),
            Item::Macro(it) => (&it.attrs, it.ident.as_ref()),
            Item::Mod(it) => (&it.attrs, None),
            Item::Static(it) => (&it.attrs, Some(&it.ident)),
            Item::Struct(it) => (&it.attrs, Some(&it.ident)),
            Item::Trait(it) => (&it.attrs, Some(&it.ident)),
            Item::Type(it) => (&it.attrs, Some(&it.ident)),
            Item::Union(it) => (&it.attrs, Some(&it.ident)),
            Item::Impl(it) => (&it.attrs, None),
            Item::Use(it) => (&it.attrs, None),
            _ => return visit::visit_item(self, item),
        };
        if is_of_tests(attributes) {
            return;
        }
        self.defines.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_handed_on = !matches!(item.vis, Visibility::Inherited);
        self.bring(&item.tree, &[], is_handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<_> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        if path.leading_colon.is_none() {
            self.named.extend(parts.first().cloned());
            if parts.len() > 1 {
                self.paths.push(parts);
            }
        }
        visit::visit_path(self, path);
    }
}

/// Whether this is compiled for tests only.
pub(crate) fn is_of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute
            .path()
            .is_ident("cfg")
            .then(|| attribute.meta.require_list());
        let condition = condition
            .and_then(Result::ok)
            .map(|it| it.tokens.to_string());
        condition.is_some_and(|it| {
            it == "test" || it.starts_with("any (test") || it.starts_with("any(test")
        })
    })
}
