//! Columns and panels that stand on more than one page.

use crate::{
    link::RUNBOOKS,
    panel::{
        Panel,
        table::{Column, figure, label, table},
    },
    tone::SEVERITY_LABEL,
    unit::Unit,
};

/// The column of sources, each of which leads to its page; what was chosen stays so.
pub(super) fn source() -> Column {
    label("source", "Source").link(
        "Open this source",
        "/d/backup-source?${datasource:queryparam}&${owner:queryparam}&${engine:queryparam}\
         &var-source=${__data.fields.source}&${__url_time_range}",
    )
}

/// Engine, repository and owner of a source.
pub(super) fn belongs() -> [Column; 3] {
    [
        label("engine", "Engine"),
        label("repository", "Repository"),
        label("owner", "Owner"),
    ]
}

/// The alerts of these series of `ALERTS` that fire, each with its runbook.
pub(super) fn alerts(description: &'static str, firing: &str) -> Panel {
    let since = format!(
        "1000 * min by (alertname, severity, witness, source, owner, repository, receiver, drill) \
         (ALERTS_FOR_STATE and ignoring (alertstate) ({firing}))"
    );
    let runbook = format!("{RUNBOOKS}${{__data.fields.alertname}}");
    let columns = vec![
        label("alertname", "Alert").link("Open the runbook", &runbook),
        label("severity", "Severity").words(SEVERITY_LABEL),
        label("witness", "Witness"),
        source(),
        label("owner", "Owner"),
        label("repository", "Repository"),
        label("receiver", "Receiver"),
        label("drill", "Drill"),
        figure("Since", Unit::Moment, &since),
    ];
    table("Firing alerts", description, ("Severity", false), columns).sized(24, 8)
}

/// The concerns that stand, of these series of `backup:concern:owned`.
pub(super) fn concerns(description: &'static str, standing: &str) -> Panel {
    let labels = format!("max by (source, owner, concern, witness, severity) ({standing} == 1)");
    let columns = vec![
        source(),
        label("owner", "Owner"),
        label("concern", "Concern"),
        label("witness", "Witness"),
        label("severity", "Severity").words(SEVERITY_LABEL),
        crate::panel::table::rows(&labels),
    ];
    let order = ("Severity", false);
    table("Standing concerns", description, order, columns).sized(24, 8)
}
