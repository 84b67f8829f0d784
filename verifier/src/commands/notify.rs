//! `notify --test`: one message of each kind to every receiver, before the bad night.

use std::time::Duration;

use catalog::{
    config::{Config, MessageForm, NoticeKind, Receiver},
    drill::DrillOutcome,
    ledger::Verdict,
    model::DrillName,
};
use jiff::Timestamp;
use toolkit::exit::Exit;

use crate::{
    console::{Console, Refusal},
    notify::{
        LastGood, Notice, NoticedSnapshot,
        compose::bare,
        digest::Digest,
        drill::{DrillBrief, DrillNews},
        post::{self, Messenger, Payload},
    },
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
    let messages = |receiver: &Receiver| examples(receiver, &config, now);
    let deliveries = messenger.send_to_all(messages).await;
    for receiver in messenger.receivers() {
        let of_it = || deliveries.iter().filter(|it| it.receiver == receiver.name);
        match of_it().find_map(|it| it.why.as_ref()) {
            None => {
                let posted = of_it().count();
                writeln!(console.out, "✔ {}: {posted} messages", receiver.name)?;
            }
            Some(why) => {
                let why = why.replace('\n', "\n    ");
                writeln!(console.out, "✘ {}: {why}", receiver.name)?;
            }
        }
    }
    let all = deliveries.iter().all(|it| it.why.is_none());
    Ok(if all { Exit::Fine } else { Exit::Failed })
}

/// One message of each kind that this receiver may be sent.
fn examples(receiver: &Receiver, config: &Config, now: Timestamp) -> Vec<Payload> {
    let failed = example(NoticeKind::Failed, config, now);
    let reminder = Notice {
        is_reminder: true,
        ..failed
    };
    let notices = NoticeKind::ALL.map(|kind| example(kind, config, now));
    let notices = notices.into_iter().chain([reminder]);
    let mut messages: Vec<_> = notices
        .map(|it| post::of_notices(receiver, &[it]))
        .collect();
    messages.push(post::of_drill(receiver, &drill(config, now), true));
    if receiver.form == MessageForm::Slack {
        let digest = Digest::of([(&config.sources[0], None)], now);
        messages.push(post::of_digest(&digest, true));
    }
    messages
}

/// A drill of the first source, which nobody made.
fn drill(config: &Config, now: Timestamp) -> DrillNews {
    let source = &config.sources[0].name;
    let drill = config.drills.first().map(|it| it.name.clone());
    DrillNews::Made {
        drill: drill.unwrap_or_else(|| DrillName::new("example").expect("invariant: a plain word")),
        outcome: DrillOutcome {
            began_at: now - Duration::from_mins(12),
            ended_at: now,
            result: Verdict::Verified,
            interrupted: false,
            recovery_milliseconds: Some(540_000),
            wall_milliseconds: 720_000,
            objective_milliseconds: None,
            within: None,
        },
        brief: DrillBrief {
            summary: "verified in 12 min".into(),
            facts: vec![("Recovery time", format!("9 min ({source})"))],
            sources: vec![format!("✔ {source}: verified, recovery time 9 min")],
            deviations: Vec::new(),
        },
        kept: Ok(".drills/example".into()),
    }
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
