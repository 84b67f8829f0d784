//! Which version a record names.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_record_names_the_version_that_was_read_although_no_survey_listed_it() {
    let memory = Memory::default();
    memory.put(KEY, "Good");
    let mut world = World::of(memory.clone(), [GOOD, GOOD], 4);
    let version = |of: &Verification| of.snapshot.artifacts[0].version_id.clone();
    assert_eq!(version(&world.check(None, 1).await), None);
    memory.keep_version(KEY, "v1");
    assert_eq!(version(&world.verify().await).as_deref(), Some("v1"));
    // An object that was not read to its end has the version that was listed.
    world.snapshot.artifacts[0].meta.version_id = Some("v0".into());
    let replaced = world.verify().await;
    assert_eq!(replaced.reason, Some(Reason::Replaced));
    assert_eq!(version(&replaced).as_deref(), Some("v0"));
}
