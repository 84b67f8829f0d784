//! A volume that is full before the snapshot lies in it, in a real engine.

use bollard::Docker;
use catalog::{
    format::redis::Redis,
    ledger::{Outcome, Reason},
    storage::memory::Memory,
};
use tests::{
    redis_server::swelling,
    require,
    runtime_suite::run_id,
    verifying::{KEY, Subject, finding},
    volumes,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_fills_while_the_snapshot_is_put_there_is_ours() {
    require!(redis);
    require!(docker);
    require!(image "redis:8.0");
    let run = run_id();
    let name = volumes::of_memory(&run, "size=70m,mode=1777").await;
    let mut subject = Subject::on(
        "docker",
        &Redis,
        &verifier::engine::redis::Redis,
        &["redis:8.0"],
    );
    // A server that reads a pipe needs no disk.
    subject.by_file = true;
    let memory = Memory::default();
    memory.put(KEY, swelling());
    let verification = subject.verify_as(run, memory).await;
    assert_eq!(verification.reason, Some(Reason::Disk), "{verification:#?}");
    let restored = finding(&verification, "snapshot.restored");
    assert_eq!(restored.outcome, Outcome::NotRun);
    assert!(restored.message.contains("hint: "), "{restored:?}");
    let engine = Docker::connect_with_defaults().expect("an engine");
    let left = engine.inspect_volume(&name).await;
    assert!(left.is_err(), "nothing is left behind: {left:?}");
}
