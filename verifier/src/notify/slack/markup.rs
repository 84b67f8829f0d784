//! Slack's markup: texts of others made harmless, cut to a width, and Block Kit's limits.
//!
//! Widths are counted after escaping, in UTF-16 units: never fewer than Slack counts.

use serde_json::{Value, json};

/// Most blocks of a message (docs.slack.dev, reference/block-kit/blocks).
pub(super) const BLOCKS_MAX: usize = 50;
/// Widest text of a header block (docs.slack.dev, reference/block-kit/blocks/header-block).
pub(super) const HEADER_MAX: usize = 150;
/// Widest text of a section or context (docs.slack.dev, reference/block-kit/blocks/section-block
/// and reference/block-kit/composition-objects/text-object).
pub(super) const SECTION_MAX: usize = 3_000;
/// Most fields of a section (docs.slack.dev, reference/block-kit/blocks/section-block).
pub(super) const FIELDS_MAX: usize = 10;
/// Widest field of a section (docs.slack.dev, reference/block-kit/blocks/section-block); the
/// texts of fields are cut far below, and tests hold them to the limit.
#[cfg(test)]
pub(super) const FIELD_MAX: usize = 2_000;

/// A character that looks like a backtick and ends no code.
const LOOKS_LIKE_A_BACKTICK: char = 'ˋ';

/// The width of a text.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A text of others on one line and without any markup, at most `width_max` wide, with `…` for
/// what is cut.
pub(super) fn literal(text: &str, width_max: usize) -> String {
    let line = settings::one_line(text, width_max);
    let mut shown = String::with_capacity(line.len());
    let (mut taken, mut cut_at) = (0, 0);
    for letter in line.chars() {
        let before = shown.len();
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '`' => shown.push(LOOKS_LIKE_A_BACKTICK),
            other => shown.push(other),
        }
        taken += width(&shown[before..]);
        if taken > width_max {
            shown.truncate(cut_at);
            shown.push('…');
            break;
        }
        if taken < width_max {
            cut_at = shown.len();
        }
    }
    shown
}

/// A block of code with a whole command; a sentence where the block would be wider than
/// `width_max`, as half a command must not be run.
pub(super) fn command(command: &str, width_max: usize) -> String {
    let substituted = if command.contains('`') {
        format!("\n({LOOKS_LIKE_A_BACKTICK} stands for a backtick)")
    } else {
        String::new()
    };
    let shown = literal(command, usize::MAX - 1);
    let block = format!("```{shown}```{substituted}");
    if width(&block) > width_max {
        "The command is too long to be shown here.".into()
    } else {
        block
    }
}

/// A link with a caption, or the address as text if it is none that Slack links.
pub(super) fn link(address: &str, caption: &str) -> String {
    const ADDRESS_MAX: usize = 1_000;
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let encoded = address.replace('|', "%7C").replace('`', "%60");
    let shown = literal(&encoded.replace(' ', "%20"), usize::MAX - 1);
    let is_plain = !address.chars().any(char::is_control);
    if is_web && is_plain && width(&shown) <= ADDRESS_MAX {
        format!("<{shown}|{caption}>")
    } else {
        format!("{caption}: {}", literal(address, ADDRESS_MAX))
    }
}

/// As many items as fit into `width_max`, from the first; the others are counted: `+17 more`.
pub(super) fn listed(items: &[String], separator: &str, width_max: usize) -> String {
    let all = items.join(separator);
    if width(&all) <= width_max {
        return all;
    }
    let more = |number: usize| format!("+{number} more");
    let reserved = width(separator) + width(&more(items.len()));
    let mut taken = 0;
    let fitting = items.iter().take_while(|item| {
        taken += width(item) + width(separator);
        taken + reserved <= width_max
    });
    let mut shown: Vec<String> = fitting.cloned().collect();
    shown.push(more(items.len() - shown.len()));
    shown.join(separator)
}

/// A text object whose names and addresses Slack does not make into mentions and links.
pub(super) fn markup(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}
