//! Stores that list in no order, or a key twice.

use futures::TryStreamExt as _;

use super::*;

/// Pages whose entries are changed as a whole.
fn listed(change: fn(Vec<String>) -> Vec<String>) -> Effect {
    Effect::Rewrite(Arc::new(move |body| {
        const END: &str = "</Contents>";
        let Some((before, entries)) = body.split_once("<Contents>") else {
            return body;
        };
        let (entries, behind) = entries.rsplit_once(END).expect("an end of the last entry");
        let entries = entries.split("<Contents>");
        let entries = entries.map(|it| it.trim_end_matches(END).to_owned());
        let entries = change(entries.collect()).into_iter();
        let entries: Vec<_> = entries.map(|it| format!("<Contents>{it}{END}")).collect();
        format!("{before}{}{behind}", entries.concat())
    }))
}

fn reversed(entries: Vec<String>) -> Vec<String> {
    entries.into_iter().rev().collect()
}

fn doubled(entries: Vec<String>) -> Vec<String> {
    let entries = entries.into_iter();
    entries.flat_map(|it| [it.clone(), it]).collect()
}

fn twice_around(entries: Vec<String>) -> Vec<String> {
    [entries.clone(), entries].concat()
}

fn first_at_last(mut entries: Vec<String>) -> Vec<String> {
    entries.rotate_left(1);
    entries
}

#[tokio::test]
async fn a_chain_is_intact_in_whatever_order_and_how_often_its_records_are_listed() {
    for change in [reversed, doubled, twice_around, first_at_last] {
        let (server, source) = (S3Server::start().await, fixtures::cache());
        let world = server.world();
        world.put(&format!("{PREFIX}cache/README"), "behind all records");
        let evidence = patient(&server);
        for _ in 0..3 {
            append(&evidence, &source, run("01:00:00")).await.unwrap();
        }
        let mut kept = Ledger::load(&evidence, &source).await.unwrap();
        world.fail(Fault::always(Call::List, listed(change)));
        for _ in 0..2 {
            append(&evidence, &source, run("02:00:00")).await.unwrap();
        }
        assert_eq!(evidence.newest(&source).await.unwrap(), Some(5));
        kept.refresh(&evidence).await.unwrap();
        for ledger in [kept, Ledger::load(&evidence, &source).await.unwrap()] {
            let report = ledger.report();
            assert_eq!((report.records, report.first_break), (5, None));
            assert_eq!(ledger.verifications().count(), 5);
        }
    }
}

#[tokio::test]
async fn of_many_pages_out_of_order_every_record_is_found_once() {
    for change in [reversed, first_at_last] {
        let (server, source) = (S3Server::start().await, fixtures::cache());
        for sequence in 1..=2_500 {
            server.world().put(&key(sequence), "text");
        }
        server
            .world()
            .fail(Fault::always(Call::List, listed(change)));
        let evidence = patient(&server);
        assert_eq!(evidence.newest(&source).await.unwrap(), Some(2_500));
        let found = sequences(&evidence, &source, 0);
        let found: Vec<_> = found.try_collect().await.unwrap();
        assert_eq!(found, (1..=2_500).collect::<Vec<u64>>());
    }
}
