//! Damage of every kind, done to what a real server saved: nothing whose contents differ from the
//! original's, by the server's own digest of all its data, is ever verified.

use bytes::Bytes;
use catalog::{
    format::redis::Redis,
    ledger::{Finding, Reason, Verdict, Verification},
};
use futures::{StreamExt as _, stream};
use tests::{
    rdb_bytes::{sealed, with_repeated_member},
    redis_writer::{digest, save},
    require,
    verifying::Subject,
};

/// Bytes of the trailer of a file (`rdb.c`: CRC-64, little-endian).
const TRAILER: usize = 8;
const AT_ONCE: usize = 2;

/// Both ways in which a server gets its bytes: while they arrive, and from a complete file alone.
fn subjects(runtime: &str, images: &[&str]) -> [Subject; 2] {
    [false, true].map(|by_file| {
        let mut subject = Subject::on(runtime, &Redis, &verifier::engine::redis::Redis, images);
        subject.by_file = by_file;
        subject
    })
}

fn commands() -> Vec<String> {
    let many = (0..40).map(|it| format!("SET key-{it} value-{}", it * 7919));
    let others = [
        "SET expiring 1 EX 86400",
        "RPUSH list a b c 1 2 3",
        "SADD numbers 1 2 3 70000 5000000000",
        "HSET hash field value other 7",
        "ZADD scores 1 a 2.5 b",
        "XADD stream 1-1 field value",
        "SELECT 3",
        "SET other 1",
    ];
    many.chain(others.map(ToOwned::to_owned)).collect()
}

/// Every damage, by name.
fn damages(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let step = good.len() / 24;
    let cuts = (0..good.len())
        .step_by(step)
        .chain(good.len() - TRAILER - 1..good.len());
    for at in cuts {
        all.push((format!("cut at {at}"), good[..at].to_vec()));
    }
    for at in (0..good.len())
        .step_by(step)
        .chain(good.len() - TRAILER..good.len())
    {
        for bit in [0x01, 0x80] {
            all.push((format!("bit {bit:#x} of byte {at}"), flipped(good, at, bit)));
        }
    }
    // Only in values: with a flipped key or length an unchecked file may end a server by a signal.
    let unsealed = good.len() - TRAILER;
    for at in values(good) {
        let mut file = flipped(good, at, 0x01);
        file[unsealed..].fill(0);
        all.push((format!("no checksum and bit 0x1 of byte {at}"), file));
    }
    let mut foreign = good[..unsealed].to_vec();
    foreign[5..9].copy_from_slice(b"0099");
    all.push(("a foreign version".into(), sealed(foreign)));
    all.push(("trailing garbage".into(), [good, b"garbage"].concat()));
    all.push(("the mark of redis-cli".into(), [good, &[b'a'; 40]].concat()));
    all.push(("a member twice".into(), with_repeated_member("a")));
    all
}

/// Where the last letter of a value stands, of every second one.
fn values(good: &[u8]) -> impl Iterator<Item = usize> {
    let begins = good.windows(6).enumerate();
    let begins = begins.filter(|(_, it)| *it == b"value-").step_by(2);
    begins.map(|(at, _)| at + 5)
}

fn flipped(good: &[u8], at: usize, bit: u8) -> Vec<u8> {
    let mut file = good.to_vec();
    file[at] ^= bit;
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_verified_holds_the_data_of_the_original() {
    require!(redis);
    for subject in subjects("process", &[]) {
        verified_holds_the_original(&subject, 1).await;
    }
}

/// A container takes a second, so only every twelfth damage is tried in one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_verified_in_a_container_holds_the_data_of_the_original() {
    require!(redis);
    require!(docker);
    require!(image "redis:7.0");
    for subject in subjects("docker", &["redis:7.0"]) {
        verified_holds_the_original(&subject, 12).await;
    }
}

/// What servers pass over, and nothing else of all damage.
const HARMLESS: [&str; 2] = ["the mark of redis-cli", "trailing garbage"];

async fn verified_holds_the_original(subject: &Subject, every: usize) {
    let [here, _] = subjects("process", &[]);
    let good = save(&here.runtime, "", &commands()).await;
    let original = digest(&here.runtime, good.clone().into()).await;
    assert_eq!(
        subject.verify(good.clone()).await.verdict,
        Verdict::Verified
    );
    let damaged = damages(&good);
    assert!(damaged.len() > 100, "{}", damaged.len());
    let mut damaged: Vec<_> = damaged.into_iter().enumerate().collect();
    damaged.retain(|(at, (name, _))| at % every == 0 || HARMLESS.contains(&&**name));
    let damaged = damaged.into_iter().map(|(_, it)| it);
    let outcomes = stream::iter(damaged).map(|(name, file)| judged(subject, name, file));
    let mut outcomes = outcomes.buffer_unordered(AT_ONCE);
    let mut verified = Vec::new();
    while let Some((name, file, verification)) = outcomes.next().await {
        ended_by_itself(&name, &verification);
        if verification.verdict == Verdict::Verified {
            let found = digest(&here.runtime, file).await;
            assert_eq!(found, original, "{name}: {verification:#?}");
            verified.push(name);
        }
    }
    verified.sort();
    assert_eq!(verified, HARMLESS);
}

/// No input that ends a server by a signal is kept here: a stand-in plays that end.
fn ended_by_itself(name: &str, verification: &Verification) {
    for code in 129..160 {
        let told = format!("ended with code {code} ");
        let by_signal = |it: &Finding| it.message.contains(&told);
        assert!(
            !verification.findings.iter().any(by_signal),
            "{name}: {verification:#?}"
        );
    }
}

async fn judged(subject: &Subject, name: String, file: Vec<u8>) -> (String, Bytes, Verification) {
    let file = Bytes::from(file);
    let verification = subject.verify(file.clone()).await;
    (name, file, verification)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_damage_has_its_reason() {
    require!(redis);
    for subject in subjects("process", &[]) {
        each_has_its_reason(&subject).await;
    }
}

async fn each_has_its_reason(subject: &Subject) {
    let good = save(&subject.runtime, "", &commands()).await;
    let check = async |file: Vec<u8>, reason| {
        let verification = subject.verify(file).await;
        assert_eq!(verification.reason, Some(reason), "{verification:#?}");
    };
    let unsealed = good.len() - TRAILER;
    check(good[..good.len() / 2].to_vec(), Reason::Damaged).await;
    check(flipped(&good, good.len() / 2, 1), Reason::Damaged).await;
    check(flipped(&good, good.len() - 1, 1), Reason::Damaged).await;
    check(with_repeated_member("a"), Reason::Unrestorable).await;
    let mut absent = good.clone();
    absent[unsealed..].fill(0);
    check(absent, Reason::NoChecksum).await;
    let mut foreign = good[..unsealed].to_vec();
    foreign[5..9].copy_from_slice(b"0099");
    check(sealed(foreign), Reason::NoImage).await;
}
