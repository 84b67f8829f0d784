//! Types for fields that need more than a value: a place, a part that is read later, `false` or a
//! value, one value or many.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::read::{HANDED, Handed, LOCATED, ONE_OR_MANY, SECTION, SWITCH};
use crate::{Place, Section};

/// A value that remembers its place, for checks that come after reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value itself.
    pub value: T,
    /// Place of the value in its document.
    pub place: Place,
}

/// `false`, or a value: `verify: false` or `verify: { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch<T> {
    /// Expressly turned off.
    Off,
    /// Turned on, with this configuration.
    On(T),
}

/// A list that may also be written as one value; an empty list is refused when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

fn handed<E: Error>() -> Result<Handed, E> {
    HANDED
        .take()
        .ok_or_else(|| E::custom("only a settings document knows places"))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = Located<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a settings document")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                from: D,
            ) -> Result<Located<T>, D::Error> {
                let Handed { node, path } = handed()?;
                let place = Place { at: node.at, path };
                Ok(Located {
                    value: T::deserialize(from)?,
                    place,
                })
            }
        }

        from.deserialize_newtype_struct(LOCATED, Seen(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Section {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Seen;

        impl Visitor<'_> for Seen {
            type Value = Section;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of a settings document")
            }

            fn visit_unit<E: Error>(self) -> Result<Section, E> {
                let Handed { node, path } = handed()?;
                Ok(Section {
                    node: Arc::new(node),
                    path,
                })
            }
        }

        from.deserialize_newtype_struct(SECTION, Seen)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = Switch<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("false or a mapping")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Switch<T>, E> {
                if on {
                    let message = "true says nothing here\nhint: Write false, or the keys to set.";
                    return Err(E::custom(message));
                }
                Ok(Switch::Off)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                from: D,
            ) -> Result<Switch<T>, D::Error> {
                T::deserialize(from).map(Switch::On)
            }
        }

        from.deserialize_newtype_struct(SWITCH, Seen(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Seen<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Seen<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany<T>, A::Error> {
                let many = Vec::deserialize(SeqAccessDeserializer::new(list))?;
                if many.is_empty() {
                    return Err(A::Error::custom("the list is empty"));
                }
                Ok(OneOrMany(many))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                from: D,
            ) -> Result<OneOrMany<T>, D::Error> {
                T::deserialize(from).map(|one| OneOrMany(vec![one]))
            }
        }

        from.deserialize_newtype_struct(ONE_OR_MANY, Seen(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for Section {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Section".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

impl<T: JsonSchema> JsonSchema for Switch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Switch_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": false }, generator.subschema_for::<T>()] })
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

#[cfg(test)]
mod tests;
