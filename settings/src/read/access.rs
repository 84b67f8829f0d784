//! Walks over lists, mappings and variants, passing over values found wrong before.

use serde::de::Deserializer as _;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::deserializer::Reader;
use super::error::{Error, NodeId};
use super::placeholder::Placeholder;
use crate::node::Node;
use crate::place::Path;

/// The items of a list, without those found wrong before.
pub(super) struct Items<'a> {
    list: Reader<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(list: Reader<'a>, items: &'a [Node]) -> Self {
        Self {
            list,
            items: items.iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Reader { path, state, .. } = self.list;
        let left = self.items.find(|(_, item)| !state.is_left_out(item));
        left.map(|(index, node)| {
            seed.deserialize(Reader {
                node,
                path: Path::Item(&path, index),
                state,
            })
        })
        .transpose()
    }
}

/// The entries of a mapping, without those found wrong before, then the ones invented for missing
/// keys.
pub(super) struct Entries<'a> {
    map: Reader<'a>,
    left: Vec<(&'a Node, &'a Node)>,
    invented: Vec<Placeholder>,
    next: Option<Next<'a>>,
}

enum Next<'a> {
    Entry(&'a Node, &'a Node),
    Invented(Placeholder),
}

impl<'a> Entries<'a> {
    /// With `all`, keys that begin with `x-` are entries like others.
    pub(super) fn new(map: Reader<'a>, all: bool) -> Self {
        let beside = map.state.beside(map.node);
        let is_ours = |key: &Node| {
            let note = |key: &str| !all && key.starts_with("x-");
            key.text()
                .is_none_or(|key| !note(key) && !beside.contains(&key))
        };
        let mut left: Vec<_> = map
            .node
            .entries()
            .filter(|(key, value)| !map.state.is_left_out(value) && is_ours(key))
            .collect();
        left.reverse();
        let missing = map.state.missing.borrow();
        let invented = missing
            .get(&NodeId::of(map.node))
            .cloned()
            .unwrap_or_default();
        Self {
            map,
            left,
            invented,
            next: None,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Reader { path, state, node } = self.map;
        if let Some((key, value)) = self.left.pop() {
            self.next = Some(Next::Entry(key, value));
            let path = Path::Key(&path, key.text().unwrap_or_default());
            let read = seed.deserialize(Reader {
                node: key,
                path,
                state,
            });
            return read.map(Some).map_err(|mut error| {
                error = error.at(key, &path);
                error.node = NodeId::of(value);
                error
            });
        }
        let Some(invented) = self.invented.pop() else {
            return Ok(None);
        };
        self.next = Some(Next::Invented(invented));
        let key = StrDeserializer::<Error>::new(invented.key);
        seed.deserialize(key)
            .map(Some)
            .map_err(|error| invented.blame(error, node))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Reader { path, state, node } = self.map;
        match self.next.take() {
            Some(Next::Entry(key, node)) => {
                let path = Path::Key(&path, key.text().unwrap_or_default());
                let read = seed.deserialize(Reader { node, path, state });
                read.map_err(|error| error.at(node, &path))
            }
            Some(Next::Invented(invented)) => seed
                .deserialize(invented)
                .map_err(|error| invented.blame(error, node)),
            None => Err(Error::new("a value was asked for before its key")),
        }
    }
}

/// A variant of an enum, with what it holds.
pub(super) struct Variant<'a> {
    pub(super) whole: &'a Node,
    pub(super) key: Reader<'a>,
    pub(super) value: Option<Reader<'a>>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Held<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Held<'a>), Error> {
        let Reader { node, path, .. } = self.key;
        let variant = seed.deserialize(self.key).map_err(|error| {
            let mut error = error.at(node, &path);
            error.node = NodeId::of(self.whole);
            error
        })?;
        Ok((variant, Held(self.value)))
    }
}

pub(super) struct Held<'a>(Option<Reader<'a>>);

impl<'a> Held<'a> {
    fn some(self) -> Result<Reader<'a>, Error> {
        self.0
            .ok_or_else(|| Error::new("expected a mapping of this word to its value"))
    }
}

impl<'de> VariantAccess<'de> for Held<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None => Ok(()),
            Some(value) => serde::Deserialize::deserialize(value),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.some()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.some()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.some()?.deserialize_struct("", fields, visitor)
    }
}
