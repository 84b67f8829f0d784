//! The configuration file as it is written (design §3): one struct per mapping, nothing judged.
//!
//! The JSON Schema is derived from these types. What may be written in several shapes stays a
//! [`Section`] here and is read by the module that knows the shapes.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use settings::{Duration, Located, OneOrMany, SecretFile, Section, Size, Switch};

use super::receivers::NoticeKind;
use crate::drivers::Replica;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Version of this format: 1.
    pub schema: Located<u32>,
    /// Repositories, where snapshots lie.
    #[schemars(with = "Vec<WrittenRepository>")]
    pub repositories: Vec<Section>,
    /// Defaults of sources, per engine; a source's own keys win.
    #[schemars(with = "Option<BTreeMap<String, WrittenSource>>")]
    pub defaults: Option<Section>,
    /// Sources: what is backed up.
    #[schemars(with = "Vec<WrittenSource>")]
    pub sources: Vec<Section>,
    /// Where the verifier writes its records and the exporter reads them.
    pub evidence: Option<WrittenEvidence>,
    /// Settings of backup-exporter only.
    pub exporter: Option<Exporter>,
    /// Settings of backup-verifier only.
    pub verifier: Option<WrittenVerifier>,
    /// Recovery exercises over several sources.
    pub drills: Option<Vec<Located<WrittenDrill>>>,
}

/// A recovery exercise over several sources.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Drill")]
pub(super) struct WrittenDrill {
    /// Unique name, spelled as that of a source.
    pub name: Located<String>,
    /// Slots of the drill: cron, in `verifier.time_zone`; default: only by hand.
    pub schedule: Option<Located<String>>,
    /// Sources to restore.
    pub sources: Located<Vec<Located<String>>>,
    /// By source: the sources that have a verdict before it begins.
    pub after: Option<Located<BTreeMap<String, OneOrMany<Located<String>>>>>,
    /// Tolerated time until all sources are usable again.
    pub recovery_time: Option<Located<Duration>>,
}

/// A bucket and prefix, or a directory.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Repository")]
pub(super) struct WrittenRepository {
    // The keys of drivers stand beside these: the schema adds them.
    /// Name, unique in the file.
    pub name: Located<String>,
    /// A copy of the repository in another bucket: audited, not surveyed twice.
    pub replica: Option<Located<Replica>>,
    /// Policies whose absence is a concern.
    pub require: Option<Located<Vec<Policy>>>,
    /// Capacity of the repository.
    pub capacity: Option<Size>,
}

/// What a repository may be required to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Objects are encrypted at rest.
    Encryption,
    /// Objects cannot be deleted before their time.
    ObjectLock,
    /// Older versions are kept.
    Versioning,
    /// A copy elsewhere.
    Replication,
    /// Nobody without credentials can read.
    PublicAccessBlocked,
    /// Old objects are removed by the store.
    Lifecycle,
}

/// A thing that is backed up.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Source")]
pub(super) struct WrittenSource {
    /// Unique name: `[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?`.
    pub name: Located<String>,
    /// Former names of the source, whose ledgers go on.
    #[serde(default)]
    pub formerly: Vec<String>,
    /// The product that its snapshots are of.
    pub engine: Located<String>,
    /// The repository that holds its snapshots.
    pub repository: Located<String>,
    /// Path of its snapshots: strftime; `*` within one segment; the rest literal; a list = newest
    /// layout first.
    pub path: OneOrMany<Located<String>>,
    /// Schedule of the snapshots: cron as Kubernetes reads it, `@daily`, `@every 1h30m`.
    pub schedule: Option<Located<String>>,
    /// Time zone of the schedule, and of times in names without an offset; default UTC.
    pub time_zone: Option<Located<String>>,
    /// The producer, whose word is the intent witness.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub producer: Option<Section>,
    /// What was promised.
    pub objectives: Option<WrittenObjectives>,
    /// Allowed lateness.
    pub grace: Option<Duration>,
    /// Time for which a file without an end may still be growing after its last change; default
    /// 10m, at most a tenth of the longest gap between two runs.
    pub settle: Option<Located<Duration>>,
    /// Whom to ask about the source.
    pub owner: Option<String>,
    /// When a snapshot of several artifacts is complete.
    pub artifacts: Option<Located<Artifacts>>,
    /// Whether `<key>.manifest.json` must be there.
    #[serde(default)]
    pub manifest: WrittenManifest,
    /// How the proof is made; `false` = no proof is expected.
    pub verify: Option<Switch<WrittenVerify>>,
}

