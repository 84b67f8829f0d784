//! The page of an export: whole by itself, without script, for a printer and an archive.

use askama::Template;
use catalog::ledger::Strand;
use jiff::Timestamp;
use toolkit::words;

use super::ExportRow;
use crate::report::chain_state;

/// The page of an export.
#[derive(Debug, Template)]
#[template(path = "evidence.html")]
pub(crate) struct EvidencePage {
    tone: &'static str,
    title: String,
    detail: String,
    /// When the page was made.
    made: String,
    version: &'static str,
    chains: Vec<ChainRow>,
    rows: Vec<ExportRow>,
}

/// The chain of one name.
#[derive(Debug)]
pub(crate) struct ChainRow {
    name: String,
    records: u64,
    is_broken: bool,
    /// The first break in words, or what repairs there were.
    state: String,
    /// Number and digest of the newest record.
    head: String,
    digest: String,
}

impl ChainRow {
    /// Makes the row of a strand that is called so.
    pub(crate) fn new(name: String, strand: &Strand) -> Self {
        let chain = strand.report();
        let (head, digest) = match chain.head {
            Some(head) => (format!("{:08}", head.sequence), head.digest),
            None => ("–".into(), String::new()),
        };
        Self {
            name,
            records: chain.records,
            is_broken: chain.first_break.is_some(),
            state: chain_state(strand),
            head,
            digest,
        }
    }
}

impl ExportRow {
    /// The class of the verdict's pill.
    fn class(&self) -> &'static str {
        match self.verdict.as_str() {
            "verified" => "yes",
            "failed" => "no",
            "inconclusive" => "unknown",
            _ => "unproven",
        }
    }

    /// What the pill says: the verdict, or the kind of another record.
    fn word(&self) -> &str {
        if self.verdict.is_empty() {
            &self.kind
        } else {
            &self.verdict
        }
    }

    fn size(&self) -> String {
        let bytes = self.size_bytes.parse().map(words::size);
        bytes.unwrap_or_default()
    }

    fn recovery(&self) -> String {
        let milliseconds = self.recovery_milliseconds.parse();
        let length = milliseconds.map(|it| words::length(std::time::Duration::from_millis(it)));
        length.unwrap_or_default()
    }
}

impl EvidencePage {
    /// Returns the page as HTML; an error is a mistake of the program.
    pub(crate) fn text(&self) -> Result<String, askama::Error> {
        self.render()
    }

    /// Makes the page of these rows, of records since a time if one was asked for. `unread` records
    /// could not be read.
    pub(crate) fn new(
        chains: Vec<ChainRow>,
        rows: Vec<ExportRow>,
        unread: usize,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let of = |verdict: &str| rows.iter().filter(|it| it.verdict == verdict).count();
        let [verified, failed, unknown] = ["verified", "failed", "inconclusive"].map(of);
        let broken = chains.iter().filter(|it| it.is_broken).count();
        let title = match (verified, failed, unknown) {
            (0, 0, 0) => "Nothing was verified".to_owned(),
            _ => format!("{verified} verified, {failed} failed, {unknown} inconclusive"),
        };
        let tone = match () {
            () if broken > 0 || unread > 0 => "no",
            () if failed > 0 || unknown > 0 => "unknown",
            () if verified > 0 => "yes",
            () => "unproven",
        };
        let mut detail = match (chains.len(), broken) {
            (1, 0) => "The chain of records is unbroken.".to_owned(),
            (_, 0) => "Every chain of records is unbroken.".to_owned(),
            (all, _) => format!("{broken} of {all} chains of records broken."),
        };
        if unread > 0 {
            detail = format!("{detail} Unreadable records, not shown: {unread}.");
        }
        if let Some(since) = since {
            detail = format!("{detail} Records since {}.", words::time(since));
        }
        Self {
            tone,
            title,
            detail,
            made: words::time(now),
            version: env!("CARGO_PKG_VERSION"),
            chains,
            rows,
        }
    }
}
