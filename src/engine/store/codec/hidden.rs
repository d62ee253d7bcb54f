//! The data of an event without what it hides.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::StoredEvent;

/// The data of an event as they are stored, but for each field that it [hides](crate::engine::domain::DomainEvent::hides):
/// `instead` is there in its place, or nothing. `None` if they cannot be written.
pub(crate) fn data_to_show<E: StoredEvent>(event: &E, instead: Option<&str>) -> Option<Box<RawValue>> {
    to_raw_value(&Fields(fields_to_show(event, instead)?)).ok()
}

/// The same, field by field.
pub(crate) fn fields_to_show<E: StoredEvent>(event: &E, instead: Option<&str>) -> Option<Vec<(String, Box<RawValue>)>> {
    let Fields(mut fields) = serde_json::from_str(&event.to_json().ok()?).ok()?;
    match instead {
        None => fields.retain(|(field, _)| !E::hides(field)),
        Some(instead) => {
            for (_, value) in fields.iter_mut().filter(|(field, _)| E::hides(field)) {
                *value = to_raw_value(instead).ok()?;
            }
        }
    }
    Some(fields)
}

/// The fields of an object, in their order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field, value)))
    }
}
