//! Rules for what imports what within a crate: no circle of files or of modules, and one order of
//! modules from the ground up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;

use crate::imports::{self, Imports, Module};
use crate::tree::{self, File};
use crate::{Complaint, clean};

/// The modules of each crate, the ground first: a module imports only from modules before it.
const FLOORS: [(&str, &[&str]); 6] = [
    (
        "settings",
        &[
            "place", "suggest", "text", "node", "duration", "percent", "size", "problem", "secret",
            "read", "schedule", "document", "located",
        ],
    ),
    (
        "catalog",
        &[
            "words",
            "digest",
            "fault",
            "manifest",
            "settle",
            "model",
            "lineage",
            "layout",
            "recovery_point",
            "format",
            "storage",
            "grouping",
            "ledger",
            "drill",
            "survey",
            "assess",
            "drivers",
            "config",
        ],
    ),
    (
        "toolkit",
        &[
            "clock",
            "exit",
            "problem",
            "signals",
            "flags",
            "log",
            "words",
            "table",
            "published",
            "replace",
            "exposition",
            "http",
        ],
    ),
    (
        "exporter",
        &[
            "metrics",
            "state",
            "families",
            "page",
            "surveyor",
            "world",
            "lifecycle",
            "cli",
            "program",
        ],
    ),
    (
        "verifier",
        &[
            "identity",
            "metrics",
            "report",
            "notify",
            "runtime",
            "select",
            "cli",
            "plan",
            "stream",
            "engine",
            "verdict",
            "supervise",
            "console",
            "progress",
            "lease",
            "world",
            "carry_out",
            "drill",
            "scheduler",
            "driller",
            "speaker",
            "commands",
            "run",
        ],
    ),
    (
        "dashboards",
        &[
            "unit",
            "tone",
            "link",
            "query",
            "promql",
            "variable",
            "panel",
            "dashboard",
            "pages",
            "install",
        ],
    ),
];

/// Files that may import each other, and why.
const RECURSIVE: [(&str, [&str; 2], &str); 1] = [(
    "settings",
    ["read::access", "read::deserializer"],
    "serde's Deserializer and MapAccess are defined by each other",
)];

#[test]
fn no_files_or_modules_import_each_other_in_a_circle() {
    let mut excused = BTreeSet::new();
    let mut complaints = Vec::new();
    for ((name, _), imports) in FLOORS.iter().zip(of_each_crate()) {
        complaints.extend(circles(name, imports, &mut excused));
    }
    let idle = RECURSIVE.iter().filter(|it| !excused.contains(&it.1));
    complaints.extend(idle.map(|(name, files, _)| format!("{name}: {files:?} are no circle")));
    clean(&complaints);
}

#[test]
fn modules_import_only_from_the_floors_below() {
    let crates = FLOORS.iter().zip(of_each_crate());
    let complaints = crates.flat_map(|((name, order), imports)| climbing(name, imports, order));
    clean(&complaints.collect::<Vec<_>>());
}

#[test]
fn circles_of_files_of_modules_and_up_the_floors_are_found() {
    let found = |files: &[(&str, &str)], order: &[&str]| {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| File::new(path, text))
            .collect();
        let imports = imports::of("catalog", files.iter());
        let mut complaints = circles("catalog", &imports, &mut BTreeSet::new());
        complaints.extend(climbing("catalog", &imports, order));
        complaints.len()
    };
    let lib = ("catalog/src/lib.rs", "mod a; mod b;");
    let a = |text| ("catalog/src/a.rs", text);
    let b = |text| ("catalog/src/b.rs", text);
    let order = ["a", "b"];
    assert_eq!(
        found(&[lib, a("pub fn f() {}"), b("use crate::a::f;")], &order),
        0
    );
    assert_eq!(
        found(&[lib, a("use crate::b::f;"), b("pub fn f() {}")], &order),
        1
    );
    assert_eq!(
        found(&[lib, a(""), b("")], &["a"]),
        1,
        "a module of no floor"
    );
    assert_eq!(
        found(&[lib, a(""), b("")], &["a", "b", "c"]),
        1,
        "a floor of no module"
    );
    let both = [
        lib,
        a("use crate::b::g; pub fn f() {}"),
        b("pub fn g() { crate::a::f() }"),
    ];
    assert_eq!(found(&both, &order), 3, "files, modules, and up");
    // A file and what it is divided into; what is handed on, and what is used besides.
    let part = (
        "catalog/src/a/part.rs",
        "use super::Whole; pub struct Part;",
    );
    let parent = "mod part; use part::Part; pub struct Whole;";
    assert_eq!(found(&[lib, a(parent), part, b("")], &order), 0);
    let parent = "mod part; pub use crate::b::f; pub struct Whole;";
    let handed_on = [
        lib,
        a(parent),
        part,
        b("use crate::a::Whole; pub fn f() {}"),
    ];
    assert_eq!(found(&handed_on, &order), 0, "only handed on");
    let parent = "mod part; pub use crate::b::f; pub struct Whole; fn g() { f() }";
    let used = [
        lib,
        a(parent),
        part,
        b("use crate::a::Whole; pub fn f() {}"),
    ];
    assert_eq!(found(&used, &order), 3, "files, modules, and up");
    // Modules whose files are in no circle.
    let files = [
        lib,
        a("mod x; mod y;"),
        ("catalog/src/a/x.rs", "use crate::b::f;"),
        ("catalog/src/a/y.rs", "pub fn g() {}"),
        b("use crate::a::y::g; pub fn f() {}"),
    ];
    assert_eq!(found(&files, &order), 2, "modules, and up");
}

