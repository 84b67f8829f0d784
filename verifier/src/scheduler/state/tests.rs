//! What a reload leaves.

use std::path::Path;

use catalog::{config::load, ledger::fixtures};

use super::*;

fn config(repository: &str) -> Arc<Config> {
    let text = format!(
        "schema: 1\nrepositories: [{{ name: {repository}, directory: /backups }}]\n\
         evidence: {{ repository: {{ directory: /evidence }} }}\nsources:\n  - name: cache\n    \
         engine: redis\n    repository: {repository}\n    path: \"%Y%m%d.rdb\"\n"
    );
    let loaded = load(Path::new("backups.yaml"), &text);
    Arc::new(loaded.expect("a configuration").config)
}

#[test]
fn who_was_ready_stays_so_through_reloads() {
    let (before, now) = (config("local"), fixtures::at("05:00:00"));
    let tool = ToolRecord::clone(&fixtures::verification(now, None).tool);
    let mut state = State::new(&before, tool.clone(), now);
    assert!(!state.is_planned());
    assert!(!state.under(&before, tool.clone(), now).is_planned());
    let planned = Planning {
        at: now,
        succeeded: true,
    };
    state.plans.values_mut().for_each(|it| *it = Some(planned));
    let same = state.under(&before, tool.clone(), now);
    assert!(same.is_planned());
    assert_eq!(same.plans, state.plans);
    let other = state.under(&config("other"), tool.clone(), now);
    assert!(other.is_planned() && other.under(&before, tool, now).is_planned());
    assert!(other.plans.values().all(Option::is_none));
}
