//! Beginnings and ends: what is provisioned is destroyed, by us or by a sweep, and nothing else.

use std::time::Duration;

use catalog::ledger::Reason;
use jiff::{Timestamp, ToSpan};
use verifier::runtime::SweepPolicy;

use super::{Subject, printed, run_id};

/// A second time, and for a run that never was, it is a success.
pub async fn destroying_is_idempotent_and_knows_no_unknown_run(subject: &Subject) {
    let run = run_id();
    subject.runtime.destroy(&run).await.expect("nothing to do");
    let sandbox = subject
        .runtime
        .provision(&run, &subject.spec())
        .await
        .expect("provisioned");
    subject.runtime.destroy(&run).await.expect("destroyed");
    subject
        .runtime
        .destroy(&run)
        .await
        .expect("destroyed before");
    let error = sandbox
        .exec(&super::shell("true"), None)
        .await
        .expect_err("it is gone");
    assert_eq!(error.reason, Reason::Killed, "{error}");
}

/// And what was half made is removed.
pub async fn too_little_space_is_said_before_the_first_byte(subject: &Subject) {
    let run = run_id();
    let mut spec = subject.spec();
    spec.disk_bytes = u64::MAX;
    let error = subject
        .runtime
        .provision(&run, &spec)
        .await
        .map(drop)
        .expect_err("too large");
    assert_eq!(error.reason, Reason::Disk);
    assert!(error.message.contains("hint: "), "{error}");
    subject
        .runtime
        .destroy(&run)
        .await
        .expect("removes what was half made");
}

/// The lock of a run decides for its own installation, its deadline for all others.
pub async fn leftovers_of_the_dead_are_swept_and_those_of_the_living_spared(
    subject: Subject,
    make: super::Make,
) {
    let neighbor = subject.neighbor(make).await;
    let (ours, theirs, overdue) = (run_id(), run_id(), run_id());
    let mut late = subject.spec();
    late.deadline = Timestamp::now() - 3.hours();
    let held = subject
        .runtime
        .provision(&ours, &subject.spec())
        .await
        .expect("ours");
    let spared = neighbor
        .runtime
        .provision(&theirs, &subject.spec())
        .await
        .expect("theirs");
    let given_up = neighbor
        .runtime
        .provision(&overdue, &late)
        .await
        .expect("overdue");

    let again = subject.restarted(make).await;
    let policy = SweepPolicy {
        now: Timestamp::now(),
        grace: Duration::from_hours(1),
    };
    let swept = again.runtime.sweep(&policy).await.expect("swept");
    assert!(
        !swept.runs.contains(&ours) && !swept.runs.contains(&theirs),
        "{swept:?}"
    );
    assert!(swept.spared >= 2, "{swept:?}");
    assert_eq!(printed(&held, "echo alive").await, "alive");
    assert_eq!(printed(&spared, "echo alive").await, "alive");
    let gone = given_up.exec(&super::shell("true"), None).await;
    assert_eq!(gone.expect_err("overdue").reason, Reason::Killed);

    drop((held, subject));
    let swept = again.runtime.sweep(&policy).await.expect("swept");
    assert!(
        swept.runs.contains(&ours),
        "nobody holds it any longer: {swept:?}"
    );
    assert_eq!(printed(&spared, "echo alive").await, "alive");
    for run in [&theirs, &overdue] {
        neighbor.runtime.destroy(run).await.expect("destroyed");
    }
}
