//! A production server in a container, backed up as people do it, and verified from the directory.

use std::fs;

use redis::AsyncCommands as _;
use testcontainers::{
    GenericImage,
    core::{ExecCommand, IntoContainerPort as _, WaitFor},
    runners::AsyncRunner as _,
};
use tests::require;

use crate::bench::Bench;

const PORT: u16 = 6379;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_in_a_container_saved_is_restored_from_the_directory() {
    require!(docker);
    require!(image "redis:8.0");
    let image = GenericImage::new("redis", "8.0")
        .with_exposed_port(PORT.tcp())
        .with_wait_for(WaitFor::message_on_stdout("Ready to accept connections"));
    let source = image.start().await.unwrap();
    let port = source.get_host_port_ipv4(PORT).await.unwrap();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    for number in 0..100 {
        let _: () = connection
            .set(format!("secret-key-{number}"), "secret-value")
            .await
            .unwrap();
    }
    let _: () = redis::cmd("SAVE")
        .query_async(&mut connection)
        .await
        .unwrap();
    let mut cat = source
        .exec(ExecCommand::new(["cat", "/data/dump.rdb"]))
        .await
        .unwrap();
    let saved = cat.stdout_to_vec().await.unwrap();
    source.rm().await.unwrap();

    let bench = Bench::new("docker");
    fs::write(bench.snapshot(1), saved).unwrap();
    let (code, records) = tokio::task::block_in_place(|| bench.verify());
    assert_eq!(
        (code, &records[0]["items"]["keys"]),
        (0, &100.into()),
        "{records:#?}"
    );
    assert_eq!(records[0]["sandbox"]["egress"], "denied");
    let text = serde_json::to_string(&records).unwrap();
    assert!(
        !text.contains("secret"),
        "no key and no value is in a record: {text}"
    );
}
