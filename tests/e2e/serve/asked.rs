//! A verification that a program asks for over HTTP.

use serde_json::Value;
use tests::{rdb_bytes, require};

use super::{ALICE, USERS, bench};
use crate::{bench::Bench, served::Served};

const PATH: &str = "/api/v1/verifications";

/// Asks for a verification with this body, said to be of this type.
fn post(served: &Served, headers: &str, of_type: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("{headers}content-type: {of_type}\r\ncontent-length: {length}\r\n");
    served.ask("POST", PATH, &format!("{head}\r\n{body}"))
}

fn records(bench: &Bench) -> Vec<Value> {
    let exported = bench.run(&["evidence", "export"]);
    serde_json::from_str(&exported.out).unwrap()
}

#[test]
fn what_is_asked_for_is_verified_and_only_for_those_who_authenticate() {
    require!(redis);
    let bench = bench();
    bench.put(1, &rdb_bytes::two_keys());
    let open = Served::start(&bench, &["serve"]);
    let verified = "backup_verifier_verifications_total{verdict=\"verified\"} 1\n";
    open.wait_for("/metrics", verified);
    let json = "application/json";
    let cache = r#"{"source": "cache"}"#;
    let refused = post(&open, "", json, cache);
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert_eq!(open.stop().code(), Some(0));

    std::fs::write(bench.path("web.yml"), USERS).unwrap();
    let served = Served::start(&bench, &["--web.config.file=web.yml", "serve"]);
    let check = |of_type: &str, body: &str, status: &str| {
        let answer = post(&served, ALICE, of_type, body);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{body}: {answer}"
        );
        answer
    };
    crate::bench::eventually("it was looked at", || {
        let page = served.ask("GET", "/api/v1/status", ALICE);
        page.contains("\"verdict\":\"verified\"") && page.contains("\"why\":\"")
    });
    check("application/x-www-form-urlencoded", "source=cache", "415");
    check(json, "{}", "400");
    check(json, r#"{"source": "nobody"}"#, "404");
    check(json, r#"{"source": "cache", "snapshot": "nothing"}"#, "404");
    check(
        json,
        &format!("{{\"source\": \"{}\"}}", "x".repeat(70_000)),
        "413",
    );
    let answer = check(json, cache, "202");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let asked: Value = serde_json::from_str(body.trim()).unwrap();
    crate::bench::eventually("a second record", || records(&bench).len() == 2);
    let last = &records(&bench)[1];
    assert_eq!(last["id"], asked["run"]);
    assert_eq!(last["trigger"], "manual");
    assert_eq!(served.stop().code(), Some(0));
}
