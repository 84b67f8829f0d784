//! A drill in Slack's words.

use catalog::ledger::Verdict;
use toolkit::words;

use super::{
    facts::Facts,
    markup::{SECTION_MAX, listed, literal},
};
use crate::{
    notify::drill::{DrillNews, is_well},
    report::sign,
};

/// Widest line of a list.
const LINE_MAX: usize = 500;

/// The facts of what became of a drill.
pub(super) fn facts(news: &DrillNews) -> Facts {
    match news {
        DrillNews::Made {
            drill,
            outcome,
            brief,
            kept,
        } => {
            let sign = match outcome.result {
                Verdict::Verified if !is_well(outcome) => '!',
                result => sign(result),
            };
            let fields = brief.facts.iter();
            let fields = fields.map(|(label, value)| (*label, literal(value, LINE_MAX)));
            let mut sections = vec![list("Sources", &brief.sources)];
            if !brief.deviations.is_empty() {
                sections.push(list("Deviations", &brief.deviations));
            }
            let kept = match kept {
                Ok(path) => format!("the report is {}", literal(path, LINE_MAX)),
                Err(why) => format!("*no report was written:* {}", literal(why, LINE_MAX)),
            };
            Facts {
                title: format!("{sign} Drill {drill}: {}", brief.summary),
                mention: None,
                fields: fields.collect(),
                sections,
                context: format!("{} · {kept}", words::time(outcome.ended_at)),
            }
        }
        DrillNews::Missed {
            drill,
            slot,
            why,
            since,
        } => Facts {
            title: format!("✘ Drill {drill}: not carried out"),
            mention: None,
            fields: vec![("slot", words::time(*slot))],
            sections: vec![literal(&why.replace("\nhint: ", " hint: "), SECTION_MAX)],
            context: format!(
                "{} · it is tried again until its next slot",
                words::time(*since)
            ),
        },
    }
}

fn list(caption: &str, lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|it| literal(it, LINE_MAX)).collect();
    let lines = listed(&lines, "\n", SECTION_MAX - LINE_MAX);
    format!("*{caption}*\n{lines}")
}
