//! Volumes that lie where a sandbox of the Docker runtime will look for its own: an engine gives
//! one that is there already.

use std::collections::HashMap;

use bollard::{Docker, models::VolumeCreateRequest};
use verifier::runtime::RunId;

/// Memory, mounted with these options, as the data of this run; removed together with it. Returns
/// its name.
///
/// # Panics
/// When there is no engine, or it refuses.
pub async fn of_memory(run: &RunId, options: &str) -> String {
    let name = format!("backup-witness-{}-data", run.0);
    let driver = [("type", "tmpfs"), ("device", "tmpfs"), ("o", options)];
    let driver = driver.map(|(key, value)| (key.into(), value.into()));
    let label = ("io.backup-witness.run".into(), run.0.clone());
    let volume = VolumeCreateRequest {
        name: Some(name.clone()),
        driver_opts: Some(driver.into()),
        labels: Some(HashMap::from([label])),
        ..Default::default()
    };
    let engine = Docker::connect_with_defaults().expect("an engine");
    engine.create_volume(volume).await.expect("a volume");
    name
}
