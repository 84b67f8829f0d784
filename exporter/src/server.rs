//! What is answered over HTTP, all of it from memory.

use toolkit::{
    clock::Clock,
    exposition,
    http::{Door, DoorState, Route, service},
};

use crate::{
    families::{door_families, families},
    lifecycle::Exporter,
    page::page,
    state::State,
};

/// Every path of the program.
pub fn routes(exporter: &Exporter, door: &Door, enable_lifecycle: bool) -> Vec<Route> {
    let (clock, published) = (exporter.clock().clone(), exporter.published());
    let of_page = (published.clone(), clock.clone());
    let of_metrics = (published.clone(), clock, door.clone());
    let reloading = exporter.clone();
    vec![
        service::landing(move || {
            let (published, clock) = &of_page;
            page(&published.get(), clock.now())
        }),
        service::metrics(move || {
            let (published, clock, door) = &of_metrics;
            exposition_text(&published.get(), clock, door.state())
        }),
        service::healthy(),
        service::ready(move || {
            let not_yet = "The first survey has not ended yet.";
            (!published.get().is_ready()).then_some(not_yet)
        }),
        service::reload(enable_lifecycle, move || {
            let exporter = reloading.clone();
            async move { exporter.reload().await }
        }),
    ]
}

/// Everything at `/metrics`; an error is a mistake of the program.
pub fn exposition_text(
    state: &State,
    clock: &Clock,
    door: Option<DoorState>,
) -> Result<String, exposition::ExpositionError> {
    let mut all = families(state, clock.now());
    all.extend(door.map(door_families).unwrap_or_default());
    all.extend(exposition::process());
    exposition::render(all)
}
