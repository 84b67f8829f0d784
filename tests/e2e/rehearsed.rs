//! The same snapshot in a second image, as the configuration asks for it.

use tests::require;

use crate::bench::Bench;

#[test]
fn a_snapshot_is_rehearsed_and_told_apart() {
    require!(docker);
    require!(image "redis:8.0");
    require!(image "redis:7.0");
    let bench = Bench::new("docker");
    bench.snapshot(1);
    bench.configure("    verify: { rehearse: \"redis:7.0\" }\n");
    let ran = bench.run(&["verify"]);
    ran.ends(0, "✔ cache  VERIFIED\n");
    ran.ends(0, "    rehearsal       ✔ verified in redis:7.0, in ");
    ran.ends(0, "cache: rehearsal: probe\n");
    assert_eq!(bench.runs(), 0, "nothing of either is left");
    bench
        .run(&["doctor"])
        .ends(0, "✔ rehearsal of cache: redis:7.0 are here\n");
    bench.run(&["evidence", "check"]).ends(0, "cache");
    let (code, records) = bench.verify();
    assert_eq!(code, 0, "{records:#?}");
    let rehearsal = &records[0]["rehearsals"][0];
    assert_eq!(rehearsal["image"], "redis:7.0");
    assert_eq!(rehearsal["verdict"], "verified");
    assert_eq!(rehearsal.get("reason"), None);
    assert!(rehearsal["recovery_milliseconds"].is_u64(), "{rehearsal:#}");
    let checks = |of: &serde_json::Value| {
        let findings = of["findings"].as_array().cloned().unwrap_or_default();
        let checks = findings.iter().map(|it| it["check"].clone());
        checks.collect::<Vec<_>>()
    };
    assert_eq!(checks(rehearsal), checks(&records[0]));
    assert_eq!(records[0]["sandbox"]["image"], "redis:8.0");
}

#[test]
fn an_image_that_is_missing_leaves_the_verdict_and_the_exit_code() {
    require!(docker);
    require!(image "redis:8.0");
    let bench = Bench::new("docker");
    bench.snapshot(1);
    bench.configure("    verify: { rehearse: \"redis:8.99\" }\n");
    let ran = bench.run(&["verify"]);
    ran.ends(0, "✔ cache  VERIFIED\n");
    ran.ends(0, "? inconclusive (image_unavailable) in redis:8.99 · ");
}
