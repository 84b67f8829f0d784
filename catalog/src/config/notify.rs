//! What the configuration says of messages, from written to checked.

use std::path::Path;

use settings::{Located, Problems, SecretFile};

use super::{
    Source, checks,
    receivers::{AddressAt, MessageForm, NoticeKind, Notify, Receiver, SLACK_VARIABLE},
    written::{WrittenSlack, WrittenVerifier, WrittenWebhook},
};
use crate::ledger::INCONCLUSIVE_AFTER;

/// Reads what is written of messages, and warns of keys without effect.
pub(super) fn notify(written: &WrittenVerifier, base: &Path, problems: &mut Problems) -> Notify {
    let at = |file: &SecretFile| AddressAt::File(SecretFile::new(base.join(file.path())));
    let webhooks = written.webhooks.as_deref().unwrap_or_default();
    let mut receivers: Vec<Receiver> = Vec::new();
    for (index, slack) in slack(written).iter().enumerate() {
        not_yet(slack, problems);
        receivers.push(Receiver {
            name: numbered("slack", index),
            form: MessageForm::Slack,
            address: slack
                .webhook_url_file
                .as_ref()
                .map_or(AddressAt::Variable(SLACK_VARIABLE), at),
            place: slack.place.clone(),
            kinds: kinds(slack.notify.as_ref()),
            owners: slack.owners.clone(),
        });
    }
    for (index, webhook) in webhooks.iter().enumerate() {
        let WrittenWebhook {
            url_file,
            notify,
            owners,
        } = &webhook.value;
        receivers.push(Receiver {
            name: numbered("webhook", index),
            form: MessageForm::Alertmanager,
            address: at(url_file),
            place: webhook.place.clone(),
            kinds: kinds(notify.as_ref()),
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

fn not_yet(slack: &WrittenSlack, problems: &mut Problems) {
    if let Some(remind) = &slack.remind {
        checks::unbuilt(&remind.place, "reminders are", problems);
    }
    if let Some(digest) = &slack.digest {
        checks::unbuilt(&digest.place, "the daily digest is", problems);
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
