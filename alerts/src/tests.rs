use std::collections::BTreeSet;

use super::{html, index, routes, runbooks};

#[test]
fn names_are_unique_and_every_runbook_begins_with_its_own() {
    let mut names = BTreeSet::new();
    for runbook in runbooks() {
        let heading = format!("# {}\n", runbook.name);
        assert!(runbook.text.starts_with(&heading), "{}", runbook.name);
        assert!(names.insert(runbook.name), "{} comes twice", runbook.name);
        assert!(index().contains(&format!("]({})", runbook.name)));
    }
    assert!(names.contains("BackupTooOld"), "{names:?}");
    // A page and a text of each, and the list.
    assert_eq!(routes("test").len(), 2 * names.len() + 1);
}

#[test]
fn links_between_files_lead_to_pages_and_others_stay() {
    for (link, expected) in [
        ("scenarios/RestoreRedis.md", "RestoreRedis"),
        ("../BackupTooOld.md", "BackupTooOld"),
        ("https://velero.io/docs.md", "https://velero.io/docs.md"),
        ("metrics", "metrics"),
    ] {
        let page = html(&format!("see [it]({link})"));
        assert_eq!(page, format!("<p>see <a href=\"{expected}\">it</a></p>\n"));
    }
}

#[test]
fn commands_and_tables_are_shown_as_such() {
    let page =
        html("# Name\n```sh\nlatest --verified > a\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n");
    for part in [
        "<h1>Name</h1>",
        "<pre><code",
        "latest --verified &gt; a",
        "<table>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn every_runbook_links_only_to_what_is_there() {
    let all = runbooks();
    let known: BTreeSet<_> = all.iter().map(|it| it.name).collect();
    for runbook in &all {
        let page = html(runbook.text);
        for link in page.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap_or_default();
            let is_known = link.contains("://") || known.contains(link);
            assert!(is_known, "{} links to {link}", runbook.name);
        }
    }
}
