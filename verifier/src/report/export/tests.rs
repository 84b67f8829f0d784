use catalog::ledger::{Break, BrokenBy};
use catalog::ledger::{
    Ledger, Reason,
    fixtures::{acceptance, at, cache, checkpoint, repair, sealed, verification},
};

use super::*;

const EVIL: &str = "=HYPERLINK(\"https://a.example\")<script>x</script>, \"quoted\"";

/// A record of each kind; people wrote what is not harmless.
fn drafts() -> Vec<Draft> {
    let mut run = verification(at("01:00:00"), None);
    run.by = "@host".into();
    let failed = verification(at("02:00:00"), Some(Reason::Damaged));
    let Draft::Acceptance(mut act) = acceptance(at("02:00:00"), 7) else {
        unreachable!("it is one");
    };
    act.message = EVIL.into();
    let broken = Break {
        sequence: 9,
        what: BrokenBy::Missing,
        found: None,
    };
    vec![
        Draft::Verification(Box::new(run)),
        Draft::Verification(Box::new(failed)),
        Draft::Acceptance(act),
        repair(&broken),
        checkpoint(0, "sha256:0"),
    ]
}

/// The rows of these drafts, and the ledger that they are in.
fn exported(drafts: Vec<Draft>) -> (Vec<ExportRow>, Ledger) {
    let mut ledger = Ledger::new(cache());
    let mut rows = Vec::new();
    for (sequence, text) in (1..).zip(sealed(drafts)) {
        ledger.take(sequence, Ok(&text));
        rows.push(ExportRow::new(&cache(), &Record::parse(&text).unwrap()));
    }
    (rows, ledger)
}

fn page(drafts: Vec<Draft>, since: Option<Timestamp>) -> String {
    let (rows, ledger) = exported(drafts);
    let chains = ledger.strands();
    let chains = chains.map(|it| ChainRow::new(it.name().to_string(), it));
    let page = EvidencePage::new(chains.collect(), rows, 0, since, at("23:00:00"));
    let version = format!("backup-verifier {}", env!("CARGO_PKG_VERSION"));
    page.text()
        .unwrap()
        .replace(&version, "backup-verifier VERSION")
}

#[test]
fn a_line_of_csv_for_each_record() {
    let (rows, _) = exported(drafts());
    let lines = rows.iter().map(ExportRow::csv);
    let text: Vec<u8> = [csv_header()].into_iter().chain(lines).flatten().collect();
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with("\r\n"), "{text}");
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn a_cell_that_looks_like_a_formula_is_text() {
    for (cell, expected) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@a", "'@a"),
        ("\t=1", "'\t=1"),
        ("a=1", "a=1"),
        ("", ""),
    ] {
        assert_eq!(harmless(cell), expected);
    }
}

#[test]
fn the_page_is_whole_and_runs_nothing() {
    let page = page(drafts(), Some(at("00:00:00")));
    for absent in [
        "<script",
        "http://",
        "https://a.example\")<",
        "src=",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(absent), "{absent}: {page}");
    }
    let body = page.split_once("<body>").unwrap().1;
    insta::assert_snapshot!(body);
}

#[test]
fn the_page_of_no_records_says_so() {
    let page = page(Vec::new(), None);
    assert!(page.contains("Nothing was verified"), "{page}");
    assert!(page.contains("There is none."), "{page}");
}

#[test]
fn a_broken_chain_is_the_first_thing_to_see() {
    let mut ledger = Ledger::new(cache());
    ledger.take(1, Ok("{}"));
    let strand = ledger.strands().next().unwrap();
    let chains = vec![ChainRow::new("cache".into(), strand)];
    let page = EvidencePage::new(chains, Vec::new(), 1, None, at("23:00:00"));
    let page = page.text().unwrap();
    assert!(page.contains("<h1 class=\"no\">"), "{page}");
    assert!(page.contains("1 of 1 chains of records broken."), "{page}");
    assert!(page.contains("Unreadable records, not shown: 1."), "{page}");
}
