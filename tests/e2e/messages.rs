//! Messages to people as a receiver gets them: which changes are told, and what a receiver that
//! refuses them changes (nothing).

use std::fs;

use serde_json::Value;
use tests::{
    message_receiver::{MessageReceiver, SECRET},
    rdb_bytes, require,
};

use crate::bench::{Bench, Ran};

/// A world whose verifier knows this receiver, told with these further keys.
pub(crate) fn told(receiver: &MessageReceiver, keys: &str) -> Bench {
    let bench = Bench::new("process");
    fs::write(bench.path("slack.url"), format!("{}\n", receiver.url())).unwrap();
    let file = bench.path("backups.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let verifier = format!("verifier:\n{keys}");
    fs::write(&file, text.replacen("verifier:\n", &verifier, 1)).unwrap();
    bench
}

pub(crate) const SLACK: &str = "  slack: { webhook_url_file: slack.url, notify: [failed, recovered, verified] }\n  \
                     runbooks: https://runbooks.example/\n";

/// Runs these words: the address of the receiver is in nothing that is said.
fn run(bench: &Bench, words: &[&str]) -> Ran {
    let ran = bench.run(words);
    assert!(!format!("{ran:?}").contains(SECRET), "{ran:?}");
    ran
}

#[test]
fn a_change_is_told_once_and_only_a_proof_takes_it_back() {
    require!(redis);
    let receiver = MessageReceiver::new("200 OK");
    let bench = told(&receiver, SLACK);
    let notify = ["verify", "--notify"];

    bench.put(1, &rdb_bytes::two_keys());
    run(&bench, &notify).ends(0, "VERIFIED");
    let message = receiver.one();
    assert!(
        message.contains("cache") && message.contains("verified"),
        "{message}"
    );

    let mut damaged = rdb_bytes::two_keys();
    damaged[20] ^= 1;
    bench.put(2, &damaged);
    run(&bench, &notify).ends(1, "FAILED");
    let message = receiver.one();
    for words in [
        "failed (damaged)",
        "fetch --source cache --snapshot 20261101-0100",
        "https://runbooks.example/BackupVerificationFailed",
    ] {
        assert!(message.contains(words), "{words:?} is not in {message}");
    }
    run(&bench, &notify).ends(1, "FAILED");
    assert_eq!(receiver.taken(), Vec::<Value>::new());

    bench.put(3, &rdb_bytes::two_keys());
    run(&bench, &["verify"]).ends(0, "VERIFIED");
    assert_eq!(receiver.taken(), Vec::<Value>::new());
    bench.put(4, &damaged);
    run(&bench, &notify).ends(1, "FAILED");
    assert!(receiver.one().contains("failed (damaged)"));
    bench.put(5, &rdb_bytes::two_keys());
    run(&bench, &["verify", "--due"]).ends(0, "VERIFIED");
    assert!(receiver.one().contains("recovered"));
}

#[test]
fn a_receiver_that_is_gone_changes_no_verdict() {
    require!(redis);
    let receiver = MessageReceiver::new("404 Not Found");
    let bench = told(&receiver, SLACK);
    bench.put(1, &rdb_bytes::two_keys());
    let ran = run(&bench, &["verify", "--notify"]);
    ran.ends(
        0,
        "warning: a message to slack did not arrive: the receiver is gone (404)",
    );
    run(&bench, &["doctor"]).ends(1, "✘ messages to slack: the receiver is gone (404)");
}

#[test]
fn a_set_up_is_tried_before_the_bad_night() {
    let receiver = MessageReceiver::new("200 OK");
    let webhook = "  webhooks: [{ url_file: slack.url }]\n";
    let bench = told(&receiver, &format!("{SLACK}{webhook}"));
    let ran = run(&bench, &["notify", "--test"]);
    ran.ends(0, "✔ slack: 8 messages\n✔ webhook: 7 messages");
    let taken = receiver.taken();
    assert_eq!(taken.len(), 15);
    for message in taken {
        let text = message.to_string();
        assert!(text.contains("TEST"), "{text}");
    }
    let silent = Bench::new("process");
    run(&silent, &["notify", "--test"]).ends(2, "no receiver of messages is configured");
}

#[test]
fn a_receiver_that_cannot_be_is_refused_when_it_is_checked() {
    let receiver = MessageReceiver::new("200 OK");
    let bench = told(&receiver, SLACK);
    run(&bench, &["check"]).ends(0, "no error");
    fs::write(bench.path("slack.url"), SECRET).unwrap();
    let ran = run(&bench, &["check"]);
    ran.ends(2, "the address of this receiver is no http or https URL");
    ran.ends(2, "backups.yaml:5");
    fs::remove_file(bench.path("slack.url")).unwrap();
    run(&bench, &["check"]).ends(0, "the address of this receiver cannot be read");
    let owned = "  slack: { owners: [payments] }\n";
    let bench = told(&receiver, owned);
    run(&bench, &["check"]).ends(2, "no receiver of messages takes source cache");
}
