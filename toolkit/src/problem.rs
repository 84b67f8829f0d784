//! An error as a person reads it: the whole chain on one line, then what to do about it.

use std::{error::Error, fmt::Write};

/// The mark before the advice in an error message.
const HINT: &str = "hint: ";

/// Renders `error` and its causes as `a: b: c`, each distinct hint on a line of its own below.
///
/// A message may carry its advice behind `hint: `; `extra` is the advice of an error that keeps it
/// in a field.
pub fn render(error: &dyn Error, extra: Option<&str>) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    let chain = std::iter::successors(Some(error), |&error| error.source());
    for message in chain.map(ToString::to_string) {
        let (what, hint) = message.split_once(HINT).unwrap_or((&message, ""));
        let what = what.trim_end_matches([' ', '\n', ';', ',', '.']);
        // Many libraries repeat their source in their own message.
        if !what.is_empty() && !said.iter().any(|earlier| earlier.contains(what)) {
            said.push(what.to_owned());
        }
        note(&mut hints, hint);
    }
    note(&mut hints, extra.unwrap_or_default());
    let mut text = said.join(": ");
    for hint in hints {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {HINT}{hint}");
    }
    text
}

fn note(hints: &mut Vec<String>, hint: &str) {
    let hint = hint.trim();
    if !hint.is_empty() && !hints.iter().any(|earlier| earlier == hint) {
        hints.push(hint.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("cannot listen on {address}; hint: Choose another port.")]
    struct Listen {
        address: &'static str,
        #[source]
        source: io::Error,
    }

    #[test]
    fn the_chain_comes_first_and_the_hints_below() {
        let error = Listen {
            address: ":1",
            source: io::Error::other("in use"),
        };
        assert_eq!(
            render(&error, Some("Stop the other one.")),
            "cannot listen on :1: in use\n  hint: Choose another port.\n  hint: Stop the other one."
        );
    }

    #[test]
    fn what_a_message_repeats_of_its_source_is_said_once() {
        #[derive(Debug, Error)]
        #[error("cannot read: {0}")]
        struct Outer(#[source] io::Error);
        let error = Outer(io::Error::other("gone"));
        assert_eq!(render(&error, None), "cannot read: gone");
    }
}
