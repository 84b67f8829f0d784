//! Answers of the library Kubernetes uses, held against ours.
//!
//! One fault is not imitated: in zones that change their clocks at midnight (Cairo, Beirut, Havana)
//! or by half an hour (Lord Howe), the library misplaces some slots around a change, depending on
//! the instant from which it searches.

use super::{Schedule, at, zone};

#[test]
fn slots_are_those_of_robfig_cron() {
    for line in include_str!("robfig.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let columns: Vec<&str> = line.split('|').collect();
        let [zone_name, text, start, slots @ ..] = columns.as_slice() else {
            panic!("a line without slots: {line}")
        };
        let schedule = Schedule::parse(text, &zone(zone_name)).unwrap();
        let mut slot = at(start);
        for expected in slots {
            slot = schedule.next(slot).unwrap();
            assert_eq!(slot, at(expected), "{line}");
            assert_eq!(schedule.previous(slot), Some(slot), "{line}");
        }
    }
}
