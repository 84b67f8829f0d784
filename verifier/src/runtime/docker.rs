//! Sandboxes of a Docker engine: one long-lived container per run, every command an exec.
//!
//! Nothing of an image runs but the commands it is given, never as root, never with a way out. The
//! engine is asked for limits, and what came of them is looked at from inside.

mod client;
mod exec;
mod image;
mod owners;
mod remove;
mod running;
mod sandbox;
mod shape;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bollard::query_parameters::{CreateContainerOptionsBuilder, StartContainerOptions};
use catalog::ledger::{Fed, Network, Reason, SandboxRecord, VolumeLimit};

use self::{
    client::{DockerHost, trouble},
    exec::Execs,
    owners::Owners,
    sandbox::DockerSandbox,
    shape::{Labels, Shape},
};
use super::{
    ImageFacts, Instance, Pull, RunId, Runtime, RuntimeConfig, Sandbox, SandboxError, SandboxSpec,
    SweepOutcome, SweepPolicy,
    look::{self, Look},
};

/// The runtime whose sandboxes are containers of a Docker engine.
#[derive(Debug)]
pub(super) struct DockerRuntime {
    client: DockerHost,
    instance: Arc<Instance>,
    pull: Pull,
    pull_limit: Duration,
}

impl DockerRuntime {
    /// Uses the engine at `DOCKER_HOST`, else at the default socket; connects only when it is
    /// needed.
    pub(super) fn new(config: &RuntimeConfig) -> Self {
        Self {
            client: DockerHost::of_host(config.variables.get("DOCKER_HOST").as_deref()),
            instance: Arc::clone(&config.instance),
            pull: config.pull,
            pull_limit: config.pull_limit,
        }
    }
}

fn facts(look: &Look, spec: &SandboxSpec, image_id: String, user: String) -> SandboxRecord {
    SandboxRecord {
        runtime: "docker".to_owned(),
        fed: Fed::File,
        image: spec.image.image.clone(),
        image_id: Some(image_id),
        network: Network::None,
        egress: look.egress,
        volume_limit: VolumeLimit::None,
        user: look.user.clone().unwrap_or(user),
        memory_bytes: Some(spec.memory_bytes),
    }
}

#[async_trait]
impl Runtime for DockerRuntime {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn images(
        &self,
        configured: &[String],
        _programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError> {
        let docker = self.client.connect()?;
        let mut found = Vec::new();
        for image in configured {
            found.push(image::facts(&docker, image).await?);
        }
        Ok(found)
    }

    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let docker = self.client.connect()?;
        let name = &spec.image.image;
        let image = image::ensure(&docker, name, self.pull, self.pull_limit).await?;
        let image_id = image.id.clone().unwrap_or_else(|| name.clone());
        self.instance.hold(run).map_err(|error| {
            let message = format!("run {} cannot be locked: {error}", run.0);
            SandboxError::new(Reason::Internal, message)
        })?;
        let labels = Labels {
            run: run.0.clone(),
            instance: self.instance.id().to_owned(),
            deadline: spec.deadline,
        };
        let declared = image.config.as_ref().and_then(|it| it.volumes.as_deref());
        let shape = Shape {
            run,
            spec,
            image: &image_id,
            declared: declared.unwrap_or_default(),
            labels: &labels,
        };
        let owners = Owners::below(self.instance.directory());
        let user = image::user(&docker, &image, &shape, &owners).await?;
        let said = |error| trouble("creating the sandbox", error);
        let volume = docker.create_volume(shape.volume()).await;
        volume.map_err(said)?;
        let options = CreateContainerOptionsBuilder::new().name(&shape::container_name(run));
        let made = docker
            .create_container(Some(options.build()), shape.container(&user))
            .await
            .map_err(said)?;
        let started = docker
            .start_container(&made.id, None::<StartContainerOptions>)
            .await;
        started.map_err(|error| trouble("starting the sandbox", error))?;
        let execs = Arc::new(Execs::new(docker, made.id, spec));
        let look = execs.look(look::SCRIPT).await?;
        look.fit("docker", spec)?;
        let facts = facts(&look, spec, image_id, user);
        Ok(Arc::new(DockerSandbox::new(execs, facts)))
    }

    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError> {
        // The run is over in any case: what could not be removed is for a sweep.
        self.instance.release(run);
        remove::remove(&self.client.connect()?, run).await
    }

    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError> {
        remove::sweep(&self.client.connect()?, &self.instance, policy).await
    }

    async fn probe(&self) -> Result<String, SandboxError> {
        let docker = self.client.connect()?;
        let version = docker.version().await;
        let version = version.map_err(|error| trouble("asking for its version", error))?;
        Ok(format!(
            "docker {}",
            version
                .version
                .unwrap_or_else(|| "of unknown version".to_owned())
        ))
    }
}
