mod statements;

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::markup::{FIELD_MAX, width};
use super::*;
use crate::notify::tests::{failed, name, recovered, trouble};
use crate::notify::{LastGood, NoticeKind, NoticedSnapshot};

fn pretty(message: &Value) -> String {
    serde_json::to_string_pretty(message).expect("JSON")
}

fn test_message() -> Notice {
    Notice {
        is_test: true,
        ..failed()
    }
}

fn troubled(number: usize) -> Vec<Notice> {
    let of = |index| Notice {
        source: Some(name(&format!("source-with-a-long-name-{index}"))),
        ..trouble()
    };
    (0..number).map(of).collect()
}

/// Every text of a message, with the widest it may be.
fn texts(message: &Value) -> Vec<(String, usize)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut texts = vec![(text(&message["text"]), SECTION_MAX)];
    for block in message["blocks"].as_array().into_iter().flatten() {
        let widest = match block["type"].as_str() {
            Some("header") => HEADER_MAX,
            _ => SECTION_MAX,
        };
        if block["text"].is_object() {
            texts.push((text(&block["text"]["text"]), widest));
        }
        let fields = block["fields"].as_array().into_iter().flatten();
        texts.extend(fields.map(|it| (text(&it["text"]), FIELD_MAX)));
        let elements = block["elements"].as_array().into_iter().flatten();
        texts.extend(elements.map(|it| (text(&it["text"]), SECTION_MAX)));
    }
    texts
}

/// Checks that Slack takes the message, and that it takes nothing in it for markup.
fn check(message: &Value) {
    let blocks = message["blocks"].as_array().map_or(0, Vec::len);
    assert!(blocks <= BLOCKS_MAX, "{blocks} blocks");
    for block in message["blocks"].as_array().into_iter().flatten() {
        let fields = block["fields"].as_array();
        assert!(fields.is_none_or(|it| (1..=FIELDS_MAX).contains(&it.len())));
    }
    for (text, widest) in texts(message) {
        assert!(!text.is_empty());
        assert!(
            width(&text) <= widest,
            "{} of {widest}: {text}",
            width(&text)
        );
        let is_control = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(is_control), "{text:?}");
        let ours = text.replace("<!subteam^S0123>", "");
        let ours = ours
            .replace("|runbook>", "")
            .replace("<https://runbook.example/", "");
        assert!(!ours.contains(['<', '>']), "{text}");
        for (at, _) in ours.match_indices('&') {
            let entity = ["&amp;", "&lt;", "&gt;"]
                .iter()
                .any(|it| ours[at..].starts_with(it));
            assert!(entity, "{text}");
        }
        let fences = text.matches("```").count();
        assert!(fences == 0 || fences == 2, "{text}");
        assert!(text.matches('`').count() == fences * 3, "{text}");
    }
}

fn check_all(notice: &Notice) {
    check(&message(notice));
    check(&plain(notice));
    let both = [notice.clone(), notice.clone(), trouble()];
    check(&together(&both));
    check(&plain_together(&both));
}

#[test]
fn a_failure_with_all_its_facts() {
    insta::assert_snapshot!(pretty(&message(&failed())));
    check_all(&failed());
}

#[test]
fn a_recovery() {
    insta::assert_snapshot!(pretty(&message(&recovered())));
}

#[test]
fn trouble_of_the_verifier() {
    insta::assert_snapshot!(pretty(&message(&trouble())));
}

#[test]
fn a_test_is_marked_and_mentions_nobody() {
    insta::assert_snapshot!(pretty(&message(&test_message())));
    for message in [message(&test_message()), plain(&test_message())] {
        assert!(!pretty(&message).contains("subteam"));
        assert!(message["text"].as_str().expect("text").starts_with("TEST "));
    }
}

#[test]
fn one_test_among_several_notices_mentions_nobody() {
    for message in [together, plain_together].map(|it| it(&[test_message(), failed()])) {
        assert!(!pretty(&message).contains("subteam"));
        assert!(message["text"].as_str().expect("text").starts_with("TEST "));
    }
}

#[test]
fn three_sources_in_one_message() {
    insta::assert_snapshot!(pretty(&together(&troubled(3))));
}

#[test]
fn a_failure_as_plain_text() {
    insta::assert_snapshot!(plain(&failed())["text"].as_str().expect("text"));
}

#[test]
fn one_notice_together_is_its_message_and_none_is_nothing() {
    assert_eq!(together(&[failed()]), message(&failed()));
    assert_eq!(plain_together(&[failed()]), plain(&failed()));
    assert_eq!(together(&[]), Value::Null);
}

#[test]
fn sources_that_do_not_fit_are_counted() {
    let many = troubled(500);
    let message = together(&many);
    check(&message);
    let header = message["blocks"][0]["text"]["text"].as_str().expect("text");
    assert!(header.starts_with("! 500 sources: "), "{header}");
    let sources = message["blocks"][2]["text"]["text"].as_str().expect("text");
    let listed = sources.matches("source-with").count();
    assert!(listed > 90, "{sources}");
    assert!(
        sources.ends_with(&format!(", +{} more", 500 - listed)),
        "{sources}"
    );
    check(&plain_together(&many));
}

