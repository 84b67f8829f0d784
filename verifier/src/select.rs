//! The choice of one snapshot of a source. Pure.

use catalog::{
    ledger::Past,
    model::{Snapshot, SnapshotState, SourceInventory},
};
use jiff::Timestamp;
use thiserror::Error;

/// The snapshot that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The newest complete snapshot.
    Newest,
    /// The snapshot that holds this key, or has this id, whatever its state.
    Named(String),
    /// The complete snapshot of this recovery point, to the second: that is how it is printed.
    At(Timestamp),
    /// The newest complete snapshot before this time.
    Before(Timestamp),
}

/// Why no snapshot was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotChosen {
    /// A name that matches nothing: a mistake of whoever typed it.
    #[error("no snapshot is called {name:?}\nhint: `backup-verifier snapshots` lists them.")]
    Unknown {
        /// The name as typed.
        name: String,
    },
    /// No snapshot could be restored: none is complete, or none of them is a full backup.
    #[error("there is no complete snapshot{when}{others}")]
    NoneComplete {
        /// ` before …`, ` of …`, or nothing.
        when: String,
        /// The end of the sentence: what lies there instead.
        others: String,
    },
    /// There are snapshots, but none with a proof of these very objects.
    #[error(
        "there is no verified snapshot{when}\n\
         hint: `backup-verifier snapshots` shows which have a proof."
    )]
    NoneVerified {
        /// ` before …`, ` of …`, ` called …`, or nothing.
        when: String,
    },
    /// There are snapshots, but no records that could tell of a proof.
    #[error(
        "whether a snapshot{when} was verified is not known: there are no records\n\
         hint: Mount the evidence, or verify a snapshot first."
    )]
    Unrecorded {
        /// ` before …`, ` of …`, ` called …`, or nothing.
        when: String,
    },
}

/// Finds the wanted snapshot among those of a survey; errs if there is none.
pub fn select<'a>(
    inventory: &'a SourceInventory,
    wanted: &Wanted,
) -> Result<&'a Snapshot, NotChosen> {
    find(inventory, wanted, |_| true).ok_or_else(|| match wanted {
        Wanted::Named(name) => NotChosen::Unknown { name: name.clone() },
        _ => none(inventory, &when(wanted)),
    })
}

/// Finds a snapshot to verify, as [`select`] does, but a differential one only where it is named.
pub fn select_to_verify<'a>(
    inventory: &'a SourceInventory,
    wanted: &Wanted,
) -> Result<&'a Snapshot, NotChosen> {
    let is_meant = |it: &Snapshot| matches!(wanted, Wanted::Named(_)) || !it.is_differential();
    find(inventory, wanted, is_meant).ok_or_else(|| match select(inventory, wanted) {
        Ok(_) => NotChosen::NoneComplete {
            when: when(wanted),
            others: ", only differential ones".into(),
        },
        Err(not_chosen) => not_chosen,
    })
}

/// Finds a snapshot with a proof, as [`select`] does, among the full backups. Without any `past`,
/// where the records are not mounted or were never written, it errs: nothing is known of proofs.
pub fn select_verified<'a>(
    inventory: &'a SourceInventory,
    wanted: &Wanted,
    past: Option<Past<'_>>,
) -> Result<&'a Snapshot, NotChosen> {
    let is_verified = |it: &Snapshot| past.is_some_and(|past| past.is_verified(it));
    let is_meant = |it: &Snapshot| !it.is_differential() && is_verified(it);
    find(inventory, wanted, is_meant).ok_or_else(|| {
        let when = when(wanted);
        let unproven = match past {
            Some(_) => NotChosen::NoneVerified { when },
            None => NotChosen::Unrecorded { when },
        };
        select(inventory, wanted).err().unwrap_or(unproven)
    })
}

fn find<'a>(
    inventory: &'a SourceInventory,
    wanted: &Wanted,
    keep: impl Fn(&Snapshot) -> bool,
) -> Option<&'a Snapshot> {
    let is_it = |snapshot: &Snapshot| match wanted {
        Wanted::Newest => true,
        Wanted::Named(name) => is_called(snapshot, name),
        Wanted::At(at) => snapshot.taken_at.as_second() == at.as_second(),
        Wanted::Before(before) => snapshot.taken_at < *before,
    };
    let meant = |snapshot: &&Snapshot| is_it(snapshot) && keep(snapshot);
    match wanted {
        Wanted::Named(_) => inventory.snapshots.iter().find(meant),
        _ => inventory.complete().find(meant),
    }
}

fn when(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Newest => String::new(),
        Wanted::Named(name) => format!(" called {name:?}"),
        Wanted::At(at) => format!(" of {at}"),
        Wanted::Before(before) => format!(" before {before}"),
    }
}

