//! Lineages: which snapshot continues which. A differential backup holds only the changes since
//! another backup, and is worth nothing without that one.
//!
//! Pure. Predecessors are found by the numbers of changes and never by the time of a file: the
//! newest file may hold nothing.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Continues, LineageLink, Snapshot, SnapshotFacts, SnapshotState, TakenAtFrom};

/// Largest number of snapshots that one snapshot may continue: room for a full backup each week and
/// a differential one each hour of it, and some more. A record has at most 1 MiB and names all of
/// them.
pub const LINEAGE_MAX: usize = 200;

/// Sets what every complete snapshot continues. Its way leads over its predecessors back to a full
/// backup. The first row that fits counts:
///
/// | the snapshot, or its way | continues |
/// |---|---|
/// | it is a full backup, or of a kind without lineages | `Nothing` |
/// | it has no known place, and may belong to a lineage | `Unknown` |
/// | the way is longer than [`LINEAGE_MAX`] | `TooMany` |
/// | the way has a gap that a backup without a known place may fill | `Unknown` |
/// | the way has another gap | `Missing`, and the snapshot becomes partial |
/// | it has no changes, and another predecessor is possible | `Unknown` |
/// | the way ends at a full backup | `Snapshot` |
pub fn link(snapshots: &mut [Snapshot]) {
    let mut lineages: BTreeMap<&str, Lineage<'_>> = BTreeMap::new();
    let mut unplaced = Vec::new();
    for (index, snapshot) in snapshots.iter().enumerate() {
        if snapshot.state != SnapshotState::Complete {
            continue;
        }
        if let Some(link) = &snapshot.facts.lineage {
            let lineage = lineages.entry(&link.lineage).or_default();
            lineage.members.push(Member {
                index,
                snapshot,
                link,
            });
        } else if may_be_link(snapshot) {
            unplaced.push(index);
        }
    }
    let has_lineages = !lineages.is_empty();
    // Predecessors come first: the copy in a successor needs its own `continues`.
    let found: Vec<_> = lineages.into_values().flat_map(Lineage::resolve).collect();
    for &index in &unplaced {
        // If no head that was read gives a place in a lineage, those not read are taken to have
        // none.
        if has_lineages || snapshots[index].facts.unplaced {
            snapshots[index].continues = Continues::Unknown;
        }
    }
    for (index, way) in found {
        let of = &snapshots[index];
        let continues = match way {
            Way::Behind { before, .. } if is_passed_over(snapshots, &snapshots[before], of) => {
                Continues::Unknown
            }
            Way::Behind { before, .. } => Continues::Snapshot(Arc::new(snapshots[before].clone())),
            Way::TooLong => Continues::TooMany,
            Way::Broken(gap) => {
                let mut unplaced = unplaced.iter().map(|&it| &snapshots[it]);
                if unplaced.any(|it| may_precede(it, of)) {
                    Continues::Unknown
                } else {
                    Continues::Missing(gap)
                }
            }
        };
        let snapshot = &mut snapshots[index];
        if matches!(continues, Continues::Missing(_)) {
            snapshot.state = SnapshotState::Partial;
        }
        snapshot.continues = continues;
    }
}

/// True if a snapshot without a known place may belong to a lineage: its head was not read, or did
/// not give the place.
fn may_be_link(snapshot: &Snapshot) -> bool {
    snapshot.facts.unplaced
        || (snapshot.artifacts.len() <= 1 && snapshot.facts == SnapshotFacts::default())
}

/// True if a backup without a known place may be what `of` continues. A time of upload rules
/// nothing out: it is later than the backup itself.
fn may_precede(unplaced: &Snapshot, of: &Snapshot) -> bool {
    unplaced.taken_at_from == TakenAtFrom::Modified || unplaced.taken_at <= of.taken_at
}

/// True if another backup between `newest` and `empty` may be the real predecessor of `empty`: one
/// whose head was not read, or that is incomplete. An empty differential backup continues the
/// newest backup before it that has changes.
fn is_passed_over(snapshots: &[Snapshot], newest: &Snapshot, empty: &Snapshot) -> bool {
    let Some(link) = empty.facts.lineage.as_ref().filter(|it| it.is_empty()) else {
        return false;
    };
    let between = |it: &&Snapshot| it.taken_at > newest.taken_at && may_precede(it, empty);
    let lineage = |it: &Snapshot| {
        let other = it.facts.lineage.as_ref().filter(|it| !it.is_empty());
        other.is_some_and(|it| it.lineage == link.lineage)
    };
    let mut between = snapshots.iter().filter(between);
    between.any(|it| match it.state {
        SnapshotState::Complete => may_be_link(it),
        _ => lineage(it),
    })
}

