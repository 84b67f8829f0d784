//! Evidence in a bucket: the suite, and what a network and a store can do to it.

mod raced;
mod unordered;

use std::{sync::Arc, time::Duration};

use catalog::{
    ledger::{
        Draft, Ledger, LedgerError, Pruned, RecordReader, RecordWriter, S3Records, append,
        fixtures, prune, sequences,
    },
    storage::Patience,
};
use tests::s3_server::{Call, Effect, Fault, Ignored, S3Server};

const PREFIX: &str = "evidence/";

#[tokio::test(flavor = "multi_thread")]
async fn evidence_in_a_bucket_obeys_the_suite() {
    let server = S3Server::start().await;
    tests::ledger_suite::obeys(Arc::new(patient(&server))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_in_a_bucket_with_versions_obeys_the_suite() {
    let server = S3Server::start().await;
    server.world().version();
    tests::ledger_suite::obeys(Arc::new(patient(&server))).await;
}

#[tokio::test]
async fn the_newest_of_many_is_found_in_few_requests() {
    for (range, at_most) in [
        (1..=3, 1),
        (900..=1899, 3),
        (1..=5_000, 6),
        (7_000..=30_000, 12),
    ] {
        let server = S3Server::start().await;
        let newest = *range.end();
        for sequence in range {
            server.world().put(&key(sequence), "text");
        }
        for foreign in [
            ".keep",
            "00000001.json.old",
            "99999999.json~",
            "README",
            "x/00000001.json",
        ] {
            server.world().put(&format!("{PREFIX}cache/{foreign}"), "");
        }
        let found = patient(&server).newest(&fixtures::cache()).await;
        assert_eq!(found.unwrap(), Some(newest));
        let asked = count(&server, Call::List);
        assert!(asked <= at_most, "{newest} took {asked} requests");
    }
}

#[tokio::test]
async fn who_knows_a_chain_reads_its_head_and_what_is_new() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = evidence(&server);
    for hour in ["01:00:00", "02:00:00", "03:00:00", "04:00:00"] {
        append(&evidence, &source, run(hour)).await.unwrap();
    }
    let mut ledger = Ledger::load(&evidence, &source).await.unwrap();
    append(&evidence, &source, run("05:00:00")).await.unwrap();
    server.world().take_calls();
    ledger.refresh(&evidence).await.unwrap();
    let calls = server.world().take_calls();
    let read: Vec<_> = calls
        .iter()
        .filter(|(call, _)| *call == Call::Get)
        .collect();
    assert_eq!(read.len(), 2, "{calls:?}");
    assert!(
        read.iter().all(|(_, what)| what.contains("0000000")),
        "{calls:?}"
    );
    assert_eq!(
        (ledger.report().records, ledger.report().first_break),
        (5, None)
    );
}

#[tokio::test]
async fn a_store_that_overwrites_is_found_out_before_a_record_is_written() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    server.world().ignore(&[Ignored::Conditions]);
    let refused = append(&evidence(&server), &source, run("01:00:00")).await;
    let message = toolkit::problem::render(&refused.unwrap_err(), None);
    assert!(
        message.contains("overwrites what it is told to create"),
        "{message}"
    );
    assert!(message.contains("hint: "), "{message}");
    let written = server.world().take_calls();
    assert!(
        written
            .iter()
            .all(|(_, what)| !what.contains("cache/0") || what.contains("list-type=2")),
        "{written:?}"
    );
    evidence(&server).ready().await.unwrap_err();

    // Nor one that does not know the condition at all.
    let missing = Effect::error(501, "NotImplemented", "A header is not implemented");
    server.world().fail(Fault::always(Call::Put, missing));
    let refused = evidence(&server).ready().await.unwrap_err();
    assert!(
        matches!(refused, LedgerError::Overwrites { .. }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_store_is_tried_once_and_never_by_who_only_reads() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let tried = || {
        let calls = server.world().take_calls();
        let tried = calls
            .iter()
            .filter(|(_, what)| what.contains(".exclusive/"));
        (tried.count(), calls)
    };
    let first = evidence(&server);
    Ledger::load(&first, &source).await.unwrap();
    first.newest(&source).await.unwrap();
    let (_, calls) = tried();
    assert!(
        calls
            .iter()
            .all(|(call, _)| matches!(call, Call::List | Call::Get)),
        "{calls:?}"
    );
    // It is looked for, raced for eight times, each name is removed, and it is put there.
    for times in [1 + 8 * (16 + 1) + 1, 0] {
        append(&first, &source, run("01:00:00")).await.unwrap();
        assert_eq!(tried().0, times);
    }
    append(&evidence(&server), &source, run("01:00:00"))
        .await
        .unwrap();
    assert_eq!(tried().0, 1, "what lies there from before is proof enough");
}

#[tokio::test]
async fn an_append_bears_what_passes_and_names_what_does_not() {
    let busy = || Effect::error(503, "SlowDown", "Reduce your request rate.");
    let at_work = || Effect::error(409, "ConditionalRequestConflict", "Another is at work.");
    for effect in [busy(), at_work(), Effect::Drop, Effect::Hang, Effect::Lose] {
        let fault = Fault::always(Call::Put, effect).times(1);
        check(fault, None).await;
    }
    // All answers lost: the record is there, and it is ours.
    check(Fault::always(Call::Put, Effect::Lose), None).await;

    let denied = Effect::error(403, "AccessDenied", "Access Denied");
    for (effect, said) in [
        (busy(), "throttled"),
        (at_work(), "ConditionalRequestConflict"),
        (Effect::Drop, "unreachable"),
        (Effect::Hang, "timeout"),
        (denied, "Allow s3:PutObject on backups/evidence/*"),
    ] {
        check(Fault::always(Call::Put, effect), Some(said)).await;
    }
}

/// An append that meets the fault is recorded once, or says why not and leaves nothing.
async fn check(fault: Fault, refused: Option<&str>) {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = evidence(&server);
    append(&evidence, &source, run("01:00:00"))
        .await
        .expect("without the fault");
    let what = format!("{fault:?}");
    server.world().fail(fault);
    let appended = append(&evidence, &source, run("02:00:00")).await;
    server.world().heal();
    match (appended, refused) {
        (Ok(appended), None) => assert_eq!(appended.record.sequence, 2, "{what}"),
        (Err(error), Some(said)) => {
            let message = toolkit::problem::render(&error, None);
            assert!(message.contains(said), "{what}: {message}");
            assert!(
                message.starts_with("cannot write evidence at s3://"),
                "{message}"
            );
        }
        (appended, _) => panic!("{what}: {appended:?}"),
    }
    let report = Ledger::load(&evidence, &source)
        .await
        .expect("load")
        .report();
    let records = if refused.is_some() { 1 } else { 2 };
    assert_eq!(
        (report.records, report.first_break),
        (records, None),
        "{what}"
    );
}

#[tokio::test]
async fn a_lost_answer_does_not_make_another_record_ours() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = evidence(&server);
    evidence.ready().await.unwrap();
    for (times, sequence) in [(1, 1), (usize::MAX, 2)] {
        evidence.create(&source, sequence, "theirs").await.unwrap();
        server
            .world()
            .fail(Fault::always(Call::Put, Effect::Lose).times(times));
        let created = evidence.create(&source, sequence, "ours").await;
        assert!(created.is_err(), "{created:?}");
        server.world().heal();
        assert_eq!(evidence.read(&source, sequence).await.unwrap(), "theirs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_whose_answers_are_lost_every_record_is_there_once() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = Arc::new(patient(&server));
    evidence.ready().await.unwrap();
    for after in [2, 3, 1, 4] {
        let lost = Fault::always(Call::Put, Effect::Lose).after(after).times(2);
        server.world().fail(lost);
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (evidence, source) = (Arc::clone(&evidence), source.clone());
        writers.spawn(async move {
            for number in 0..3 {
                let mut run = fixtures::verification(fixtures::at("01:00:00"), None);
                run.id = format!("{writer}-{number}");
                let draft = Draft::Verification(Box::new(run));
                append(&*evidence, &source, draft).await.expect("append");
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }
    let ledger = Ledger::load(&*evidence, &source).await.unwrap();
    assert_eq!(ledger.report().first_break, None);
    let mut ids: Vec<_> = ledger.verifications().map(|run| run.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), ledger.report().records), (12, 12));
}

#[tokio::test]
async fn a_record_is_read_whole_or_the_reason_is_named() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = evidence(&server);
    server.world().put(&key(1), "a whole record");
    for effect in [
        Effect::Cut(3),
        Effect::Stall(3),
        Effect::Drop,
        Effect::Hang,
        Effect::error(500, "InternalError", "We encountered an internal error."),
    ] {
        let what = format!("{effect:?}");
        server
            .world()
            .fail(Fault::always(Call::Get, effect.clone()).times(1));
        assert_eq!(
            evidence.read(&source, 1).await.expect(&what),
            "a whole record"
        );
        server.world().fail(Fault::always(Call::Get, effect));
        let read = evidence.read(&source, 1).await;
        assert!(
            matches!(
                read,
                Err(LedgerError::Store {
                    operation: "read",
                    ..
                })
            ),
            "{read:?}"
        );
        server.world().heal();
    }
    for (body, said) in [
        (vec![b' '; 1024 * 1024 + 1], "larger than 1 MiB"),
        (vec![0xff; 10], "not UTF-8"),
    ] {
        server.world().put(&key(2), body);
        let read = evidence.read(&source, 2).await.unwrap_err();
        assert!(
            matches!(&read, LedgerError::Unreadable { what, .. } if what == said),
            "{read:?}"
        );
    }
    let elsewhere = catalog::storage::S3 {
        bucket: "other".into(),
        ..server.config(PREFIX)
    };
    let elsewhere = S3Records::with_patience(elsewhere, patience());
    for error in [
        elsewhere.read(&source, 1).await.unwrap_err(),
        elsewhere.newest(&source).await.unwrap_err(),
        elsewhere.ready().await.unwrap_err(),
    ] {
        let message = toolkit::problem::render(&error, None);
        assert!(
            message.contains("There is no bucket \"other\""),
            "{message}"
        );
    }
}

#[tokio::test]
async fn what_the_store_keeps_is_left_and_the_chain_stays_unbroken() {
    let (server, source) = (S3Server::start().await, fixtures::cache());
    let evidence = evidence(&server);
    for _ in 0..4 {
        append(&evidence, &source, run("01:00:00")).await.unwrap();
    }
    let denied = Effect::error(
        403,
        "AccessDenied",
        "Access Denied because object protected",
    );
    server
        .world()
        .fail(Fault::always(Call::Delete, denied).after(1));
    let refused = prune_now(&evidence).await.unwrap_err();
    let message = toolkit::problem::render(&refused, None);
    assert!(
        message.starts_with("cannot prune evidence at s3://"),
        "{message}"
    );
    assert!(
        message.contains("Allow s3:DeleteObject on backups/evidence/*"),
        "{message}"
    );
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(
        (ledger.report().records, ledger.report().first_break),
        (2, None)
    );

    server.world().heal();
    assert_eq!(prune_now(&evidence).await.unwrap(), Pruned::Removed(2));
    let ledger = Ledger::load(&evidence, &source).await.unwrap();
    assert_eq!(
        (ledger.report().records, ledger.report().first_break),
        (2, None)
    );
}

async fn prune_now(evidence: &S3Records) -> Result<Pruned, LedgerError> {
    let ledger = Ledger::load(evidence, &fixtures::cache())
        .await
        .expect("load");
    prune(
        evidence,
        &ledger,
        Duration::from_hours(1),
        fixtures::at("23:00:00"),
    )
    .await
}

fn evidence(server: &S3Server) -> S3Records {
    S3Records::with_patience(server.config(PREFIX), patience())
}

/// For stores that answer, be the machine as busy as it may; and one writer may meet all eight
/// losses.
fn patient(server: &S3Server) -> S3Records {
    let patience = Patience {
        answer: Duration::from_secs(30),
        call: Duration::from_mins(1),
        stall: Duration::from_secs(30),
        attempts: 10,
        ..patience()
    };
    S3Records::with_patience(server.config(PREFIX), patience)
}

/// Three attempts of three seconds: enough for a busy machine, and what hangs is given up soon.
fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(3),
        call: Duration::from_secs(20),
        stall: Duration::from_secs(3),
        attempts: 3,
        backoff: Duration::from_millis(1),
    }
}

fn run(taken_at: &str) -> Draft {
    fixtures::verified(fixtures::at(taken_at))
}

fn key(sequence: u64) -> String {
    format!("{PREFIX}cache/{sequence:08}.json")
}

fn count(server: &S3Server, wanted: Call) -> usize {
    let calls = server.world().take_calls();
    calls.iter().filter(|(call, _)| *call == wanted).count()
}
