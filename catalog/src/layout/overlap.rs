//! Overlap of two paths: whether both could name one key. Both are walked at once, one character
//! after the other.

use super::{directive::Directive, part::PatternPart, pattern::Pattern};

/// Characters that may stand at one place of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    class: Class,
    /// True if the characters stand there once or more, false if exactly once.
    repeats: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    One(char),
    Digit,
    Letter,
    Sign,
    /// Anything within a segment.
    Any,
    /// Anything, also `/`: what may stand behind a directory.
    Rest,
}

/// True if one key could fit both patterns.
pub(super) fn overlap(one: &Pattern, other: &Pattern) -> bool {
    meet(&places(one), &places(other))
}

/// True if the pattern could fit this key or one below it (`key/…`).
pub(super) fn may_hold(pattern: &Pattern, key: &str) -> bool {
    let exact: Vec<Place> = key
        .trim_end_matches('/')
        .chars()
        .map(|one| once(Class::One(one)))
        .collect();
    let rest = [
        once(Class::One('/')),
        Place {
            class: Class::Rest,
            repeats: true,
        },
    ];
    let below = [&exact[..], &rest].concat();
    let places = places(pattern);
    meet(&places, &exact) || meet(&places, &below)
}

fn meet(one: &[Place], other: &[Place]) -> bool {
    let width = other.len() + 1;
    let mut seen = vec![false; (one.len() + 1) * width];
    let mut reached = vec![(0, 0)];
    while let Some((at, there)) = reached.pop() {
        let (Some(here), Some(over)) = (one.get(at), other.get(there)) else {
            if at == one.len() && there == other.len() {
                return true;
            }
            continue;
        };
        if !here.class.meets(over.class) {
            continue;
        }
        // At least one of both moves on: if both stayed, the same pair would be reached again.
        let steps = [(1, 1), (0, 1), (1, 0)];
        for (step, stride) in steps {
            let may = (step == 1 || here.repeats) && (stride == 1 || over.repeats);
            let (at, there) = (at + step, there + stride);
            if may && !std::mem::replace(&mut seen[at * width + there], true) {
                reached.push((at, there));
            }
        }
    }
    false
}

fn places(pattern: &Pattern) -> Vec<Place> {
    let mut places = Vec::new();
    for part in pattern.parts() {
        match part {
            PatternPart::Literal(text) => {
                places.extend(text.chars().map(|one| once(Class::One(one))));
            }
            PatternPart::Star => places.push(Place {
                class: Class::Any,
                repeats: true,
            }),
            PatternPart::Time(directive) => places.extend(spelled(*directive)),
        }
    }
    places
}

fn spelled(directive: Directive) -> Vec<Place> {
    let digit = once(Class::Digit);
    match directive {
        Directive::Year => vec![digit; 4],
        Directive::DayOfYear => vec![digit; 3],
        Directive::MonthName => vec![once(Class::Letter); 3],
        Directive::Epoch => vec![Place {
            repeats: true,
            ..digit
        }],
        Directive::Offset => [vec![once(Class::Sign)], vec![digit; 4]].concat(),
        _ => vec![digit; 2],
    }
}

fn once(class: Class) -> Place {
    Place {
        class,
        repeats: false,
    }
}

impl Class {
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::One(one), class) | (class, Self::One(one)) => class.holds(one),
            (Self::Any | Self::Rest, _) | (_, Self::Any | Self::Rest) => true,
            (one, other) => one == other,
        }
    }

    fn holds(self, character: char) -> bool {
        match self {
            Self::One(one) => one == character,
            Self::Digit => character.is_ascii_digit(),
            Self::Letter => character.is_ascii_alphabetic(),
            Self::Sign => matches!(character, '+' | '-'),
            Self::Any => character != '/',
            Self::Rest => true,
        }
    }
}
