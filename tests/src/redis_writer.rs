//! Snapshots of real servers: a server is started in a sandbox, filled, and told to save.
//!
//! It writes no file by itself: what it returns is what the server wrote, with the modules that its
//! image brings.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::{Timestamp, ToSpan};
use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisResult, Value, aio::MultiplexedConnection,
};
use verifier::runtime::{CAPTURE_BYTES_MAX, Command, FeedItem, Runtime, Sandbox, SandboxSpec};

use crate::runtime_suite::{PATIENCE, eventually, run_id, shell};

const PORT: u16 = 6379;

/// What the server of `image` saves after these commands, words separated by single spaces.
///
/// # Panics
/// When it cannot be started, does not understand a command, or saves more than 128 KiB.
pub async fn save(runtime: &Arc<dyn Runtime>, image: &str, commands: &[String]) -> Vec<u8> {
    let run = run_id();
    let sandbox = runtime
        .provision(&run, &spec(runtime, image).await)
        .await
        .expect("a sandbox");
    let commands = commands.to_vec();
    let saved = tokio::spawn(async move { fill_and_save(&*sandbox, &commands).await }).await;
    runtime.destroy(&run).await.expect("destroyed");
    saved.expect("the server saved")
}

/// What a server that loads these bytes says all its data comes to (`DEBUG DIGEST`).
///
/// # Panics
/// When it does not load them.
pub async fn digest(runtime: &Arc<dyn Runtime>, bytes: Bytes) -> String {
    let run = run_id();
    let sandbox = runtime
        .provision(&run, &spec(runtime, "").await)
        .await
        .expect("a sandbox");
    let loaded = tokio::spawn(async move { load_and_digest(&*sandbox, bytes).await }).await;
    runtime.destroy(&run).await.expect("destroyed");
    loaded.expect("the server loaded it")
}

async fn load_and_digest(sandbox: &dyn Sandbox, bytes: Bytes) -> String {
    let (sender, mut feed) = verifier::stream::feed();
    let length = bytes.len() as u64;
    sender.send(FeedItem::Chunk(bytes)).await.expect("room");
    sender
        .send(FeedItem::End { bytes: length })
        .await
        .expect("room");
    let put = shell("cat > saved.rdb");
    sandbox.exec(&put, Some(&mut feed)).await.expect("staged");
    let mut connection = serve(sandbox, "--enable-debug-command yes").await;
    let mut asked = redis::cmd("DEBUG");
    asked.arg("DIGEST");
    asked.query_async(&mut connection).await.expect("a digest")
}

async fn spec(runtime: &Arc<dyn Runtime>, image: &str) -> SandboxSpec {
    let images = runtime
        .images(&[image.to_owned()], &["redis-server", "valkey-server"])
        .await;
    SandboxSpec {
        image: images
            .expect("images")
            .into_iter()
            .next()
            .expect("the image is there"),
        data_dir: "/data".into(),
        memory_bytes: 256 << 20,
        disk_bytes: 1 << 20,
        env: Vec::new(),
        ports: vec![PORT],
        deadline: Timestamp::now() + 10.minutes(),
    }
}

async fn fill_and_save(sandbox: &dyn Sandbox, commands: &[String]) -> Vec<u8> {
    let mut connection = serve(sandbox, "").await;
    for command in commands.iter().map(String::as_str).chain(["SAVE"]) {
        let mut words = command.split(' ');
        let mut asked = redis::cmd(words.next().expect("a command"));
        asked.arg(words.collect::<Vec<_>>());
        let answer: RedisResult<Value> = asked.query_async(&mut connection).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"));
    }
    let exit = sandbox
        .exec(&shell("cat saved.rdb"), None)
        .await
        .expect("read");
    assert!(
        exit.stdout.total_bytes <= 2 * CAPTURE_BYTES_MAX as u64,
        "too much was saved"
    );
    [exit.stdout.head, exit.stdout.tail].concat()
}

/// A server that loads `saved.rdb` if it is there, and the first connection that it answers.
async fn serve(sandbox: &dyn Sandbox, more: &str) -> MultiplexedConnection {
    let port = sandbox.port(PORT);
    let line = format!(
        "server=$(command -v valkey-server || command -v redis-server); \
         for it in /usr/local/lib/redis/modules/*.so; do \
         [ ! -f $it ] || set -- \"$@\" --loadmodule $it; done; \
         exec $server --port {port} --save '' --dbfilename saved.rdb {more} \"$@\""
    );
    let starting = Command::new(["sh", "-c", &line], PATIENCE);
    sandbox.start(&starting).await.expect("started");
    eventually("the server answers", || async {
        connect(sandbox).await.ok()
    })
    .await
}

async fn connect(sandbox: &dyn Sandbox) -> anyhow::Result<MultiplexedConnection> {
    let stream = sandbox.connect(PORT).await?;
    let about = RedisConnectionInfo::default();
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(30)));
    let (mut connection, driver) =
        MultiplexedConnection::new_with_config(&about, stream, config).await?;
    tokio::spawn(driver);
    redis::cmd("PING")
        .query_async::<()>(&mut connection)
        .await?;
    Ok(connection)
}
