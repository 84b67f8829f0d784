// The check of dashboards/*.json against Grafana's published schema; scripts/audit runs it.
module backup-witness/dashboards/schema

go 1.24

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
