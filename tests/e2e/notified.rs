//! What people are told: the exporter, a Prometheus with the shipped rules, an Alertmanager with
//! the shipped example, and a receiver that stands in for Slack, the pager and the dead man's
//! switch. All are real programs; rules and Alertmanager wait a sixtieth
//! of their times.

mod chain;

use std::fs;

use tests::require;

use self::chain::Chain;

#[test]
fn each_cause_is_told_once_to_those_who_can_mend_it_and_so_is_its_end() {
    require!(prometheus);
    require!(alertmanager);
    let mut chain = Chain::start();
    let too_old = [
        "pager: CRITICAL: the newest snapshot of cache is much too old",
        "#payments-alerts: CRITICAL: the newest snapshot of cache is much too old",
    ];
    // That it is late, and older than promised, follows from its age and is not told.
    chain.told(&too_old);

    // A repository is away: nor that nobody knows of the sources inside. The alert of somebody else
    // passes.
    chain.add_foreign_alert("the disk is full");
    fs::rename(chain.path("away"), chain.path("gone")).unwrap();
    chain.told(&[
        "#platform-alerts: WARNING: the disk is full",
        "#platform-alerts: WARNING: repository away cannot be surveyed",
        "pager: CRITICAL: repository away could not be surveyed for half an hour",
    ]);

    // Another process of the exporter, which has seen nothing yet: nobody is told anything.
    chain.restart_exporter();
    chain.told(&[]);

    chain.save_snapshot();
    fs::rename(chain.path("gone"), chain.path("away")).unwrap();
    chain.told(&[
        "pager: RESOLVED: the newest snapshot of cache is much too old",
        "#payments-alerts: RESOLVED: the newest snapshot of cache is much too old",
        "#platform-alerts: RESOLVED: repository away cannot be surveyed",
        "pager: RESOLVED: repository away could not be surveyed for half an hour",
    ]);
}
