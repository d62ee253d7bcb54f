//! An event that derives `Serialize` and `Deserialize` is stored under its type without a hand-written mapping. Older
//! schema versions are upcast step by step, and the type of a stored event selects the variant of a domain's event.

use cqrs_bank::engine::domain::{Contains as _, DomainEvent, Upcast};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::codec::{AmbiguousTypes, StoredEvent, UnreadableEvent, check_types, domain_events};
use cqrs_bank::engine::store::event_line::{read_line, write_line};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd, OpenStoreError, StoreError};
use cqrs_bank::engine::testing::assert_stored;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum LotEvent {
    CarEntered { plate: String, entrance: String, electric: bool },
    CarLeft(String),
    PlacesCounted(u32, u32),
    LotClosed,
}

impl DomainEvent for LotEvent {
    const DOMAIN: &'static str = "lot";

    fn event_type(&self) -> &'static str {
        match self {
            Self::CarEntered { .. } => "car_entered",
            Self::CarLeft(_) => "car_left",
            Self::PlacesCounted(..) => "places_counted",
            Self::LotClosed => "lot_closed",
        }
    }

    fn title(&self) -> &'static str {
        "Lot Event"
    }

    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        match (event_type, schema_version) {
            ("car_entered", 1) => Some(|data| json!({"plate": data["plate"], "entrance": "main"})),
            ("car_entered", 2) => Some(|mut data| {
                data["electric"] = false.into();
                data
            }),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum TicketEvent {
    Issued {
        number: u32,
        /// New in version 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<String>,
    },
}

impl DomainEvent for TicketEvent {
    fn event_type(&self) -> &'static str {
        "issued"
    }

    fn title(&self) -> &'static str {
        "Ticket Issued"
    }

    fn upcast(event_type: &str, schema_version: u16) -> Option<Upcast> {
        Self::only_adds(event_type, schema_version).then_some(|data| data)
    }

    fn only_adds(event_type: &str, schema_version: u16) -> bool {
        (event_type, schema_version) == ("issued", 1)
    }

    fn written_version(&self) -> Option<u16> {
        let Self::Issued { holder, .. } = self;
        Some(if holder.is_some() { 2 } else { 1 })
    }
}

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    enum GarageEvent of "garage" {
        Lot(LotEvent),
        Ticket(TicketEvent),
    }
}

fn entered(entrance: &str, electric: bool) -> LotEvent {
    LotEvent::CarEntered { plate: "B-1".to_owned(), entrance: entrance.to_owned(), electric }
}

