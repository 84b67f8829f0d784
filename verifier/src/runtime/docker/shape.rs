//! The shape of a sandbox container: everything that is forbidden, limited and labelled (design
//! §8), as one value.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
    MountVolumeOptions, RestartPolicy, RestartPolicyNameEnum, VolumeCreateRequest,
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

/// What the containers and the volume of one run are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) run: &'a RunId,
    pub(super) spec: &'a SandboxSpec,
    /// Id of the image.
    pub(super) image: &'a str,
    /// Places that the image declares to be volumes.
    pub(super) declared: &'a [String],
    pub(super) labels: &'a Labels,
}

impl Shape<'_> {
    fn volume_name(&self) -> String {
        format!("backup-witness-{}-data", self.run.0)
    }

    /// The only volume of the run: its data directory.
    pub(super) fn volume(&self) -> VolumeCreateRequest {
        VolumeCreateRequest {
            name: Some(self.volume_name()),
            labels: Some(self.labels.all()),
            ..Default::default()
        }
    }

    fn data(&self) -> Mount {
        Mount {
            target: Some(self.spec.data_dir.clone()),
            source: Some(self.volume_name()),
            typ: Some(MountType::VOLUME),
            ..Default::default()
        }
    }

    /// Memory in every other place that may be written. Where an image declares a volume the engine
    /// would make one without our labels, which nobody finds who looks for what a run left.
    fn scratch(&self) -> HashMap<String, String> {
        let declared = self
            .declared
            .iter()
            .map(|place| place.trim_end_matches('/'));
        let places = declared.filter(|place| *place != self.spec.data_dir);
        let all = places.chain(["/tmp"]);
        all.map(|place| (place.to_owned(), TMP_OPTIONS.to_owned()))
            .collect()
    }

    /// A container that is never started: whoever owns its data directory owns that of the image.
    /// There lies a nameless volume, which the engine fills with what the image has, owners
    /// included, and removes with the container.
    pub(super) fn unstarted(&self) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(self.image.to_owned()),
            entrypoint: Some(vec!["true".to_owned()]),
            labels: Some(self.labels.all()),
            network_disabled: Some(true),
            host_config: Some(HostConfig {
                mounts: Some(vec![Mount {
                    source: None,
                    volume_options: Some(MountVolumeOptions {
                        labels: Some(self.labels.all()),
                        ..Default::default()
                    }),
                    ..self.data()
                }]),
                tmpfs: Some(self.scratch()),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// The container of the run, which only sleeps: every command is an exec, so its log holds the
    /// server's lines only.
    pub(super) fn container(&self, user: &str) -> ContainerCreateBody {
        ContainerCreateBody {
            image: Some(self.image.to_owned()),
            user: Some(user.to_owned()),
            hostname: Some("sandbox".to_owned()),
            entrypoint: Some(vec!["sleep".to_owned()]),
            cmd: Some(vec!["infinity".to_owned()]),
            working_dir: Some(self.spec.data_dir.clone()),
            healthcheck: Some(HealthConfig {
                test: Some(vec!["NONE".to_owned()]),
                ..Default::default()
            }),
            labels: Some(self.labels.all()),
            host_config: Some(self.host_config()),
            ..Default::default()
        }
    }

    fn host_config(&self) -> HostConfig {
        let memory = i64::try_from(self.spec.memory_bytes).unwrap_or(i64::MAX);
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
            mounts: Some(vec![self.data()]),
            tmpfs: Some(self.scratch()),
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
}

#[cfg(test)]
mod tests {
    use catalog::ledger::fixtures::at;

    use super::*;
    use crate::runtime::image;

    #[test]
    fn no_container_gets_a_volume_without_our_labels() {
        let labels = Labels {
            run: "a".to_owned(),
            instance: "b".to_owned(),
            deadline: at("12:00:00"),
        };
        let run = RunId("a".to_owned());
        let spec = SandboxSpec {
            image: image("redis:8.0", &[]),
            data_dir: "/data".to_owned(),
            memory_bytes: 1 << 30,
            disk_bytes: 1 << 30,
            env: Vec::new(),
            ports: Vec::new(),
            deadline: labels.deadline,
        };
        let declared = [format!("{}/", spec.data_dir), "/logs".to_owned()];
        let shape = Shape {
            run: &run,
            spec: &spec,
            image: "sha256:0",
            declared: &declared,
            labels: &labels,
        };
        assert_eq!(shape.volume().labels, Some(labels.all()));
        for body in [shape.unstarted(), shape.container("999:999")] {
            let host = body.host_config.unwrap();
            let [data] = &host.mounts.unwrap()[..] else {
                panic!("one volume is mounted");
            };
            assert_eq!(data.target.as_ref(), Some(&spec.data_dir));
            let labelled = data
                .volume_options
                .as_ref()
                .and_then(|it| it.labels.clone());
            let is_ours = data.source == shape.volume().name;
            assert!(is_ours || labelled == Some(labels.all()), "{data:?}");
            let mut memory: Vec<_> = host.tmpfs.unwrap().into_keys().collect();
            memory.sort();
            assert_eq!(memory, ["/logs", "/tmp"]);
        }
    }
}
