//! What the configuration says of messages, from written to checked.

use std::{path::Path, time::Duration};

use jiff::tz::TimeZone;
use settings::{Located, Problems, Schedule, SecretFile};

use super::{
    Source,
    receivers::{AddressAt, Heartbeat, MessageForm, NoticeKind, Notify, Receiver, SLACK_VARIABLE},
    written::{WrittenSlack, WrittenVerifier, WrittenWebhook},
};
use crate::ledger::INCONCLUSIVE_AFTER;

/// How often people are reminded where nothing is written (design §3).
const REMIND: Duration = Duration::from_hours(24);

/// How often the heartbeat's address is called where nothing is written (design §3).
const BEAT: Duration = Duration::from_mins(5);

/// Shortest time between two reminders, or two calls of the heartbeat.
const EVERY_MIN: Duration = Duration::from_mins(1);

/// Reads what is written of messages; schedules are in `zone`.
pub(super) fn notify(
    written: &WrittenVerifier,
    base: &Path,
    zone: &TimeZone,
    problems: &mut Problems,
) -> Notify {
    let at = |file: &SecretFile| AddressAt::File(SecretFile::new(base.join(file.path())));
    let webhooks = written.webhooks.as_deref().unwrap_or_default();
    let mut receivers: Vec<Receiver> = Vec::new();
    for (index, slack) in slack(written).iter().enumerate() {
        receivers.push(Receiver {
            name: numbered("slack", index),
            form: MessageForm::Slack,
            address: slack
                .webhook_url_file
                .as_ref()
                .map_or(AddressAt::Variable(SLACK_VARIABLE), at),
            place: slack.place.clone(),
            kinds: kinds(slack.notify.as_ref()),
            remind: remind(slack.remind.as_ref(), problems),
            digest: digest(slack, zone, problems),
            owners: slack.owners.clone(),
        });
    }
    for (index, webhook) in webhooks.iter().enumerate() {
        let WrittenWebhook {
            url_file,
            notify,
            remind: reminds,
            owners,
        } = &webhook.value;
        receivers.push(Receiver {
            name: numbered("webhook", index),
            form: MessageForm::Alertmanager,
            address: at(url_file),
            place: webhook.place.clone(),
            kinds: kinds(notify.as_ref()),
            remind: remind(reminds.as_ref(), problems),
            digest: None,
            owners: owners.clone(),
        });
    }
    Notify {
        receivers,
        runbooks: written
            .runbooks
            .as_ref()
            .map(|it| it.trim_end_matches('/').into()),
        mentions: written.mentions.clone().unwrap_or_default(),
        heartbeat: written.heartbeat.as_ref().map(|it| Heartbeat {
            address: at(&it.url_file),
            place: it.place.clone(),
            every: every(it.every.as_ref(), problems).unwrap_or(BEAT),
        }),
    }
}

/// Errs at each source that no receiver is told of.
pub(super) fn everybody_is_told(notify: &Notify, sources: &[Source], problems: &mut Problems) {
    if notify.receivers.is_empty() {
        return;
    }
    let proven = sources.iter().filter(|it| it.verify.is_some());
    for source in proven {
        if notify
            .receivers_of(source.owner.as_deref())
            .next()
            .is_some()
        {
            continue;
        }
        let whose = source.owner.as_ref().map_or_else(
            || "without an owner".into(),
            |owner| format!("of owner {owner:?}"),
        );
        let message = format!(
            "no receiver of messages takes source {} {whose}",
            source.name
        );
        let hint = "Leave out `owners` at one receiver: it takes what no other takes.";
        problems.error(&source.place, message).hint(hint);
    }
}

/// Returns after how many inconclusive runs people are told. Of several receivers the most
/// impatient one counts, because one concern stands for all of them.
pub(super) fn inconclusive_after(written: &WrittenVerifier, problems: &mut Problems) -> usize {
    let mut after = Vec::new();
    for runs in slack(written)
        .iter()
        .filter_map(|it| it.inconclusive_after.as_ref())
    {
        if runs.value == 0 {
            let message = "inconclusive_after is a number of runs, at least 1";
            problems.error(&runs.place, message);
        }
        after.push(runs.value as usize);
    }
    after.into_iter().min().unwrap_or(INCONCLUSIVE_AFTER)
}

fn slack(written: &WrittenVerifier) -> &[Located<WrittenSlack>] {
    written.slack.as_deref().unwrap_or_default()
}

/// Reads how often people are reminded; `None` for never, which is written as `0s`.
fn remind(
    written: Option<&Located<settings::Duration>>,
    problems: &mut Problems,
) -> Option<Duration> {
    match written {
        None => Some(REMIND),
        Some(never) if never.value.as_std().is_zero() => None,
        some => every(some, problems),
    }
}

fn every(
    written: Option<&Located<settings::Duration>>,
    problems: &mut Problems,
) -> Option<Duration> {
    let written = written?;
    let every = written.value.as_std();
    if every < EVERY_MIN {
        let message = "the shortest time between two messages is 1m";
        problems.error(&written.place, message);
    }
    Some(every)
}

fn digest(slack: &WrittenSlack, zone: &TimeZone, problems: &mut Problems) -> Option<Schedule> {
    let written = slack.digest.as_ref()?;
    match Schedule::parse(&written.value, zone) {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            problems.error(&written.place, error);
            None
        }
    }
}

/// The kinds that are written, or those of the documentation.
fn kinds(written: Option<&Vec<NoticeKind>>) -> Vec<NoticeKind> {
    use NoticeKind::{Failed, Inconclusive, Recovered};
    written
        .cloned()
        .unwrap_or_else(|| vec![Failed, Inconclusive, Recovered])
}

fn numbered(name: &str, index: usize) -> String {
    match index {
        0 => name.into(),
        more => format!("{name}-{}", more + 1),
    }
}