fn is_called(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.id.0 == name
        || snapshot
            .artifacts
            .iter()
            .any(|artifact| artifact.meta.key.as_str() == name)
}

fn none(inventory: &SourceInventory, when: &str) -> NotChosen {
    let counted = SnapshotState::ALL.iter().filter_map(|state| {
        let found = inventory
            .snapshots
            .iter()
            .filter(|snapshot| snapshot.state == *state);
        match found.count() {
            0 => None,
            many => Some(format!("{many} {}", state.as_label().replace('_', " "))),
        }
    });
    let counted: Vec<_> = counted.collect();
    let has = |state| inventory.snapshots.iter().any(|it| it.state == state);
    let waits = has(SnapshotState::InProgress) && !has(SnapshotState::Complete);
    let hint = if waits {
        "\nhint: A file that has no end of its own is complete once it lies there unchanged for \
         the `settle` of its source."
    } else {
        ""
    };
    let others = if counted.is_empty() {
        ": nothing lies there that its path matches".into()
    } else {
        format!(", only {}{hint}", counted.join(", "))
    };
    NotChosen::NoneComplete {
        when: when.into(),
        others,
    }
}

#[cfg(test)]
mod tests {
    use catalog::model::{
        Artifact, Key, ObjectMeta, SnapshotFacts, SnapshotId, SourceName, TakenAtFrom,
    };

    use super::*;

    fn snapshot(second: i64, state: SnapshotState) -> Snapshot {
        let at = Timestamp::from_second(second).unwrap();
        let meta = ObjectMeta {
            key: Key::new(format!("redis/{second}.rdb")),
            size_bytes: 1,
            modified_at: at,
            etag: None,
            version_id: None,
            storage_class: None,
        };
        Snapshot {
            id: SnapshotId(second.to_string()),
            source: SourceName::new("cache").unwrap(),
            taken_at: at,
            taken_at_from: TakenAtFrom::Name,
            from_the_future: false,
            completed_at: at,
            state,
            artifacts: vec![Artifact {
                name: String::new(),
                meta,
            }],
            facts: SnapshotFacts::default(),
            continues: catalog::model::Continues::Nothing,
            manifests: std::collections::BTreeMap::new(),
        }
    }

    fn check(wanted: &Wanted, expected: Result<&str, &str>) {
        use SnapshotState::{Complete, InProgress, Invalid};
        let snapshots = vec![
            snapshot(40, InProgress),
            snapshot(30, Complete),
            snapshot(20, Invalid),
            snapshot(10, Complete),
        ];
        let inventory = SourceInventory {
            snapshots,
            ..SourceInventory::default()
        };
        let chosen = select(&inventory, wanted);
        let chosen = chosen
            .map(|snapshot| snapshot.id.0.as_str())
            .map_err(|it| it.to_string());
        assert_eq!(chosen, expected.map_err(ToOwned::to_owned), "{wanted:?}");
    }

    #[test]
    fn the_newest_complete_one_is_meant_unless_another_is_named() {
        let at = |second| Timestamp::from_second(second).unwrap();
        check(&Wanted::Newest, Ok("30"));
        check(&Wanted::Named("20".into()), Ok("20"));
        check(&Wanted::Named("redis/40.rdb".into()), Ok("40"));
        check(&Wanted::At(at(10)), Ok("10"));
        check(&Wanted::Before(at(30)), Ok("10"));
    }

    #[test]
    fn what_was_not_found_is_said_with_what_lies_there() {
        use SnapshotState::InProgress;
        let at = |second| Timestamp::from_second(second).unwrap();
        check(
            &Wanted::Named("30.rdb".into()),
            Err("no snapshot is called \"30.rdb\"\n\
                 hint: `backup-verifier snapshots` lists them."),
        );
        check(
            &Wanted::Before(at(10)),
            Err(
                "there is no complete snapshot before 1970-01-01T00:00:10Z, \
                 only 2 complete, 1 in progress, 1 invalid",
            ),
        );
        let growing = SourceInventory {
            snapshots: vec![snapshot(40, InProgress)],
            ..SourceInventory::default()
        };
        let growing = select(&growing, &Wanted::Newest).unwrap_err().to_string();
        assert!(
            growing.starts_with("there is no complete snapshot, only 1 in progress\nhint: A file"),
            "{growing}"
        );
        let nothing = select(&SourceInventory::default(), &Wanted::Newest).unwrap_err();
        assert_eq!(
            nothing.to_string(),
            "there is no complete snapshot: nothing lies there that its path matches"
        );
    }
}
