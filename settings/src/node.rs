//! The located tree a document is parsed into.
//!
//! Scalars keep their text: whether `1e3` is a number is decided by whoever asks for one.

use crate::Location;

/// A value of a document and its position. Aliases and merge keys are already resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub(crate) at: Location,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `plain` is false for quoted and block scalars, which are text whatever they look like.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Keys are scalars, in the order of the file and without duplicates.
    Map(Vec<(Node, Node)>),
}

/// Value of a scalar in the core schema of YAML 1.2 (§10.3), where `yes` and `on` are text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(&'a str),
}

impl Node {
    /// Position where the value begins.
    pub fn at(&self) -> Location {
        self.at
    }

    /// The text of a scalar as it is written, without quotes; `None` for a list or mapping.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of `key`, if this is a mapping and has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// Keys and values, in the order of the file; none if this is not a mapping.
    pub fn entries(&self) -> impl Iterator<Item = (&Self, &Self)> {
        let entries: &[_] = if let Kind::Map(entries) = &self.kind {
            entries
        } else {
            &[]
        };
        entries.iter().map(|(key, value)| (key, value))
    }

    /// The items of a list; none if this is not a list.
    pub fn items(&self) -> &[Self] {
        if let Kind::List(items) = &self.kind {
            items
        } else {
            &[]
        }
    }

    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(resolve(text)),
            Kind::Scalar { text, plain: false } => Some(Scalar::Text(text)),
            _ => None,
        }
    }

    /// The value that a scalar would have without its quotes.
    pub(crate) fn unquoted(&self) -> Option<Scalar<'_>> {
        self.text().map(resolve)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    /// Words for this node in "expected …, found …".
    pub(crate) fn describe(&self) -> String {
        match (&self.kind, self.scalar()) {
            (Kind::List(_), _) => "a list".to_owned(),
            (Kind::Map(_), _) => "a mapping".to_owned(),
            (_, Some(Scalar::Null)) => "nothing".to_owned(),
            (Kind::Scalar { text, .. }, Some(Scalar::Text(_))) => quote(text),
            (Kind::Scalar { text, .. }, _) => text.clone(),
        }
    }

    /// True if `found` holds for this node or a value beneath it.
    pub(crate) fn any(&self, found: &impl Fn(&Self) -> bool) -> bool {
        found(self)
            || self.items().iter().any(|item| item.any(found))
            || self.entries().any(|(_, value)| value.any(found))
    }

    /// Two nodes: the entries of a mapping whose key is wanted, and the rest. A node that is no
    /// mapping is all rest.
    pub(crate) fn split(&self, wanted: impl Fn(&str) -> bool) -> (Self, Self) {
        let node = |kind| Self { at: self.at, kind };
        let Kind::Map(entries) = &self.kind else {
            return (node(Kind::Map(Vec::new())), self.clone());
        };
        let (own, rest) = entries
            .iter()
            .cloned()
            .partition(|(key, _)| key.text().is_some_and(&wanted));
        (node(Kind::Map(own)), node(Kind::Map(rest)))
    }

    /// This node, completed by the keys of `defaults` that it lacks; mappings within likewise.
    pub(crate) fn or(&self, defaults: &Self) -> Self {
        let (Kind::Map(own), Kind::Map(others)) = (&self.kind, &defaults.kind) else {
            return self.clone();
        };
        let joined = own.iter().map(|(key, value)| {
            let default = defaults.get(key.text().unwrap_or_default());
            (
                key.clone(),
                default.map_or_else(|| value.clone(), |default| value.or(default)),
            )
        });
        let lacks = |(key, _): &&(Self, Self)| key.text().and_then(|key| self.get(key)).is_none();
        let kind = Kind::Map(joined.chain(others.iter().filter(lacks).cloned()).collect());
        Self { at: self.at, kind }
    }
}

/// Text in quotes, cut after 60 characters.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("\"{cut}{more}\"")
}

fn resolve(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    if let Some(integer) = integer(text) {
        return Scalar::Integer(integer);
    }
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let pointed = text.contains(['.', 'e', 'E']) && !text.contains(['n', 'N']);
    match text.parse() {
        Ok(float) if numeric && pointed => Scalar::Float(float),
        _ => Scalar::Text(text),
    }
}

/// A leading zero is refused: `010` is eight to YAML 1.1 tools and ten to others.
fn integer(text: &str) -> Option<i128> {
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return i128::from_str_radix(hexadecimal, 16).ok();
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let ambiguous = digits.len() > 1 && digits.starts_with('0');
    if decimal && !ambiguous {
        text.parse().ok()
    } else {
        None
    }
}
