//! Parses a rule as `ParseStandard` of robfig/cron v3 does: zone prefix, descriptors, five fields.

use jiff::tz::TimeZone;

use super::error::{Field, ScheduleError};
use super::table::Table;
use super::{Rule, every};

pub(super) fn rule(text: &str, zone: &TimeZone) -> Result<Rule, ScheduleError> {
    let (zone, expression) = split_zone(text, zone)?;
    let expression = expression.trim();
    if expression.is_empty() {
        return Err(ScheduleError::Empty);
    }
    if let Some(interval) = expression.strip_prefix("@every ") {
        return every::parse(text, interval).map(Rule::Every);
    }
    let expression = match expression {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        "@every" => {
            return Err(ScheduleError::Every {
                text: text.to_owned(),
            });
        }
        _ if expression.starts_with('@') => {
            return Err(ScheduleError::Descriptor {
                text: text.to_owned(),
            });
        }
        fields => fields,
    };
    let table = table(text, expression)?;
    Ok(Rule::Table {
        table: Box::new(table),
        zone,
    })
}

fn table(text: &str, expression: &str) -> Result<Table, ScheduleError> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let &[minute, hour, day_of_month, month, day_of_week] = fields.as_slice() else {
        return Err(ScheduleError::Fields {
            text: text.to_owned(),
            found: fields.len(),
        });
    };
    let read = |field: Field, written: &str| {
        let said = |fault| ScheduleError::Field {
            text: text.to_owned(),
            field,
            fault,
        };
        field.read(written).map_err(said)
    };
    let table = Table {
        minute: read(Field::Minute, minute)?.values,
        hour: read(Field::Hour, hour)?.values,
        day_of_month: read(Field::DayOfMonth, day_of_month)?,
        month: read(Field::Month, month)?.values,
        day_of_week: read(Field::DayOfWeek, day_of_week)?,
    };
    if table.ever_comes() {
        Ok(table)
    } else {
        Err(ScheduleError::Never {
            text: text.to_owned(),
        })
    }
}

/// Splits a leading zone off the text, as Kubernetes allowed before `spec.timeZone`.
fn split_zone<'a>(text: &'a str, zone: &TimeZone) -> Result<(TimeZone, &'a str), ScheduleError> {
    let prefixed = text
        .strip_prefix("CRON_TZ=")
        .or_else(|| text.strip_prefix("TZ="));
    let Some(prefixed) = prefixed else {
        return Ok((zone.clone(), text));
    };
    let (name, expression) = prefixed.split_once(' ').unwrap_or((prefixed, ""));
    let zone = TimeZone::get(name);
    let zone = zone.map_err(|_| ScheduleError::TimeZone {
        zone: name.to_owned(),
    })?;
    Ok((zone, expression))
}
