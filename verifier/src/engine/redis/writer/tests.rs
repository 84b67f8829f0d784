//! Who may accuse whose file, and which server would.

use super::*;

/// A file of Redis' letters that names its writer.
fn redis(number: u32, version: &str) -> Writer {
    Writer::new(Family::Redis, number, Some(Family::Redis), Some(version))
}

fn valkey(magic: Family, number: u32, version: &str) -> Writer {
    Writer::new(magic, number, Some(Family::Valkey), Some(version))
}

fn nameless(magic: Family, number: u32) -> Writer {
    Writer::new(magic, number, None, None)
}

fn server(name: &str) -> Option<ServerKind> {
    ServerKind::of_itself(name)
}

#[test]
fn only_a_server_as_new_as_the_writer_and_of_its_product_may_accuse() {
    let check = |writer: Writer, reader: &str, may: bool| {
        let doubt = writer.doubt(server(reader));
        assert_eq!(doubt.is_none(), may, "{writer:?} {reader}: {doubt:?}");
    };
    check(redis(12, "8.2.3"), "Redis 8.2.1", true);
    check(redis(12, "8.2.3"), "Redis 8.10.2", true);
    check(redis(12, "8.2.3"), "Redis 9.0.0", true);
    check(redis(12, "8.2.3"), "Redis 8.0.6", false);
    check(redis(11, "7.2.4"), "Valkey 9.1.2", false);
    check(redis(12, "8.2.3"), "", false);
    let eighty = valkey(Family::Valkey, 80, "9.0.1");
    check(eighty, "Valkey 9.1.2", true);
    check(valkey(Family::Redis, 11, "8.1.1"), "Valkey 8.0.1", false);
    check(valkey(Family::Redis, 11, "8.1.1"), "Redis 8.10.0", false);
    check(nameless(Family::Redis, 6), "Redis 3.0.7", true);
    check(nameless(Family::Redis, 6), "Redis 2.8.24", false);
    check(nameless(Family::Redis, 9), "Redis 6.0.1", false);
    check(nameless(Family::Redis, 9), "Valkey 9.1.2", false);
    check(nameless(Family::Redis, 12), "Redis 8.4.0", true);
    check(nameless(Family::Redis, 12), "Redis 8.2.0", false);
    check(nameless(Family::Redis, 16), "Redis 9.0.0", false);
    check(nameless(Family::Valkey, 80), "Valkey 9.0.0", false);
    check(nameless(Family::Valkey, 80), "Valkey 9.1.0", true);
    // A version text that cannot be read is of a product that is none of those that may be tried
    // here.
    check(redis(9, "df-v1.27.1"), "Redis 99.0.0", false);
}

#[test]
fn nobody_accuses_a_pre_release() {
    let check = |version: &str, pre_release: bool| {
        let doubt = redis(10, version).doubt(server("Redis 99.0.0"));
        assert_eq!(doubt.is_some(), pre_release, "{version}: {doubt:?}");
    };
    for version in [
        "6.9.240",
        "7.1.241",
        "7.9.224",
        "8.1.200",
        "4.9.101",
        "8.0.0-rc1",
    ] {
        check(version, true);
    }
    for version in ["7.0.15", "6.2.199", "5.0.101", "7.4.2-129", "8.0", "8"] {
        check(version, false);
    }
    assert!(
        redis(13, "255.255.255")
            .doubt(server("Redis 255.255.255"))
            .is_some()
    );
}

#[test]
fn an_accusation_that_does_not_hold_is_no_image_and_names_one_that_would_do() {
    let check = |writer: Writer, reader: &str, reason, expected, hint: &str| {
        let stopped = Stopped::new(reason, "it ended\nhint: Raise something.");
        let heard = writer.heard(server(reader), stopped);
        assert_eq!(heard.reason, expected, "{writer:?} {reader} {reason:?}");
        assert!(heard.message.contains(hint), "{}", heard.message);
        assert_eq!(
            heard.message.matches("hint: ").count(),
            1,
            "{}",
            heard.message
        );
    };
    let newer = redis(12, "8.2.3");
    for accusation in [Reason::Unrestorable, Reason::OutOfMemory] {
        check(
            newer,
            "Redis 8.0.2",
            accusation,
            Reason::NoImage,
            "redis:8.2 or newer",
        );
        check(
            newer,
            "Redis 8.2.0",
            accusation,
            accusation,
            "Raise something",
        );
    }
    for other in [
        Reason::Killed,
        Reason::Disk,
        Reason::Internal,
        Reason::NoImage,
    ] {
        check(newer, "Redis 8.0.2", other, other, "Raise something");
    }
    let (bad, none) = (Reason::Unrestorable, Reason::NoImage);
    check(
        redis(10, "7.1.0"),
        "Redis 7.0.15",
        bad,
        none,
        "redis:7.2 or newer",
    );
    check(
        redis(10, "6.9.240"),
        "Redis 8.0.2",
        bad,
        none,
        "redis:7.0 or newer",
    );
    check(
        redis(14, "7.0.15"),
        "Valkey 9.1.2",
        bad,
        none,
        "redis:8.8 or newer",
    );
    check(
        redis(15, "9.2.1"),
        "Redis 8.10.0",
        bad,
        none,
        "redis:9.2 or newer",
    );
    check(
        nameless(Family::Redis, 99),
        "Redis 9.0.0",
        bad,
        none,
        "the redis that wrote it",
    );
    let eight = valkey(Family::Redis, 11, "8.1.1");
    check(
        eight,
        "Redis 8.0.2",
        bad,
        none,
        "valkey/valkey:8.1 or newer",
    );
    let odd = redis(13, "255.255.255");
    check(
        odd,
        "Redis 8.10.0",
        bad,
        none,
        "an image of the redis that wrote it",
    );
}

