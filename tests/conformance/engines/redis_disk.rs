//! A volume that is full before the snapshot lies in it, in a real engine.

use std::collections::HashMap;

use bollard::{Docker, models::VolumeCreateRequest};
use catalog::{
    evidence::{Outcome, Reason},
    format::redis::Redis,
    storage::memory::Memory,
};
use tests::{
    redis_server::swelling,
    require,
    runtime_suite::run_id,
    verifying::{KEY, Subject, finding},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_fills_while_the_snapshot_is_put_there_is_ours() {
    require!(redis);
    require!(docker);
    require!(image "redis:8.0");
    let engine = Docker::connect_with_defaults().expect("an engine");
    // An engine gives a volume that is there already: under this name, a small one.
    let run = run_id();
    let name = format!("backup-witness-{}-data", run.0);
    let options = [
        ("type", "tmpfs"),
        ("device", "tmpfs"),
        ("o", "size=70m,mode=1777"),
    ];
    let small = VolumeCreateRequest {
        name: Some(name.clone()),
        driver_opts: Some(
            options
                .map(|(key, value)| (key.into(), value.into()))
                .into(),
        ),
        labels: Some(HashMap::from([(
            "io.backup-witness.run".into(),
            run.0.clone(),
        )])),
        ..Default::default()
    };
    engine.create_volume(small).await.expect("a small volume");
    let subject = Subject::on(
        "docker",
        &Redis,
        &verifier::engine::redis::Redis,
        &["redis:8.0"],
    );
    let memory = Memory::default();
    memory.put(KEY, swelling());
    let verification = subject.verify_as(run, memory).await;
    assert_eq!(verification.reason, Some(Reason::Disk), "{verification:#?}");
    let restored = finding(&verification, "snapshot.restored");
    assert_eq!(restored.outcome, Outcome::NotRun);
    assert!(restored.message.contains("hint: "), "{restored:?}");
    let left = engine.inspect_volume(&name).await;
    assert!(left.is_err(), "nothing is left behind: {left:?}");
}
