//! One path as written in the configuration, and how a key is read by it.
//!
//! A segment has at most one `*`, and no directive of unknown width stands beside a `*`. So there
//! is only one way in which a key can fit: the first one that is found.

use std::str::FromStr;

use super::{
    directive::{Directive, Fields},
    part::PatternPart,
    refusal::{self, PatternError},
};

/// A path with time directives and `*`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<PatternPart>,
}

/// Values that a key holds in the places of a pattern.
#[derive(Debug, Clone, Default)]
pub(super) struct Captured<'a> {
    pub(super) fields: Fields,
    pub(super) stars: Vec<&'a str>,
}

impl Pattern {
    /// The path as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if the path has a time directive.
    pub fn has_time(&self) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, PatternPart::Time(_)))
    }

    /// True if the path has a `*`.
    pub fn has_star(&self) -> bool {
        self.parts.contains(&PatternPart::Star)
    }

    pub(super) fn parts(&self) -> &[PatternPart] {
        &self.parts
    }

    pub(super) fn listing_prefix(&self) -> &str {
        let [PatternPart::Literal(literal), rest @ ..] = &*self.parts else {
            return "";
        };
        match literal.rfind('/') {
            Some(slash) if !rest.is_empty() => &literal[..=slash],
            _ => literal,
        }
    }

    /// Reads the values of a key; `None` unless all of it fits.
    pub(super) fn capture<'a>(&self, key: &'a str) -> Option<Captured<'a>> {
        let mut captured = capture(&self.parts, key)?;
        captured.stars.reverse();
        Some(captured)
    }

    fn directives(&self) -> Vec<Directive> {
        let time = |part: &PatternPart| match part {
            PatternPart::Time(directive) => Some(*directive),
            _ => None,
        };
        self.parts.iter().filter_map(time).collect()
    }
}

/// Reads the values of a key by these parts. Stars come last first.
fn capture<'a>(parts: &[PatternPart], key: &'a str) -> Option<Captured<'a>> {
    let Some((part, parts)) = parts.split_first() else {
        return key.is_empty().then(Captured::default);
    };
    match part {
        PatternPart::Literal(literal) => capture(parts, key.strip_prefix(&**literal)?),
        PatternPart::Time(directive) => {
            let (value, length) = directive.take(key)?;
            let mut captured = capture(parts, &key[length..])?;
            captured.fields.set(*directive, value).then_some(captured)
        }
        PatternPart::Star => {
            let segment = key.split('/').next().unwrap_or_default();
            let mut ends = segment
                .char_indices()
                .map(|(at, char)| at + char.len_utf8());
            ends.find_map(|end| {
                let mut captured = capture(parts, &key[end..])?;
                captured.stars.push(&key[..end]);
                Some(captured)
            })
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        refusal::of_length(text)?;
        refusal::of_segments(text)?;
        let pattern = Self {
            text: text.into(),
            parts: parse(text)?,
        };
        refusal::of_times(text, &pattern.directives())?;
        refusal::of_widths(text, &pattern.parts)?;
        Ok(pattern)
    }
}

fn parse(text: &str) -> Result<Vec<PatternPart>, PatternError> {
    let mut parts = Vec::new();
    let mut characters = text.chars().zip(1..);
    while let Some((character, at)) = characters.next() {
        match character {
            '*' => parts.push(PatternPart::Star),
            '%' => {
                let letter = characters.next().map(|(letter, _)| letter);
                directive(letter, &mut parts).ok_or_else(|| PatternError::Unknown {
                    path: text.into(),
                    directive: letter.map_or("%".into(), |letter| format!("%{letter}")),
                    at,
                })?;
            }
            _ => literal(character, &mut parts),
        }
    }
    Ok(parts)
}

fn directive(letter: Option<char>, parts: &mut Vec<PatternPart>) -> Option<()> {
    use Directive::{Day, Hour, Minute, Month, Second, Year};
    let (compound, mark) = match letter? {
        '%' => {
            literal('%', parts);
            return Some(());
        }
        'F' => (vec![Year, Month, Day], '-'),
        'T' => (vec![Hour, Minute, Second], ':'),
        letter => {
            let known = Directive::ALL
                .into_iter()
                .find(|known| known.letter() == letter);
            (vec![known?], ' ')
        }
    };
    for (index, directive) in compound.into_iter().enumerate() {
        if index > 0 {
            literal(mark, parts);
        }
        parts.push(PatternPart::Time(directive));
    }
    Some(())
}

fn literal(character: char, parts: &mut Vec<PatternPart>) {
    match parts.last_mut() {
        Some(PatternPart::Literal(text)) => text.push(character),
        _ => parts.push(PatternPart::Literal(character.into())),
    }
}
