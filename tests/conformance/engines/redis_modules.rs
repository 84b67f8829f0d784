//! A real module in a real image: loaded where the image brings it or the configuration names it,
//! and named where it is missing.

use std::path::Path;

use catalog::{
    format::redis::Redis,
    ledger::{Reason, Verification},
};
use tempfile::TempDir;
use tests::{
    private_image::{PrivateImage, ran},
    redis_writer::save,
    require,
    verifying::{Subject, finding},
};

const IMAGE: &str = "redis:8.0";

/// Where official images keep modules, and where none does.
const KNOWN: &str = "/usr/local/lib/redis/modules/witness.so";
const OTHER: &str = "/opt/witness.so";

fn subject(image: &str) -> Subject {
    Subject::on("docker", &Redis, &verifier::engine::redis::Redis, &[image])
}

/// The module, built.
fn module(folder: &TempDir) -> String {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/images/module/witness.c");
    let module = folder.path().join("witness.so").display().to_string();
    ran(
        "cc",
        &["-shared", "-fPIC", "-nostdlib", "-o", &module, source],
    );
    module
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_of_the_image_is_loaded_one_elsewhere_is_named_and_a_missing_one_is_told() {
    require!(docker);
    require!(image IMAGE);
    let folder = tempfile::tempdir().expect("a folder");
    let module = module(&folder);
    let brought = |place| PrivateImage::with(IMAGE, place, Path::new(&module));
    let (known, other) = (brought(KNOWN), brought(OTHER));
    let commands = ["WITNESS.SET treasure", "SET plain 1"].map(str::to_owned);
    let file = save(&subject(&known.0).runtime, &known.0, &commands).await;
    let is = |verification: Verification, reason: Option<Reason>| {
        assert_eq!(verification.reason, reason, "{verification:#?}");
        verification
    };
    let verified = is(subject(&known.0).verify(file.clone()).await, None);
    assert_eq!(verified.items[&"keys".into()], 2);
    let mut named = subject(&other.0);
    let unnamed = named.verify(file.clone()).await;
    is(unnamed, Some(Reason::ModuleMissing));
    named.settings.modules = vec![OTHER.into()];
    is(named.verify(file.clone()).await, None);
    let mut plain = subject(IMAGE);
    let missing = async |plain: &Subject, told: &str| {
        let verification = plain.verify(file.clone()).await;
        let verification = is(verification, Some(Reason::ModuleMissing));
        let restored = finding(&verification, "snapshot.restored");
        assert!(restored.message.starts_with("witness-1: "), "{restored:?}");
        assert!(restored.message.contains(told), "{restored:?}");
    };
    missing(
        &plain,
        "or name the module's file in verifier.modules.redis.",
    )
    .await;
    plain.settings.modules = vec![OTHER.into()];
    let wrong = format!("; verifier.modules.redis names {OTHER}, which is not in {IMAGE}\nhint: ");
    missing(&plain, &wrong).await;
}
