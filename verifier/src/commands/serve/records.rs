//! The records of one source, as a page and for programs.
//!
//! They are those that the last look read: nothing is asked of the store. No key of an object is
//! ever in an answer.

use catalog::{
    ledger::{Draft, Ledger, Record},
    model::SourceName,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use toolkit::http::{Response, Route, StatusCode};

use super::api::run;
use crate::{
    report::{ChainRow, EvidencePage, ExportRow, printable},
    scheduler::{State, Verifier},
};

/// Most records that are told, the newest ones.
const TOLD_MAX: usize = 1_000;

/// The routes of this verifier.
pub(super) fn routes(verifier: &Verifier) -> Vec<Route> {
    let (of_page, of_json) = (verifier.clone(), verifier.clone());
    vec![
        Route::get_of("/records", move |query| {
            let state = of_page.published().get();
            found(&state, query, |ledger| page(ledger, of_page.clock().now()))
        }),
        Route::get_of("/api/v1/records", move |query| {
            let state = of_json.published().get();
            found(&state, query, |ledger| {
                Response::json(StatusCode::OK, &listed(ledger))
            })
        }),
    ]
}

fn found(state: &State, query: &str, answer: impl FnOnce(&Ledger) -> Response) -> Response {
    let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
    let name = pairs.find(|(key, _)| *key == "source");
    let name = name.and_then(|(_, name)| SourceName::new(name).ok());
    let known = name.and_then(|name| state.sources.get(&name));
    let ledger = known.and_then(|it| it.ledger.as_deref());
    let told = "No records are known: name a source that expects a proof, as ?source=NAME; before \
                its first look none are.";
    ledger.map_or_else(|| Response::text(StatusCode::NOT_FOUND, told), answer)
}

/// Records with the names they lie below, the newest first.
fn newest(ledger: &Ledger) -> impl Iterator<Item = (&SourceName, &Record)> {
    let newest_first = ledger.records().rev().take(TOLD_MAX);
    newest_first.map(|it| (it.draft.source().unwrap_or(ledger.source()), it))
}

fn page(ledger: &Ledger, now: Timestamp) -> Response {
    let chains = ledger.strands();
    let chains = chains.map(|it| ChainRow::new(it.name().to_string(), it));
    let rows = newest(ledger).map(|(name, it)| ExportRow::new(name, it).without_objects());
    let page = EvidencePage::new(chains.collect(), rows.collect(), 0, None, now);
    match page.text() {
        Ok(text) => Response::ok("text/html; charset=utf-8", text),
        Err(error) => Response::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("The page could not be made: {error}"),
        ),
    }
}

fn listed(ledger: &Ledger) -> Value {
    let records = newest(ledger).map(|(name, record)| {
        let ended_at = record.ended_at().map(|it| it.to_string());
        let mut told = match &record.draft {
            Draft::Verification(it) => run(it),
            Draft::Acceptance(_) => json!({ "kind": "acceptance", "ended_at": ended_at }),
            Draft::Checkpoint(_) => json!({ "kind": "checkpoint", "ended_at": ended_at }),
            Draft::Repair(_) => json!({ "kind": "repair", "ended_at": ended_at }),
            Draft::Unknown { kind, .. } => {
                json!({ "kind": printable(kind), "ended_at": ended_at })
            }
        };
        told["name"] = json!(name.as_str());
        told["sequence"] = json!(record.sequence);
        told["digest"] = json!(record.digest);
        told
    });
    json!({ "schema": 1, "records": records.collect::<Vec<_>>() })
}
