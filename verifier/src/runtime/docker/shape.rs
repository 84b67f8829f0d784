//! The shape of a sandbox container: everything that is forbidden, limited and labelled (design
//! §8), as one value.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    RestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
};
use jiff::Timestamp;

use crate::runtime::{RunId, SandboxSpec};

pub(super) const RUN_LABEL: &str = "io.backup-witness.run";
pub(super) const INSTANCE_LABEL: &str = "io.backup-witness.instance";
/// Its value is the deadline of the run in seconds since the epoch.
pub(super) const DEADLINE_LABEL: &str = "io.backup-witness.deadline";

/// Most processes and threads: enough for a Neo4j server (about 200 seen), and an end to a fork
/// bomb.
const PROCESSES_MAX: i64 = 1024;

/// CPU time per period, both in microseconds: two processors. It is a quota, because the engine
/// refuses `nano_cpus` above what the host has.
const CPU_QUOTA: (i64, i64) = (200_000, 100_000);

/// Mount options of `/tmp`, whose bytes count as memory.
const TMP_OPTIONS: &str = "rw,noexec,nosuid,nodev,size=64m,mode=1777";

/// Labels on everything of a run.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    pub(super) run: String,
    pub(super) instance: String,
    pub(super) deadline: Timestamp,
}

impl Labels {
    pub(super) fn all(&self) -> HashMap<String, String> {
        let deadline = self.deadline.as_second().to_string();
        HashMap::from([
            (RUN_LABEL.to_owned(), self.run.clone()),
            (INSTANCE_LABEL.to_owned(), self.instance.clone()),
            (DEADLINE_LABEL.to_owned(), deadline),
        ])
    }
}

/// Name of the container of a run.
pub(super) fn container_name(run: &RunId) -> String {
    format!("backup-witness-{}", run.0)
}

/// Name of the volume of a run.
pub(super) fn volume_name(run: &RunId) -> String {
    format!("backup-witness-{}-data", run.0)
}

pub(super) fn volume(run: &RunId, labels: &Labels) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(volume_name(run)),
        labels: Some(labels.all()),
        ..Default::default()
    }
}

/// The container of a run, which only sleeps: every command is an exec, so its log holds the
/// server's lines only.
pub(super) fn container(
    run: &RunId,
    spec: &SandboxSpec,
    image_id: &str,
    user: &str,
    labels: &Labels,
) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(image_id.to_owned()),
        user: Some(user.to_owned()),
        hostname: Some("sandbox".to_owned()),
        entrypoint: Some(vec!["sleep".to_owned()]),
        cmd: Some(vec!["infinity".to_owned()]),
        working_dir: Some(spec.data_dir.clone()),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..Default::default()
        }),
        labels: Some(labels.all()),
        host_config: Some(host_config(run, spec)),
        ..Default::default()
    }
}

fn host_config(run: &RunId, spec: &SandboxSpec) -> HostConfig {
    let memory = i64::try_from(spec.memory_bytes).unwrap_or(i64::MAX);
    let log = [("max-size", "8m"), ("max-file", "2")];
    HostConfig {
        network_mode: Some("none".to_owned()),
        publish_all_ports: Some(false),
        readonly_rootfs: Some(true),
        privileged: Some(false),
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        init: Some(true),
        memory: Some(memory),
        memory_swap: Some(memory),
        cpu_quota: Some(CPU_QUOTA.0),
        cpu_period: Some(CPU_QUOTA.1),
        pids_limit: Some(PROCESSES_MAX),
        mounts: Some(vec![Mount {
            target: Some(spec.data_dir.clone()),
            source: Some(volume_name(run)),
            typ: Some(MountType::VOLUME),
            ..Default::default()
        }]),
        tmpfs: Some(HashMap::from([("/tmp".to_owned(), TMP_OPTIONS.to_owned())])),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(
                log.map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
        }),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        auto_remove: Some(false),
        ..Default::default()
    }
}
