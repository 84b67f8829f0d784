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

fn server(name: &str) -> Option<Server> {
    Server::of_itself(name)
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
    // A product that names itself otherwise is none of those that may be tried here.
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