#[test]
fn five_hundred_findings_are_counted() {
    let number = |index| format!("check.{index}: this is <wrong>\nhint: look & see");
    let notice = Notice {
        findings: (0..500).map(number).collect(),
        ..failed()
    };
    check_all(&notice);
    let message = message(&notice);
    let findings = message["blocks"][3]["text"]["text"].as_str().expect("text");
    let listed = findings.matches("• ").count();
    assert!(listed > 30, "{findings}");
    assert!(
        findings.ends_with(&format!("\n+{} more", 500 - listed)),
        "{findings}"
    );
    let plain = plain(&notice);
    let text = plain["text"].as_str().expect("text");
    assert!(text.contains("Last good snapshot"), "{text}");
    assert!(text.contains(" more\n"), "{text}");
}

/// A failure whose every text is this one.
fn made_of(text: &str) -> Notice {
    Notice {
        engine: text.into(),
        owner: Some(text.into()),
        headline: text.into(),
        findings: vec![text.into(), format!("{text}\nhint: {text}!")],
        snapshot: Some(NoticedSnapshot {
            name: text.into(),
            taken_at: Timestamp::UNIX_EPOCH,
            size_bytes: u64::MAX,
        }),
        counted: Some(text.into()),
        last_good: Some(LastGood {
            taken_at: Timestamp::UNIX_EPOCH,
            verified_at: Timestamp::MAX,
            fetch: text.into(),
        }),
        unrecorded: Some(text.into()),
        runbook: Some(format!("https://runbook.example/{text}")),
        ..failed()
    }
}

#[test]
fn texts_of_others_are_cut_escaped_and_mention_nobody() {
    let check = |text: &str| check_all(&made_of(text));
    check("");
    check(&"x".repeat(10_000));
    check(&"&".repeat(10_000));
    check(&"\u{1}".repeat(10_000));
    check(&"😀".repeat(10_000));
    check(&"`".repeat(10_000));
    check("```<!channel>``` <@U1> <https://evil.example|runbook> & \u{1b}[31m\r\n\t");
}

#[test]
fn a_command_is_shown_whole_or_not_at_all() {
    let check = |fetch: &str, expected: &str| {
        let mut notice = failed();
        notice.last_good.as_mut().expect("one").fetch = fetch.into();
        let shown = pretty(&message(&notice));
        assert!(shown.contains(expected), "{shown}");
    };
    check("fetch a 'b&c'", "```fetch a 'b&amp;c'```");
    check("fetch `a`", "```fetch ˋaˋ```\\n(ˋ stands for a backtick)");
    check(
        &"x".repeat(10_000),
        "\\nThe command is too long to be shown here.",
    );
}

#[test]
fn a_recovery_time_is_compared_with_its_objective() {
    let check = |most: Option<u64>, expected: &str| {
        let notice = Notice {
            recovery_time: Some(Duration::from_secs(90)),
            recovery_time_max: most.map(Duration::from_secs),
            ..failed()
        };
        let shown = pretty(&message(&notice));
        assert!(
            shown.contains(&format!("*recovery time*\\n{expected}\"")),
            "{shown}"
        );
    };
    check(None, "1 min 30 s");
    check(Some(90), "1 min 30 s (objective: 1 min 30 s)");
    check(Some(60), "1 min 30 s, longer than the objective: 1 min");
}

#[test]
fn owners_of_several_sources_are_each_mentioned_once_and_whole() {
    let of = |mention: &str| Notice {
        mention: Some(mention.into()),
        ..trouble()
    };
    let notices = [of("<@U1> and <@U2> and <@U3>"), of("<@U4>"), of("<@U4>")];
    let shown = together(&notices)["blocks"][1]["text"]["text"].clone();
    assert_eq!(shown, "<@U1> and <@U2> and <@U3> <@U4>");
    let shown = together(&[of(&"<@U1>".repeat(1_000)), of("<@U4>")]);
    assert_eq!(shown["blocks"][1]["text"]["text"], "+2 more");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_texts_and_sizes_keep_to_the_limits(
        texts in prop::collection::vec("(?s)([<>&`!*|\u{0}-\u{20}]|.){0,800}", 1..8),
        kind in prop::sample::select(NoticeKind::ALL.to_vec()),
        is_test: bool,
        size_bytes: u64,
        seconds: u64,
    ) {
        let mut notice = made_of(&texts[0]);
        notice.kind = kind;
        notice.is_test = is_test;
        notice.headline = texts.concat();
        notice.recovery_time = Some(Duration::from_secs(seconds));
        if let Some(snapshot) = &mut notice.snapshot {
            snapshot.size_bytes = size_bytes;
        }
        notice.findings = texts;
        check_all(&notice);
    }

    #[test]
    fn a_text_is_cut_between_whole_entities(text in "[&<>`a\u{7}😀]{0,60}", widest in 1_usize..90) {
        let shown = markup::literal(&text, widest);
        prop_assert!(width(&shown) <= widest);
        let whole = markup::literal(&text, 10_000);
        let begin = shown.strip_suffix('…').unwrap_or(&whole);
        prop_assert!(whole.starts_with(begin));
        prop_assert!(shown.starts_with(begin));
    }
}
