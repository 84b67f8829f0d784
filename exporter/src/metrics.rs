//! Every metric of this program: the one table that spells their names.
//!
//! The exposition, docs/metrics.md, alerts and dashboards follow it; nothing else may name one.

mod document;

pub use document::document;

toolkit::metric_table! {
    SourceInfo, Gauge, "backup_source_info", [source, engine, repository, owner],
        "Always 1: the source is configured.";
    SourceFormerly, Gauge, "backup_source_formerly_info", [source, engine, formerly],
        "Always 1: the source had this name before, and goes on with the records of that name.";
    SourceSurveyTimestamp, Gauge, "backup_source_survey_timestamp_seconds", [source, engine],
        "End of the last survey in which this source was wholly seen. All that is said of its \
         snapshots is as of then (cached).";
    SourceUnreadHeads, Gauge, "backup_source_unread_heads", [source, engine, reason],
        "Heads that the last survey could not read: the age is taken from what else is known \
         (cached).";
    Recoverable, Gauge, "backup_recoverable", [source, engine],
        "1: a snapshot that lies there unchanged was verified within its objective, and no critical \
         concern. 0: a critical concern. Absent: not surveyed yet, no proof is expected, or no \
         verified snapshot lies there, yet or any more.";
    Concern, Gauge, "backup_concern", [source, engine, concern, witness, severity],
        "1 while the concern stands, else 0.";

    Snapshots, Gauge, "backup_snapshots", [source, engine, state],
        "How many snapshots lie in the repository (cached).";
    LastStatus, Gauge, "backup_last_status", [source, engine, status],
        "1 for the state of the newest snapshot of any state, else 0; missing: there is none.";
    LastTimestamp, Gauge, "backup_last_timestamp_seconds", [source, engine],
        "Recovery point of the newest complete snapshot (cached).";
    Age, Gauge, "backup_age_seconds", [source, engine],
        "Age of that recovery point at the time of the scrape.";
    LastCompletion, Gauge, "backup_last_completion_timestamp_seconds", [source, engine],
        "When the newest complete snapshot was last written to (cached).";
    LastSize, Gauge, "backup_last_size_bytes", [source, engine],
        "Size of the newest complete snapshot as stored (cached).";
    TypicalSize, Gauge, "backup_typical_size_bytes", [source, engine],
        "Median size of the complete snapshots, without differential ones (cached).";
    DataTimestamp, Gauge, "backup_data_timestamp_seconds", [source, engine],
        "Newest change inside the newest snapshot of which this is known.";
    OldestTimestamp, Gauge, "backup_oldest_timestamp_seconds", [source, engine],
        "Recovery point of the oldest complete snapshot (cached).";
    Gaps, Gauge, "backup_gaps", [source, engine],
        "Holes in the series, counted per retention tier since the source began (cached).";
    LongestGap, Gauge, "backup_longest_gap_seconds", [source, engine],
        "Longest time between two neighboring complete snapshots (cached).";
    MissedRuns, Gauge, "backup_missed_runs", [source, engine],
        "Slots of the schedule missed in a row up to now; 0 as soon as a snapshot arrives.";
    NextExpected, Gauge, "backup_next_expected_timestamp_seconds", [source, engine],
        "The next slot of the schedule after the newest complete snapshot.";
    ObjectiveSeconds, Gauge, "backup_objective_seconds", [source, engine, objective],
        "What was promised, as configured or defaulted; gap: the longest time between two slots of \
         the schedule.";
    ObjectiveBytes, Gauge, "backup_objective_bytes", [source, engine, objective],
        "What was promised, as configured.";

    VerificationTimestamp, Gauge, "backup_verification_timestamp_seconds",
        [source, engine, verdict],
        "End of the last verification with that verdict.";
    VerificationStatus, Gauge, "backup_verification_status", [source, engine, verdict],
        "1 for the verdict on the newest recovery point that was judged, else 0: the last run of \
         that object. A look at an older, unfinished, differential or vanished snapshot says nothing.";
    VerificationReason, Gauge, "backup_verification_reason", [source, engine, reason],
        "1 for the reason of that verdict, else 0.";
    VerifiedTimestamp, Gauge, "backup_verified_timestamp_seconds", [source, engine],
        "Recovery point of the newest verified snapshot that lies there unchanged: what you could \
         really get back. Absent: none does.";
    VerificationRecovery, Gauge, "backup_verification_recovery_seconds", [source, engine],
        "How long the newest verified snapshot that lies there took until it was usable, in its \
         sandbox.";
    VerificationForecast, Gauge, "backup_verification_recovery_forecast_seconds",
        [source, engine],
        "How long the newest complete full backup is expected to take, by the measurements of past \
         verifications.";
    ObjectiveBreak, Gauge, "backup_verification_objective_break_timestamp_seconds",
        [source, engine],
        "When the recovery is expected to take longer than its objective, at the present growth of \
         the full backups; in the past if it does already. Absent: no objective, no measurement, \
         no growth, or more than ten years away.";
    VerificationStage, Gauge, "backup_verification_stage_seconds", [source, engine, stage],
        "Wall time of each stage of the verification of the newest recovery point; they overlap.";
    VerificationItems, Gauge, "backup_verification_items", [source, engine, item],
        "What was counted in the newest recovery point that was judged.";
    EvidenceUp, Gauge, "backup_evidence_up", [source, engine],
        "Whether the ledger could be read; if not, the last one is kept.";
    EvidenceRecords, Gauge, "backup_evidence_records", [source, engine],
        "Records in the ledger, those under former names of the source included.";
    EvidenceIntact, Gauge, "backup_evidence_intact", [source, engine],
        "Whether the chain of records is what was once written, but for breaks that a person repaired.";
    EvidenceSequence, Gauge, "backup_evidence_sequence", [source, engine],
        "Number of the newest record under the source's name, 0 before the first; it falls only if \
         evidence was lost.";

    DrillTimestamp, Gauge, "backup_drill_timestamp_seconds", [drill, verdict],
        "End of the last drill with that result.";
    DrillRecovery, Gauge, "backup_drill_recovery_seconds", [drill, verdict],
        "Recovery time of all its sources in their order, in the last drill with that result. \
         Absent: that of one of them is not known.";
    DrillConcern, Gauge, "backup_drill_concern", [drill, concern],
        "1 while the concern stands, else 0: overdue (a slot passed without a drill), over_time \
         (the last one took longer than its objective), failed (the last one failed).";

    RepositoryUp, Gauge, "backup_repository_up", [repository],
        "Whether the last survey succeeded; if not, what the last good one saw is kept.";
    RepositorySurveyTimestamp, Gauge, "backup_repository_survey_timestamp_seconds", [repository],
        "End of the last survey that succeeded.";
    RepositorySurveyDuration, Gauge, "backup_repository_survey_duration_seconds", [repository],
        "How long the last survey took, whether or not it succeeded.";
    RepositoryRequests, Counter, "backup_repository_requests_total", [repository, operation],
        "Requests made to the repository.";
    RepositoryErrors, Counter, "backup_repository_errors_total",
        [repository, operation, reason],
        "Requests that failed.";
    RepositoryDropped, Gauge, "backup_repository_dropped_entries", [repository, reason],
        "Entries of the listing that were passed over (cached).";
    RepositoryConcern, Gauge, "backup_repository_concern", [repository, concern, severity],
        "1 while the concern stands, else 0: unreachable (the last survey failed), capacity (more \
         than 90 % of it is stored).";
    StorageBytes, Gauge, "backup_storage_bytes",
        [source, engine, repository, storage_class, state],
        "Bytes stored (cached); source is empty for what fits no source.";
    StorageObjects, Gauge, "backup_storage_objects",
        [source, engine, repository, storage_class, state],
        "Objects stored (cached); source is empty for what fits no source.";
    StorageCapacity, Gauge, "backup_storage_capacity_bytes", [repository],
        "What the repository can hold, as configured.";
    StorageFull, Gauge, "backup_storage_full_timestamp_seconds", [repository],
        "When the repository will be full, see above (cached). Absent: not within ten years, or \
         nobody can know.";

    BuildInfo, Gauge, "backup_exporter_build_info", [version],
        "Always 1: the version of this program.";
    ReloadSuccessful, Gauge, "backup_exporter_config_last_reload_successful", [],
        "Whether the last attempt to load the configuration succeeded; if not, the one before is \
         kept.";
    ReloadTimestamp, Gauge, "backup_exporter_config_last_reload_success_timestamp_seconds", [],
        "When the configuration in use was loaded.";
    WebReloadSuccessful, Gauge, "backup_exporter_web_config_last_reload_successful", [],
        "Whether the files of --web.config.file can be used as they are now; if not, the ones \
         before are kept. Absent: no such file.";
    WebReloadTimestamp, Gauge,
        "backup_exporter_web_config_last_reload_success_timestamp_seconds", [],
        "When the web configuration in use was loaded. Absent: no such file.";
    Surveys, Counter, "backup_exporter_surveys_total", [repository, outcome],
        "Surveys that ended: completed, failed, or cut off at their deadline.";
    RefreshInterval, Gauge, "backup_exporter_refresh_interval_seconds", [],
        "Pause between two surveys of a repository, as configured.";
}

#[cfg(test)]
mod tests;
