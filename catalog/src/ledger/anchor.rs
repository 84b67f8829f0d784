//! The anchor: one digest over the heads of all ledgers, told outside of the reach of whoever can
//! change records. Pure.

use super::{Ledger, Record, Strand};
use crate::{digest::sha256, model::SourceName};

/// The head of a chain: the name it was written under, its number and its digest.
type Head<'a> = (&'a SourceName, u64, &'a str);

/// The digest over the heads of these ledgers, `sha256:…`. Ledgers without a record do not count,
/// and their order does not matter.
pub fn anchor<'a>(ledgers: impl IntoIterator<Item = &'a Ledger>) -> String {
    let strands = ledgers.into_iter().flat_map(Ledger::strands);
    let heads = strands.filter_map(|it| Some(head(it, it.records().next_back()?)));
    of_heads(heads.collect())
}

/// Tells whether an anchor was that of these ledgers at some time: then no record that it covers
/// was changed or removed since. Times are those at which records ended.
pub fn anchored(ledgers: &[Ledger], anchor: &str) -> bool {
    // Oldest first, so that the newest is taken off the end.
    let strands: Vec<&Strand> = ledgers.iter().flat_map(Ledger::strands).collect();
    let mut left: Vec<Vec<&Record>> = strands.iter().map(|it| it.records().collect()).collect();
    loop {
        let heads = strands.iter().zip(&left);
        let heads = heads.filter_map(|(strand, left)| Some(head(strand, left.last()?)));
        if of_heads(heads.collect()) == anchor {
            return true;
        }
        // The newest record of all was not there yet.
        let newest = left.iter_mut().filter(|left| !left.is_empty());
        let newest = newest.max_by_key(|left| left.last().and_then(|it| it.ended_at()));
        if newest.and_then(Vec::pop).is_none() {
            return false;
        }
    }
}

fn head<'a>(strand: &'a Strand, record: &'a Record) -> Head<'a> {
    (strand.name(), record.sequence, &record.digest)
}

fn of_heads(mut heads: Vec<Head<'_>>) -> String {
    heads.sort_unstable();
    let lines = heads.iter();
    let lines =
        lines.map(|(source, sequence, digest)| format!("{source} {sequence:08} {digest}\n"));
    sha256(lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Draft, fixtures};

    fn ledger(name: &str, hours: &[&str]) -> Ledger {
        let source = SourceName::new(name).expect("a name");
        let draft = |hour: &&str| {
            let mut run = fixtures::verification(fixtures::at(hour), None);
            run.source = source.clone();
            Draft::Verification(Box::new(run))
        };
        let mut ledger = Ledger::new(source.clone());
        for (text, sequence) in fixtures::sealed(hours.iter().map(draft)).iter().zip(1..) {
            ledger.take(sequence, Ok(text));
        }
        ledger
    }

    #[test]
    fn an_anchor_holds_while_records_are_added_and_never_when_one_is_changed() {
        let cache = |hours: &[&str]| ledger("cache", hours);
        let graph = |hours: &[&str]| ledger("graph", hours);
        let (one, other) = (cache(&["01:00:00"]), graph(&["02:00:00"]));
        let told = anchor([&one, &other]);
        assert_eq!(told, anchor([&other, &one]));
        assert!(told.starts_with("sha256:"), "{told}");
        let check = |ledgers: [Ledger; 2], expected| {
            assert_eq!(anchored(&ledgers, &told), expected);
        };
        check([one.clone(), other.clone()], true);
        check([cache(&["01:00:00", "03:00:00"]), other.clone()], true);
        let later = graph(&["02:00:00", "04:00:00", "05:00:00"]);
        check([cache(&["01:00:00", "03:00:00"]), later.clone()], true);
        check([cache(&["01:30:00", "03:00:00"]), later.clone()], false);
        check([cache(&[]), later], false);
        assert!(!anchored(&[], &told));
        assert!(anchored(&[], &anchor([])));
    }
}
