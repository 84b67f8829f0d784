//! Two verifiers on one evidence: one source is never verified twice at once, and what a killed
//! verifier left is written down by the next one.

use serde_json::Value;
use tests::require;

use crate::bench::{Bench, eventually};

/// The records of `cache`, in the order of their numbers.
fn records(bench: &Bench) -> Vec<Value> {
    let read = |number: u32| {
        let path = bench.path(&format!("evidence/cache/{number:08}.json"));
        let text = std::fs::read_to_string(path).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    };
    (1..).map_while(read).collect()
}

#[test]
fn a_source_that_another_verifier_verifies_is_left_to_it_until_it_dies() {
    require!(redis);
    let bench = Bench::new("process");
    bench.snapshot(1);
    let mut living = bench.hang_at("served");
    eventually("the other verifier runs", || bench.runs() == 1);
    let second = bench.run(&["verify"]);
    second.ends(3, "error: another verifier verifies cache now: run ");
    assert_eq!(records(&bench).len(), 0);
    living.kill().unwrap();
    living.wait().unwrap();
    let (code, verified) = bench.verify();
    assert_eq!((code, verified.len()), (0, 1), "{verified:?}");
    let records = records(&bench);
    let told = |record: &Value| {
        let words = ["verdict", "reason", "trigger"].map(|key| record[key].as_str());
        words
            .map(|word| word.unwrap_or_default().to_owned())
            .join(" ")
    };
    let told: Vec<_> = records.iter().map(told).collect();
    assert_eq!(
        told,
        ["inconclusive interrupted manual", "verified  manual"]
    );
    assert_ne!(records[0]["id"], records[1]["id"]);
    bench
        .run(&["evidence", "check"])
        .ends(0, "2 records, unbroken");
    let leases = std::fs::read_dir(bench.path("evidence/.leases/cache")).unwrap();
    assert_eq!(leases.count(), 2);
}
