//! The dashboards against the rest of the product: metrics, recordings, runbooks.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be read ends the test there"
)]

use std::collections::BTreeSet;

use dashboards::{all, queries};

use super::alerts::rules::{RUNBOOKS, known_names, names_in};

#[test]
fn dashboards_name_only_metrics_and_recordings_that_exist() {
    let known = known_names();
    let queries = queries();
    let asked = queries.iter().map(|placed| placed.query.expr.as_str());
    let pages = all();
    let variables = pages.iter().flat_map(|page| &page.variables);
    let asked = asked.chain(variables.filter_map(|variable| variable.query()));
    let mut named = BTreeSet::new();
    for expr in asked {
        for name in names_in(expr) {
            assert!(known.contains(name), "{name} in {expr}");
            named.insert(name);
        }
    }
    assert!(named.len() > 50, "{named:?}");
}

#[test]
fn links_lead_to_runbooks_where_those_of_the_alerts_are() {
    for page in all() {
        let (uid, text) = (page.uid, page.json().to_string());
        assert!(text.contains(RUNBOOKS), "{uid}");
        let addresses = text.split("https://").skip(1);
        for address in addresses {
            let runbooks = RUNBOOKS.trim_start_matches("https://");
            assert!(address.starts_with(runbooks), "{uid}: {address:.40}");
        }
    }
}
