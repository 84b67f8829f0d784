//! A Docker engine that is restarted while a snapshot is verified: nothing is said of the snapshot,
//! and nothing is left.

mod engine;

use std::fs;

use tests::{require, require::skipped};

use self::engine::{Ending, OwnEngine};
use crate::bench::{Bench, Ran, eventually};

const IMAGE: &str = "redis:8.0";

/// Verifies under an engine that ends while the verification stands at the point; returns the
/// printed record. `is_back`: the engine is there again before the verification goes on.
fn disturbed(
    bench: &Bench,
    engine: &mut OwnEngine,
    point: &str,
    ending: Ending,
    is_back: bool,
) -> serde_json::Value {
    let reached = bench.path("go.reached");
    for left in [&bench.path("go"), &reached] {
        let _ = fs::remove_file(left);
    }
    let mut program = bench.program(&["verify", "--format", "json"]);
    program.env("DOCKER_HOST", engine.host());
    let running = bench.paused(&mut program, point);
    eventually("the fault point", || reached.exists());
    for line in engine.left().lines() {
        assert!(
            line.contains("backup-witness"),
            "nobody knows whose it is: {line}"
        );
    }
    engine.end(ending);
    if is_back {
        engine.start().unwrap();
    }
    bench.go();
    let ran = Ran::from(running.wait_with_output().unwrap());
    if !is_back {
        engine.start().unwrap();
    }
    ran.records().1[0].clone()
}

#[test]
fn an_engine_that_is_restarted_says_nothing_of_the_snapshot_and_keeps_nothing() {
    require!(docker);
    require!(image IMAGE);
    let mut engine = match OwnEngine::with_image(IMAGE) {
        Ok(engine) => engine,
        Err(reason) => {
            assert!(skipped("engine", Err(reason)), "it is a skip");
            return;
        }
    };
    let bench = Bench::new("docker");
    bench.snapshot(1);
    // A run by pipe that is disturbed decides nothing: where the engine is back, a complete file
    // does. Behind `probed` all is known that a verdict rests on.
    for (point, ending, is_back, verdict) in [
        ("provisioned", Ending::Stopped, true, "verified"),
        ("staged", Ending::Stopped, true, "verified"),
        ("staged", Ending::Stopped, false, "inconclusive"),
        ("restored", Ending::Stopped, true, "verified"),
        ("served", Ending::Killed, true, "verified"),
        ("served", Ending::Stopped, false, "inconclusive"),
        ("probed", Ending::Killed, false, "verified"),
    ] {
        let record = disturbed(&bench, &mut engine, point, ending, is_back);
        let told = format!("{point}, {ending:?}, back: {is_back}: {record:#}");
        assert_eq!(record["verdict"], verdict, "{told}");
        let by_engine =
            |words: &[&str]| Ran::of(bench.program(words).env("DOCKER_HOST", engine.host()));
        by_engine(&["sweep"]).ends(0, "removed");
        assert_eq!(engine.left(), "", "{told}");
        assert_eq!(bench.runs(), 0, "{told}");
        by_engine(&["verify"]).ends(0, "VERIFIED");
        assert_eq!(engine.left(), "", "{told}");
    }
    bench.run(&["evidence", "check"]).ends(0, "unbroken");
}
