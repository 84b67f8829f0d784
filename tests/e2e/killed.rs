//! A verifier that is killed at any step leaves nothing that `sweep` does not remove, and `sweep`
//! touches no other verifier's live run.

use tests::require;

use crate::bench::{Bench, eventually};

/// Between any two stages, and between the steps of an append.
const POINTS: [&str; 10] = [
    "provisioned",
    "fetched",
    "staged",
    "restored",
    "served",
    "probed",
    "destroyed",
    "judged",
    "evidence.created",
    "evidence.linked",
];

/// What is left of a bench's runs: its lock files name them.
fn runs(bench: &Bench) -> usize {
    let runs = std::fs::read_dir(bench.path("state/backup-witness/runs"));
    runs.map_or(0, Iterator::count)
}

fn killed_everywhere(runtime: &'static str) {
    let bench = Bench::new(runtime);
    bench.snapshot(1);
    for point in POINTS {
        let output = bench.verify_until(&format!("{point}:abort"));
        assert_eq!(
            output.status.code(),
            None,
            "{point} was reached and killed it: {output:?}"
        );
        bench.run(&["sweep"]).ends(0, "alive or not ours");
        assert_eq!(runs(&bench), 0, "{point}");
        bench.run(&["sweep"]).ends(0, "0 runs removed");
        bench.run(&["evidence", "check"]).ends(0, "unbroken");
    }
    let (code, records) = bench.verify();
    assert_eq!(
        (code, records[0]["verdict"].as_str()),
        (0, Some("verified")),
        "{records:?}"
    );
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

fn neighbours(runtime: &'static str) {
    let (dead, alive) = (Bench::new(runtime), Bench::new(runtime));
    dead.snapshot(1);
    alive.snapshot(1);
    let mut living = alive.hang_at("served");
    eventually("the other verifier runs", || runs(&alive) == 1);
    let output = dead.verify_until("staged:abort");
    assert_eq!(output.status.code(), None, "{output:?}");
    dead.run(&["sweep"]).ends(0, "1 runs removed");
    alive.run(&["sweep"]).ends(0, "0 runs removed");
    assert_eq!(runs(&alive), 1, "its own living run is spared, too");
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
