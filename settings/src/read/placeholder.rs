//! A value invented for a missing key, so that reading goes on and finds the next missing one.
//!
//! No invented value ever leaves `read`, which calls this module.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Visitor};

use super::error::{Error, Fault, NodeId};
use super::handed::{HANDED, Handed, LOCATED, SECTION};
use crate::Location;
use crate::node::{Kind, Node};

/// Invented value of a missing key, which fits most types. Where none fits, the missing keys of the
/// mapping are reported one by one, a run each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placeholder {
    pub(super) key: &'static str,
    /// Index of the text of [`TEXTS`] that is tried.
    pub(super) attempt: usize,
}

/// Texts to try: a name, path or date pattern, a duration, a size, a percentage, a schedule.
pub(super) const TEXTS: [&str; 5] = ["a", "1h", "1Gi", "1%", "@daily"];

impl Placeholder {
    /// Turns an error of an invented value into an error of the mapping that lacks the key.
    pub(super) fn blame(self, mut error: Error, map: &Node) -> Error {
        error.place = Some(crate::Place::whole());
        error.fault = Fault::Invented(self.key);
        error.node = NodeId::of(map);
        error
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_u8(1)
        }
    )*};
}

impl<'de> Deserializer<'de> for Placeholder {
    type Error = Error;

    numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(TEXTS[self.attempt])
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(false)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<u8>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(std::iter::empty::<(u8, u8)>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if matches!(name, LOCATED | SECTION) {
            let kind = Kind::Map(Vec::new());
            let node = Node {
                at: Location::START,
                kind,
            };
            HANDED.set(Some(Handed {
                node,
                path: String::new(),
            }));
        }
        if name == SECTION {
            visitor.visit_unit()
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let first = variants.first().copied().unwrap_or_default();
        visitor.visit_enum(serde::de::value::StrDeserializer::<Error>::new(first))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit_struct tuple tuple_struct identifier
        ignored_any
    }
}
