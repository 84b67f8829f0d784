//! The error that serde carries upwards; the first value it passes is its place.

use std::fmt::{self, Display};

use serde::de::{Expected, Unexpected};

use crate::Place;
use crate::node::{Node, quote};
use crate::place::Path;
use crate::suggest::did_you_mean;

/// An error, placed as soon as it passes the value that caused it.
#[derive(Debug)]
pub(crate) struct Error {
    pub(super) message: String,
    pub(super) fault: Fault,
    pub(super) place: Option<Place>,
    /// The node that the next reading leaves out.
    pub(super) node: NodeId,
    /// The scalar at fault, which the message may quote.
    pub(super) text: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// The value is wrong.
    Value,
    /// A struct lacks this key.
    Missing(&'static str),
    /// The value invented for this missing key did not fit.
    Invented(&'static str),
}

/// Identity of a node: its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(usize);

impl NodeId {
    pub(super) fn of(node: &Node) -> Self {
        Self(std::ptr::from_ref(node).addr())
    }
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            message,
            fault: Fault::Value,
            place: None,
            node: NodeId(0),
            text: None,
        }
    }

    /// Places the error at this value, unless it happened further down.
    pub(super) fn at(mut self, node: &Node, path: &Path<'_>) -> Self {
        if self.place.is_none() {
            self.place = Some(Place {
                at: node.at,
                path: path.to_string(),
            });
            self.node = NodeId::of(node);
            self.text = node.text().map(str::to_owned);
        }
        self
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl serde::de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {}", describe(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let list = expected.join(", ");
        let hint = did_you_mean(variant, expected.iter().copied())
            .map(|guess| format!("\nhint: Did you mean {guess}?"));
        let variant = quote(variant);
        Self::new(format!(
            "{variant} is not one of {list}{}",
            hint.unwrap_or_default()
        ))
    }

    /// Called only for a mapping that is not read by `deserialize_struct`, which finds unknown keys
    /// itself.
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!(
            "unknown key\nhint: {}",
            known_keys(field, expected)
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        let fault = Fault::Missing(field);
        Self {
            fault,
            ..Self::new(format!("the key {field} is missing"))
        }
    }
}

/// Hint for a `key` that is not among the `known` ones.
pub(super) fn known_keys(key: &str, known: &[&str]) -> String {
    let mut known = known.to_vec();
    known.sort_unstable();
    let list = if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    };
    match did_you_mean(key, known) {
        Some(guess) => format!("Did you mean {guess}? Known keys: {list}."),
        None => format!("Known keys: {list}; x-{key} would be ignored."),
    }
}

fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Str(text) => quote(text),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}