#[test]
fn no_hint_names_an_image_that_cannot_read_the_file() {
    let check = |writer: Writer, expected: &str| {
        let place = "first in verifier.images.redis, or in verify.image.";
        assert_eq!(
            writer.advice(),
            format!("Put {expected} {place}"),
            "{writer:?}"
        );
    };
    check(redis(15, "8.10.0"), "redis:8.10 or newer");
    check(redis(16, "8.12.0"), "redis:8.12 or newer");
    check(redis(16, "9.0.0"), "redis:9.0 or newer");
    check(
        nameless(Family::Redis, 16),
        "an image of the redis that wrote it",
    );
    check(
        redis(16, "9.0.0-rc1"),
        "an image of the redis that wrote it",
    );
    check(
        nameless(Family::Valkey, 81),
        "an image of the valkey that wrote it",
    );
    // The version that the file names is known to write another number.
    let least = "an image at least as new as the writer,";
    check(
        redis(16, "8.10.1"),
        &format!("{least} Redis 8.10, that reads version 16 of REDIS files"),
    );
    check(
        redis(99, "7.0.15"),
        &format!("{least} Redis 7.0, that reads version 99 of REDIS files"),
    );
    check(
        valkey(Family::Valkey, 81, "9.1.3"),
        &format!("{least} Valkey 9.1, that reads version 81 of VALKEY files"),
    );
    check(
        valkey(Family::Valkey, 81, "9.2.0"),
        "valkey/valkey:9.2 or newer",
    );
    // Valkey reads no file of Redis above version 11.
    check(
        valkey(Family::Redis, 12, "8.1.1"),
        &format!("{least} Valkey 8.1, that reads version 12 of REDIS files"),
    );
}

#[test]
fn every_image_that_a_hint_names_is_tried_first_and_reads_the_file() {
    let texts = [
        "2.8.0", "6.2.0", "7.0.15", "7.2.4", "8.1.1", "8.10.0", "9.1.2", "9.2.0", "10.0.0",
    ];
    let products = [(Family::Redis, "Redis"), (Family::Valkey, "Valkey")];
    for ((product, name), magic) in products
        .into_iter()
        .flat_map(|it| [(it, Family::Redis), (it, Family::Valkey)])
    {
        for (text, number) in texts
            .iter()
            .flat_map(|text| (1..100).map(move |it| (text, it)))
        {
            let writer = Writer::new(magic, number, Some(product), Some(text));
            let advice = writer.advice();
            let Some((image, _)) = advice.split_once(" or newer") else {
                continue;
            };
            let (_, version) = image.rsplit_once(':').unwrap();
            let named = server(&format!("{name} {version}")).unwrap();
            assert!(named.reads(magic, number), "{writer:?}: {advice}");
            assert_eq!(writer.rank(&named), Some(0), "{writer:?}: {advice}");
            assert_eq!(writer.doubt(Some(named)), None, "{writer:?}: {advice}");
        }
    }
}

#[test]
fn contents_that_only_a_pre_release_wrote_are_accused_by_nobody() {
    let census = Census {
        family: Some(Family::Redis),
        version: Some(10),
        writer: Some("7.0.15".into()),
        writer_family: Some(Family::Redis),
        ..Census::default()
    };
    let doubt = |census: &Census| {
        Writer::of_census(census)
            .unwrap()
            .doubt(server("Redis 8.0.2"))
    };
    assert_eq!(doubt(&census), None);
    let candidates = Census {
        pre_release: true,
        ..census
    };
    assert!(doubt(&candidates).is_some_and(|it| it.contains("pre-release")));
    assert_eq!(Writer::of_census(&Census::default()), None);
}
