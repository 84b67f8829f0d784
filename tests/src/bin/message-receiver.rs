//! Stands in for Slack, a pager and a dead man's switch in the demo, and prints what people would
//! read there: first its own address, then each message.

use std::io::{Write, stdout};

use serde_json::Value;
use tests::message_receiver::{MessageReceiver, Sent};

fn main() -> anyhow::Result<()> {
    let receiver = MessageReceiver::new("200 OK");
    let mut out = stdout();
    writeln!(out, "{}", receiver.url())?;
    loop {
        let Some(message) = told(&receiver.next()) else {
            continue;
        };
        writeln!(out, "{message}")?;
        out.flush()?;
    }
}

/// What people read; none where nobody reads.
fn told(sent: &Sent) -> Option<String> {
    let body = &sent.body;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match &*sent.path {
        "/pager" => Some(format!("pager: {}", text(&body["payload"]["summary"]))),
        // Alertmanager names a channel.
        "/slack" if body["channel"].is_string() => {
            let message = &body["attachments"][0];
            let (title, rest) = (text(&message["title"]), text(&message["text"]));
            let rest = rest.trim_end().replace('\n', "\n    ");
            Some(format!("{}: {title}\n    {rest}", text(&body["channel"])))
        }
        "/slack" => Some(format!("the verifier, to Slack: {}", text(&body["text"]))),
        _ => None,
    }
}
