//! Parts of the product together, and against what others wrote.

#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs and look at the clock"
)]

mod alerts;
mod dashboards;
mod dashboards_month;
mod exporter;
mod exposition;
mod inspector_corpus;
mod inspector_differential;
mod inspector_servers;
mod laws;
mod neo4j_corpus;
mod neo4j_damage;
mod neo4j_kinds;
