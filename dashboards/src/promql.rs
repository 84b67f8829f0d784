//! Parts of expressions that several pages share.

/// The sources that are not chosen: an alert or an object of one of them is left out, and what
/// belongs to no source is kept.
pub(crate) const OTHERS: &str = "(backup:source:info unless \
    backup:source:info{owner=~\"$owner\",engine=~\"$engine\"})";

/// The alerts of ours that fire, without the watchdog, which always does.
pub(crate) const FIRING: &str =
    "ALERTS{alertname=~\"Backup.+\",alertname!=\"BackupWatchdog\",alertstate=\"firing\"}";

/// How many series a chart shows at most.
pub(crate) const MOST_SERIES: usize = 10;

/// The sources' values of an expression, those of the chosen owners and engines only.
pub(crate) fn chosen(expr: &str) -> String {
    format!("({expr}) and on (source) backup:source:info{{owner=~\"$owner\",engine=~\"$engine\"}}")
}

/// A count that is 0 where nothing is counted.
pub(crate) fn count(expr: &str) -> String {
    format!("count({expr}) or vector(0)")
}

/// The series that are greatest at the end of the time that is shown, by this label. A selector of
/// the expression that ends with ` AT` is read there, for the choice.
///
/// `topk` alone would choose anew at every step, and show more series than it says.
pub(crate) fn greatest(by: &str, expr: &str) -> String {
    let (series, at_end) = (each_time(expr), expr.replace(" AT", " @ end()"));
    format!("({series}) and on ({by}) topk({MOST_SERIES}, {at_end})")
}

/// The expression without the marks that [`greatest`] reads.
pub(crate) fn each_time(expr: &str) -> String {
    expr.replace(" AT", "")
}

/// A metric of the source that is shown, with what it was under the former names of the source.
///
/// `by` are the labels that tell its series apart: `by (state)`, or nothing.
pub(crate) fn history(by: &str, metric: &str, matchers: &str) -> String {
    let former = "last_over_time(backup_source_formerly_info{source=\"$source\"}[1d] @ end())";
    let own = format!("{metric}{{source=\"$source\"{matchers}}}");
    let every = metric.to_owned() + &selector(matchers);
    format!(
        "max {by} ({own}) or max {by} (label_replace({every}, \"formerly\", \"$1\", \"source\", \
         \"(.+)\") and on (formerly) {former})"
    )
}

fn selector(matchers: &str) -> String {
    match matchers.strip_prefix(',') {
        Some(matchers) => format!("{{{matchers}}}"),
        None => String::new(),
    }
}
