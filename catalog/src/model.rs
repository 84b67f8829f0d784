//! The words of the domain as plain data: sources, objects, snapshots, inventories.
//!
//! Nothing in this module does I/O or judges; it only says what was seen.

mod inventory;
mod names;
mod snapshot;

pub use inventory::{
    Dropped, Inventory, SourceInventory, UNRECOGNISED_SHOWN_MAX, Unread, Usage, UsageState,
};
pub use names::{DrillName, EngineName, NAME_LENGTH_MAX, NameError, RepositoryName, SourceName};
pub use snapshot::{
    Artifact, Continues, Key, LineageLink, ObjectIdentity, ObjectMeta, Pin, Snapshot,
    SnapshotFacts, SnapshotId, SnapshotState, TakenAtFrom, UNVERSIONED, lasting_version,
};
