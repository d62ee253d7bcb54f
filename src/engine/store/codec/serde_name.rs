//! The serde name of an event, for its type.

use std::convert::Infallible;
use std::fmt;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// The serde name of an enum's variant, or of a struct: the [type](crate::engine::domain::DomainEvent::event_type) of an
/// event that derives `Serialize`. Empty for a value without a name, such as a number or an untagged enum.
///
/// ```
/// use cqrs_bank::engine::store::codec::serde_name;
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// #[serde(rename_all = "snake_case")]
/// enum LotEvent {
///     CarEntered { plate: String },
///     #[serde(rename = "car_gone")]
///     CarLeft,
/// }
///
/// assert_eq!(serde_name(&LotEvent::CarEntered { plate: "B-1".into() }), "car_entered");
/// assert_eq!(serde_name(&LotEvent::CarLeft), "car_gone");
/// ```
pub fn serde_name(value: &impl Serialize) -> &'static str {
    let Err(FoundName(name)) = value.serialize(NameReader);
    name
}

/// A serializer that ends at the first name.
struct NameReader;

#[derive(Debug)]
struct FoundName(&'static str);

impl fmt::Display for FoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for FoundName {}

impl ser::Error for FoundName {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("")
    }
}

/// Methods for values without a name.
macro_rules! nameless {
    ($($method:ident($($argument:ty),*) -> $output:ty;)+) => {
        $(fn $method(self $(, _: $argument)*) -> Result<$output, FoundName> {
            Err(FoundName(""))
        })+
    };
}

impl Serializer for NameReader {
    type Ok = Infallible;
    type Error = FoundName;
    type SerializeSeq = Impossible<Infallible, FoundName>;
    type SerializeTuple = Impossible<Infallible, FoundName>;
    type SerializeTupleStruct = Impossible<Infallible, FoundName>;
    type SerializeTupleVariant = Impossible<Infallible, FoundName>;
    type SerializeMap = Impossible<Infallible, FoundName>;
    type SerializeStruct = Impossible<Infallible, FoundName>;
    type SerializeStructVariant = Impossible<Infallible, FoundName>;

    fn serialize_unit_variant(self, _: &str, _: u32, variant: &'static str) -> Result<Infallible, FoundName> {
        Err(FoundName(variant))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result<Infallible, FoundName> {
        Err(FoundName(variant))
    }

    fn serialize_tuple_variant(
        self,
        _: &str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, FoundName> {
        Err(FoundName(variant))
    }

    fn serialize_struct_variant(
        self,
        _: &str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, FoundName> {
        Err(FoundName(variant))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Infallible, FoundName> {
        Err(FoundName(name))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: &T,
    ) -> Result<Infallible, FoundName> {
        Err(FoundName(name))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, FoundName> {
        Err(FoundName(name))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeStruct, FoundName> {
        Err(FoundName(name))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Infallible, FoundName> {
        Err(FoundName(""))
    }

    nameless! {
        serialize_bool(bool) -> Infallible;
        serialize_i8(i8) -> Infallible;
        serialize_i16(i16) -> Infallible;
        serialize_i32(i32) -> Infallible;
        serialize_i64(i64) -> Infallible;
        serialize_u8(u8) -> Infallible;
        serialize_u16(u16) -> Infallible;
        serialize_u32(u32) -> Infallible;
        serialize_u64(u64) -> Infallible;
        serialize_f32(f32) -> Infallible;
        serialize_f64(f64) -> Infallible;
        serialize_char(char) -> Infallible;
        serialize_str(&str) -> Infallible;
        serialize_bytes(&[u8]) -> Infallible;
        serialize_none() -> Infallible;
        serialize_unit() -> Infallible;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_map(Option<usize>) -> Self::SerializeMap;
    }
}
