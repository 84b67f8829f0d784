//! A server that was fed and says nothing.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use catalog::ledger::SandboxRecord;

use super::*;
use crate::{
    engine::{FedServer, Purpose, RunNotes},
    runtime::{
        ByteStreamIo, Command, Exit, Feed, Sandbox, SandboxError, SandboxSpec, ServerState, image,
    },
};

/// A sandbox whose server runs, and in which nobody answers.
#[derive(Debug)]
struct Mute;

#[async_trait]
impl Sandbox for Mute {
    async fn exec(&self, _: &Command, _: Option<&mut Feed>) -> Result<Exit, SandboxError> {
        unreachable!("nothing is run")
    }

    async fn start(&self, _: &Command) -> Result<ServerId, SandboxError> {
        unreachable!("it was started")
    }

    async fn state(&self, _: ServerId) -> Result<ServerState, SandboxError> {
        Ok(std::future::ready(ServerState::Running).await)
    }

    async fn log(&self, _: ServerId) -> Result<Vec<String>, SandboxError> {
        Ok(std::future::ready(Vec::new()).await)
    }

    async fn stop(&self, _: ServerId, _: Duration) -> Result<Exit, SandboxError> {
        unreachable!("nobody ends it")
    }

    fn port(&self, port: u16) -> u16 {
        port
    }

    async fn connect(&self, _: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        let error = SandboxError::new(Reason::Internal, "nobody listens");
        std::future::ready(Err(error)).await
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        unreachable!("a pipe needs no disk")
    }

    fn facts(&self) -> SandboxRecord {
        unreachable!("nobody asks")
    }
}

#[tokio::test(start_paused = true)]
async fn a_fed_server_that_neither_answers_nor_ends_ends_its_run_after_half_a_minute() {
    let spec = SandboxSpec {
        image: image("redis:7.0", &[]),
        data_dir: "/data".into(),
        memory_bytes: 1,
        disk_bytes: 1,
        env: Vec::new(),
        ports: Vec::new(),
        deadline: jiff::Timestamp::MAX,
    };
    let notes = Mutex::<RunNotes>::default();
    let nobody = |_| {};
    let bench = Bench::new(&Mute, &spec, Purpose::Proof, &notes, &nobody);
    let bench = bench.with_server(Some(FedServer {
        id: ServerId(1),
        stream: None,
    }));
    let began = Instant::now();
    let waited = wait_until_loaded(&bench, ServerId(1)).await;
    let Err(Unserved::Stopped(stopped)) = waited else {
        panic!("it is not loaded")
    };
    assert_eq!(stopped.reason, Reason::Internal);
    assert!(stopped.message.contains("neither answered nor ended"));
    let took = began.elapsed();
    assert!(
        took >= piped::ANSWER_MAX && took < 2 * piped::ANSWER_MAX,
        "{took:?}"
    );
}
