//! Digests and drills as Slack gets them.

use catalog::{drill::DrillOutcome, ledger::Verdict, model::DrillName};

use super::*;
use crate::notify::{digest::Counts, drill::DrillBrief, tests::at};

fn check_both((blocks, plain): &(Value, Value)) {
    check(blocks);
    check(plain);
}

/// A digest with this many sources of each kind.
fn digest_of(number: usize) -> Digest {
    let names = || (0..number).map(|index| name(&format!("source-with-a-long-name-{index}")));
    let made = at("2026-11-30T08:00:00Z");
    Digest {
        at: made,
        counts: Counts {
            verified: number,
            failed: number,
            inconclusive: 0,
            untried: number,
        },
        late: names()
            .map(|it| (it, Some(at("2026-11-28T08:00:00Z"))))
            .collect(),
        oldest_proof: names().next().map(|it| (it, at("2026-11-01T00:00:00Z"))),
        slowest: names().next().map(|it| (it, Duration::from_mins(61))),
        stored: (31 * number, 1 << 40),
        repairs: names()
            .map(|it| format!("{it}: repaired on 2026-11-20 by <!here>: a `tick` & more"))
            .collect(),
        unseen: names().collect(),
        heads: names()
            .map(|it| (it, 812, format!("sha256:{}", "0123456789abcdef".repeat(4))))
            .collect(),
        anchor: format!("sha256:{}", "fedcba9876543210".repeat(4)),
    }
}

/// A drill of this many sources, whose every text is this one.
fn drill_of(number: usize, text: &str, kept: Result<String, String>) -> DrillNews {
    DrillNews::Made {
        drill: DrillName::new("full").expect("a name"),
        outcome: DrillOutcome {
            began_at: at("2026-12-01T03:00:00Z"),
            ended_at: at("2026-12-01T07:10:00Z"),
            result: Verdict::Inconclusive,
            interrupted: false,
            recovery_milliseconds: None,
            wall_milliseconds: 15_000_000,
            objective_milliseconds: Some(14_400_000),
            within: Some(false),
        },
        brief: DrillBrief {
            summary: "inconclusive in 4 h 10 min, longer than the objective of 4 h".into(),
            facts: vec![
                ("Restored", text.into()),
                ("Recovery time", "not known".into()),
            ],
            sources: (0..number)
                .map(|it| format!("? source-{it}: {text}"))
                .collect(),
            deviations: vec![text.into(); number],
        },
        kept,
    }
}

#[test]
fn a_digest_with_all_its_lists() {
    let (blocks, plain) = digest(&digest_of(2), false);
    insta::assert_snapshot!(pretty(&blocks));
    insta::assert_snapshot!(plain["text"].as_str().expect("text"));
    check_both(&(blocks, plain));
}

#[test]
fn a_drill_that_took_too_long() {
    let kept = Ok(".drills/full/20261201T030000Z-1.json".into());
    let news = drill_of(
        2,
        "cache: the first attempt was <inconclusive> & more",
        kept,
    );
    let (blocks, plain) = drill(&news, false);
    insta::assert_snapshot!(pretty(&blocks));
    insta::assert_snapshot!(plain["text"].as_str().expect("text"));
    check_both(&(blocks, plain));
}

#[test]
fn a_drill_that_cannot_be_carried_out() {
    let news = DrillNews::Missed {
        drill: DrillName::new("full").expect("a name"),
        slot: at("2026-12-01T03:00:00Z"),
        why: "the evidence cannot be written\nhint: Is <it> mounted?".into(),
        since: at("2026-12-01T03:01:00Z"),
    };
    let both = drill(&news, false);
    insta::assert_snapshot!(pretty(&both.0));
    check_both(&both);
}

#[test]
fn statements_keep_to_the_limits_and_a_test_is_marked() {
    for number in [0, 1, 1_000] {
        check_both(&digest(&digest_of(number), false));
        for text in [
            "",
            "```<!channel>```",
            &"&".repeat(10_000),
            &"😀".repeat(10_000),
        ] {
            check_both(&drill(&drill_of(number, text, Err(text.into())), false));
        }
    }
    for (blocks, plain) in [
        digest(&digest_of(1), true),
        drill(&drill_of(1, "x", Ok("x".into())), true),
    ] {
        for message in [blocks, plain] {
            assert!(message["text"].as_str().expect("text").starts_with("TEST "));
        }
    }
}
