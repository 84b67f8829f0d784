//! Notices as messages of a Slack incoming webhook, in Block Kit or as plain text.
//!
//! Every text of operators and stores is escaped and cut to Block Kit's limits; only the
//! configured mention is sent as it is written.

mod digest;
mod drill;
mod facts;
mod markup;

use serde_json::{Value, json};

use super::{Notice, digest::Digest, drill::DrillNews};
use facts::Facts;
use markup::{BLOCKS_MAX, FIELDS_MAX, HEADER_MAX, SECTION_MAX};

/// The message of one notice, with blocks.
pub fn message(notice: &Notice) -> Value {
    with_blocks(&Facts::of_one(notice, SECTION_MAX))
}

/// The message of one notice as plain text, for a workspace that refuses its blocks.
pub fn plain(notice: &Notice) -> Value {
    as_lines(&Facts::of_one(notice, PLAIN_LIST_MAX))
}

/// The message of several notices of one kind and headline, with blocks; that of
/// [`message`] for one notice, and null for none.
pub fn together(notices: &[Notice]) -> Value {
    match notices {
        [] => Value::Null,
        [only] => message(only),
        [first, ..] => with_blocks(&Facts::of_several(first, notices, SECTION_MAX)),
    }
}

/// The message of several notices of one kind and headline as plain text; that of [`plain`] for
/// one notice, and null for none.
pub fn plain_together(notices: &[Notice]) -> Value {
    match notices {
        [] => Value::Null,
        [only] => plain(only),
        [first, ..] => as_lines(&Facts::of_several(first, notices, PLAIN_LIST_MAX)),
    }
}

/// The message of a digest, with blocks and as plain text.
pub fn digest(digest: &Digest, is_test: bool) -> (Value, Value) {
    statement(digest::facts(digest), is_test)
}

/// The message of what became of a drill, with blocks and as plain text.
pub(crate) fn drill(news: &DrillNews, is_test: bool) -> (Value, Value) {
    statement(drill::facts(news), is_test)
}

/// A message that is no notice. As plain text the context comes before the sections, for these may
/// be cut.
fn statement(mut facts: Facts, is_test: bool) -> (Value, Value) {
    if is_test {
        facts.title.insert_str(0, "TEST ");
    }
    let blocks = with_blocks(&facts);
    let mut lines = vec![facts.one_line()];
    lines.extend(labelled(&facts));
    lines.push(facts.context);
    lines.extend(facts.sections);
    let plain = json!({ "text": markup::listed(&lines, "\n", SECTION_MAX) });
    (blocks, plain)
}

/// Widest list (findings, sources) within plain text, so that the other facts have room.
const PLAIN_LIST_MAX: usize = 1_100;

fn with_blocks(facts: &Facts) -> Value {
    let section = |text: &String| json!({ "type": "section", "text": markup::markup(text) });
    let header = markup::literal(&facts.title, HEADER_MAX);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": header, "emoji": false },
    })];
    blocks.extend(facts.mention.iter().map(section));
    if !facts.fields.is_empty() {
        let fields = facts.fields.iter().take(FIELDS_MAX);
        let fields = fields.map(|(label, value)| markup::markup(&format!("*{label}*\n{value}")));
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    }
    blocks.extend(facts.sections.iter().map(section));
    blocks.truncate(BLOCKS_MAX - 1);
    blocks.push(json!({ "type": "context", "elements": [markup::markup(&facts.context)] }));
    json!({ "text": facts.one_line(), "blocks": blocks })
}

fn as_lines(facts: &Facts) -> Value {
    let mut lines = vec![facts.one_line()];
    lines.extend(facts.mention.clone());
    lines.extend(facts.sections.first().cloned());
    lines.extend(labelled(facts));
    lines.extend(facts.sections.iter().skip(1).cloned());
    lines.push(facts.context.clone());
    json!({ "text": markup::listed(&lines, "\n", SECTION_MAX) })
}

/// Short facts, each on a line.
fn labelled(facts: &Facts) -> impl Iterator<Item = String> {
    let fields = facts.fields.iter();
    fields.map(|(label, value)| format!("{label}: {value}"))
}

#[cfg(test)]
mod tests;
