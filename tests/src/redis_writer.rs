//! Snapshots of real servers: a server is started in a sandbox, filled, and told to save.
//!
//! It writes no file by itself: what it returns is what the server wrote.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, ToSpan};
use redis::{
    AsyncConnectionConfig, RedisConnectionInfo, RedisResult, Value, aio::MultiplexedConnection,
};
use verifier::runtime::{CAPTURE_BYTES_MAX, Command, Runtime, Sandbox, SandboxSpec};

use crate::runtime_suite::{PATIENCE, eventually, run_id, shell};

const PORT: u16 = 6379;

/// What the server of `image` saves after these commands, words separated by single spaces.
///
/// # Panics
/// When it cannot be started, does not understand a command, or saves more than 128 KiB.
pub async fn save(runtime: &Arc<dyn Runtime>, image: &str, commands: &[String]) -> Vec<u8> {
    let images = runtime
        .images(&[image.to_owned()], &["redis-server", "valkey-server"])
        .await;
    let spec = SandboxSpec {
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
    };
    let run = run_id();
    let sandbox = runtime.provision(&run, &spec).await.expect("a sandbox");
    let commands = commands.to_vec();
    let saved = tokio::spawn(async move { fill_and_save(&*sandbox, &commands).await }).await;
    runtime.destroy(&run).await.expect("destroyed");
    saved.expect("the server saved")
}

async fn fill_and_save(sandbox: &dyn Sandbox, commands: &[String]) -> Vec<u8> {
    let port = sandbox.port(PORT);
    let line = format!(
        "server=$(command -v valkey-server || command -v redis-server); \
         exec $server --port {port} --save '' --dbfilename saved.rdb"
    );
    let starting = Command::new(["sh", "-c", &line], PATIENCE);
    sandbox.start(&starting).await.expect("started");
    let mut connection = eventually("the server answers", || async {
        connect(sandbox).await.ok()
    })
    .await;
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