/// Way from a snapshot back to its full backup.
#[derive(Clone)]
enum Way {
    /// The snapshot continues the one at index `before`, and `length` snapshots in all.
    Behind { before: usize, length: usize },
    /// The snapshot continues more than [`LINEAGE_MAX`] others.
    TooLong,
    /// The way has a gap; the text says between which changes.
    Broken(String),
}

#[derive(Clone, Copy)]
struct Member<'a> {
    index: usize,
    snapshot: &'a Snapshot,
    link: &'a LineageLink,
}

/// Snapshots of one sequence of changes.
#[derive(Default)]
struct Lineage<'a> {
    members: Vec<Member<'a>>,
}

/// Ends of ways, by last change: the snapshot that ends there and continues the fewest others, and
/// how many it continues. Of equals the newest is kept.
type Tips<'a> = BTreeMap<i64, (usize, Member<'a>)>;

impl Lineage<'_> {
    fn resolve(self) -> Vec<(usize, Way)> {
        let mut tips = Tips::new();
        let of = |kind: fn(&LineageLink) -> bool| {
            let members = self.members.iter().copied();
            members.filter(move |it| kind(it.link))
        };
        for full in of(|it| it.full) {
            reach(&mut tips, 0, full);
        }
        // A predecessor ends before the first change of its successor, and so began before it too.
        let mut differentials: Vec<_> = of(|it| !it.full && !it.is_empty()).collect();
        differentials.sort_by_key(|it| (it.link.first, it.link.last, it.index));
        let mut found = Vec::new();
        for it in differentials {
            let way = match continued(&tips, it) {
                Ok((length, before)) => {
                    reach(&mut tips, length + 1, it);
                    behind(before, length)
                }
                Err(gap) => Way::Broken(gap),
            };
            found.push((it.index, way));
        }
        let ways: BTreeMap<_, _> = found.iter().map(|(index, way)| (*index, way)).collect();
        let empty = of(LineageLink::is_empty);
        let empty: Vec<_> = empty
            .map(|it| (it.index, self.last_before(it, &ways)))
            .collect();
        found.extend(empty);
        found
    }

    /// Finds the way of a backup without changes: it continues the backup with changes that was
    /// newest when it was made.
    fn last_before(&self, empty: Member<'_>, ways: &BTreeMap<usize, &Way>) -> Way {
        let at = empty.snapshot.taken_at;
        let earlier = self.members.iter().filter(|it| !it.link.is_empty());
        let earlier = earlier.filter(|it| it.snapshot.taken_at <= at);
        let newest = earlier.max_by_key(|it| (it.snapshot.taken_at, it.link.last, it.index));
        let Some(newest) = newest else {
            return Way::Broken("nothing that it could continue lies there".into());
        };
        match ways.get(&newest.index) {
            None => behind(newest.index, 0),
            Some(Way::Behind { length, .. }) => behind(newest.index, *length),
            Some(way) => Way::clone(way),
        }
    }
}

/// Returns the way of a snapshot that continues `before`, which itself continues `length` others.
const fn behind(before: usize, length: usize) -> Way {
    if length < LINEAGE_MAX {
        Way::Behind {
            before,
            length: length + 1,
        }
    } else {
        Way::TooLong
    }
}

fn reach<'a>(tips: &mut Tips<'a>, length: usize, member: Member<'a>) {
    let tip = tips.entry(member.link.last).or_insert((length, member));
    let rank = |(length, it): &(usize, Member<'_>)| {
        let newest = (it.snapshot.taken_at, std::cmp::Reverse(it.index));
        (std::cmp::Reverse(*length), newest)
    };
    if rank(&(length, member)) > rank(tip) {
        *tip = (length, member);
    }
}

/// Finds the predecessor: the snapshot that ends where `it` begins. Returns how many snapshots that
/// one continues and its index, or describes the gap.
fn continued(tips: &Tips<'_>, it: Member<'_>) -> Result<(usize, usize), String> {
    let LineageLink { first, last, .. } = *it.link;
    if first > last {
        return Err(format!(
            "it ends with change {last}, and begins with {first}"
        ));
    }
    let before = first.checked_sub(1).and_then(|last| tips.get(&last));
    if let Some((length, before)) = before {
        return Ok((*length, before.index));
    }
    Err(match tips.range(..first).next_back() {
        Some((tip, _)) => {
            format!("it begins with change {first}, and what lies before it ends with change {tip}")
        }
        None => format!("it begins with change {first}, and no full backup before it is there"),
    })
}

#[cfg(test)]
mod tests;
