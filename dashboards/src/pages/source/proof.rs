//! What was restored, how long it took, and what was counted in it.

use super::{evidence::promise, words_over_time};
use crate::{
    panel::{
        Panel,
        lines::lines,
        stat::{bars, named, stat},
        table::{figure, label, table},
    },
    promql::{greatest, history},
    query::Query,
    tone::{Tone, YES_NO},
    unit::Unit,
};

pub(super) fn panels() -> Vec<Panel> {
    let mut panels: Vec<_> = verdicts().into();
    panels.extend(times());
    panels.extend(contents());
    panels
}

fn verdicts() -> [Panel; 4] {
    let verified = history("", "backup_verified_timestamp_seconds", "");
    let matchers = ",verdict=\"verified\"";
    let ended = history("", "backup_verification_timestamp_seconds", matchers);
    [
        words_over_time(
            "Verdict on the newest snapshot",
            "The verdict on the newest recovery point that was judged. A row for each verdict that \
             there was.",
            ("backup_verification_status", "verdict"),
            &[
                ("verified", "verified", Tone::Good),
                ("inconclusive", "inconclusive", Tone::Warning),
                ("failed", "failed", Tone::Bad),
            ],
        )
        .sized(12, 7),
        endings(),
        reason(),
        lines(
            "Age of what could be got back",
            "The age of the newest snapshot that was really restored, and how long ago that was, \
             beside how often it is to be done (objectives.verification).",
            Unit::Seconds,
            [
                Query::over_time(&format!("time() - ({verified})"), "could be got back"),
                Query::over_time(&format!("time() - ({ended})"), "since it was verified"),
                promise("verification", "promised"),
            ],
        )
        .promise("promised", Tone::Bad),
    ]
}

fn endings() -> Panel {
    let last = r#"1000 * max by (verdict) (
        backup_verification_timestamp_seconds{source="$source"}
    )"#;
    let is_newest = r#"max by (verdict) (backup_verification_status{source="$source"})"#;
    table(
        "Verifications",
        "When a verification last ended with each verdict, and which verdict is that on the newest \
         recovery point that was judged.",
        ("Last", true),
        vec![
            label("verdict", "Verdict"),
            figure("Last", Unit::Moment, last).without_value("never"),
            figure("On the newest", Unit::Words, is_newest)
                .words(&[("1", "yes", Tone::Plain), ("0", "no", Tone::Unmarked)]),
        ],
    )
    .sized(8, 7)
}

fn reason() -> Panel {
    let standing = r#"max by (reason) (backup_verification_reason{source="$source"} == 1)"#;
    named(
        "Reason",
        "The reason of the verdict on the newest recovery point that was judged, if it is not \
         verified. backup-verifier evidence list tells the findings.",
        Query::now(standing).named("{{reason}}"),
    )
    .without_value("none")
    .sized(4, 7)
}

fn times() -> [Panel; 4] {
    let took = history("", "backup_verification_recovery_seconds", "");
    let forecast = history("", "backup_verification_recovery_forecast_seconds", "");
    let stages = history("by (stage)", "backup_verification_stage_seconds", "");
    [
        lines(
            "Recovery time",
            "How long the newest verified snapshot took until it was usable, how long the newest \
             full backup is expected to take, and what was promised (objectives.recovery_time).",
            Unit::Seconds,
            [
                Query::over_time(&took, "took"),
                Query::over_time(&forecast, "expected"),
                promise("recovery_time", "promised"),
            ],
        )
        .promise("promised", Tone::Bad),
        bars(
            "Recovery time by stage",
            "How long each stage of the last verification took. Stages overlap: bytes are fetched, \
             inspected and fed in one pass.",
            Unit::Seconds,
            Query::now(
                r#"sort_desc(
                    max by (stage) (backup_verification_stage_seconds{source="$source"})
                )"#,
            )
            .named("{{stage}}"),
        ),
        lines(
            "Stages over time",
            "How long each stage of the verification of the newest recovery point took. Stages \
             overlap, so their sum means nothing.",
            Unit::Seconds,
            [Query::over_time(&stages, "{{stage}}")],
        ),
        lines(
            "Newest change inside",
            "How old the newest change inside the newest snapshot is. If it grows while snapshots \
             arrive, the wrong server is backed up, or a server that nobody writes to.",
            Unit::Seconds,
            [Query::over_time(
                &format!(
                    "time() - ({})",
                    history("", "backup_data_timestamp_seconds", "")
                ),
                "newest change",
            )],
        ),
    ]
}

fn contents() -> [Panel; 4] {
    let items = greatest(
        "item",
        r#"max by (item) (backup_verification_items{source="$source"} AT)"#,
    );
    let of_records = |title, description, aggregate: &str, metric: &str| {
        let expr = format!("{aggregate}({metric}{{source=\"$source\"}})");
        let unit = if metric.ends_with("records") {
            Unit::Count
        } else {
            Unit::Words
        };
        stat(title, description, unit, &expr)
            .without_value("not known")
            .sized(4, 4)
    };
    [
        lines(
            "Counted inside",
            "What was counted in the newest recovery point that was judged: the ten greatest \
             counts now.",
            Unit::Count,
            [Query::over_time(&items, "{{item}}")],
        ),
        of_records(
            "Records",
            "Records of verifications of this source, those under its former names included.",
            "max",
            "backup_evidence_records",
        ),
        of_records(
            "Records intact",
            "Whether the records are what was once written.",
            "min",
            "backup_evidence_intact",
        )
        .words(YES_NO),
        of_records(
            "Records readable",
            "Whether the records could be read last time; if not, the last ones known are shown.",
            "max",
            "backup_evidence_up",
        )
        .words(YES_NO),
    ]
}
