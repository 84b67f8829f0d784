//! Reads a type out of a located tree and finds every error on the way.
//!
//! Serde stops at the first error. So the tree is read again and again, each time without the
//! values found wrong before. An error that only follows from leaving them out is not reported.

mod access;
mod deserializer;
mod error;
mod handed;
mod placeholder;
mod state;

use serde::de::DeserializeOwned;

use self::deserializer::Reader;
use self::error::{Error, NodeId, known_keys};
pub(crate) use self::handed::{HANDED, Handed, LOCATED, ONE_OR_MANY, SECTION, SWITCH};
use self::state::State;
use crate::Place;
use crate::node::{Node, quote};
use crate::place::Path;
use crate::problem::{Problems, REDACTED};

const ERRORS_MAX: usize = 50;
/// Most readings of one tree. Each error may cost several: to find that the parent fails without
/// the wrong value, or to find an invented value that fits.
const READINGS_MAX: usize = 8 * ERRORS_MAX;

/// Reads `root` as a `T`; if the result is `None`, `problems` has an error. Keys of the root that
/// are in `beside` are known and not read.
pub(crate) fn read<T: DeserializeOwned>(
    root: &Node,
    path: &str,
    beside: &[&'static str],
    problems: &mut Problems,
) -> Option<T> {
    let state = State {
        tolerant: problems.tolerates_unknown_keys(),
        beside: Some((NodeId::of(root), beside.to_vec())),
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
            let hint = known_keys(&unknown.key, &unknown.known);
            problems.unknown_key(&unknown.place, "unknown key", hint);
        }
        let failed = match outcome {
            Ok(value) if state.missing.borrow().is_empty() => return Some(value),
            // The value is complete only by invented parts, so it is not returned.
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

/// Adds `error` to `problems`, at its own place or else at that of the `whole` that was read.
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
