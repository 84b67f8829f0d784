//! The files beside this crate are those that it makes, and they keep the rules of all pages.

use std::{collections::BTreeSet, fs, path::Path};

use super::*;

#[test]
fn dashboards_are_what_the_pages_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    for (path, expected) in files() {
        let file = directory.join(&path);
        if update {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &expected).unwrap();
        }
        let how = "UPDATE_DOCS=1 cargo test --workspace dashboards";
        let found = fs::read_to_string(&file).unwrap_or_default();
        assert!(found == expected, "dashboards/{path}: {how} makes it anew");
    }
}

#[test]
fn every_panel_explains_itself_and_has_a_name_of_its_own() {
    for dashboard in all() {
        let mut titles = BTreeSet::new();
        for panel in dashboard.panels() {
            let Panel {
                title, description, ..
            } = panel;
            assert!(
                titles.insert(*title),
                "{}: {title} is there twice",
                dashboard.uid
            );
            assert!(description.ends_with('.'), "{title}: a sentence");
            assert!(!panel.queries.is_empty(), "{title} asks nothing");
        }
    }
}

#[test]
fn panels_lie_side_by_side_within_the_grid() {
    for dashboard in all() {
        let json = dashboard.json();
        let mut taken = BTreeSet::new();
        for panel in json["panels"].as_array().unwrap() {
            let side = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            for x in side("x")..side("x") + side("w") {
                for y in side("y")..side("y") + side("h") {
                    assert!(x < 24 && taken.insert((x, y)), "{}", panel["title"]);
                }
            }
        }
    }
}

/// Labels of which there may be any number of values.
const MANY: [&str; 5] = ["source", "repository", "receiver", "drill", "item"];

#[test]
fn charts_of_what_there_may_be_many_of_show_the_greatest() {
    let of_many = |legend: &str| {
        MANY.iter()
            .any(|it| legend.contains(&format!("{{{{{it}}}}}")))
    };
    let queries = queries();
    let mut bounded = queries
        .iter()
        .filter(|it| of_many(&it.query.legend))
        .peekable();
    assert!(bounded.peek().is_some());
    for placed in bounded {
        let expr = &placed.query.expr;
        assert!(
            expr.contains("topk(10,") && expr.contains("@ end()"),
            "{expr}"
        );
    }
}

#[test]
fn the_choice_of_the_greatest_is_made_once_at_the_end() {
    assert_eq!(
        promql::greatest("a", "max by (a) (m{b=\"c\"}[1d] AT)"),
        "(max by (a) (m{b=\"c\"}[1d])) and on (a) topk(10, max by (a) (m{b=\"c\"}[1d] @ end()))"
    );
}
