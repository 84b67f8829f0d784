//! Files that install the dashboards: Grafana's provisioning, and `ConfigMaps` for Kubernetes.

use std::fmt::Write as _;

use crate::dashboard::Dashboard;

/// What stands at the head of every file in YAML.
const MADE: &str = "# Made from dashboards/src; do not edit. To write it anew:\n\
    #     UPDATE_DOCS=1 cargo test --workspace dashboards\n";

/// The data source, as Grafana's provisioning reads it.
pub(crate) fn data_sources() -> String {
    format!(
        "{MADE}# In your copy, set the address of your Prometheus.\n\
         apiVersion: 1\n\
         datasources:\n  \
         - name: Prometheus\n    \
         type: prometheus\n    \
         uid: prometheus\n    \
         access: proxy\n    \
         url: http://localhost:9090\n    \
         isDefault: true\n"
    )
}

/// The directory of dashboards, as Grafana's provisioning reads it.
pub(crate) fn provider() -> String {
    format!(
        "{MADE}# Put the dashboards (backup-*.json) into the directory of `path`.\n\
         apiVersion: 1\n\
         providers:\n  \
         - name: backup-witness\n    \
         folder: Backups\n    \
         type: file\n    \
         allowUiUpdates: false\n    \
         options:\n      \
         path: /var/lib/grafana/dashboards/backup-witness\n"
    )
}

/// A `ConfigMap` for each dashboard, which the sidecar of Grafana's Helm chart finds by its label.
pub(crate) fn config_maps(dashboards: &[Dashboard]) -> String {
    let mut maps = MADE.to_owned();
    for dashboard in dashboards {
        let uid = dashboard.uid;
        let _ = write!(
            maps,
            "---\n\
             apiVersion: v1\n\
             kind: ConfigMap\n\
             metadata:\n  \
             name: {uid}-dashboard\n  \
             labels:\n    \
             app.kubernetes.io/name: backup-witness\n    \
             grafana_dashboard: \"1\"\n\
             data:\n  \
             {uid}.json: |\n"
        );
        for line in crate::text(dashboard).lines() {
            let _ = writeln!(maps, "    {line}");
        }
    }
    maps
}
