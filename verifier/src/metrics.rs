//! Every metric of this program: the one table that spells their names.
//!
//! The exposition of `serve` and docs/metrics.md follow it; nothing else may name one. What was
//! proven of a source is the exporter's to publish, from the records.

mod document;

pub use document::document;

toolkit::metric_table! {
    BuildInfo, Gauge, "backup_verifier_build_info", [version],
        "Always 1: the version of this program.";
    ReloadSuccessful, Gauge, "backup_verifier_config_last_reload_successful", [],
        "Whether the last attempt to load the configuration succeeded; if not, the one before is \
         kept.";
    ReloadTimestamp, Gauge, "backup_verifier_config_last_reload_success_timestamp_seconds", [],
        "When the configuration in use was loaded.";
    WebReloadSuccessful, Gauge, "backup_verifier_web_config_last_reload_successful", [],
        "Whether the files of --web.config.file can be used as they are now; if not, the ones \
         before are kept. Absent: no such file.";
    WebReloadTimestamp, Gauge,
        "backup_verifier_web_config_last_reload_success_timestamp_seconds", [],
        "When the web configuration in use was loaded. Absent: no such file.";
    SchedulerTimestamp, Gauge, "backup_verifier_scheduler_timestamp_seconds", [],
        "When the scheduler last decided what to do; at least every 10 minutes. Absent: not yet.";
    PlanSuccessful, Gauge, "backup_verifier_last_plan_successful", [repository],
        "Whether the last plan could survey the repository and read the evidence of its sources. \
         Absent: not tried yet.";
    PlanTimestamp, Gauge, "backup_verifier_last_plan_timestamp_seconds", [repository],
        "End of the last plan of what is due there, whether or not it succeeded.";
    NextDue, Gauge, "backup_verifier_next_due_timestamp_seconds", [source, engine],
        "When the newest snapshot is to be verified, if no newer one arrives; in the past: it \
         waits, runs, or something hinders it; see backup_verifier_failures_total. Absent: nothing \
         is there, or nothing is known.";
    Deadline, Gauge, "backup_verifier_deadline_seconds", [source, engine],
        "How long a verification of the newest snapshot may take: verify.deadline, or what follows \
         from its size. Absent: nothing is there, or nothing is known.";
    Running, Gauge, "backup_verifier_verifications_running", [],
        "Verifications under way.";
    Waiting, Gauge, "backup_verifier_verifications_waiting", [],
        "Verifications that are due and wait for one under way to end (verifier.parallel).";
    Verifications, Counter, "backup_verifier_verifications_total", [verdict],
        "Verifications that ended, by verdict, whether or not they could be written down.";
    Failures, Counter, "backup_verifier_failures_total", [step],
        "What the scheduler could not do: survey a repository, read evidence, begin a \
         verification, write evidence, sweep leftovers. Each is tried again, ever later, but the \
         sweep.";
    UndeliveredMessages, Gauge, "backup_verifier_undelivered_messages", [receiver],
        "Messages that are due and did not arrive, by receiver of the configuration. They are tried \
         again, ever later.";
    UndeliveredOldest, Gauge,
        "backup_verifier_undelivered_messages_oldest_timestamp_seconds", [receiver],
        "Since when messages do not arrive. Absent: all arrived.";
    Heartbeat, Gauge, "backup_verifier_heartbeat_timestamp_seconds", [],
        "When the address of verifier.heartbeat last answered. Absent: never, or none is \
         configured.";
    Speaking, Gauge, "backup_verifier_speaking", [],
        "1 if this verifier posts messages, 0 if another verifier of the same evidence does. \
         Absent before that is known, or where nobody is to be told.";
}

#[cfg(test)]
mod tests;