#[test]
fn what_is_written_is_the_type_the_version_and_the_data_alone() {
    let stored = [
        (entered("west", true), "car_entered", 3, r#"{"plate":"B-1","entrance":"west","electric":true}"#),
        (LotEvent::CarLeft("B-1".to_owned()), "car_left", 1, r#""B-1""#),
        (LotEvent::PlacesCounted(3, 4), "places_counted", 1, "[3,4]"),
        (LotEvent::LotClosed, "lot_closed", 1, "{}"),
    ];
    for (event, event_type, schema_version, json) in stored {
        assert_eq!((event.event_type(), event.schema_version()), (event_type, schema_version));
        assert_eq!(event.to_json().unwrap(), json);
        assert_eq!(LotEvent::from_stored(event_type, schema_version, json).unwrap(), event);
        assert_stored([event.clone()]);
        let of_the_garage = GarageEvent::from(event);
        assert_eq!((of_the_garage.event_type(), of_the_garage.schema_version()), (event_type, schema_version));
        assert_eq!(of_the_garage.to_json().unwrap(), json);
        assert_stored([of_the_garage]);
    }
}

#[test]
fn an_older_form_is_read_through_every_step_after_it() {
    for (version, json, event) in [
        (1, r#"{"plate":"B-1"}"#, entered("main", false)),
        (2, r#"{"plate":"B-1","entrance":"west"}"#, entered("west", false)),
    ] {
        assert_eq!(LotEvent::from_stored("car_entered", version, json), Ok(event.clone()));
        assert_eq!(GarageEvent::from_stored("car_entered", version, json), Ok(GarageEvent::Lot(event)));
    }
    // An upcast may meet data that no program wrote, from an imported file.
    for (version, json, reason) in [
        (1, "[", "EOF"),
        (1, "7", "invalid type: null, expected a string"),
        (2, "7", "upcasting from version 2 panicked"),
        (2, r#"{"plate":"B-1"}"#, "missing field `entrance`"),
    ] {
        let said = GarageEvent::from_stored("car_entered", version, json).unwrap_err().to_string();
        let expected = "broken: the data of the event \"car_entered\": ";
        assert!(said.starts_with(expected) && said.contains(reason), "{said}");
    }
}

#[test]
fn an_event_without_what_a_version_added_stays_in_the_form_before() {
    for (holder, version, json) in
        [(None, 1, r#"{"number":7}"#), (Some("Ada".to_owned()), 2, r#"{"number":7,"holder":"Ada"}"#)]
    {
        let event = GarageEvent::from(TicketEvent::Issued { number: 7, holder });
        assert_eq!((event.schema_version(), event.to_json().unwrap().as_str()), (version, json));
        assert_eq!(GarageEvent::from_stored("issued", version, json), Ok(event.clone()));
        assert_stored([event]);
        let wrong = 3 - version;
        let said = GarageEvent::from_stored("issued", wrong, json).unwrap_err().to_string();
        assert!(said.ends_with(&format!("they are not of version {wrong} but of {version}")), "{said}");
    }
    assert!(matches!(GarageEvent::from_stored("issued", 3, "{}"), Err(UnreadableEvent::UnknownVersion { .. })));
}

#[test]
fn what_is_not_known_is_told_from_what_is_broken() {
    let unknown_type = |name: &str| UnreadableEvent::UnknownType { event_type: name.to_owned() };
    let unknown_version = |name: &str, schema_version| {
        let event_type = name.to_owned();
        UnreadableEvent::UnknownVersion { event_type, schema_version }
    };
    for (event_type, version, error) in [
        ("car_stolen", 1, unknown_type("car_stolen")),
        ("car_stolen", 9, unknown_type("car_stolen")),
        ("CarStolen", 1, unknown_type("CarStolen")),
        ("car_left", 0, unknown_version("car_left", 0)),
        ("car_left", 2, unknown_version("car_left", 2)),
        ("car_entered", 4, unknown_version("car_entered", 4)),
    ] {
        assert_eq!(LotEvent::from_stored(event_type, version, "no JSON"), Err(error.clone()), "{event_type} {version}");
        assert_eq!(GarageEvent::from_stored(event_type, version, "no JSON"), Err(error), "{event_type} {version}");
    }
    for (event_type, json, reason) in [
        ("lot_closed", r#"{"by":"Ann"}"#, "unknown field `by`"),
        ("lot_closed", "null", "invalid type: null"),
        ("places_counted", "[3]", "invalid length 1"),
        ("places_counted", "[3,4,5]", "trailing characters"),
        ("car_left", r#""B-1" x"#, "trailing characters"),
        ("issued", r#"{"number":1,"more":2}"#, "unknown field `more`"),
    ] {
        let said = GarageEvent::from_stored(event_type, 1, json).unwrap_err().to_string();
        assert!(said.starts_with("broken: ") && said.contains(reason), "{said}");
    }
}

#[test]
fn the_event_of_a_domain_is_one_of_its_parts() {
    let issued = GarageEvent::from(TicketEvent::Issued { number: 7, holder: None });
    let part: Option<&TicketEvent> = issued.part();
    assert_eq!(part, Some(&TicketEvent::Issued { number: 7, holder: None }));
    let part: Option<&LotEvent> = issued.part();
    assert_eq!(part, None);
    let part: Option<&GarageEvent> = issued.part();
    assert_eq!(part, Some(&issued), "a domain of one kind wraps nothing");
    assert_eq!((issued.title(), GarageEvent::DOMAIN), ("Ticket Issued", "garage"));
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct CarLeft {
    gate: u8,
}

impl DomainEvent for CarLeft {
    fn event_type(&self) -> &'static str {
        "car_left"
    }

    fn title(&self) -> &'static str {
        "Car Left"
    }
}

/// Enums that serde tags differently yield no type names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Left { gate: u8 },
}

impl DomainEvent for Untagged {
    fn event_type(&self) -> &'static str {
        "left"
    }

    fn title(&self) -> &'static str {
        "Left"
    }
}

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    enum Colliding of "garage" {
        Lot(LotEvent),
        Gate(CarLeft),
    }
}

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    enum Nameless of "garage" {
        Lot(LotEvent),
        Gate(Untagged),
    }
}

#[test]
fn types_that_cannot_be_told_from_each_other_are_found() {
    assert_eq!(check_types::<GarageEvent>(), Ok(()));
    assert_eq!(check_types::<CarLeft>(), Ok(()));
    let twice = AmbiguousTypes::Twice { event_type: "car_left".to_owned() };
    assert_eq!(check_types::<Colliding>(), Err(twice.clone()));
    assert_eq!(twice.to_string(), "two kinds of event are stored under the type \"car_left\"");
    assert_eq!(check_types::<Nameless>(), Err(AmbiguousTypes::Unnamed));
}

/// Its events are of one type, so that its upcast need not look at the type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum TillEvent {
    Paid { amount: u32, currency: String },
}

impl DomainEvent for TillEvent {
    fn event_type(&self) -> &'static str {
        "paid"
    }

    fn title(&self) -> &'static str {
        "Paid"
    }

    fn upcast(_: &str, schema_version: u16) -> Option<Upcast> {
        (schema_version == 1).then_some(|mut data| {
            data["currency"] = "EUR".into();
            data
        })
    }

    fn only_adds(_: &str, _: u16) -> bool {
        true
    }
}

domain_events! {
    #[derive(Clone, Debug, PartialEq)]
    enum HouseEvent of "house" {
        Till(TillEvent),
        Lot(LotEvent),
    }
}

#[test]
fn a_kind_upcasts_its_own_events_and_no_others() {
    let left = HouseEvent::from(LotEvent::CarLeft("B-1".to_owned()));
    assert_eq!(left.schema_version(), 1);
    assert_eq!(HouseEvent::from(entered("main", false)).schema_version(), 3);
    assert!(HouseEvent::upcast("car_left", 1).is_none() && !HouseEvent::only_adds("car_left", 1));
    assert_eq!(HouseEvent::from_stored("car_left", 1, "\"B-1\""), Ok(left));
    let paid = TillEvent::Paid { amount: 5, currency: "EUR".to_owned() };
    assert_eq!(HouseEvent::from(paid.clone()).schema_version(), 2);
    assert!(HouseEvent::upcast("paid", 1).is_some() && HouseEvent::upcast("paid", 2).is_none());
    assert!(HouseEvent::only_adds("paid", 1));
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Mistyped {
    Left,
}

impl DomainEvent for Mistyped {
    fn event_type(&self) -> &'static str {
        "gone"
    }

    fn title(&self) -> &'static str {
        "Gone"
    }
}

