//! `notify --test`: one message of each kind to every receiver, before the bad night.

use std::time::Duration;

use catalog::config::{Config, NoticeKind};
use jiff::Timestamp;
use toolkit::exit::Exit;

use crate::{
    console::{Console, Refusal},
    notify::{LastGood, Notice, NoticedSnapshot, compose::bare, post::Messenger},
};

pub(super) async fn run(console: &mut Console<'_>) -> Result<Exit, Refusal> {
    let config = console.config()?;
    let notify = config.verifier.notify.clone();
    if notify.receivers.is_empty() {
        return Err(Refusal::usage(
            "no receiver of messages is configured\nhint: Add verifier.slack: { webhook_url_file: \
             … }, or verifier.webhooks.",
        ));
    }
    let messenger = Messenger::new(notify, console.env);
    let now = console.clock.now();
    let notices: Vec<_> = NoticeKind::ALL
        .map(|kind| example(kind, &config, now))
        .into();
    let deliveries = messenger.post_to_all(&notices).await;
    for receiver in messenger.receivers() {
        let mut of_it = deliveries.iter().filter(|it| it.receiver == receiver.name);
        match of_it.find_map(|it| it.why.as_ref()) {
            None => writeln!(
                console.out,
                "✔ {}: {} messages",
                receiver.name,
                notices.len()
            )?,
            Some(why) => {
                let why = why.replace('\n', "\n    ");
                writeln!(console.out, "✘ {}: {why}", receiver.name)?;
            }
        }
    }
    let all = deliveries.iter().all(|it| it.why.is_none());
    Ok(if all { Exit::Fine } else { Exit::Failed })
}

/// A message as it would be, of the first source, with numbers that nobody measured: so it is
/// marked as a test.
fn example(kind: NoticeKind, config: &Config, now: Timestamp) -> Notice {
    let source = &config.sources[0];
    let hour = Duration::from_hours(1);
    let (headline, finding) = match kind {
        NoticeKind::Failed => ("failed (damaged)", "the snapshot is damaged, at byte 1024"),
        NoticeKind::Inconclusive => (
            "inconclusive (no_image)",
            "no image can restore it\nhint: Name one in verifier.images.",
        ),
        NoticeKind::Recovered => ("recovered", ""),
        NoticeKind::Verified => ("verified", ""),
        NoticeKind::Trouble => ("trouble", "the evidence cannot be written"),
    };
    let is_well = finding.is_empty();
    Notice {
        ends: (kind == NoticeKind::Recovered).then_some(NoticeKind::Failed),
        is_test: true,
        findings: (!is_well).then(|| finding.into()).into_iter().collect(),
        snapshot: Some(NoticedSnapshot {
            name: "example-20261122-0100".into(),
            taken_at: now - hour,
            size_bytes: 1_782_579,
        }),
        counted: is_well.then(|| "44,013 keys".into()),
        recovery_time: is_well.then_some(Duration::from_millis(193)),
        recovery_time_max: source
            .objectives
            .recovery_time
            .map(settings::Duration::as_std),
        since: (kind != NoticeKind::Verified).then_some(now - hour),
        last_good: (!is_well).then(|| LastGood {
            taken_at: now - 2 * hour,
            verified_at: now - hour,
            fetch: format!(
                "backup-verifier fetch --source {} --verified --to .",
                source.name
            ),
        }),
        ..bare(kind, source, headline.into(), now)
    }
}
