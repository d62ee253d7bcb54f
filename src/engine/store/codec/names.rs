//! The serde names of events, compared with event types.

use std::{fmt, slice};

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

/// The names of an enum's variants, or the name of a struct.
#[derive(Debug)]
pub(super) enum Names {
    Variants(&'static [&'static str]),
    Struct(&'static str),
}

impl Names {
    /// `None` if serde sees no names.
    pub(super) fn of<E: DeserializeOwned>() -> Option<Self> {
        match E::deserialize(NameProbe) {
            Ok(_) => None,
            Err(FoundNames(names)) => names,
        }
    }

    pub(super) fn as_slice(&self) -> &[&'static str] {
        match self {
            Self::Variants(names) => names,
            Self::Struct(name) => slice::from_ref(name),
        }
    }
}

/// Whether a serde name is an event's type, as it is or in `snake_case`.
pub(super) fn is_of_type(name: &str, event_type: &str) -> bool {
    name == event_type
        || (name.starts_with(|first: char| first.is_ascii_uppercase()) && snake_case(name).eq(event_type.chars()))
}

/// Converts like serde's `rename_all = "snake_case"`.
pub(super) fn in_snake_case(name: &str) -> String {
    snake_case(name).collect()
}

/// An iterator, because each decoded event is compared: no allocation.
fn snake_case(name: &str) -> impl Iterator<Item = char> {
    name.char_indices().flat_map(|(index, character)| {
        let gap = (index > 0 && character.is_uppercase()).then_some('_');
        gap.into_iter().chain([character.to_ascii_lowercase()])
    })
}

/// A deserializer that supplies no data and learns the names that serde asks for.
struct NameProbe;

#[derive(Debug)]
struct FoundNames(Option<Names>);

impl fmt::Display for FoundNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is nothing to read")
    }
}

impl std::error::Error for FoundNames {}

impl de::Error for FoundNames {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

impl<'de> Deserializer<'de> for NameProbe {
    type Error = FoundNames;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FoundNames> {
        Err(FoundNames(Some(Names::Variants(variants))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FoundNames> {
        Err(FoundNames(Some(Names::Struct(name))))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, FoundNames> {
        Err(FoundNames(Some(Names::Struct(name))))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, FoundNames> {
        Err(FoundNames(Some(Names::Struct(name))))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, FoundNames> {
        Err(FoundNames(Some(Names::Struct(name))))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, FoundNames> {
        Err(FoundNames(None))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit seq tuple map
        identifier ignored_any
    }
}
