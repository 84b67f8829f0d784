//! The dashboards against the rest of the product: metrics, recordings, runbooks.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be read ends the test there"
)]

mod answers;

use std::collections::{BTreeMap, BTreeSet};

use dashboards::{all, files, queries};
use serde::Deserialize;
use serde_json::Value;

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

/// A document of `configmaps.yaml`.
#[derive(Debug, Deserialize)]
struct ConfigMap {
    kind: String,
    metadata: Metadata,
    data: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    labels: BTreeMap<String, String>,
}

#[test]
fn files_that_install_the_dashboards_are_yaml_with_the_same_dashboards() {
    let files: BTreeMap<_, _> = files().into_iter().collect();
    let maps = serde_saphyr::from_multiple::<ConfigMap>(&files["configmaps.yaml"]).unwrap();
    assert_eq!(maps.len(), all().len());
    for (map, page) in maps.into_iter().zip(all()) {
        assert_eq!(map.kind, "ConfigMap");
        assert_eq!(map.metadata.labels["grafana_dashboard"], "1");
        let text = &map.data[&format!("{}.json", page.uid)];
        assert_eq!(serde_json::from_str::<Value>(text).unwrap(), page.json());
    }
    for (file, list) in [("dashboards", "providers"), ("datasources", "datasources")] {
        let text = &files[&format!("provisioning/{file}.yaml")];
        let read: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(read["apiVersion"], 1);
        assert_eq!(read[list].as_array().unwrap().len(), 1);
    }
}
