//! The whole program as a user meets it: files, flags, exit codes, and what a kill leaves behind.
//!
//! Every bad input that the project promises a clear message for, and its tests:
//! - a missing configuration: `inputs::a_missing_configuration_says_which_file`
//! - an unreadable directory: `exhausted::a_directory_that_may_not_be_read_is_no_empty_one`
//! - an empty repository: `inputs::an_empty_repository_is_no_verdict`
//! - a snapshot deleted between listing and reading:
//!   `unsettled::a_snapshot_deleted_before_it_is_read_makes_room_for_the_next_newest`,
//!   `unsettled::the_only_snapshot_deleted_before_it_is_read_has_vanished_and_is_not_bad`
//! - or replaced: `unsettled::a_snapshot_replaced_before_it_is_read_is_judged_by_what_it_is_now`
//! - a file still growing: `unsettled::a_file_that_still_grows_is_no_snapshot_yet`
//! - names that fit no source: `inputs::names_that_fit_no_source_are_no_snapshots`
//! - two files for one time: `unsettled::of_two_files_for_one_time_the_newest_layout_is_verified`
//! - a clock in the future: `unsettled::a_clock_in_the_future_is_not_believed_and_hinders_nothing`
//! - 1,000,000 keys with hostile names:
//!   `unsettled::a_million_keys_with_hostile_names_are_counted_and_restored` (as many objects of a
//!   repository: `memory::a_bucket_of_foreign_objects_costs_a_request_a_thousand_and_no_memory`)
//! - evidence that is not mounted:
//!   `unmounted::a_place_without_records_is_told_once_by_each_command_and_made_by_none`
//! - the disk of the evidence full:
//!   `exhausted::a_record_that_finds_no_room_is_not_half_written_and_the_next_one_follows`
//! - the disk of the sandbox full:
//!   `exhausted::a_disk_that_fills_while_the_snapshot_is_put_there_is_ours`,
//!   `exhausted::a_sandbox_that_may_not_be_large_enough_is_too_large_and_not_made`
//! - a drill whose source has no snapshot:
//!   `drill::a_source_without_a_snapshot_is_told_with_what_to_do`
//! - a record edited by hand: `ledger::a_record_edited_by_hand_is_named`
//! - Docker's socket absent or forbidden:
//!   `exhausted::an_engine_that_is_forbidden_or_absent_says_what_to_do`
//! - an image missing: `inputs::an_image_that_is_missing_is_our_fault`

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be set up ends the test there"
)]

mod bench;
mod bucket;
mod chain;
mod drill;
mod exhausted;
mod exported;
mod fetch;
mod identity;
mod inputs;
mod interrupted;
mod killed;
mod leased;
mod ledger;
mod marker;
mod memory;
mod messages;
mod notified;
mod proxied;
mod rehearsed;
mod renamed;
mod repaired;
mod restarted;
mod restored;
mod serve;
mod served;
mod source;
mod unmounted;
mod unsettled;
mod vouched;

#[test]
fn every_test_named_above_is_there() {
    let above = include_str!("main.rs").split("#![").next().unwrap();
    let names: Vec<_> = above.split('`').filter(|it| it.contains("::")).collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let (module, function) = name.split_once("::").unwrap();
        let path = format!("{}/e2e/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("fn {function}()")), "{name}");
    }
}
