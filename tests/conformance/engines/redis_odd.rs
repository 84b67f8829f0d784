//! What servers with faults of their own wrote: collections of nothing, a field twice. It is said,
//! and the verdict is the server's.

use catalog::{
    format::redis::Redis,
    ledger::{Outcome, Reason, Verdict, Verification},
};
use tests::{rdb_bytes, require, verifying::Subject};

/// One string and one key of this type, written by Redis 7.0.15 into version 10.
fn beside_a_string(kind: u8, value: &[u8]) -> Vec<u8> {
    let head = b"REDIS0010\xfa\x09redis-ver\x067.0.15\xfe\0\xfb\x02\0\0\x02k1\x02v1";
    rdb_bytes::sealed([&head[..], &[kind, 3], b"odd", value, &[0xff]].concat())
}

/// One field twice, in a listpack of 19 bytes: length, four entries, end mark.
const TWICE: &[u8] = b"\x13\x13\0\0\0\x04\0\x81f\x02\x811\x02\x81f\x02\x812\x02\xff";

/// The verdict on it, by the server of this machine.
async fn verified(file: Vec<u8>) -> Verification {
    let subject = Subject::on("process", &Redis, &verifier::engine::redis::Redis, &[]);
    subject.verify(file).await
}

fn outcome(verification: &Verification, check: &str) -> Outcome {
    let mut findings = verification.findings.iter();
    let found = findings.find(|finding| finding.check == check);
    found.expect("every check answers").outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_passes_over_or_takes_is_verified_with_a_warning() {
    require!(redis);
    let empty_listpack = b"\x07\x07\0\0\0\0\0\xff";
    let empty_ziplist = b"\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff";
    let cases: [(&str, u8, &[u8], u64); 6] = [
        ("a set of nothing", 2, &[0], 1),
        ("a list of nothing, ziplist", 10, empty_ziplist, 1),
        ("a list of nothing, quicklist", 18, &[0], 1),
        ("a hash of nothing, listpack", 16, empty_listpack, 1),
        ("a field twice", 4, b"\x02\x01f\x011\x01f\x012", 2),
        ("a field twice, listpack", 16, TWICE, 2),
    ];
    for (what, kind, value, live) in cases {
        let verification = verified(beside_a_string(kind, value)).await;
        assert_eq!(
            verification.verdict,
            Verdict::Verified,
            "{what}: {verification:#?}"
        );
        assert_eq!(
            outcome(&verification, "redis.contents"),
            Outcome::Warning,
            "{what}"
        );
        assert_eq!(
            outcome(&verification, "redis.identity"),
            Outcome::Passed,
            "{what}"
        );
        let items = &verification.items;
        assert_eq!(
            (items[&"keys".into()], items[&"live_keys".into()]),
            (2, live),
            "{what}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_with_its_defaults_fails_by_the_servers_word() {
    require!(redis);
    let cases: [(&str, u8, &[u8]); 3] = [
        ("a member twice", 2, b"\x02\x01m\x01m"),
        ("a zipmap of nothing", 9, b"\x02\0\xff"),
        ("an intset of nothing", 11, b"\x08\x02\0\0\0\0\0\0\0"),
    ];
    for (what, kind, value) in cases {
        let verification = verified(beside_a_string(kind, value)).await;
        assert_eq!(
            verification.reason,
            Some(Reason::Unrestorable),
            "{what}: {verification:#?}"
        );
        assert_eq!(
            outcome(&verification, "snapshot.intact"),
            Outcome::Passed,
            "{what}"
        );
    }
}
