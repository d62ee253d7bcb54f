//! Decodes an event from its type and its data.

use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer as _,
    VariantAccess, Visitor,
};
use serde_json::Value;

use super::UnreadableEvent;
use super::names::is_of_type;
use crate::engine::domain::DomainEvent;

pub(super) fn from_text<E: DomainEvent + DeserializeOwned>(event_type: &str, json: &str) -> Result<E, UnreadableEvent> {
    let mut data = serde_json::Deserializer::from_str(json);
    let event = from(event_type, &mut data)?;
    data.end().map_err(|error| UnreadableEvent::broken(event_type, &error))?;
    Ok(event)
}

pub(super) fn from_value<E: DomainEvent + DeserializeOwned>(
    event_type: &str,
    data: Value,
) -> Result<E, UnreadableEvent> {
    from(event_type, data)
}

fn from<'de, E, D>(event_type: &str, data: D) -> Result<E, UnreadableEvent>
where
    E: DomainEvent + DeserializeOwned,
    D: Deserializer<'de, Error = serde_json::Error>,
{
    let unknown = || UnreadableEvent::UnknownType { event_type: event_type.to_owned() };
    let mut found = NameMatch::NotAsked;
    match E::deserialize(Typed { data, event_type, found: &mut found }) {
        // An untagged event was decoded without a name; its own type must match.
        Ok(event) if found == NameMatch::Match || event.event_type() == event_type => Ok(event),
        Err(error) if found != NameMatch::Mismatch => Err(UnreadableEvent::broken(event_type, &error)),
        Ok(_) | Err(_) => Err(unknown()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NameMatch {
    /// Serde did not ask for a name.
    NotAsked,
    Match,
    Mismatch,
}

/// Supplies serde with the event's name, which the data leave out, from the event's type.
struct Typed<'a, D> {
    data: D,
    event_type: &'a str,
    found: &'a mut NameMatch,
}

impl<'de, D: Deserializer<'de>> Typed<'_, D> {
    /// Finds the name that matches the event's type.
    fn match_name(&mut self, names: &[&'static str]) -> Result<&'static str, D::Error> {
        let name = names.iter().find(|name| is_of_type(name, self.event_type));
        *self.found = if name.is_some() { NameMatch::Match } else { NameMatch::Mismatch };
        name.copied().ok_or_else(|| D::Error::custom("no event has this type"))
    }
}

macro_rules! forward {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.data.$method(visitor)
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Typed<'_, D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let name = self.match_name(variants)?;
        visitor.visit_enum(Variant { name, data: self.data })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.match_name(&[name])?;
        self.data.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.match_name(&[name])?;
        self.data.deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.match_name(&[name])?;
        NoData::deserialize(self.data)?;
        visitor.visit_unit()
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.match_name(&[name])?;
        self.data.deserialize_tuple(length, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.data.deserialize_tuple(length, visitor)
    }

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map
        deserialize_identifier deserialize_ignored_any
    }
}

struct Variant<D> {
    name: &'static str,
    data: D,
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Variant<D> {
    type Error = D::Error;
    type Variant = Data<D>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Data<D>), D::Error> {
        let name: StrDeserializer<'_, D::Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Data(self.data)))
    }
}

struct Data<D>(D);

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Data<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        NoData::deserialize(self.0).map(|_| ())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

/// The data of an event without fields.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoData {}