/// What was promised about a source.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Objectives")]
pub(super) struct WrittenObjectives {
    /// Tolerated loss; default: longest gap between slots + grace.
    pub recovery_point: Option<Located<Duration>>,
    /// Critical age; default: the larger of `recovery_point` and twice the longest gap.
    pub alert_after: Option<Located<Duration>>,
    /// Tolerated time until the source is usable again.
    pub recovery_time: Option<Duration>,
    /// How long snapshots are kept: a duration, or tiers.
    #[schemars(with = "Option<RetentionShape>")]
    pub retention: Option<Section>,
    /// How old the proof may be; default 7d.
    pub verification: Option<Duration>,
    /// Minimum size: a smaller snapshot is a concern.
    pub minimum_size: Option<Size>,
    /// How much smaller than the median of the series a snapshot may be; default 50%.
    pub max_shrink: Option<settings::Percent>,
}

/// For the schema only: a duration, or tiers.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape is used, by the schema")]
enum RetentionShape {
    Flat(Duration),
    Tiers(Vec<WrittenTier>),
}

/// One tier of a retention.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tier")]
pub(super) struct WrittenTier {
    /// The tier reaches up to this age …
    #[serde(rename = "for")]
    pub until: Duration,
    /// … one snapshot per this interval exists.
    pub every: Duration,
    /// Storage class of the snapshots in this tier.
    pub class: Option<String>,
}

/// When a snapshot of several artifacts is complete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Artifacts {
    /// Number of artifacts of one snapshot.
    pub count: u32,
    /// How long after the newest artifact another one may arrive; default `settle`.
    pub within: Option<Duration>,
}

/// Whether `<key>.manifest.json` must be there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Manifest")]
pub(super) enum WrittenManifest {
    /// Without a manifest the snapshot is not complete.
    Required,
    /// A manifest is believed where it is there.
    #[default]
    Optional,
}

/// How the proof of one source is made.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Verify")]
pub(super) struct WrittenVerify {
    /// Slots of verifications: cron, in `verifier.time_zone`; or `when`.
    pub schedule: Option<Located<String>>,
    /// What makes a verification due: `new_snapshot`; or `schedule`.
    pub when: Option<When>,
    /// Image to restore with; default: the first of `verifier.images` able to read the snapshot.
    pub image: Option<Located<String>>,
    /// Another image that the same snapshot is restored into; the result is reported apart.
    pub rehearse: Option<Located<String>>,
    /// Deadline of a verification, from start; default 30 min + size ÷ 20 MB/s.
    pub deadline: Option<Duration>,
    /// What must hold in the restored server: the engine's own keys.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub expect: Option<Section>,
}

/// What makes a verification due, besides a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// Every new complete snapshot.
    NewSnapshot,
}

/// Where evidence lies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Evidence")]
pub(super) struct WrittenEvidence {
    /// A directory or a bucket.
    #[schemars(with = "EvidenceRepository")]
    pub repository: Section,
    /// Age from which on records are pruned behind a checkpoint.
    pub retention: Option<Located<Duration>>,
}

/// A directory or a bucket, without a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceRepository {
    // Only keys of drivers: the schema adds them.
}

/// Settings of backup-exporter only.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Exporter {
    /// How often repositories are surveyed; default 5m.
    pub refresh: Option<Located<Duration>>,
    /// Whether producers are read from Kubernetes.
    pub kubernetes: Option<Located<Kubernetes>>,
}

