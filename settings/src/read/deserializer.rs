//! `serde::Deserializer` for a located node: nothing is guessed, a quoted `"5"` is no number and
//! an unquoted `yes` no truth value.

use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Entries, Items, Variant};
use super::error::Error;
use super::handed::{HANDED, Handed, LOCATED, ONE_OR_MANY, SECTION, SWITCH};
use super::state::{State, Unknown};
use crate::node::{Kind, Node, Scalar};
use crate::place::Path;

const WHOLE_NUMBER: &str = "a whole number";
const TRUTH: &str = "true or false";

/// One value that serde is reading into a type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Path<'a>,
    pub(super) state: &'a State,
}

impl Reader<'_> {
    fn expected(&self, what: &str) -> Error {
        let found = self.node.describe();
        let hint = self
            .hint(what)
            .map_or_else(String::new, |hint| format!("\nhint: {hint}"));
        Error::new(format!("expected {what}, found {found}{hint}"))
    }

    /// Hint for a value that looks right and is not, because of quotes or of YAML 1.1.
    fn hint(&self, expected: &str) -> Option<&'static str> {
        let unquoted = self.node.unquoted();
        let text = self.node.text().unwrap_or_default();
        match (expected, unquoted) {
            (WHOLE_NUMBER, Some(Scalar::Integer(_))) | (TRUTH, Some(Scalar::Bool(_))) => {
                Some("Leave out the quotes.")
            }
            (WHOLE_NUMBER, _) if text.starts_with('0') => Some("Write it without leading zeros."),
            (TRUTH, _) if ["yes", "on", "y"].contains(&text) => Some("Write true."),
            (TRUTH, _) if ["no", "off", "n"].contains(&text) => Some("Write false."),
            _ => None,
        }
    }

    fn place<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| error.at(self.node, &self.path))
    }

    fn integer(&self, min: i128, max: i128) -> Result<i128, Error> {
        match self.node.scalar() {
            Some(Scalar::Integer(value)) if value < min => {
                Err(Error::new(format!("{value} is too small: at least {min}")))
            }
            Some(Scalar::Integer(value)) if value > max => {
                Err(Error::new(format!("{value} is too large: at most {max}")))
            }
            Some(Scalar::Integer(value)) => Ok(value),
            _ => Err(self.expected(WHOLE_NUMBER)),
        }
    }

    fn hand_over(&self) {
        let path = self.path.to_string();
        HANDED.set(Some(Handed {
            node: self.node.clone(),
            path,
        }));
    }

    /// Notes the unknown keys, which are neither `own`, another type's nor begin with `x-`, and
    /// leaves them out from now on.
    fn refuse_unknown(&self, own: &'static [&'static str]) {
        let known = [own, self.state.beside(self.node)].concat();
        for (key, value) in self.node.entries() {
            let text = key.text().unwrap_or_default();
            let ours = known.contains(&text) || text.starts_with("x-");
            if ours || self.state.is_left_out(value) {
                continue;
            }
            let path = Path::Key(&self.path, text).to_string();
            let place = crate::Place { at: key.at, path };
            let unknown = Unknown {
                place,
                key: text.to_owned(),
                known: known.clone(),
            };
            self.state.unknown.borrow_mut().push(unknown);
            self.state.leave_out_unknown(value);
        }
    }

    fn map<'de, V: Visitor<'de>>(&self, visitor: V, all: bool) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Map(_) => visitor.visit_map(Entries::new(*self, all)),
            _ => Err(self.expected("a mapping")),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.integer($type::MIN.into(), $type::MAX.into());
            let value = value.map(|value| $type::try_from(value).unwrap_or_default());
            self.place(value.and_then(|value| visitor.$visit(value)))
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    integers! {
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match (&self.node.kind, self.node.scalar()) {
            (Kind::List(items), _) => visitor.visit_seq(Items::new(self, items)),
            (Kind::Map(_), _) => visitor.visit_map(Entries::new(self, true)),
            (_, Some(Scalar::Bool(value))) => visitor.visit_bool(value),
            (_, Some(Scalar::Float(value))) => visitor.visit_f64(value),
            (_, Some(Scalar::Text(text))) => visitor.visit_str(text),
            (_, Some(Scalar::Integer(value))) => match (u64::try_from(value), i64::try_from(value))
            {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => Err(Error::new(format!(
                    "{value} is too large: at most {}",
                    u64::MAX
                ))),
            },
            _ => visitor.visit_unit(),
        };
        self.place(result)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match self.node.scalar() {
            Some(Scalar::Bool(value)) => visitor.visit_bool(value),
            _ => Err(self.expected(TRUTH)),
        };
        self.place(result)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match (self.node.scalar(), self.node.text().map(str::parse)) {
            (Some(Scalar::Integer(_) | Scalar::Float(_)), Some(Ok(value))) => {
                visitor.visit_f64(value)
            }
            _ => Err(self.expected("a number")),
        };
        self.place(result)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match self.node.text() {
            Some(text) if !self.node.is_null() => visitor.visit_str(text),
            _ => Err(self.expected("text")),
        };
        self.place(result)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let null = self.node.is_null();
        let result = if null {
            visitor.visit_unit()
        } else {
            Err(self.expected("nothing"))
        };
        self.place(result)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let result = match (name, &self.node.kind, self.node.scalar()) {
            (LOCATED, ..) => {
                self.hand_over();
                visitor.visit_newtype_struct(self)
            }
            (SECTION, ..) => {
                self.hand_over();
                visitor.visit_unit()
            }
            (SWITCH, _, Some(Scalar::Bool(on))) => visitor.visit_bool(on),
            (ONE_OR_MANY, Kind::List(items), _) => visitor.visit_seq(Items::new(self, items)),
            _ => visitor.visit_newtype_struct(self),
        };
        self.place(result)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let result = match &self.node.kind {
            Kind::List(items) => visitor.visit_seq(Items::new(self, items)),
            _ => Err(self.expected("a list")),
        };
        self.place(result)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.place(self.map(visitor, true))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.refuse_unknown(fields);
        self.place(self.map(visitor, false))
    }

    /// Reads a bare word, or a mapping of one key for a variant that holds a value.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let result = match &self.node.kind {
            Kind::Scalar { .. } if !self.node.is_null() => visitor.visit_enum(Variant {
                whole: self.node,
                key: self,
                value: None,
            }),
            Kind::Map(entries) if entries.len() == 1 => {
                let (key, value) = &entries[0];
                let name = key.text().unwrap_or_default();
                if self.state.is_left_out(value) {
                    return self.place(Err(Error::custom("nothing is left of it")));
                }
                let below = Path::Key(&self.path, name);
                let value = Reader {
                    node: value,
                    path: below,
                    ..self
                };
                let key = Reader { node: key, ..self };
                visitor.visit_enum(Variant {
                    whole: self.node,
                    key,
                    value: Some(value),
                })
            }
            _ => Err(self.expected(&format!("one of {}", variants.join(", ")))),
        };
        self.place(result)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit_struct tuple_struct
    }
}
