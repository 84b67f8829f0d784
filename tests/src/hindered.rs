//! A runtime with something in its way, so that a real tool in a real sandbox meets it.
//!
//! It must not judge, and changes nothing but what it is named for.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bollard::{Docker, models::ContainerUpdateBody};
use bytes::{Bytes, BytesMut};
use catalog::ledger::SandboxRecord;
use tokio::sync::mpsc;
use verifier::runtime::{
    ByteStreamIo, Command, Exit, Feed, FeedItem, ImageFacts, RunId, Runtime, Sandbox, SandboxError,
    SandboxSpec, ServerId, ServerState, SweepOutcome, SweepPolicy,
};

use crate::runtime_suite::{eventually, run};

/// What is in the way.
#[derive(Debug, Clone, Copy)]
pub enum Hindrance {
    /// A sandbox has this many bytes of memory, whatever was asked for.
    Memory(i64),
    /// From the first command with this word on, a container has this many bytes of memory.
    MemoryFrom(&'static str, i64),
    /// When half of what a command is fed is fed, this line runs inside until it succeeds; then
    /// the other half is fed.
    HalfWay(&'static str),
}

/// The runtime.
#[derive(Debug)]
pub struct Hindered {
    /// Provides the sandboxes.
    pub inner: Arc<dyn Runtime>,
    /// Of every sandbox.
    pub by: Hindrance,
}

#[derive(Debug)]
struct HinderedSandbox {
    inner: Arc<dyn Sandbox>,
    by: Hindrance,
    container: String,
}

#[async_trait]
impl Runtime for Hindered {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn images(
        &self,
        configured: &[String],
        programs: &[&str],
    ) -> Result<Vec<ImageFacts>, SandboxError> {
        self.inner.images(configured, programs).await
    }

    async fn provision(
        &self,
        run: &RunId,
        spec: &SandboxSpec,
    ) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let mut spec = spec.clone();
        if let Hindrance::Memory(bytes) = self.by {
            spec.memory_bytes = bytes.unsigned_abs();
        }
        let inner = self.inner.provision(run, &spec).await?;
        let sandbox = HinderedSandbox {
            inner,
            by: self.by,
            container: format!("backup-witness-{}", run.0),
        };
        Ok(Arc::new(sandbox) as Arc<dyn Sandbox>)
    }

    async fn destroy(&self, run: &RunId) -> Result<(), SandboxError> {
        self.inner.destroy(run).await
    }

    async fn sweep(&self, policy: &SweepPolicy) -> Result<SweepOutcome, SandboxError> {
        self.inner.sweep(policy).await
    }

    async fn probe(&self) -> Result<String, SandboxError> {
        self.inner.probe().await
    }
}

impl HinderedSandbox {
    async fn shrink(&self, bytes: i64) {
        let limits = ContainerUpdateBody {
            memory: Some(bytes),
            memory_swap: Some(bytes),
            ..Default::default()
        };
        let engine = Docker::connect_with_defaults().expect("an engine");
        let shrunk = engine.update_container(&self.container, limits).await;
        shrunk.expect("the container is smaller now");
    }

    async fn halved(
        &self,
        command: &Command,
        feed: &mut Feed,
        line: &str,
    ) -> Result<Exit, SandboxError> {
        let (send, items) = mpsc::channel(4);
        let mut late = Feed { items };
        let feeding = async {
            let whole = gathered(feed).await;
            let (first, second) = whole.split_at(whole.len() / 2);
            // Nobody reads any more once the command has ended.
            let _ = send
                .send(FeedItem::Chunk(Bytes::copy_from_slice(first)))
                .await;
            eventually("what happens half-way", async || {
                (run(&self.inner, line).await.code == 0).then_some(())
            })
            .await;
            let rest = FeedItem::Chunk(Bytes::copy_from_slice(second));
            let bytes = whole.len() as u64;
            for item in [rest, FeedItem::End { bytes }] {
                let _ = send.send(item).await;
            }
        };
        tokio::join!(self.inner.exec(command, Some(&mut late)), feeding).0
    }
}

/// All of a small feed.
async fn gathered(feed: &mut Feed) -> Bytes {
    let mut whole = BytesMut::new();
    while let Some(FeedItem::Chunk(bytes)) = feed.items.recv().await {
        whole.extend_from_slice(&bytes);
    }
    whole.freeze()
}

#[async_trait]
impl Sandbox for HinderedSandbox {
    async fn exec(
        &self,
        command: &Command,
        stdin: Option<&mut Feed>,
    ) -> Result<Exit, SandboxError> {
        match (self.by, stdin) {
            (Hindrance::HalfWay(line), Some(feed)) => self.halved(command, feed, line).await,
            (Hindrance::MemoryFrom(word, bytes), None)
                if command.argv.iter().any(|it| it == word) =>
            {
                self.shrink(bytes).await;
                self.inner.exec(command, None).await
            }
            (_, stdin) => self.inner.exec(command, stdin).await,
        }
    }

    async fn start(&self, command: &Command) -> Result<ServerId, SandboxError> {
        self.inner.start(command).await
    }

    async fn state(&self, server: ServerId) -> Result<ServerState, SandboxError> {
        self.inner.state(server).await
    }

    async fn log(&self, server: ServerId) -> Result<Vec<String>, SandboxError> {
        self.inner.log(server).await
    }

    async fn stop(&self, server: ServerId, patience: Duration) -> Result<Exit, SandboxError> {
        self.inner.stop(server, patience).await
    }

    fn port(&self, port: u16) -> u16 {
        self.inner.port(port)
    }

    async fn connect(&self, port: u16) -> Result<Box<dyn ByteStreamIo>, SandboxError> {
        self.inner.connect(port).await
    }

    async fn free_bytes(&self) -> Result<u64, SandboxError> {
        self.inner.free_bytes().await
    }

    fn facts(&self) -> SandboxRecord {
        self.inner.facts()
    }
}