/// Whether producers are read from Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kubernetes {
    /// When run inside a cluster.
    Auto,
    /// Never.
    Never,
    /// Always; an error without a cluster.
    Always,
}

/// Images, or files that servers load, per engine.
pub(super) type WrittenNames = BTreeMap<String, Vec<Located<String>>>;

/// Settings of backup-verifier only.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Verifier")]
pub(super) struct WrittenVerifier {
    /// What provides sandboxes: the schema lists them.
    pub runtime: Option<Located<String>>,
    /// How many verifications run at once; default 1.
    pub parallel: Option<Located<u32>>,
    /// Limits of one sandbox.
    pub limits: Option<Limits>,
    /// Images per engine, best first.
    pub images: Option<Located<WrittenNames>>,
    /// Modules per engine: files inside an image that its server loads beside the modules the image
    /// brings.
    pub modules: Option<Located<WrittenNames>>,
    /// Server programs per engine, for the process runtime, instead of those on PATH.
    pub programs: Option<Located<BTreeMap<String, PathBuf>>>,
    /// When images are pulled; default missing.
    pub pull: Option<Located<Pull>>,
    /// Registry that images come from.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub registry: Option<Section>,
    /// Time zone of `verify.schedule` and of the schedules of drills; default UTC.
    pub time_zone: Option<Located<String>>,
    /// Messages to people.
    pub slack: Option<OneOrMany<Located<WrittenSlack>>>,
    /// Webhooks that take messages in the format of Alertmanager, version 4.
    pub webhooks: Option<Vec<Located<WrittenWebhook>>>,
    /// Text that mentions an owner in Slack, by owner, e.g. `<!subteam^S012345>`.
    pub mentions: Option<BTreeMap<String, String>>,
    /// Base address of the runbook links in messages.
    pub runbooks: Option<String>,
    /// The sign of life.
    pub heartbeat: Option<Located<WrittenHeartbeat>>,
}

/// An incoming webhook of Slack.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Slack")]
pub(super) struct WrittenSlack {
    /// File that holds the address, which is a secret; default: the variable `SLACK_WEBHOOK_URL`.
    pub webhook_url_file: Option<SecretFile>,
    /// What is told; default failed, inconclusive and recovered.
    pub notify: Option<Vec<NoticeKind>>,
    /// Number of inconclusive runs in a row after which people are told; default 3.
    pub inconclusive_after: Option<Located<u32>>,
    /// How often people are reminded while a source is not well; default 24h, 0s for never.
    pub remind: Option<Located<Duration>>,
    /// Schedule of the digest: cron, in `verifier.time_zone`; default: no digest.
    pub digest: Option<Located<String>>,
    /// Owners whose sources are told of; default: what no other receiver takes.
    pub owners: Vec<String>,
}

/// A webhook in the format of Alertmanager.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Webhook")]
pub(super) struct WrittenWebhook {
    /// File that holds the address, which is a secret.
    pub url_file: SecretFile,
    /// What is told; default failed, inconclusive and recovered.
    pub notify: Option<Vec<NoticeKind>>,
    /// How often people are reminded while a source is not well; default 24h, 0s for never.
    pub remind: Option<Located<Duration>>,
    /// Owners whose sources are told of; default: what no other receiver takes.
    #[serde(default)]
    pub owners: Vec<String>,
}

/// A sign of life for a dead man's switch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Heartbeat")]
pub(super) struct WrittenHeartbeat {
    /// File that holds the address that is called, which is a secret.
    pub url_file: SecretFile,
    /// How often the address is called; default 5m.
    pub every: Option<Located<Duration>>,
}

/// Limits of one sandbox.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Memory; default 4GiB.
    pub memory: Option<Size>,
    /// Disk; default 50GiB.
    pub disk: Option<Size>,
}

/// When images are pulled.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pull {
    /// When an image is not there.
    #[default]
    Missing,
    /// Never.
    Never,
    /// Before every verification.
    Always,
}
