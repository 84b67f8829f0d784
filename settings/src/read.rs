//! Reads a type out of a located tree and finds every error on the way.
//!
//! Serde stops at the first error. So the tree is read again and again, each time without what was
//! wrong before; what is wrong only because of that is not reported.

mod access;
mod deserializer;
mod error;
mod placeholder;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;

use self::deserializer::Reader;
pub(crate) use self::deserializer::{LOCATED, ONE_OR_MANY, SECTION, SWITCH};
use self::error::{Error, Fault, known_keys};
use self::placeholder::{Placeholder, TEXTS};
use crate::Place;
use crate::node::{Node, quote};
use crate::place::Path;
use crate::problem::{Problems, REDACTED};
use crate::suggest::did_you_mean;

const ERRORS_MAX: usize = 50;
/// Each error may cost further readings: to find that its parent fails without it, or to find an
/// invented value that fits.
const READINGS_MAX: usize = 8 * ERRORS_MAX;

/// What the readings so far have taught. Nodes are known by their address: the tree does not
/// change while it is read.
#[derive(Debug, Default)]
struct State {
    /// Found wrong, and not offered to serde again.
    pruned: RefCell<HashSet<NodeId>>,
    /// Under unknown keys that are only worth a warning; not offered either.
    tolerated: RefCell<HashSet<NodeId>>,
    tolerant: bool,
    /// Of a mapping, the keys that serde asked for in vain; offered with invented values, so that
    /// the next missing key is found too.
    missing: RefCell<HashMap<NodeId, Vec<Placeholder>>>,
    unknown: RefCell<Vec<Unknown>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NodeId(usize);

/// A key that a struct does not have.
#[derive(Debug)]
struct Unknown {
    place: Place,
    key: String,
    known: &'static [&'static str],
}

thread_local! {
    /// Hands a place or a section over to the `Deserialize` of [`Located`](crate::Located) and
    /// [`Section`](crate::Section), which serde's data model has no room for. It is filled and
    /// emptied within one call.
    pub(crate) static HANDED: Cell<Option<Handed>> = const { Cell::new(None) };
}

#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) node: Node,
    pub(crate) path: String,
}

/// Gives nothing only if `problems` then has an error.
pub(crate) fn read<T: DeserializeOwned>(
    root: &Node,
    path: &str,
    problems: &mut Problems,
) -> Option<T> {
    let state = State {
        tolerant: problems.tolerates_unknown_keys(),
        ..State::default()
    };
    let value = read_again_and_again(root, path, &state, problems);
    if value.is_none() && !problems.has_errors() {
        let place = Place {
            at: root.at,
            path: path.to_owned(),
        };
        problems.error(&place, "this cannot be read");
    }
    value
}

fn read_again_and_again<T: DeserializeOwned>(
    root: &Node,
    path: &str,
    state: &State,
    problems: &mut Problems,
) -> Option<T> {
    let mut errors = 0;
    for _ in 0..READINGS_MAX {
        let outcome = T::deserialize(Reader {
            node: root,
            path: Path::Start(path),
            state,
        });
        for unknown in state.unknown.take() {
            let hint = known_keys(&unknown.key, unknown.known);
            problems.unknown_key(&unknown.place, "unknown key", hint);
        }
        let failed = match outcome {
            Ok(value) if state.missing.borrow().is_empty() => return Some(value),
            // Only invented values made it whole.
            Ok(_) => state.missing.take().into_keys().collect::<Vec<_>>(),
            Err(error) => {
                let known = state.explains(root, &error);
                if !known && errors < ERRORS_MAX {
                    errors += 1;
                    let whole = Place {
                        at: root.at,
                        path: path.to_string(),
                    };
                    report(&error, whole, problems);
                }
                state.learn(&error, known)
            }
        };
        if failed.contains(&NodeId::of(root)) {
            return None;
        }
        state.pruned.borrow_mut().extend(failed);
    }
    None
}

impl NodeId {
    fn of(node: &Node) -> Self {
        Self(std::ptr::from_ref(node).addr())
    }
}

impl State {
    fn is_pruned(&self, node: &Node) -> bool {
        self.pruned.borrow().contains(&NodeId::of(node))
    }

    fn is_left_out(&self, node: &Node) -> bool {
        self.is_pruned(node) || self.tolerated.borrow().contains(&NodeId::of(node))
    }

    fn leave_out_unknown(&self, node: &Node) {
        let set = if self.tolerant {
            &self.tolerated
        } else {
            &self.pruned
        };
        set.borrow_mut().insert(NodeId::of(node));
    }

    /// Prepares the next reading; gives what it is to do without.
    fn learn(&self, error: &Error, known: bool) -> Vec<NodeId> {
        let mut missing = self.missing.borrow_mut();
        let invented = missing.entry(error.node).or_default();
        match error.fault {
            Fault::Missing(key) if !known => {
                invented.push(Placeholder { key, attempt: 0 });
                return Vec::new();
            }
            Fault::Invented(key) => {
                let next = |p: &&mut Placeholder| p.key == key && p.attempt + 1 < TEXTS.len();
                if let Some(placeholder) = invented.iter_mut().find(next) {
                    placeholder.attempt += 1;
                    return Vec::new();
                }
            }
            _ => {}
        }
        missing.remove(&error.node);
        vec![error.node]
    }

    /// Whether the error only follows from what was pruned or invented before.
    fn explains(&self, root: &Node, error: &Error) -> bool {
        if matches!(error.fault, Fault::Invented(_)) {
            return true;
        }
        let Some(node) = find(root, error.node) else {
            return false;
        };
        let pruned = |node: &Node| self.is_pruned(node);
        match error.fault {
            Fault::Missing(wanted) => node.entries().any(|(key, value)| {
                let key = key.text().unwrap_or_default();
                pruned(value) && (key == wanted || did_you_mean(key, [wanted]).is_some())
            }),
            _ => node.any(&pruned),
        }
    }
}

fn find(node: &Node, id: NodeId) -> Option<&Node> {
    if NodeId::of(node) == id {
        return Some(node);
    }
    let values = node.entries().map(|(_, value)| value);
    node.items()
        .iter()
        .chain(values)
        .find_map(|below| find(below, id))
}

/// An error without a place of its own is about the `whole` that was read.
fn report(error: &Error, whole: Place, problems: &mut Problems) {
    let place = error.place.clone().unwrap_or(whole);
    let mut message = error.message.clone();
    if let Some(text) = error.text.as_ref().filter(|text| !text.is_empty())
        && !problems.may_quote(&place.path)
    {
        message = message
            .replace(&quote(text), REDACTED)
            .replace(text.as_str(), REDACTED);
    }
    problems.error(&place, message);
}

#[cfg(test)]
mod tests;
