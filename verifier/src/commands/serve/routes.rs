//! What is answered over HTTP, all of it from memory.

use toolkit::http::{Door, Route, service};

use super::{families::exposition_text, lifecycle::Service, page::page};

/// Every path of the program.
pub(super) fn routes(verifier: &Service, door: &Door, enable_lifecycle: bool) -> Vec<Route> {
    let (of_page, of_metrics) = (verifier.clone(), (verifier.clone(), door.clone()));
    let (of_ready, reloading) = (verifier.clone(), verifier.clone());
    vec![
        service::landing(move || page(&of_page.published().get(), of_page.clock().now())),
        service::metrics(move || {
            let (verifier, door) = &of_metrics;
            let now = verifier.clock().now();
            exposition_text(&verifier.published().get(), door.state(), now)
        }),
        service::healthy(),
        service::ready(move || {
            let not_yet = "What is due has not been looked at yet.";
            (!of_ready.published().get().is_planned()).then_some(not_yet)
        }),
        service::reload(enable_lifecycle, move || {
            let verifier = reloading.clone();
            async move { verifier.reload().await }
        }),
    ]
}
