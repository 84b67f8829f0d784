//! What a survey says when the store does not answer, or not all.

use super::*;
use crate::storage::memory::Fault;

fn filled() -> Memory {
    let memory = Memory::new(1);
    for key in ["a/20261121", "a/20261122", "a/x", "b/20261122", "b/y"] {
        memory.put_at(key, "head=-90", ago(60));
    }
    memory
}

fn two() -> [SurveySource; 2] {
    [source("a", &["a/%Y%m%d"]), source("b", &["b/%Y%m%d"])]
}

#[tokio::test]
async fn a_listing_that_breaks_off_on_any_page_is_an_error_of_the_whole_survey() {
    for at in 0..3 {
        let memory = filled();
        memory.fail(Fault::RefusePage {
            at,
            reason: StorageReason::Throttled,
        });
        let error = Setup::new(&two()).survey(&memory).await.unwrap_err();
        assert_eq!(
            (error.operation, error.reason),
            (Operation::List, StorageReason::Throttled)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_survey_of_a_store_that_hangs_can_be_abandoned() {
    let hour = Duration::from_hours(1);
    for fault in [
        Fault::HangAtPage(1),
        Fault::Hang(Operation::List),
        Fault::Hang(Operation::Read),
    ] {
        let memory = filled();
        memory.fail(fault);
        let mut setup = Setup::new(&two());
        timeout(hour, setup.survey(&memory)).await.unwrap_err();
        memory.heal();
        assert_eq!(
            setup.survey(&memory).await.unwrap().sources.len(),
            2,
            "and made again"
        );
    }
}

#[tokio::test]
async fn a_refused_prefix_spoils_only_its_sources() {
    let memory = filled();
    memory.fail(Fault::Denied {
        prefix: "a/".into(),
    });
    let inventory = Setup::new(&two()).survey(&memory).await.unwrap();
    let [a, b] = two().map(|source| SourceInventory::clone(&inventory.sources[&source.name]));
    let error = a.error.unwrap();
    assert!(
        error.contains("cannot list \"a/\": access denied\nhint: "),
        "{error}"
    );
    assert!(a.snapshots.is_empty());
    assert_eq!((b.snapshots.len(), b.error), (1, None));
    let usage: Vec<_> = inventory
        .usage
        .iter()
        .map(|usage| usage.source.clone())
        .collect();
    assert_eq!(
        usage,
        [Some(two()[1].name.clone())],
        "a part of the unrecognised is no number"
    );
}

#[tokio::test]
async fn a_source_above_a_refused_prefix_does_not_spoil_those_beside_it() {
    let memory = filled();
    memory.fail(Fault::Denied {
        prefix: "a/".into(),
    });
    let [a, b] = two();
    let sources = [
        source("all", &["*/%F"]),
        a,
        b,
        source("two", &["b/%F", "a/%F"]),
    ];
    let inventory = Setup::new(&sources).survey(&memory).await.unwrap();
    let wrong = |name: &str| {
        inventory.sources[&SourceName::new(name).unwrap()]
            .error
            .is_some()
    };
    assert_eq!(
        ["all", "a", "b", "two"].map(wrong),
        [true, true, false, true]
    );
}

#[tokio::test]
async fn refused_versions_spoil_only_the_source_that_needs_them() {
    let memory = filled();
    memory.put_at("a/dump", "head=-90", ago(60));
    memory.fail(Fault::VersionsDenied);
    let [a, b] = two();
    let sources = [a, b, source("timeless", &["a/dump"])];
    for everything in [false, true] {
        let mut setup = Setup::new(&sources);
        setup.everything = everything;
        let inventory = setup.survey(&memory).await.unwrap();
        let [a, b, timeless] = sources
            .each_ref()
            .map(|source| SourceInventory::clone(&inventory.sources[&source.name]));
        assert_eq!((a.error, a.snapshots.len()), (None, 2));
        assert_eq!((b.error, b.snapshots.len()), (None, 1));
        let error = timeless.error.unwrap();
        assert!(error.contains("access denied\nhint: "), "{error}");
        assert!(timeless.snapshots.is_empty());
    }
    let mut alone = Setup::new(&sources[2..]);
    let error = alone.survey(&memory).await.unwrap_err();
    assert_eq!(error.reason, StorageReason::AccessDenied);
}

#[tokio::test]
async fn a_repository_of_which_nothing_can_be_listed_is_an_error() {
    let memory = filled();
    memory.fail(Fault::Denied {
        prefix: String::new(),
    });
    let error = Setup::new(&two()).survey(&memory).await.unwrap_err();
    assert_eq!(error.reason, StorageReason::AccessDenied);
}

#[tokio::test]
async fn an_object_deleted_before_its_head_was_read_is_no_snapshot_and_no_error() {
    let memory = filled();
    memory.fail(Fault::Refuse {
        at: Operation::Read,
        reason: StorageReason::NotFound,
    });
    let inventory = Setup::new(&two()).survey(&memory).await.unwrap();
    for source in inventory.sources.into_values() {
        assert_eq!(*source, SourceInventory::default());
    }
}

#[tokio::test]
async fn a_head_that_may_not_be_read_leaves_the_other_witnesses() {
    for reason in [
        StorageReason::Replaced,
        StorageReason::AccessDenied,
        StorageReason::KeyDenied,
        StorageReason::Archived,
    ] {
        let memory = filled();
        memory.fail(Fault::Refuse {
            at: Operation::Read,
            reason,
        });
        let mut setup = Setup::new(&two());
        let inventory = setup.survey(&memory).await.unwrap();
        let from = inventory
            .sources
            .values()
            .map(|source| source.snapshots[0].taken_at_from);
        assert_eq!(
            from.collect::<Vec<_>>(),
            [TakenAtFrom::Name; 2],
            "{reason:?}"
        );

        memory.heal();
        let inventory = setup.survey(&memory).await.unwrap();
        let from = inventory
            .sources
            .values()
            .map(|source| source.snapshots[0].taken_at_from);
        assert_eq!(
            from.collect::<Vec<_>>(),
            [TakenAtFrom::Content; 2],
            "and is read later"
        );
    }
}

#[tokio::test]
async fn a_store_that_fails_while_heads_are_read_spoils_the_source_and_is_not_asked_again() {
    let memory = Memory::default();
    for day in 1..=30 {
        memory.put_at(format!("a/202611{day:02}"), "head", ago(60));
    }
    memory.fail(Fault::Refuse {
        at: Operation::Read,
        reason: StorageReason::Timeout,
    });
    let counted = Counted::new(Arc::new(memory.clone()));
    let mut setup = Setup::new(&two());
    let inventory = setup.survey(&counted).await.unwrap();
    let [a, b] = two().map(|source| SourceInventory::clone(&inventory.sources[&source.name]));
    assert!(a.error.unwrap().contains("timeout"));
    assert_eq!((a.snapshots.len(), b.error), (0, None));
    assert_eq!(counted.requests().calls[&Operation::Read], 1);

    memory.heal();
    let inventory = setup.survey(&counted).await.unwrap();
    assert_eq!(inventory.sources[&two()[0].name].snapshots.len(), 30);
}
