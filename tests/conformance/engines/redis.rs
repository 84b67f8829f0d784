//! Redis and Valkey: real servers write, real servers restore.

use std::{env, fs, path::PathBuf, sync::Arc};

use catalog::{
    format::redis::{Bounds, ChecksumRule, Redis, RedisExpect},
    ledger::{Outcome, Reason, Verification},
    storage::memory::Memory,
};
use futures::{StreamExt as _, stream};
use tests::{
    engine_suite::{Engined, MARKER},
    redis_writer::save,
    require,
    verifying::{Subject, finding},
};

const IMAGES: [&str; 3] = ["redis:7.0", "redis:8.0", "valkey/valkey:9.1"];

/// Every value type, two databases, times to live, a function.
fn commands() -> Vec<String> {
    let joined = |words: Vec<String>| words.concat();
    let list = |length: u32| joined((0..length).map(|it| format!(" item-{it}")).collect());
    let pairs = |length: u32| joined((0..length).map(|it| format!(" {it} v-{it}")).collect());
    vec![
        format!("SET {MARKER}-name {MARKER}-value"),
        "SET number 12345".into(),
        format!("SET expiring {MARKER} EX 86400"),
        format!("RPUSH list{}", list(300)),
        format!("SADD set{}", list(300)),
        "SADD numbers 1 2 3 70000 5000000000".into(),
        format!("HSET hash{}", pairs(5)),
        format!("HSET hashes{}", pairs(300)),
        format!("ZADD scores{}", pairs(300)),
        "XADD stream 1-1 field value".into(),
        "XGROUP CREATE stream readers 0".into(),
        "FUNCTION LOAD #!lua\tname=lib\nredis.register_function('f',function()\treturn\t1\tend)"
            .into(),
        "SELECT 3".into(),
        "SET other 1".into(),
        "SELECT 0".into(),
    ]
}

const KEYS: u64 = 11;

fn subject(images: &[&str]) -> Subject {
    Subject::on("docker", &Redis, &verifier::engine::redis::Redis, images)
}

/// One bit of a value flipped.
fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    let needle = format!("{MARKER}-value");
    let at = bytes
        .windows(needle.len())
        .position(|window| window == needle.as_bytes());
    let at = at.expect("the value stands there as it is") + needle.len() - 1;
    bytes[at] ^= 1;
    bytes
}

macro_rules! engined {
    ($image:expr) => {{
        require!(docker);
        require!(image $image);
        let subject = subject(&[$image]);
        let good = save(&subject.runtime, $image, &commands()).await;
        Engined { subject, damaged: flipped(good.clone()), good }
    }};
}

mod redis_8_0 {
    use super::*;

    tests::engine_suite!(engined!("redis:8.0"));
}

/// Every server is fed from a complete file, as one whose image has no `mkfifo`.
mod redis_7_0_by_file {
    use super::*;

