//! A differential backup and what it continues, in an image that says it is of the Enterprise
//! Edition, which nobody may redistribute. Its `neo4j-admin database restore` is a stand-in that
//! looks at what it is given: what the real one makes of it was not tried.

use std::{fs, path::Path, process::Command, sync::Arc};

use catalog::{
    evidence::{Outcome, Reason, Verification},
    format::neo4j::{Expect, License, Neo4j, Restore},
};
use tests::{
    neo4j_archives::{Said, TAKEN_AT, archive, store},
    require,
    verifying::{Subject, finding},
};

/// What the image is made of.
const IMAGE: &str = "neo4j:5.26-community";

const ENTERPRISE: &str = "backup-witness-test/neo4j:5.26-enterprise";

/// Ends with 75, which means nothing else, exactly if all is as the real one wants it; else with 1.
const STAND_IN: &str = r#"#!/bin/sh
[ "$*" = "database restore --from-path=witness/chain/neo4j-2024-05-01T14-00-00.backup \
--overwrite-destination=true neo4j" ] || { echo "unexpected: $*" >&2; exit 1; }
[ "$NEO4J_ACCEPT_LICENSE_AGREEMENT" = eval ] || exit 1
[ -s "$NEO4J_CONF/neo4j.conf" ] || exit 1
cd witness/chain
for hour in 12 13 14; do
  head -c 4 "neo4j-2024-05-01T$hour-00-00.backup" | grep -q BZV1 || exit 1
done
exit 75
"#;

fn has_cli() -> Result<(), String> {
    run(Command::new("docker").arg("version"))
}

/// Removed however the test ends.
struct Image;

impl Image {
    fn made() -> Result<Self, String> {
        made().map(|()| Self)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = run(Command::new("docker").args(["rmi", "--force", ENTERPRISE]));
    }
}

fn made() -> Result<(), String> {
    let recipe = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| fs::write(recipe.path().join(name), text);
    let text = format!(
        "FROM {IMAGE}\nENV NEO4J_EDITION=enterprise\n\
         COPY neo4j-admin /var/lib/neo4j/bin/neo4j-admin\n"
    );
    write("Dockerfile", &text).map_err(|error| error.to_string())?;
    write("neo4j-admin", STAND_IN).map_err(|error| error.to_string())?;
    run(Command::new("chmod")
        .arg("755")
        .arg(recipe.path().join("neo4j-admin")))?;
    build(recipe.path())
}

fn build(recipe: &Path) -> Result<(), String> {
    run(Command::new("docker")
        .args(["build", "--quiet", "--tag", ENTERPRISE])
        .arg(recipe))
}

fn run(command: &mut Command) -> Result<(), String> {
    let told = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&told.stderr);
    told.status.success().then_some(()).ok_or(format!("{said}"))
}

fn backup(indexes: (i64, i64), hours: i64) -> Vec<u8> {
    let said = Said {
        full: indexes.0 == 1,
        indexes,
        taken_at: TAKEN_AT + hours * 3600,
        ..Said::default()
    };
    archive("BZV1", &store(), &said)
}

async fn verify(backups: [Vec<u8>; 3], license: Option<License>) -> Verification {
    let images = [IMAGE, ENTERPRISE];
    let engine = &verifier::engine::neo4j::Neo4j;
    let mut subject = Subject::on("docker", &Neo4j, engine, &images);
    subject.settings.expect = Arc::new(Expect::default());
    subject.settings.own = Arc::new(Restore {
        accept_license: license,
        ..Restore::default()
    });
    subject.verify_chain(backups).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_given_to_database_restore_as_a_directory_of_backups() {
    require!(docker);
    require!(image IMAGE);
    require!(@ "docker-cli", has_cli());
    let _image = Image::made().expect("an image");
    let chain = || [backup((1, 10), 0), backup((11, 20), 1), backup((21, 30), 2)];
    let verification = verify(chain(), Some(License::Eval)).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Internal),
        "{verification:#?}"
    );
    let restored = finding(&verification, "snapshot.restored");
    let told = restored
        .message
        .contains("database restore ended with code 75");
    assert!(told, "{restored:?}");
    assert_eq!(
        finding(&verification, "snapshot.intact").outcome,
        Outcome::Passed
    );
    assert_eq!(verification.snapshot.continues.len(), 2);
    // Without its licence accepted the image is not used.
    let verification = verify(chain(), None).await;
    assert_eq!(verification.reason, Some(Reason::NeedsEnterprise));
    // One that is damaged damages all that continues it.
    let mut damaged = chain();
    let middle = damaged[0].len() / 2;
    damaged[0][middle] ^= 1;
    let verification = verify(damaged, Some(License::Eval)).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Damaged),
        "{verification:#?}"
    );
}
