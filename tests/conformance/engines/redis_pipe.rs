//! Servers that read a pipe while the bytes arrive: what they show counts, and where they show
//! nothing, a complete file decides.

use catalog::{
    format::redis::Redis,
    ledger::{Fed, Reason, Stage, Verification},
};
use tests::{
    private_image::PrivateImage,
    rdb_bytes::{in_database, two_keys, with_repeated_member},
    require,
    verifying::Subject,
};

const IMAGES: [&str; 3] = ["redis:7.0", "redis:8.0", VALKEY];
const VALKEY: &str = "valkey/valkey:9.1";

fn subject(image: &str) -> Subject {
    Subject::on("docker", &Redis, &verifier::engine::redis::Redis, &[image])
}

/// The way of the run that counts, and how many sandboxes there were.
fn fed(verification: &Verification) -> (Option<Fed>, usize) {
    let sandbox = verification.sandbox.as_ref();
    let stages = verification.stages.iter();
    let destroyed = stages.filter(|it| it.stage == Stage::Destroy);
    (sandbox.map(|it| it.fed), destroyed.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_file_is_loaded_from_a_pipe_and_all_else_is_decided_by_a_file() {
    require!(docker);
    for image in IMAGES {
        require!(image image);
        let subject = subject(image);
        let check = async |file: Vec<u8>, reason: Option<Reason>, expected| {
            let verification = subject.verify(file).await;
            assert_eq!(verification.reason, reason, "{image}: {verification:#?}");
            let (way, sandboxes) = expected;
            assert_eq!(fed(&verification), (Some(way), sandboxes), "{image}");
        };
        check(two_keys(), None, (Fed::Pipe, 1)).await;
        // A server that is started before anybody knows the databases has 1,024.
        check(in_database(2000), None, (Fed::File, 2)).await;
        // Redis 7.0 opens the pipe once more, to look for what is wrong.
        let refused = with_repeated_member("a");
        match image {
            // It did not write the file, so it may not accuse it.
            VALKEY => check(refused, Some(Reason::NoImage), (Fed::File, 2)).await,
            _ => check(refused, Some(Reason::Unrestorable), (Fed::File, 3)).await,
        }
        let mut unsealed = two_keys();
        let checksum = unsealed.len() - 8;
        unsealed[checksum..].fill(0);
        check(unsealed, Some(Reason::NoChecksum), (Fed::File, 1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_mkfifo_is_fed_by_file() {
    require!(docker);
    require!(image IMAGES[1]);
    // A program that cannot be run is as good as none.
    let bare = tempfile::NamedTempFile::new().expect("a file");
    let image = PrivateImage::with(IMAGES[1], "/usr/bin/mkfifo", bare.path());
    let verification = subject(&image.0).verify(two_keys()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    assert_eq!(fed(&verification), (Some(Fed::File), 2));
}