    tests::engine_suite!({
        let mut engined = engined!("redis:7.0");
        engined.subject.by_file = true;
        engined
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_writer_is_restored_by_every_reader_that_reads_it() {
    require!(docker);
    for image in IMAGES {
        require!(image image);
    }
    for writer in IMAGES {
        let bytes = save(&subject(&[writer]).runtime, writer, &commands()).await;
        for reader in IMAGES {
            let verification = subject(&[reader]).verify(bytes.clone()).await;
            let reads = match (writer, reader) {
                ("redis:8.0", "redis:8.0") | ("redis:7.0", _) => true,
                (_, "valkey/valkey:9.1") => writer == reader,
                _ => false,
            };
            let reason = (!reads).then_some(Reason::NoImage);
            assert_eq!(
                verification.reason, reason,
                "{writer} {reader}: {verification:#?}"
            );
            if reads {
                let items = &verification.items;
                assert_eq!(
                    (items[&"keys".into()], items[&"live_keys".into()]),
                    (KEYS, KEYS),
                    "{verification:#?}"
                );
                assert_eq!(
                    (items[&"functions".into()], items[&"expiring_keys".into()]),
                    (1, 1)
                );
            }
        }
    }
}

/// RDB files that nobody in this project made, by name.
fn foreign_corpus() -> Result<Vec<(String, Vec<u8>)>, String> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = env::var_os("FOREIGN_CORPUS").map_or_else(|| default.into(), PathBuf::from);
    let listing = fs::read_dir(root.join("redis"));
    let entries = listing.map_err(|_| "FOREIGN_CORPUS names no directory".to_owned())?;
    let read = |path: PathBuf| {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        (name, fs::read(path).expect("readable"))
    };
    Ok(entries
        .map(|entry| read(entry.expect("an entry").path()))
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_files_are_verified_but_for_the_damaged_and_those_with_modules() {
    const AT_ONCE: usize = 3;
    require!(docker);
    require!(image IMAGES[0]);
    let corpus = foreign_corpus();
    require!(@ "corpus", corpus.as_ref().map(drop).map_err(Clone::clone));
    let mut subject = subject(&IMAGES[..1]);
    subject.settings.expect = Arc::new(RedisExpect {
        keys: Bounds {
            min: Some(0),
            max: None,
        },
        checksum: ChecksumRule::Optional,
        ..RedisExpect::default()
    });
    let verified = stream::iter(corpus.expect("it is there"))
        .map(|(name, bytes)| {
            let subject = subject.clone();
            async move { (name, subject.verify(bytes).await) }
        })
        .buffer_unordered(AT_ONCE);
    let verified: Vec<(String, Verification)> = verified.collect().await;
    assert!(verified.len() > 30, "{} files", verified.len());
    for (name, verification) in verified {
        let expected = match name.as_str() {
            damaged if damaged.contains("corrupt") => Some(Reason::Damaged),
            modules if modules.contains("module") => Some(Reason::ModuleMissing),
            _ => None,
        };
        assert_eq!(verification.reason, expected, "{name}: {verification:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_checksum_nothing_is_verified_unless_that_is_accepted() {
    require!(docker);
    require!(image IMAGES[0]);
    let mut subject = subject(&IMAGES[..1]);
    let mut bytes = save(&subject.runtime, IMAGES[0], &commands()).await;
    let trailer = bytes.len() - 8;
    bytes[trailer..].fill(0);
    let verification = subject.verify(bytes.clone()).await;
    assert_eq!(
        verification.reason,
        Some(Reason::NoChecksum),
        "{verification:#?}"
    );
    subject.settings.expect = Arc::new(RedisExpect {
        checksum: ChecksumRule::Optional,
        ..RedisExpect::default()
    });
    let verification = subject.verify(bytes).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    assert_eq!(
        finding(&verification, "redis.checksum").outcome,
        Outcome::Warning
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_of_this_machine_restore_and_refuse_as_an_image_does() {
    require!(redis);
    let subject = Subject::on("process", &Redis, &verifier::engine::redis::Redis, &[]);
    let good = save(&subject.runtime, "", &commands()).await;
    let verification = subject.verify(good.clone()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    assert_eq!(verification.items[&"keys".into()], KEYS);
    let verification = subject.verify(flipped(good)).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Damaged),
        "{verification:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_two_shards_are_one_snapshot_each_restored_by_a_server_that_reads_it() {
    require!(docker);
    let (old, new) = (IMAGES[0], IMAGES[1]);
    require!(image old);
    require!(image new);
    let mut subject = subject(&[old, new]);
    let at_least = |min| {
        let keys = Bounds {
            min: Some(min),
            max: None,
        };
        Arc::new(RedisExpect {
            keys,
            ..RedisExpect::default()
        })
    };
    let one = save(&subject.runtime, new, &commands()).await;
    let other = save(&subject.runtime, old, &commands()).await;
    let verify = async |subject: &Subject, other: Vec<u8>| {
        let memory = Memory::default();
        memory.put("one", one.clone());
        memory.put("other", other);
        subject.verify_artifacts(memory, &["one", "other"]).await
    };
    subject.settings.expect = at_least(2 * KEYS);
    let verification = verify(&subject, other.clone()).await;
    assert_eq!(verification.reason, None, "{verification:#?}");
    let items = &verification.items;
    assert_eq!(
        (
            items[&"keys".into()],
            items[&"live_keys".into()],
            items[&"functions".into()]
        ),
        (2 * KEYS, 2 * KEYS, 2)
    );
    let servers = verification.findings.iter();
    let servers: Vec<_> = servers.filter(|it| it.check == "redis.server").collect();
    let served = |index: usize, name: &str, version: &str| {
        servers[index].message.starts_with(name)
            && servers[index]
                .observed
                .as_ref()
                .is_some_and(|it| it.contains(version))
    };
    assert!(
        served(0, "one: ", " 8.") && served(1, "other: ", " 7."),
        "{servers:?}"
    );
    let verification = verify(&subject, flipped(other.clone())).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Damaged),
        "{verification:#?}"
    );
    subject.settings.expect = at_least(2 * KEYS + 1);
    let verification = verify(&subject, other).await;
    assert_eq!(
        verification.reason,
        Some(Reason::Expectation),
        "{verification:#?}"
    );
}
