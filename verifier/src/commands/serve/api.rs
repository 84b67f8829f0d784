//! The paths for programs: what is known as JSON, and a verification by request.
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/v1/status` | queue, runs under way, how each source stands |
//! | `POST /api/v1/verifications` `{"source": …, "snapshot": …}` | 202 with the id of the run |
//! | the same, while one of the source is under way | 409 |
//! | the same, without a password or client certificate | 403 |
//!
//! No key of an object is ever in an answer.

use bytes::Bytes;
use catalog::{
    ledger::Verification,
    model::{DrillName, SourceName},
};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use toolkit::http::{Caller, Response, Route, StatusCode};

use crate::{
    notify::drill::DrillNews,
    plan::{plan, prospect},
    report::printable,
    scheduler::{AskRefusal, DrillState, SourceState, State, Verifier},
    select::Wanted,
};

/// What is to be verified.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    source: SourceName,
    /// A key or the id of a snapshot; the newest complete one by default.
    snapshot: Option<String>,
}

const FORBIDDEN: &str = "A verification is for those who authenticate: give --web.config.file users \
                         or client certificates.";

/// The routes of this verifier.
pub(super) fn routes(verifier: &Verifier) -> Vec<Route> {
    let (of_status, of_asks) = (verifier.clone(), verifier.clone());
    vec![
        Route::get("/api/v1/status", move || {
            let state = of_status.published().get();
            Response::json(StatusCode::OK, &status(&state, of_status.clock().now()))
        }),
        Route::post_json(
            "/api/v1/verifications",
            move |caller: Caller, body: Bytes| {
                let verifier = of_asks.clone();
                async move {
                    if !caller.authenticated {
                        return Response::text(StatusCode::FORBIDDEN, FORBIDDEN);
                    }
                    answer(&verifier, &body).await
                }
            },
        ),
    ]
}

async fn answer(verifier: &Verifier, body: &[u8]) -> Response {
    let asked: Asked = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => {
            let sentence =
                format!("The body is not {{\"source\": NAME, \"snapshot\": KEY}}: {error}");
            return Response::text(StatusCode::BAD_REQUEST, &sentence);
        }
    };
    let wanted = asked.snapshot.map_or(Wanted::Newest, Wanted::Named);
    match verifier.ask(asked.source, wanted).await {
        Ok(run) => Response::json(StatusCode::ACCEPTED, &json!({ "run": run.0 })),
        Err(why) => Response::text(code(&why), &why.to_string()),
    }
}

const fn code(why: &AskRefusal) -> StatusCode {
    match why {
        AskRefusal::Unknown | AskRefusal::NoSnapshot(_) => StatusCode::NOT_FOUND,
        AskRefusal::Runs => StatusCode::CONFLICT,
        AskRefusal::NotYet | AskRefusal::Ends => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Everything that the page shows, for programs.
fn status(state: &State, now: Timestamp) -> Value {
    let sources = state.provable().map(|(source, known)| {
        let situation = known.situation(now);
        let due_at = situation.and_then(|it| prospect(source, &it, &state.tool).at);
        let why = situation.map(|it| plan(source, &it).why);
        let running = state.running.get(&source.name);
        json!({
            "source": source.name.as_str(),
            "engine": source.format.engine().as_str(),
            "owner": source.owner,
            "running": running.map(|it| json!({
                "trigger": it.trigger,
                "began_at": it.began_at.to_string(),
                "stage": it.progress.get().stage,
            })),
            "waiting": state.waiting.contains(&source.name),
            "due_at": due_at.map(|it| it.to_string()),
            "why": why,
            "records": records(known),
            "last": known.recorded(now).map(run),
            "failed": known.failure().map(|(verification, log)| {
                let mut failed = run(verification);
                failed["log"] = json!(log);
                failed
            }),
            "unrecorded": known.lost.as_ref().and_then(|it| it.verification.as_deref()).map(run),
        })
    });
    json!({
        "schema": 1,
        "at": now.to_string(),
        "turned_at": state.turned_at.map(|it| it.to_string()),
        "sources": sources.collect::<Vec<_>>(),
        "drills": state.drills.iter().map(drill).collect::<Vec<_>>(),
    })
}

/// A drill with a schedule: what became of its last slot, and its next one.
fn drill((name, known): (&DrillName, &DrillState)) -> Value {
    let last = known.news.as_deref().map(|news| match news {
        DrillNews::Made { outcome, kept, .. } => json!({
            "began_at": outcome.began_at.to_string(),
            "result": outcome.result,
            "within": outcome.within,
            "wall_milliseconds": outcome.wall_milliseconds,
            "report": kept.as_ref().ok(),
        }),
        DrillNews::Missed { slot, why, .. } => json!({
            "slot": slot.to_string(),
            "why": printable(why),
        }),
    });
    json!({
        "drill": name.as_str(),
        "running_since": known.running_since.map(|it| it.to_string()),
        "next_at": known.next_at.map(|it| it.to_string()),
        "last": last,
    })
}

fn records(known: &SourceState) -> Value {
    let report = known.ledger.as_ref().map(|it| it.report());
    json!(report.map(|it| json!({
        "count": it.records,
        "head": it.head.map(|head| json!({ "sequence": head.sequence, "digest": head.digest })),
        "intact": it.first_break.is_none(),
    })))
}

/// A verification without what names objects.
pub(super) fn run(run: &Verification) -> Value {
    json!({
        "id": run.id,
        "trigger": run.trigger,
        "began_at": run.began_at.to_string(),
        "ended_at": run.ended_at.to_string(),
        "recovery_point": run.snapshot.taken_at.to_string(),
        "verdict": run.verdict,
        "reason": run.reason,
        "recovery_milliseconds": run.recovery_milliseconds,
        "items": run.items,
        "findings": run.findings.iter().map(|it| json!({
            "check": it.check,
            "outcome": it.outcome,
            "message": printable(&it.message),
        })).collect::<Vec<_>>(),
    })
}
