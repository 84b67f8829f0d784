//! Removal of what runs leave: by label, so that it also finds what is only half made.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bollard::{
    Docker,
    errors::Error,
    query_parameters::{
        ListContainersOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
        RemoveVolumeOptions,
    },
};
use catalog::ledger::Reason;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    client::{RETRY_PAUSE, trouble},
    shape::{DEADLINE_LABEL, INSTANCE_LABEL, RUN_LABEL},
};
use crate::runtime::{Instance, RunId, SandboxError, SweepOutcome, SweepPolicy};

/// Longest time for removing one run; a container under load takes seconds to die.
const REMOVE_LIMIT: Duration = Duration::from_mins(1);

/// All containers and volumes with one label (`name` or `name=value`), each with its labels.
struct Found {
    containers: Vec<(String, HashMap<String, String>)>,
    volumes: Vec<(String, HashMap<String, String>)>,
}

/// Removes the containers, then the volumes of `run`; `Ok` means that none is left.
pub(super) async fn remove(docker: &Docker, run: &RunId) -> Result<(), SandboxError> {
    let deadline = Instant::now() + REMOVE_LIMIT;
    let label = format!("{RUN_LABEL}={}", run.0);
    let mut last = None;
    let work = async {
        loop {
            let left = find(docker, &label).await?;
            if left.containers.is_empty() && left.volumes.is_empty() {
                return Ok(());
            }
            for (id, _) in &left.containers {
                let options = RemoveContainerOptionsBuilder::new()
                    .force(true)
                    .v(true)
                    .build();
                note(&mut last, docker.remove_container(id, Some(options)).await);
            }
            for (name, _) in &left.volumes {
                note(
                    &mut last,
                    docker
                        .remove_volume(name, None::<RemoveVolumeOptions>)
                        .await,
                );
            }
            if last.is_some() {
                sleep(RETRY_PAUSE).await;
            }
        }
    };
    if let Ok(done) = timeout_at(deadline, work).await {
        return done;
    }
    let message = format!(
        "docker: run {} could not be removed within {} s{}\nhint: Remove it by hand: docker rm \
         -fv $(docker ps -aq --filter label={label}), then docker volume rm $(docker volume ls -q \
         --filter label={label}).",
        run.0,
        REMOVE_LIMIT.as_secs(),
        last.map(|error| format!(": {error}")).unwrap_or_default(),
    );
    Err(SandboxError::new(Reason::RuntimeUnavailable, message))
}

/// Keeps an error that may pass by itself ("removal in progress", "volume in use", a busy engine);
/// a thing that is gone is none.
fn note(last: &mut Option<Error>, done: Result<(), Error>) {
    match done {
        Ok(())
        | Err(Error::DockerResponseServerError {
            status_code: 404, ..
        }) => {}
        Err(error) => *last = Some(error),
    }
}

/// Removes the runs that `policy` gives up, each known only by its labels. A run that cannot be
/// removed does not stop the others.
pub(super) async fn sweep(
    docker: &Docker,
    instance: &Instance,
    policy: &SweepPolicy,
) -> Result<SweepOutcome, SandboxError> {
    let found = find(docker, INSTANCE_LABEL).await?;
    let labels = found
        .containers
        .into_iter()
        .chain(found.volumes)
        .map(|(_, labels)| labels);
    let runs: BTreeMap<String, HashMap<String, String>> = labels
        .filter_map(|labels| Some((labels.get(RUN_LABEL)?.clone(), labels)))
        .collect();
    let (mut swept, mut failed) = (SweepOutcome::default(), None);
    for (run, labels) in runs {
        let run = RunId(run);
        let owner = labels.get(INSTANCE_LABEL).map_or("", String::as_str);
        let deadline = labels
            .get(DEADLINE_LABEL)
            .and_then(|text| text.parse().ok());
        let deadline = deadline.and_then(|seconds| Timestamp::from_second(seconds).ok());
        if policy.gives_up(instance, &run, owner, deadline) {
            match remove(docker, &run).await {
                Ok(()) => swept.runs.push(run.clone()),
                Err(error) => failed = Some(error),
            }
            instance.release(&run);
        } else {
            swept.spared += 1;
        }
    }
    failed.map_or(Ok(swept), Err)
}

async fn find(docker: &Docker, label: &str) -> Result<Found, SandboxError> {
    let said = |error| trouble("looking for what runs left", error);
    let filters = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let containers = docker.list_containers(Some(options)).await.map_err(said)?;
    let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let volumes = docker.list_volumes(Some(options)).await.map_err(said)?;
    let volumes = volumes.volumes.unwrap_or_default();
    let containers = containers.into_iter();
    Ok(Found {
        containers: containers
            .filter_map(|found| Some((found.id?, found.labels.unwrap_or_default())))
            .collect(),
        volumes: volumes
            .into_iter()
            .map(|volume| (volume.name, volume.labels))
            .collect(),
    })
}
