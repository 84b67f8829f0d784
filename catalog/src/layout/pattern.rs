//! One path as it is written in the configuration, and how a key is read by it.
//!
//! At most one `*` to a segment and no directive of unknown width beside one: so there is only one
//! way in which a key can fit, found in one pass.

use std::str::FromStr;

use super::{
    directive::{Directive, Fields},
    part::Part,
    refusal::{self, PatternError},
};

/// A path with time directives and `*`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// What a key holds in the places of a pattern.
#[derive(Debug, Clone, Default)]
pub(super) struct Captured<'a> {
    pub(super) fields: Fields,
    pub(super) stars: Vec<&'a str>,
}

impl Pattern {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has a time directive.
    pub fn has_time(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Time(_)))
    }

    /// Whether it has a `*`.
    pub fn has_star(&self) -> bool {
        self.parts.contains(&Part::Star)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn listing_prefix(&self) -> &str {
        let [Part::Literal(literal), rest @ ..] = &*self.parts else {
            return "";
        };
        match literal.rfind('/') {
            Some(slash) if !rest.is_empty() => &literal[..=slash],
            _ => literal,
        }
    }

    /// What this key holds, if all of it fits.
    pub(super) fn capture<'a>(&self, key: &'a str) -> Option<Captured<'a>> {
        let mut captured = capture(&self.parts, key)?;
        captured.stars.reverse();
        Some(captured)
    }

    fn directives(&self) -> Vec<Directive> {
        let time = |part: &Part| match part {
            Part::Time(directive) => Some(*directive),
            _ => None,
        };
        self.parts.iter().filter_map(time).collect()
    }
}

/// Stars come last first.
fn capture<'a>(parts: &[Part], key: &'a str) -> Option<Captured<'a>> {
    let Some((part, parts)) = parts.split_first() else {
        return key.is_empty().then(Captured::default);
    };
    match part {
        Part::Literal(literal) => capture(parts, key.strip_prefix(&**literal)?),
        Part::Time(directive) => {
            let (value, length) = directive.take(key)?;
            let mut captured = capture(parts, &key[length..])?;
            captured.fields.set(*directive, value).then_some(captured)
        }
        Part::Star => {
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

fn parse(text: &str) -> Result<Vec<Part>, PatternError> {
    let mut parts = Vec::new();
    let mut characters = text.chars().zip(1..);
    while let Some((character, at)) = characters.next() {
        match character {
            '*' => parts.push(Part::Star),
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

fn directive(letter: Option<char>, parts: &mut Vec<Part>) -> Option<()> {
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
        parts.push(Part::Time(directive));
    }
    Some(())
}

fn literal(character: char, parts: &mut Vec<Part>) {
    match parts.last_mut() {
        Some(Part::Literal(text)) => text.push(character),
        _ => parts.push(Part::Literal(character.into())),
    }
}
