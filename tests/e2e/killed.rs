//! A verifier that is killed at any step leaves nothing that `sweep` does not remove, and `sweep`
//! touches no other verifier's live run.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use tests::{corpus, require};

use crate::{
    bench::{Bench, eventually},
    fetch,
};

/// Between any two stages, and between the steps of an append: all there are of a verification.
const POINTS: [&str; 14] = [
    "provisioned",
    "fetched",
    "staged",
    "restored",
    "served",
    "probed",
    "destroyed",
    "judged",
    "evidence.created",
    "evidence.written",
    "evidence.flushed",
    "evidence.linked",
    "evidence.unlinked",
    "evidence.synced",
];

/// Of pruning; the conformance suite of evidence is killed there.
const ELSEWHERE: [&str; 2] = ["evidence.removed", "evidence.removal_synced"];

#[test]
fn every_fault_point_of_the_programs_is_one_we_are_killed_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for program in ["catalog/src", "verifier/src", "exporter/src", "toolkit/src"] {
        named_in(&root.join(program), &mut found);
    }
    let points = POINTS.iter().chain(&fetch::POINTS).chain(&ELSEWHERE);
    let points: BTreeSet<_> = points.map(ToString::to_string).collect();
    assert_eq!(found, points, "POINTS are the list");
}

/// The names that stand in calls of `point("…")` below a directory.
fn named_in(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for (at, call) in text.match_indices("point(\"") {
                let name = text[at + call.len()..].split('"').next().unwrap();
                // Not `checkpoint("…")`, and the like.
                let whole =
                    !text[..at].ends_with(|before: char| before.is_alphabetic() || before == '_');
                found.extend(whole.then(|| name.to_owned()));
            }
        }
    }
}

fn killed_everywhere(runtime: &'static str) {
    let bench = Bench::new(runtime);
    bench.snapshot(1);
    let mut whole = 1;
    for point in POINTS {
        if point.starts_with("evidence.") {
            // Or the record of the run before, which is written first, would be the one it is
            // killed at.
            assert_eq!(bench.verify().0, 0, "{point}");
            whole += 1;
        }
        let output = bench.verify_until(&format!("{point}:abort"));
        assert_eq!(
            output.status.code(),
            None,
            "{point} was reached and killed it: {output:?}"
        );
        bench.run(&["sweep"]).ends(0, "alive or not ours");
        assert_eq!(bench.runs(), 0, "{point}");
        bench.run(&["sweep"]).ends(0, "0 runs removed");
        eventually("no process outlives its run", || outliving().is_empty());
        bench.run(&["evidence", "check"]).ends(0, "unbroken");
    }
    let (code, records) = bench.verify();
    assert_eq!(
        (code, records[0]["verdict"].as_str()),
        (0, Some("verified")),
        "{records:?}"
    );
    // Whoever takes over writes down what a killed run left unwritten, and only that.
    let unwritten = POINTS.iter().position(|it| *it == "evidence.linked");
    let unwritten = unwritten.expect("it is one of them");
    let exported = bench.run(&["evidence", "export", "--format", "csv"]).out;
    let interrupted = exported.matches(",inconclusive,interrupted,").count();
    assert_eq!(interrupted, unwritten, "{exported}");
    let verified = exported.matches(",verified,,").count();
    assert_eq!(verified, POINTS.len() - unwritten + whole, "{exported}");
}

/// Processes whose working directory was that of a run which was removed.
fn outliving() -> Vec<PathBuf> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let places = all.filter_map(|it| fs::read_link(it.path().join("cwd")).ok());
    let is_removed = |place: &PathBuf| {
        let place = place.to_string_lossy();
        place.starts_with("/var/tmp/backup-witness-") && place.ends_with(" (deleted)")
    };
    places.filter(is_removed).collect()
}

#[test]
fn whatever_step_docker_runs_are_killed_at_sweep_leaves_nothing() {
    require!(docker);
    require!(image "redis:8.0");
    killed_everywhere("docker");
}

#[test]
fn whatever_step_process_runs_are_killed_at_sweep_leaves_nothing() {
    require!(redis);
    killed_everywhere("process");
}

/// A graph whose dump Neo4j 5.26 loads.
pub(crate) fn graph(bench: &Bench, dump: &Path) {
    let text = "schema: 1\n\
         repositories: [{ name: local, directory: repository }]\n\
         evidence: { repository: { directory: evidence } }\n\
         verifier:\n  runtime: docker\n  pull: never\n  \
         images: { neo4j: [\"neo4j:5.26-community\"] }\n  limits: { memory: 2GiB }\n\
         sources:\n  - { name: graph, engine: neo4j, repository: local, settle: 0s, \
         path: \"graph-%Y%m%d.dump\" }\n";
    fs::write(bench.path("backups.yaml"), text).unwrap();
    fs::copy(dump, bench.path("repository/graph-20261101.dump")).unwrap();
}

#[test]
fn a_graph_whose_verification_is_killed_leaves_nothing_and_can_be_verified() {
    require!(docker);
    require!(image "neo4j:5.26-community");
    let Some(corpus) = corpus::folder("neo4j") else {
        return;
    };
    let bench = Bench::new("docker");
    graph(&bench, &corpus.join("movies-50.dump"));
    // An append is the same for every engine, and a verification of a graph takes long.
    let before_the_append = POINTS.iter().filter(|it| !it.starts_with("evidence."));
    for point in before_the_append.clone() {
        let output = bench.verify_until(&format!("{point}:abort"));
        assert_eq!(output.status.code(), None, "{point}: {output:?}");
        bench.run(&["sweep"]).ends(0, "alive or not ours");
        assert_eq!(bench.runs(), 0, "{point}");
    }
    let (code, records) = bench.verify();
    let verdict = records[0]["verdict"].as_str();
    assert_eq!((code, verdict), (0, Some("verified")), "{records:?}");
    let exported = bench.run(&["evidence", "export", "--format", "csv"]).out;
    let interrupted = exported.matches(",inconclusive,interrupted,").count();
    assert_eq!(interrupted, before_the_append.count(), "{exported}");
}

fn neighbours(runtime: &'static str) {
    let (dead, alive) = (Bench::new(runtime), Bench::new(runtime));
    dead.snapshot(1);
    alive.snapshot(1);
    let mut living = alive.hang_at("served");
    eventually("the other verifier runs", || alive.runs() == 1);
    let output = dead.verify_until("staged:abort");
    assert_eq!(output.status.code(), None, "{output:?}");
    dead.run(&["sweep"]).ends(0, "1 runs removed");
    alive.run(&["sweep"]).ends(0, "0 runs removed");
    assert_eq!(alive.runs(), 1, "its own living run is spared, too");
    living.kill().unwrap();
    living.wait().unwrap();
    alive.run(&["sweep"]).ends(0, "1 runs removed");
}

#[test]
fn a_living_neighbour_in_docker_is_untouched() {
    require!(docker);
    require!(image "redis:8.0");
    neighbours("docker");
}

#[test]
fn a_living_neighbour_of_processes_is_untouched() {
    require!(redis);
    neighbours("process");
}
