//! Unit tests of the alerts of concerns, made from the table of concerns and run by promtool.

use std::{fmt::Write as _, fs};

use catalog::assess::{CONCERNS, Concern, Severity};
use tests::require;

use super::rules::{FILES, Rule, all, directory, promtool};

/// Minutes without the concern at the beginning.
const QUIET: u32 = 10;

/// Minutes for which the exporter is away while the concern stands: it restarts.
const AWAY: u32 = 5;

/// What becomes of one concern, in samples of one minute.
struct Story {
    alert: Rule,
    concern: &'static Concern,
}

impl Story {
    fn labels(&self) -> String {
        let Concern { name, severity, .. } = self.concern;
        let severity = severity.as_label();
        let witness = self.concern.witness().as_label();
        format!(
            "engine=\"redis\", concern=\"{name}\", witness=\"{witness}\", severity=\"{severity}\""
        )
    }

    /// The labels of the alert while it fires.
    fn firing(&self) -> String {
        let of_rule = |label: &str, own: &str| {
            let set = self.alert.labels.get(label).map_or(own, String::as_str);
            format!(", {label}=\"{set}\"")
        };
        let mut labels = format!(
            "alertname=\"{}\", alertstate=\"firing\", engine=\"redis\", owner=\"shop\", \
             repository=\"local\", source=\"cache\"",
            self.alert.alert.as_deref().unwrap()
        );
        labels += &of_rule("severity", self.concern.severity.as_label());
        labels += &of_rule("witness", self.concern.witness().as_label());
        if self.alert.concerns().len() == 1 {
            let _ = write!(labels, ", concern=\"{}\"", self.concern.name);
        }
        format!("ALERTS{{{labels}}}")
    }

    /// The unit test of the alert, as promtool reads it.
    fn test(&self) -> String {
        let waits = self.alert.waits_minutes();
        let standing = waits + 6;
        let again = QUIET + standing + AWAY;
        let over = again + 30;
        let end = over + 60;
        let samples = |standing: &str, until: u32, behind: &str| {
            let each = |count: u32, value: &str| vec![value; count as usize].join(" ");
            let away = format!("stale {}", each(AWAY - 1, "_"));
            let first = each(QUIET, "0");
            let last = each(end - over, "0");
            format!(
                "{first} {} {away} {} {last}",
                each(until, standing),
                each(30, behind)
            )
        };
        let here = |source: &str, instance: u32| {
            format!("job=\"e\", instance=\"{instance}\", source=\"{source}\"")
        };
        let mut text = String::new();
        let mut series = |name: &str, labels: &str, values: &str| {
            let _ = writeln!(
                text,
                "      - {{ series: '{name}{{{labels}}}', values: '{values}' }}"
            );
        };
        for source in ["cache", "short"] {
            let info = ", engine=\"redis\", repository=\"local\", owner=\"shop\"";
            let info = here(source, 1) + info;
            series("backup_source_info", &info, &format!("1x{end}"));
            // The second exporter sees nothing any more: its survey is older.
            for (instance, first) in [(1, 100), (2, 0)] {
                let labels = here(source, instance) + ", engine=\"redis\"";
                let name = "backup_source_survey_timestamp_seconds";
                series(name, &labels, &format!("{first}+60x{end}"));
            }
            let blind = format!("{}, {}", here(source, 2), self.labels());
            series("backup_concern", &blind, &format!("0x{end}"));
        }
        let stands = samples("1", standing, "1");
        let labels = format!("{}, {}", here("cache", 1), self.labels());
        series("backup_concern", &labels, &stands);
        // Another source has the concern for two minutes less than the rule waits for.
        let less = waits.saturating_sub(2);
        let labels = format!("{}, {}", here("short", 1), self.labels());
        let short = format!("0x{} 1x{} 0x{end}", QUIET - 1, less.max(1) - 1);
        series(
            "backup_concern",
            &labels,
            &if less == 0 { format!("0x{end}") } else { short },
        );
        let alert = self.alert.alert.as_deref().unwrap();
        let fires = format!("ALERTS{{alertstate=\"firing\", alertname=\"{alert}\"}}");
        let mut asked = String::new();
        let yes = format!("exp_samples: [{{ labels: '{}', value: 1 }}]", self.firing());
        for (minute, expected) in [
            (QUIET + waits - 1, None),
            (QUIET + waits + 1, Some(&yes)),
            (QUIET + standing + AWAY - 1, Some(&yes)),
            (over + 12, Some(&yes)),
            (over + 17, None),
        ] {
            let expected = expected.map_or(String::new(), |it| format!(", {it}"));
            let _ = writeln!(
                asked,
                "      - {{ eval_time: {minute}m, expr: '{fires}'{expected} }}"
            );
        }
        format!("  - interval: 1m\n    input_series:\n{text}    promql_expr_test:\n{asked}")
    }
}

#[test]
fn an_alert_of_a_concern_fires_once_survives_a_restart_and_ends() {
    require!(promtool);
    let rules = all();
    let mut text = "rule_files:\n".to_owned();
    for file in FILES {
        let _ = writeln!(text, "  - {}", directory().join(file).display());
    }
    text += "evaluation_interval: 1m\ntests:\n";
    for concern in CONCERNS.iter().filter(|it| it.severity != Severity::Info) {
        let mut of_it = rules
            .iter()
            .filter(|rule| rule.concerns().contains(concern.name));
        let alert = of_it.next().unwrap().clone();
        text += &Story { alert, concern }.test();
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("concerns.yaml");
    fs::write(&file, text).unwrap();
    promtool(&["test", "rules"], &[file]);
}
