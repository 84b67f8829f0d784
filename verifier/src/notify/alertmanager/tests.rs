use catalog::model::DrillName;

use super::*;
use crate::notify::{
    drill::{DrillBrief, DrillNews},
    tests::{at, failed, name, recovered, trouble},
};

fn pretty(notices: &[Notice]) -> String {
    serde_json::to_string_pretty(&payload(notices, "relay")).expect("JSON")
}

fn test_message() -> Notice {
    Notice {
        is_test: true,
        ..failed()
    }
}

fn alert_of(notice: Notice) -> Value {
    payload(&[notice], "relay")["alerts"][0].clone()
}

#[test]
fn a_failure_fires() {
    insta::assert_snapshot!(pretty(&[failed()]));
}

#[test]
fn a_recovery_resolves() {
    insta::assert_snapshot!(pretty(&[recovered()]));
}

#[test]
fn trouble_fires() {
    insta::assert_snapshot!(pretty(&[trouble()]));
}

#[test]
fn a_test_is_marked_and_is_no_page() {
    insta::assert_snapshot!(pretty(&[test_message()]));
}

#[test]
fn three_are_one_group() {
    let of = |source| Notice {
        source: Some(name(source)),
        ..trouble()
    };
    insta::assert_snapshot!(pretty(&[of("cache"), of("orders"), of("graph")]));
}

#[test]
fn the_end_of_an_alert_has_its_fingerprint_and_the_key_of_its_group() {
    let (began, ended) = (payload(&[failed()], "r"), payload(&[recovered()], "r"));
    assert_eq!(began["groupKey"], ended["groupKey"]);
    let fingerprint = |payload: &Value| payload["alerts"][0]["fingerprint"].clone();
    assert_eq!(fingerprint(&began), fingerprint(&ended));
    let other = Notice {
        source: Some(name("orders")),
        ..failed()
    };
    assert_ne!(fingerprint(&began), alert_of(other)["fingerprint"]);
    assert_ne!(fingerprint(&began), alert_of(test_message())["fingerprint"]);
    assert_eq!(fingerprint(&began).as_str().map(str::len), Some(16));
}

#[test]
fn a_group_fires_while_one_of_its_alerts_does() {
    let check = |notices: &[Notice], expected| {
        assert_eq!(payload(notices, "r")["status"], expected);
    };
    check(&[failed(), recovered()], "firing");
    check(&[recovered(), recovered()], "resolved");
    check(&[], "resolved");
}

#[test]
fn a_reason_is_what_a_headline_has_in_brackets_at_its_end() {
    let check = |headline, expected| assert_eq!(reason(headline), expected);
    check("failed (damaged)", Some("damaged"));
    check("verified", None);
    check("failed ()", None);
    check("(damaged)", None);
    check("failed (damaged) again", None);
}

#[test]
fn an_event_without_a_beginning_starts_when_it_is_told() {
    let notice = Notice {
        since: None,
        ..trouble()
    };
    let alert = alert_of(notice);
    assert_eq!(alert["startsAt"], "2026-11-22T02:00:00Z");
    assert_eq!(alert["endsAt"], NO_END);
}

#[test]
fn five_hundred_long_findings_are_counted_and_cut() {
    let notice = Notice {
        findings: vec![format!("\u{1b}[31m{}", "x".repeat(10_000)); 500],
        owner: Some("o".repeat(10_000)),
        ..failed()
    };
    let alert = alert_of(notice);
    let description = alert["annotations"]["description"].as_str().expect("text");
    assert!(description.contains("\n+480 more\n"), "{description}");
    assert!(!description.contains('\u{1b}'), "{description}");
    assert!(description.chars().count() < 30_000);
    let owner = alert["labels"]["owner"].as_str().expect("text");
    assert_eq!(owner.chars().count(), 121);
}

#[test]
fn a_finding_has_its_hint_on_a_line_of_its_own_and_no_other_line() {
    let check = |text: &str, expected: &[&str]| assert_eq!(finding(text), expected);
    check("wrong", &["wrong"]);
    check("wrong\nhint: look", &["wrong", "hint: look"]);
    check("wr\nong\nhint: l\nook", &["wr\\nong", "hint: l\\nook"]);
}

#[test]
fn a_command_is_shown_whole_or_not_at_all() {
    assert_eq!(command("fetch `a` & <b>"), "fetch `a` & <b>");
    let long = "x".repeat(LINE_MAX + 1);
    assert_eq!(command(&long), "the command is too long to be shown here");
}

#[test]
fn a_drill_fires_unless_it_went_as_it_should() {
    let made = |within| {
        let outcome = catalog::drill::DrillOutcome {
            began_at: at("2026-12-01T03:00:00Z"),
            ended_at: at("2026-12-01T07:10:00Z"),
            result: catalog::ledger::Verdict::Verified,
            interrupted: false,
            recovery_milliseconds: Some(1_000),
            wall_milliseconds: 15_000_000,
            objective_milliseconds: Some(14_400_000),
            within: Some(within),
        };
        DrillNews::Made {
            drill: DrillName::new("full").expect("a name"),
            outcome,
            brief: DrillBrief {
                summary: "verified in 4 h 10 min".into(),
                facts: vec![("Recovery time", "1 s (cache)".into())],
                sources: vec!["✔ cache: verified".into()],
                deviations: Vec::new(),
            },
            kept: Err("no space\nhint: Make some.".into()),
        }
    };
    let [late, well] = [false, true].map(|within| drill_payload(&made(within), "relay", false));
    insta::assert_snapshot!(serde_json::to_string_pretty(&late).expect("JSON"));
    assert_eq!(
        (&late["status"], &well["status"]),
        (&json!("firing"), &json!("resolved"))
    );
    assert_eq!(well["alerts"][0]["labels"]["severity"], "info");
    assert_eq!(late["groupKey"], well["groupKey"]);
    assert_eq!(
        late["alerts"][0]["fingerprint"],
        well["alerts"][0]["fingerprint"]
    );
    let test = drill_payload(&made(false), "relay", true);
    let labels = &test["alerts"][0]["labels"];
    assert_eq!(
        (&labels["test"], &labels["severity"]),
        (&json!("true"), &json!("info"))
    );
    assert_ne!(
        test["alerts"][0]["fingerprint"],
        late["alerts"][0]["fingerprint"]
    );
}
