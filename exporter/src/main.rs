//! exporter
fn main() {}
