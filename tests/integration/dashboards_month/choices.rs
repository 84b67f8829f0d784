//! What people can choose in a dashboard, and how Grafana puts it into queries.

use std::collections::BTreeMap;

use tests::{month::END, month::LENGTH, prometheus_server::PrometheusServer};

use super::boards::{Board, Variable};

/// A value of each variable, by its name.
pub(super) type Choice = BTreeMap<String, String>;

/// Choices of one kind, of which one at least has an answer to every query.
#[derive(Debug)]
pub(super) struct Choices {
    /// In words.
    pub(super) what: String,
    pub(super) each: Vec<Choice>,
}

/// Choices of a dashboard: All wherever it can be chosen, and for each variable each single value
/// of it. Where All cannot be chosen, each value is.
pub(super) async fn of(server: &PrometheusServer, board: &Board) -> Vec<Choices> {
    let mut kinds = vec![Choices {
        what: "All".into(),
        each: each(server, board, None).await,
    }];
    for single in board.variables.iter().filter(|it| it.all.is_some()) {
        kinds.push(Choices {
            what: format!("one {}", single.name),
            each: each(server, board, Some(&single.name)).await,
        });
    }
    kinds
}

async fn each(server: &PrometheusServer, board: &Board, single: Option<&str>) -> Vec<Choice> {
    let mut choices = vec![Choice::new()];
    for variable in &board.variables {
        let mut further = Vec::new();
        for choice in choices {
            let values = match &variable.all {
                Some(all) if single != Some(&variable.name) => vec![all.clone()],
                _ => values(server, variable, &choice).await,
            };
            further.extend(values.into_iter().map(|value| {
                let chosen = (variable.name.clone(), value);
                choice.clone().into_iter().chain([chosen]).collect()
            }));
        }
        choices = further;
    }
    choices
}

/// Values of a variable, after what is chosen of those before it.
async fn values(server: &PrometheusServer, variable: &Variable, before: &Choice) -> Vec<String> {
    if !variable.is_asked {
        return vec![variable.query.clone()];
    }
    let query = substituted(&variable.query, before);
    let asked = query
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(')'));
    let (series, label) = asked.unwrap().rsplit_once(',').unwrap();
    let path = format!("label/{}/values", label.trim());
    let [begin, end] = [END - LENGTH, END].map(|it| it.as_second().to_string());
    let asked = [("match[]", series), ("start", &begin), ("end", &end)];
    let answer = server.ask(&path, &asked).await.unwrap();
    let values: Vec<String> = serde_json::from_value(answer).unwrap();
    assert!(!values.is_empty(), "{query}");
    values
}

/// The expression with its `$name` and `${name}` replaced.
pub(super) fn substituted(expr: &str, choice: &Choice) -> String {
    // Longer names first: one may begin as another does.
    let mut names: Vec<_> = choice.iter().collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let replaced = names
        .into_iter()
        .fold(expr.to_owned(), |text, (name, value)| {
            let text = text.replace(&format!("${{{name}}}"), value);
            text.replace(&format!("${name}"), value)
        });
    assert!(
        !replaced.contains('$') || replaced.contains("\"$1\""),
        "{replaced}"
    );
    replaced
}
