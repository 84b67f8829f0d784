//! The verification service: what is due, what runs, what came of it, and whether it is heard.

mod tables;

use crate::{
    dashboard::{Dashboard, Section},
    panel::{Panel, lines::lines, stat::stat},
    promql::{chosen, count, greatest},
    query::Query,
    tone::Tone,
    unit::Unit,
    variable::{DATA_SOURCE, engine, owner},
};

/// The scheduler decides at least every ten minutes; the alert `BackupVerifierSilent` waits for
/// three times as long.
const SILENT_SECONDS: f64 = 1800.0;

/// The dashboard.
pub(crate) fn dashboard() -> Dashboard {
    Dashboard {
        uid: "backup-verification",
        title: "Backups: verification service",
        description: "Whether the verifier works: what is due, what runs, the verdicts, messages \
            that did not arrive, drills, and what hinders it.",
        shows: "7d",
        variables: vec![DATA_SOURCE, owner(), engine()],
        sections: vec![
            Section {
                title: "Now",
                panels: figures(),
            },
            Section {
                title: "Plans",
                panels: tables::plans(),
            },
            Section {
                title: "Drills and messages",
                panels: tables::drills_and_messages(),
            },
            Section {
                title: "Over time",
                panels: charts(),
            },
        ],
    }
}

fn figures() -> Vec<Panel> {
    let mut panels: Vec<_> = service().into();
    panels.extend(work());
    panels.extend(hindrances());
    panels.into_iter().map(|it| it.sized(4, 4)).collect()
}

fn service() -> [Panel; 4] {
    [
        stat(
            "Verifiers",
            "Verifiers that Prometheus reaches.",
            Unit::Count,
            &count("backup_verifier_build_info"),
        )
        .steps(Tone::Bad, &[(1.0, Tone::Good)]),
        stat(
            "Scheduler decided",
            "How long ago a scheduler last decided what to do. It does so at least every ten \
             minutes; red is the half hour of the alert BackupVerifierSilent.",
            Unit::Length,
            "time() - max(backup_verifier_scheduler_timestamp_seconds)",
        )
        .steps(Tone::Good, &[(SILENT_SECONDS, Tone::Bad)])
        .without_value("never"),
        stat(
            "Heartbeat",
            "How long ago the address of verifier.heartbeat last answered.",
            Unit::Length,
            "time() - max(backup_verifier_heartbeat_timestamp_seconds)",
        )
        .without_value("not configured"),
        stat(
            "Posts messages",
            "Verifiers that post messages: exactly one, where there is somebody to tell.",
            Unit::Count,
            "sum(backup_verifier_speaking)",
        )
        .without_value("nobody to tell"),
    ]
}

fn work() -> [Panel; 4] {
    let due = "max by (source) (backup_verifier_next_due_timestamp_seconds)";
    let late = format!(
        "(time() - {due} > on (source) max by (source) (backup_verifier_deadline_seconds) + 3600)"
    );
    [
        stat(
            "Running",
            "Verifications under way.",
            Unit::Count,
            "sum(backup_verifier_verifications_running)",
        ),
        stat(
            "Waiting",
            "Verifications that are due and wait for one under way to end (verifier.parallel).",
            Unit::Count,
            "sum(backup_verifier_verifications_waiting)",
        ),
        stat(
            "Due",
            "Chosen sources whose newest snapshot should be verified now: it waits, runs, or \
             something hinders it.",
            Unit::Count,
            &count(&chosen(&format!("{due} < time()"))),
        ),
        stat(
            "Long due",
            "Chosen sources whose verification is due for longer than it may take, and an hour, as \
             the alert BackupVerifierBehind counts.",
            Unit::Count,
            &count(&chosen(&late)),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
    ]
}

fn hindrances() -> [Panel; 4] {
    [
        stat(
            "Plans that fail",
            "Repositories that the verifier could not survey, or whose records it could not read.",
            Unit::Count,
            &count("max by (repository) (backup_verifier_last_plan_successful) == 0"),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "Messages not delivered",
            "Messages that are due and did not arrive. They are tried again.",
            Unit::Count,
            "sum(max by (receiver) (backup_verifier_undelivered_messages)) or vector(0)",
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "Records not readable",
            "Chosen sources whose records the exporter could not read: what is shown of proof is \
             as of when it last could.",
            Unit::Count,
            &count(&chosen("max by (source) (backup_evidence_up) == 0")),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
        stat(
            "Configurations refused",
            "Verifiers that could not use their configuration, or their web configuration, as it \
             is now, and go on with the one before.",
            Unit::Count,
            &count(
                r#"min by (job, instance) (
                    {__name__=~"backup_verifier_(web_)?config_last_reload_successful"}
                ) == 0"#,
            ),
        )
        .steps(Tone::Good, &[(1.0, Tone::Bad)]),
    ]
}

fn charts() -> Vec<Panel> {
    let by_verdict = chosen("max by (source, verdict) (backup_verification_status) == 1");
    let recovery = r#"max by (source) (backup_verification_recovery_seconds AT)
        / on (source) max by (source) (backup_objective_seconds{objective="recovery_time"} AT)
        and on (source) backup:source:info{owner=~"$owner",engine=~"$engine"} AT"#;
    let third = |panel: Panel| panel.sized(8, 9);
    vec![
        third(verdicts(
            "Sources by verdict",
            "How many of the chosen sources have each verdict on their newest recovery point that \
             was judged.",
            Query::over_time(&format!("count by (verdict) ({by_verdict})"), "{{verdict}}"),
        ))
        .stacked(),
        third(verdicts(
            "Verifications in an hour",
            "Verifications that ended within the hour before, by verdict, of all sources.",
            Query::over_time(
                "sum by (verdict) (increase(backup_verifier_verifications_total[1h]))",
                "{{verdict}}",
            ),
        ))
        .stacked(),
        third(lines(
            "Running and waiting",
            "Verifications under way, and those that wait for a place.",
            Unit::Count,
            [
                Query::over_time("sum(backup_verifier_verifications_running)", "running"),
                Query::over_time("sum(backup_verifier_verifications_waiting)", "waiting"),
            ],
        )),
        third(lines(
            "What the scheduler could not do",
            "Steps that failed within the hour before: each is tried again, ever later.",
            Unit::Count,
            [Query::over_time(
                "sum by (step) (increase(backup_verifier_failures_total[1h]))",
                "{{step}}",
            )],
        )),
        third(lines(
            "Messages not delivered, by receiver",
            "Messages that are due and did not arrive: the ten receivers with most now.",
            Unit::Count,
            [Query::over_time(
                &greatest(
                    "receiver",
                    "max by (receiver) (backup_verifier_undelivered_messages AT)",
                ),
                "{{receiver}}",
            )],
        )),
        third(lines(
            "Recovery time, of the promise",
            "How long the newest verified snapshot took until it was usable, as a part of \
             objectives.recovery_time: the ten sources where it is greatest now. The line at 100 % \
             is the promise.",
            Unit::Ratio,
            [Query::over_time(
                &greatest("source", recovery),
                "{{source}}",
            )],
        ))
        .steps(Tone::Good, &[(1.0, Tone::Bad)])
        .line_at_threshold(),
    ]
}

/// A chart whose series are verdicts.
fn verdicts(title: &'static str, description: &'static str, query: Query) -> Panel {
    lines(title, description, Unit::Count, [query])
        .colored("verified", Tone::Good)
        .colored("inconclusive", Tone::Warning)
        .colored("failed", Tone::Bad)
}
