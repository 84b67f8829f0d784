//! Which backups of a group belong together: a full one, and the differential ones that continue
//! it without a gap.
//!
//! Pure. Order is by append index, never by the time of a file: the newest file may hold nothing.

use std::collections::BTreeMap;

use super::metadata::Metadata;

/// What a group of backups can be restored to. Numbers are places in the list that was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// A full backup, and what is applied to it, in order; empty without a full backup.
    pub links: Vec<usize>,
    /// Changes that are there, and that nothing leads to.
    pub gap: Option<Gap>,
    /// Backups of another database: its name is the same, but it was created anew; or another one.
    pub foreign: Vec<usize>,
    /// Differential backups without any change.
    pub empty: Vec<usize>,
}

/// Where a chain breaks off although there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Last change that can be restored; `None` without a full backup.
    pub after: Option<i64>,
    /// First change of the nearest backup behind it.
    pub before: i64,
    /// That backup.
    pub at: usize,
}

/// The chain that reaches the last change of the database whose backup was made last.
pub fn chain(backups: &[Metadata]) -> Chain {
    let Some(newest) = newest(backups) else {
        return Chain::default();
    };
    let mut chain = Chain::default();
    let (mut fulls, mut differentials) = (Vec::new(), Vec::new());
    for (index, backup) in backups.iter().enumerate() {
        if identity(backup) != identity(newest) {
            chain.foreign.push(index);
        } else if backup.is_empty() {
            chain.empty.push(index);
        } else if backup.full {
            fulls.push(index);
        } else if backup.lowest_append_index <= backup.highest_append_index {
            differentials.push(index);
        }
    }
    let best = Best::of(backups, &mut differentials);
    let highest = |index: usize| backups[index].highest_append_index;
    let reach = |index: usize| best.reach(highest(index));
    // Of those that reach as far, the shortest way: from the newest one.
    let first = fulls.into_iter().max_by_key(|index| {
        let at = backups[*index].taken_at;
        (
            reach(*index),
            highest(*index),
            at,
            std::cmp::Reverse(*index),
        )
    });
    let mut tip = first.map(highest);
    chain.links.extend(first);
    while let Some(next) = tip.and_then(|tip| best.next(tip)) {
        chain.links.push(next);
        tip = Some(highest(next));
    }
    let beyond = differentials
        .into_iter()
        .filter(|index| tip.is_none_or(|tip| highest(*index) > tip));
    let nearest = beyond.min_by_key(|index| (backups[*index].lowest_append_index, *index));
    chain.gap = nearest.map(|at| Gap {
        after: tip,
        before: backups[at].lowest_append_index,
        at,
    });
    chain
}

/// The one made last says which database it is today; of several at one time the one that reaches
/// furthest.
fn newest(backups: &[Metadata]) -> Option<&Metadata> {
    let rank = |it: &&Metadata| {
        let (created, random) = (it.store.created, it.store.random);
        (
            it.taken_at,
            it.highest_append_index,
            it.database_id,
            created,
            random,
        )
    };
    backups.iter().max_by_key(rank)
}

/// Created anew, a database has another one; so has its store.
fn identity(backup: &Metadata) -> ([u8; 16], i64, i64) {
    (
        backup.database_id,
        backup.store.created,
        backup.store.random,
    )
}

/// By first change: how far the differential backups that begin there lead, and the first of them
/// on that way.
struct Best(BTreeMap<i64, (i64, usize)>);

impl Best {
    /// Sorts the differential backups by their first change, last first.
    fn of(backups: &[Metadata], differentials: &mut [usize]) -> Self {
        differentials.sort_by_key(|index| {
            let backup = &backups[*index];
            let (lowest, highest) = (backup.lowest_append_index, backup.highest_append_index);
            std::cmp::Reverse((lowest, highest, *index))
        });
        let mut best = Self(BTreeMap::new());
        for index in differentials.iter().copied() {
            let backup = &backups[index];
            let reach = best.reach(backup.highest_append_index);
            let entry = best.0.entry(backup.lowest_append_index);
            let known = entry.or_insert((reach, index));
            if reach > known.0 {
                *known = (reach, index);
            }
        }
        best
    }

    /// How far one comes from this last change.
    fn reach(&self, highest: i64) -> i64 {
        self.after(highest).map_or(highest, |(reach, _)| *reach)
    }

    fn next(&self, highest: i64) -> Option<usize> {
        self.after(highest).map(|(_, index)| *index)
    }

    fn after(&self, highest: i64) -> Option<&(i64, usize)> {
        self.0.get(&highest.checked_add(1)?)
    }
}
