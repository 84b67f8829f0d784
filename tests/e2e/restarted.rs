//! A Docker engine that is restarted while a snapshot is verified: nothing is said of the snapshot,
//! and nothing is left.

mod engine;

use std::{fs, process::Stdio};

use tests::{require, require::skipped};

use self::engine::{Ending, OwnEngine};
use crate::bench::{Bench, Ran, eventually};

const IMAGE: &str = "redis:8.0";

/// What happens to the engine while a verification stands at a fault point.
struct Case {
    point: &'static str,
    ending: Ending,
    /// True if the engine is there again before the verification goes on.
    is_back: bool,
}

/// Verifies under an engine that ends at the point; returns the printed record.
fn disturbed(bench: &Bench, engine: &mut OwnEngine, case: &Case) -> serde_json::Value {
    let go = bench.path("go");
    let reached = bench.path("go.reached");
    let _ = fs::remove_file(&go).and(fs::remove_file(&reached));
    let running = bench
        .program(&["verify", "--format", "json"])
        .env("DOCKER_HOST", engine.host())
        .env("FAULT_POINT", format!("{}:pause", case.point))
        .env("FAULT_UNTIL", &go)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually("the fault point", || reached.exists());
    for line in engine.left().lines() {
        assert!(
            line.contains("backup-witness"),
            "nobody knows whose it is: {line}"
        );
    }
    engine.end(case.ending);
    if case.is_back {
        engine.start().unwrap();
    }
    fs::write(&go, "").unwrap();
    let ran = Ran::from(running.wait_with_output().unwrap());
    if !case.is_back {
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
    // Behind `probed` all is known that a verdict rests on.
    for (point, ending, is_back, verdict) in [
        ("provisioned", Ending::Stopped, true, "inconclusive"),
        ("staged", Ending::Stopped, true, "inconclusive"),
        ("restored", Ending::Stopped, true, "inconclusive"),
        ("served", Ending::Killed, true, "inconclusive"),
        ("served", Ending::Stopped, false, "inconclusive"),
        ("probed", Ending::Killed, false, "verified"),
    ] {
        let case = Case {
            point,
            ending,
            is_back,
        };
        let record = disturbed(&bench, &mut engine, &case);
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
