//! The digest in Slack's words.

use toolkit::words;

use super::{
    facts::Facts,
    markup::{SECTION_MAX, listed, literal},
};
use crate::notify::digest::Digest;

/// Widest line of a list.
const LINE_MAX: usize = 300;

/// Digits of a digest that are told for each ledger: 48 bits; the anchor has all.
const DIGITS: usize = 12;

/// The facts of a digest.
pub(super) fn facts(digest: &Digest) -> Facts {
    Facts {
        title: title(digest),
        mention: None,
        fields: fields(digest),
        sections: sections(digest),
        context: anchor(digest),
    }
}

fn title(digest: &Digest) -> String {
    let counts = digest.counts;
    let late = match digest.late.len() {
        0 => String::new(),
        late => format!(", {late} without a recent snapshot"),
    };
    format!(
        "Backups: {} of {} verified{late}",
        counts.verified,
        counts.all()
    )
}

fn fields(digest: &Digest) -> Vec<(&'static str, String)> {
    let counts = digest.counts;
    let name = |name: &str| literal(name, LINE_MAX);
    let stand = format!(
        "{} failed, {} inconclusive, {} never tried",
        counts.failed, counts.inconclusive, counts.untried
    );
    let mut fields = vec![("others", stand)];
    if let Some((source, at)) = &digest.oldest_proof {
        let ago = words::ago(*at, digest.at);
        fields.push(("oldest proof", format!("{}, {ago}", name(source.as_str()))));
    }
    if let Some((source, took)) = &digest.slowest {
        let took = words::length(*took);
        fields.push((
            "slowest recovery",
            format!("{}, {took}", name(source.as_str())),
        ));
    }
    let (snapshots, bytes) = digest.stored;
    let snapshots = words::counted(snapshots, "snapshot", "snapshots");
    fields.push(("stored", format!("{}, {snapshots}", words::size(bytes))));
    fields
}

/// Lists, the most urgent first.
fn sections(digest: &Digest) -> Vec<String> {
    let mut sections = Vec::new();
    let mut list = |caption: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let lines = listed(&lines, "\n", SECTION_MAX - LINE_MAX);
            sections.push(format!("*{caption}*\n{lines}"));
        }
    };
    let late = digest.late.iter().map(|(source, taken_at)| {
        let source = literal(source.as_str(), LINE_MAX);
        match taken_at {
            Some(at) => format!(
                "{source}: the newest is from {}",
                words::ago(*at, digest.at)
            ),
            None => format!("{source}: there is none"),
        }
    });
    list("Without a recent snapshot", late.collect());
    let repairs = digest.repairs.iter().map(|it| literal(it, LINE_MAX));
    list("Evidence that was repaired", repairs.collect());
    let unseen = digest
        .unseen
        .iter()
        .map(|it| literal(it.as_str(), LINE_MAX));
    list("Not looked at yet, and not in the anchor", unseen.collect());
    let heads = digest.heads.iter().map(|(source, sequence, digest)| {
        let digits = digest.trim_start_matches("sha256:");
        let digits: String = digits.chars().take(DIGITS).collect();
        format!(
            "{} {sequence:08} {digits}",
            literal(source.as_str(), LINE_MAX)
        )
    });
    list("Newest record of each source", heads.collect());
    sections
}

fn anchor(digest: &Digest) -> String {
    let time = words::time(digest.at);
    format!("{time} · evidence check --anchor {}", digest.anchor)
}