/// The imports of each crate of [`FLOORS`], read once.
fn of_each_crate() -> &'static [Imports; FLOORS.len()] {
    static IMPORTS: OnceLock<[Imports; FLOORS.len()]> = OnceLock::new();
    IMPORTS.get_or_init(|| FLOORS.map(|(name, _)| imports::of(name, tree::rust())))
}

/// Circles of files, and of modules that stand beside each other.
fn circles(
    name: &str,
    imports: &Imports,
    excused: &mut BTreeSet<[&'static str; 2]>,
) -> Vec<Complaint> {
    let mut found = BTreeSet::new();
    for circle in circles_of(&divided(imports)) {
        match excuse(name, &circle) {
            Some(files) => drop(excused.insert(files)),
            None => drop(found.insert(format!("{name}: files in a circle: {circle:?}"))),
        }
    }
    let parents: BTreeSet<&[String]> = imports
        .keys()
        .filter_map(|it| it.split_last().map(|(_, parent)| parent))
        .collect();
    for parent in parents {
        let circles = circles_of(&rooms(imports, parent)).into_iter();
        let circles = circles.filter(|it| excuse(name, it).is_none());
        found.extend(circles.map(|it| format!("{name}: modules in a circle: {it:?}")));
    }
    found.into_iter().collect()
}

/// The names in each shortest circle.
fn circles_of(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let circles = imports.keys().filter_map(|it| shortest_circle(imports, it));
    let names = |circle: Vec<Module>| circle.iter().map(|it| it.join("::")).collect();
    circles.map(names).collect()
}

/// The two files of this circle, where they may import each other.
fn excuse(name: &str, circle: &BTreeSet<String>) -> Option<[&'static str; 2]> {
    let may = RECURSIVE.iter().find(|(of, files, _)| {
        *of == name && circle.len() == 2 && files.iter().all(|it| circle.contains(*it))
    });
    may.map(|(_, files, _)| *files)
}

/// The imports without those from the file that a file is a part of: parts know the whole, which
/// hands them to others.
fn divided(imports: &Imports) -> Imports {
    let outside = |(module, others): (&Module, &BTreeSet<Module>)| {
        let others = others.iter().filter(|it| !module.starts_with(it));
        (module.clone(), others.cloned().collect())
    };
    imports.iter().map(outside).collect()
}

/// What the modules below this parent import from each other, each with all that it is divided
/// into.
fn rooms(imports: &Imports, parent: &[String]) -> Imports {
    let depth = parent.len() + 1;
    let room = |module: &Module| {
        let inside = module.len() >= depth && module.starts_with(parent);
        inside.then(|| module[..depth].to_vec())
    };
    let mut rooms: Imports = BTreeMap::new();
    for (module, others) in imports {
        let Some(of) = room(module) else { continue };
        let others = others.iter().filter_map(room).filter(|it| *it != of);
        rooms.entry(of.clone()).or_default().extend(others);
    }
    rooms
}

/// Modules that import from a floor above them, and modules or floors without the other.
fn climbing(name: &str, imports: &Imports, order: &[&str]) -> Vec<Complaint> {
    let rooms = rooms(imports, &[]);
    let floor = |module: &Module| order.iter().position(|it| *it == module[0]);
    let mut complaints = Vec::new();
    for (module, others) in &rooms {
        let Some(height) = floor(module) else {
            complaints.push(format!("{name}: {} is on no floor", module[0]));
            continue;
        };
        for other in others
            .iter()
            .filter(|it| floor(it).is_some_and(|it| it >= height))
        {
            let (module, other) = (&module[0], &other[0]);
            complaints.push(format!(
                "{name}: {module} imports from {other}, which stands above it"
            ));
        }
    }
    let known = |floor: &str| rooms.keys().any(|it| it[0] == floor);
    let gone = order.iter().filter(|floor| !known(floor));
    complaints.extend(gone.map(|floor| format!("{name}: there is no module {floor}")));
    complaints
}

/// The modules of the shortest way from this one back to it, itself first; `None` without any.
fn shortest_circle(imports: &Imports, start: &Module) -> Option<Vec<Module>> {
    let mut before: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(module) = next.pop_front() {
        for other in imports.get(module).into_iter().flatten() {
            if other == start {
                let mut way = vec![module.clone()];
                let mut at = module;
                while let Some(earlier) = before.get(at) {
                    way.push((*earlier).clone());
                    at = earlier;
                }
                way.reverse();
                return Some(way);
            }
            if !before.contains_key(other) {
                before.insert(other, module);
                next.push_back(other);
            }
        }
    }
    None
}
