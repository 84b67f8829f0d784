//! Stores that are no place for a ledger, or an odd one.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_looks_before_it_writes_is_found_out_by_many_writers() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let world = server.world();
    world.ignore(&[Ignored::Races]);
    world.put("evidence/.exclusive/once", "one after the other");
    let refused = append(&patient(&server), &source, run("01:00:00")).await;
    assert!(
        matches!(refused, Err(LedgerError::Overwrites { .. })),
        "{refused:?}"
    );
    let calls = world.take_calls();
    let puts = calls.iter().filter(|(call, _)| *call == Call::Put);
    let puts: Vec<_> = puts.map(|(_, what)| what).collect();
    let raced = |what: &&String| what.contains("/.exclusive/race-");
    assert!(!puts.is_empty() && puts.iter().all(raced), "{puts:?}");
    patient(&server).ready().await.unwrap_err();
    world.ignore(&[]);
    patient(&server).ready().await.expect("it was mended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_that_is_disturbed_is_held_again_and_what_stays_is_told() {
    let busy = || Effect::error(503, "SlowDown", "Reduce your request rate.");
    let at_work = Effect::error(409, "ConditionalRequestConflict", "Another is at work.");
    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    let raced = |effect| Fault::always(Call::Put, effect).on("/.exclusive/race-");
    for (fault, said) in [
        (raced(busy()).times(3), None),
        (raced(at_work.clone()).times(16), None),
        (Fault::always(Call::Delete, denied.clone()), None),
        (raced(busy()), Some("throttled")),
        (raced(at_work), Some("Nobody could create an object")),
        (
            raced(denied),
            Some("Allow s3:PutObject on backups/evidence/*"),
        ),
    ] {
        let server = S3Server::start().await;
        let what = format!("{fault:?}");
        server.world().fail(fault);
        let ready = evidence(&server).ready().await;
        let passed = server.world().take_calls();
        let passed = passed
            .iter()
            .any(|(call, name)| *call == Call::Put && name.contains("/.exclusive/raced-1"));
        assert_eq!(passed, said.is_none(), "{what}");
        match (ready, said) {
            (Ok(()), None) => {}
            (Err(error), Some(said)) => {
                let message = toolkit::problem::render(&error, None);
                assert!(message.contains(said), "{what}: {message}");
            }
            (ready, _) => panic!("{what}: {ready:?}"),
        }
    }
}

#[tokio::test]
async fn over_a_delete_marker_that_stands_in_the_way_writing_goes_on_behind_it() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let world = server.world();
    world.version();
    world.ignore(&[Ignored::Markers]);
    let evidence = evidence(&server);
    for _ in 0..3 {
        append(&evidence, &source, run("01:00:00")).await.unwrap();
    }
    for sequence in [2, 3] {
        world.remove(&key(sequence));
    }
    let appended = append(&evidence, &source, run("02:00:00")).await.unwrap();
    assert_eq!(appended.record.sequence, 4);
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    let standing = ledger.report().first_break.unwrap();
    assert_eq!(standing.to_string(), "record 00000002 is missing");
    let repair = fixtures::repair(&standing);
    append(&evidence, &source, repair).await.unwrap();
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(ledger.report().first_break, None);
    assert_eq!(ledger.repairs().count(), 1);
}

#[tokio::test]
async fn the_clock_of_the_store_is_read_where_it_tells() {
    let server = S3Server::start().await;
    evidence(&server).mark().await.unwrap();
    for (date, expected) in [
        (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            Some("1994-11-06T08:49:37Z".parse().unwrap()),
        ),
        ("yesterday", None),
    ] {
        server
            .world()
            .fail(Fault::always(Call::Put, Effect::Header("date", date)).times(1));
        // Each with a client of its own: it signs by the time that it was told.
        assert_eq!(evidence(&server).time().await.unwrap(), expected);
    }
}