/// An event that could not be read back is not stored, and the store continues.
#[tokio::test]
async fn an_event_that_could_not_be_read_again_is_not_written() {
    let said = "the event \"gone\" cannot be written: serde names it \"Left\", which is another type";
    assert_eq!(Mistyped::Left.to_json().unwrap_err().to_string(), said);

    let directory = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::new();
    let path = directory.path().join("mistyped.db");
    let store = SqliteStore::<Mistyped>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let append = Append {
        stream: StreamId::named("lot-1"),
        expected_version: Version::START,
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::from_u128(1)),
        events: vec![Mistyped::Left],
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    let error = store.append(vec![append]).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    assert_eq!(error.to_string(), format!("the event store failed: {said}"));
    assert_eq!(store.end().await, Ok(Position::START));
}

#[test]
#[should_panic(expected = "the event \"gone\" cannot be written")]
fn a_test_of_ones_own_finds_it_too() {
    assert_stored([Mistyped::Left]);
}

/// The events in a file are read by their own domain, whatever their kind, and by no other domain.
#[tokio::test]
async fn a_file_of_several_kinds_is_one_domains() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("garage.db");
    let supervisor = Supervisor::new();
    let store = SqliteStore::<GarageEvent>::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    let events = vec![entered("west", true).into(), TicketEvent::Issued { number: 7, holder: None }.into()];
    let append = Append {
        stream: StreamId::named("lot-1"),
        expected_version: Version::START,
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::from_u128(1)),
        events: events.clone(),
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    };
    store.append(vec![append]).await.unwrap().remove(0).unwrap();
    let read = store.read_all(Position::START, 9).await.unwrap();
    assert_eq!(read.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), events);
    let other = SqliteStore::<LotEvent>::open(&path, SqliteOptions::default(), &supervisor).err().unwrap();
    assert!(matches!(other, OpenStoreError::OtherDomain { expected: "lot", .. }), "{other}");
}

#[test]
fn a_recorded_event_is_serialized_as_the_line_it_is_exported_as() {
    for data in [entered("west", true).into(), TicketEvent::Issued { number: 7, holder: None }.into()] {
        let event: RecordedEvent<GarageEvent> = RecordedEvent {
            position: Position::new(3),
            stream: StreamId::named("lot-1"),
            version: Version::new(2),
            time: Timestamp::from_micros(1_767_225_600_000_000),
            metadata: Metadata::from_outside(Uuid::from_u128(1)),
            data,
        };
        let mut line = Vec::new();
        write_line(&event, &mut line).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap() + "\n", String::from_utf8(line.clone()).unwrap());
        assert_eq!(read_line::<GarageEvent>(&line).unwrap(), event);
    }
}
