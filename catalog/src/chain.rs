//! Which snapshots continue which: a differential backup holds only what changed since another, and
//! is worth nothing without it.
//!
//! Pure. The way is found by change and never by the time of a file: the newest file may hold
//! nothing.

use std::collections::{BTreeMap, HashMap};

use crate::model::{ChainLink, Continues, Snapshot, SnapshotFacts, SnapshotId, SnapshotState};

/// Most snapshots that one may continue: a full backup each week, and a differential one each hour
/// of it, and as many again.
pub const CHAIN_MAX: usize = 400;

/// Says of every complete snapshot what it continues; one whose way back to a full backup is broken
/// is partial from now on.
pub fn link(snapshots: &mut [Snapshot]) {
    let is_complete = |it: &&Snapshot| it.state == SnapshotState::Complete;
    let complete = || snapshots.iter().filter(is_complete);
    let is_partial = |it: &Snapshot| it.facts.chain.as_ref().is_some_and(|it| !it.full);
    if !complete().any(is_partial) {
        return;
    }
    // What could not be read may be what is looked for.
    let unread = complete().any(|it| it.facts == SnapshotFacts::default());
    let mut lineages: BTreeMap<&str, Lineage<'_>> = BTreeMap::new();
    for (index, snapshot) in snapshots
        .iter()
        .enumerate()
        .filter(|(_, it)| is_complete(it))
    {
        if let Some(link) = &snapshot.facts.chain {
            let lineage = lineages.entry(&link.lineage).or_default();
            lineage.members.push(Member {
                index,
                snapshot,
                link,
            });
        }
    }
    let found: Vec<_> = lineages.into_values().flat_map(Lineage::resolve).collect();
    for (index, continues) in found {
        let snapshot = &mut snapshots[index];
        snapshot.continues = match continues {
            Continues::Missing(_) if unread => Continues::Unknown,
            Continues::Missing(gap) => {
                snapshot.state = SnapshotState::Partial;
                Continues::Missing(gap)
            }
            continues => continues,
        };
    }
}

/// What this snapshot continues, the full backup first; itself is not among it. Nothing where the
/// way is not known or longer than [`CHAIN_MAX`].
pub fn before<'a>(snapshots: &'a [Snapshot], snapshot: &Snapshot) -> Option<Vec<&'a Snapshot>> {
    let mut way = Vec::new();
    if matches!(snapshot.continues, Continues::Nothing) {
        return Some(way);
    }
    let by_id: HashMap<&SnapshotId, &Snapshot> = snapshots.iter().map(|it| (&it.id, it)).collect();
    let mut continues = &snapshot.continues;
    loop {
        continues = match continues {
            Continues::Nothing => break,
            Continues::Snapshot(id) if way.len() < CHAIN_MAX => {
                let before = *by_id.get(id)?;
                way.push(before);
                &before.continues
            }
            _ => return None,
        };
    }
    way.reverse();
    Some(way)
}

#[derive(Clone, Copy)]
struct Member<'a> {
    index: usize,
    snapshot: &'a Snapshot,
    link: &'a ChainLink,
}

/// Snapshots of one database.
#[derive(Default)]
struct Lineage<'a> {
    members: Vec<Member<'a>>,
}

/// By its last change: the shortest way there, by the newest snapshots.
type Tips<'a> = BTreeMap<i64, (usize, Member<'a>)>;

impl Lineage<'_> {
    fn resolve(self) -> Vec<(usize, Continues)> {
        let mut tips = Tips::new();
        let of = |kind: fn(&ChainLink) -> bool| {
            let members = self.members.iter().copied();
            members.filter(move |it| kind(it.link))
        };
        for full in of(|it| it.full) {
            reach(&mut tips, 0, full);
        }
        // What leads to a first change ends before it, and so began before it.
        let mut differentials: Vec<_> = of(|it| !it.full && !it.is_empty()).collect();
        differentials.sort_by_key(|it| (it.link.first, it.link.last, it.index));
        let mut found = Vec::new();
        for it in differentials {
            let continues = match continued(&tips, it) {
                Ok((length, id)) => {
                    reach(&mut tips, length + 1, it);
                    Continues::Snapshot(id)
                }
                Err(gap) => Continues::Missing(gap),
            };
            found.push((it.index, continues));
        }
        for empty in of(ChainLink::is_empty) {
            let told = self.last_before(empty, &found);
            found.push((empty.index, told));
        }
        found
    }

    /// Of a backup without any change: whatever was newest when it was made.
    fn last_before(&self, empty: Member<'_>, found: &[(usize, Continues)]) -> Continues {
        let at = empty.snapshot.taken_at;
        let earlier = self.members.iter().filter(|it| !it.link.is_empty());
        let earlier = earlier.filter(|it| it.snapshot.taken_at <= at);
        let newest = earlier.max_by_key(|it| (it.snapshot.taken_at, it.link.last, it.index));
        let Some(newest) = newest else {
            return Continues::Missing("nothing that it could continue lies there".into());
        };
        let gap = found.iter().find(|(index, _)| *index == newest.index);
        match gap {
            Some((_, Continues::Missing(gap))) => Continues::Missing(gap.clone()),
            _ => Continues::Snapshot(newest.snapshot.id.clone()),
        }
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

/// The snapshot that ends where this one begins, and how many that one continues; or the gap.
fn continued(tips: &Tips<'_>, it: Member<'_>) -> Result<(usize, SnapshotId), String> {
    let ChainLink { first, last, .. } = *it.link;
    if first > last {
        return Err(format!(
            "it ends with change {last}, and begins with {first}"
        ));
    }
    let before = first.checked_sub(1).and_then(|last| tips.get(&last));
    if let Some((length, before)) = before {
        return Ok((*length, before.snapshot.id.clone()));
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
