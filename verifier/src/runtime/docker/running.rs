//! A command that is killed when nobody waits for it any longer.

use std::time::Duration;

use bollard::{
    Docker,
    errors::Error,
    exec::{CreateExecOptions, StartExecResults},
};
use futures::StreamExt;
use tokio::time::timeout;

use crate::runtime::shell;

/// Longest time of our own small commands.
pub(super) const HELPER_LIMIT: Duration = Duration::from_secs(30);

/// Kills its command when it is dropped, unless it was disarmed: so also when the future that
/// waited for the command is dropped.
pub(super) struct ExecGuard {
    docker: Docker,
    container: String,
    number: u32,
    armed: bool,
}

impl ExecGuard {
    pub(super) fn new(docker: &Docker, container: &str, number: u32) -> Self {
        let (docker, container) = (docker.clone(), container.to_owned());
        Self {
            docker,
            container,
            number,
            armed: true,
        }
    }

    /// Lets the command be: it ended by itself, or is killed already.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }

    /// Kills the command, as well as that can be done: what survives dies with the container.
    pub(super) async fn kill(&self) {
        let kill = CreateExecOptions {
            cmd: Some(shell::kill_command(self.number)),
            attach_stdout: Some(true),
            ..Default::default()
        };
        let work = async {
            let id = self.docker.create_exec(&self.container, kill).await?.id;
            if let StartExecResults::Attached { output, .. } =
                self.docker.start_exec(&id, None).await?
            {
                output.for_each(|_| async {}).await;
            }
            Ok::<_, Error>(())
        };
        let _ = timeout(HELPER_LIMIT, work).await;
    }
}

impl Drop for ExecGuard {
    fn drop(&mut self) {
        if self.armed
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let mut again = Self::new(&self.docker, &self.container, self.number);
            again.disarm();
            runtime.spawn(async move { again.kill().await });
        }
    }
}
