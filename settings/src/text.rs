//! Helpers for text. Values that people write as one word (`26h`, `10Gi`, `20%`) get their serde
//! and JSON Schema forms from `FromStr` and `Display`; texts of others are made fit to be shown.
//!
//! They must not know what any of the words mean.

/// Implements `Serialize`, `Deserialize` and `JsonSchema` for a type spelled as text.
///
/// `Deserialize` asks for text, so that a document hands over a plain scalar as it is written
/// (`1e3` stays `1e3`); the error's message carries its `hint:` line along.
macro_rules! spelled {
    ($type:ident, schema: $schema:tt) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                false
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

pub(crate) use spelled;

/// Makes a text of others fit to be shown in a message: one line with at most `letters_max` of its
/// characters and `…` for the rest. Control characters are escaped, so no terminal obeys them.
pub fn one_line(text: &str, letters_max: usize) -> String {
    let mut line = String::new();
    for letter in text.chars().take(letters_max) {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    if text.chars().nth(letters_max).is_some() {
        line.push('…');
    }
    line
}

/// Splits `text` after its leading ASCII digits.
pub(crate) fn split_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(end)
}
