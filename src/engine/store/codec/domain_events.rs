//! The event of a domain with several kinds of aggregate.

/// Defines the event of a domain: an enum that wraps the events of its aggregates and is stored as the wrapped event.
///
/// The stored type alone tells which aggregate an event belongs to.
/// [`check_types`](crate::engine::store::codec::check_types) finds aggregates that share an event type.
///
/// ```
/// use cqrs_bank::engine::domain::{Contains as _, DomainEvent};
/// use cqrs_bank::engine::store::codec::{StoredEvent as _, check_types, domain_events, serde_name};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(rename = "car_entered")]
/// struct CarEntered { plate: String }
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(rename_all = "snake_case")]
/// enum TicketEvent { TicketIssued { number: u32 }, TicketPaid }
///
/// impl DomainEvent for CarEntered {
///     fn event_type(&self) -> &'static str { serde_name(self) }
/// }
///
/// impl DomainEvent for TicketEvent {
///     fn event_type(&self) -> &'static str { serde_name(self) }
/// }
///
/// domain_events! {
///     /// What can happen in a garage.
///     #[derive(Clone, Debug, PartialEq)]
///     pub enum GarageEvent of "garage" {
///         /// To its one lot.
///         Lot(CarEntered),
///         /// To a ticket.
///         Ticket(TicketEvent),
///     }
/// }
///
/// check_types::<GarageEvent>()?;
/// let paid = GarageEvent::from(TicketEvent::TicketPaid);
/// assert_eq!((paid.event_type(), paid.to_json()?.as_str()), ("ticket_paid", "{}"));
/// assert_eq!(GarageEvent::from_stored("ticket_paid", 1, "{}")?, paid);
/// let part: Option<&TicketEvent> = paid.part();
/// assert_eq!(part, Some(&TicketEvent::TicketPaid));
/// let part: Option<&CarEntered> = paid.part();
/// assert_eq!(part, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! domain_events {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident of $domain:literal {
            $($(#[$variant_attribute:meta])* $variant:ident($part:ty)),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant($part),)+
        }

        $(
            impl ::std::convert::From<$part> for $name {
                fn from(part: $part) -> Self {
                    Self::$variant(part)
                }
            }

            impl $crate::engine::domain::Contains<$part> for $name {
                #[allow(unreachable_patterns)]
                fn part(&self) -> ::std::option::Option<&$part> {
                    match self {
                        Self::$variant(part) => ::std::option::Option::Some(part),
                        _ => ::std::option::Option::None,
                    }
                }
            }
        )+

        impl $crate::engine::domain::DomainEvent for $name {
            const DOMAIN: &'static str = $domain;

            fn event_type(&self) -> &'static str {
                match self {
                    $(Self::$variant(part) => $crate::engine::domain::DomainEvent::event_type(part),)+
                }
            }

            fn title(&self) -> &'static str {
                match self {
                    $(Self::$variant(part) => $crate::engine::domain::DomainEvent::title(part),)+
                }
            }

            fn hides(field: &str) -> bool {
                $(<$part as $crate::engine::domain::DomainEvent>::hides(field))||+
            }

            fn upcast(
                event_type: &str,
                schema_version: u16,
            ) -> ::std::option::Option<$crate::engine::domain::Upcast> {
                // Asked about events of its own only: one whose events are of a single type need not look at the type.
                $(
                    if <$part as $crate::engine::store::codec::StoredEvent>::knows(event_type) {
                        return <$part as $crate::engine::domain::DomainEvent>::upcast(event_type, schema_version);
                    }
                )+
                ::std::option::Option::None
            }

            fn written_version(&self) -> ::std::option::Option<u16> {
                match self {
                    $(Self::$variant(part) => $crate::engine::domain::DomainEvent::written_version(part),)+
                }
            }

            fn only_adds(event_type: &str, schema_version: u16) -> bool {
                $(
                    if <$part as $crate::engine::store::codec::StoredEvent>::knows(event_type) {
                        return <$part as $crate::engine::domain::DomainEvent>::only_adds(event_type, schema_version);
                    }
                )+
                false
            }
        }

        impl $crate::engine::store::codec::serde::Serialize for $name {
            fn serialize<S: $crate::engine::store::codec::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(part) => {
                        $crate::engine::store::codec::serde::Serialize::serialize(part, serializer)
                    })+
                }
            }
        }

        impl $crate::engine::store::codec::StoredEvent for $name {
            fn event_types() -> ::std::option::Option<::std::vec::Vec<&'static str>> {
                let mut types = ::std::vec::Vec::new();
                $(types.extend(<$part as $crate::engine::store::codec::StoredEvent>::event_types()?);)+
                ::std::option::Option::Some(types)
            }

            fn knows(event_type: &str) -> bool {
                $(<$part as $crate::engine::store::codec::StoredEvent>::knows(event_type))||+
            }

            fn to_json(
                &self,
            ) -> ::std::result::Result<::std::string::String, $crate::engine::store::codec::UnwritableEvent> {
                match self {
                    $(Self::$variant(part) => $crate::engine::store::codec::StoredEvent::to_json(part),)+
                }
            }

            fn from_stored(
                event_type: &str,
                schema_version: u16,
                json: &str,
            ) -> ::std::result::Result<Self, $crate::engine::store::codec::UnreadableEvent> {
                $(
                    if <$part as $crate::engine::store::codec::StoredEvent>::knows(event_type) {
                        return <$part as $crate::engine::store::codec::StoredEvent>::from_stored(
                            event_type,
                            schema_version,
                            json,
                        )
                        .map(Self::$variant);
                    }
                )+
                ::std::result::Result::Err($crate::engine::store::codec::UnreadableEvent::UnknownType {
                    event_type: event_type.into(),
                })
            }
        }
    };
}

pub use domain_events;
