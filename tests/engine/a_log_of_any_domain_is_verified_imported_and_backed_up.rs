//! Every application can verify, import and back up its log, whatever its domain and however many kinds of aggregate it
//! has. The domain only adds its invariants.

use std::fs;
use std::path::PathBuf;

use cqrs_bank::engine::application::{Cause, ImportError};
use cqrs_bank::engine::domain::Invariants;
use cqrs_bank::engine::log::{Metadata, StreamId, Timestamp, Version};
use cqrs_bank::engine::store::handler_records::{HandlerRecords as _, ProjectionUpdate};
use cqrs_bank::engine::store::{Append, EventStore as _, ExpectedEnd, Verification, Verified};
use cqrs_bank::engine::{Application, Position, RecordedEvent, StoreUrl, Unavailable};
use tempfile::TempDir;
use uuid::Uuid;

use crate::hotel::{GuestEvent, GuestList, HotelEvent, RoomEvent, arrive, hotel, leave, log, without_reception};

fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("hotel.db"));
    (directory, [StoreUrl::Memory, file])
}

/// The log of a hotel where Ann arrived, left and returned, and Ben stayed: ten events.
async fn exported(directory: &TempDir) -> (PathBuf, Application<HotelEvent>) {
    let path = directory.path().join("events.jsonl");
    let first = hotel(StoreUrl::Memory).start().await.unwrap();
    arrive(&first, "Ann", "7").await;
    arrive(&first, "Ben", "8").await;
    leave(&first, "Ann").await;
    leave(&first, "Ben").await;
    arrive(&first, "Ann", "8").await;
    assert_eq!(first.export(&path, |_, _| {}).await, Ok(10));
    (path, first)
}

async fn verified(hotel: &Application<HotelEvent>) -> Verified {
    match hotel.verify(|_, _| {}).await.unwrap() {
        Verification::Whole(verified) => verified,
        broken => panic!("{broken:?}"),
    }
}

/// The position of a log's first problem, and the problem.
async fn broken(hotel: &Application<HotelEvent>) -> (Option<u64>, String) {
    match hotel.verify(|_, _| {}).await.unwrap() {
        Verification::Broken { position, problem } => (position.map(Position::get), problem),
        whole => panic!("{whole:?}"),
    }
}

/// Stores an event that no aggregate decided, followed by a snapshot.
async fn forge(hotel: &Application<HotelEvent>, stream: &str, event: impl Into<HotelEvent>, snapshot: Option<&str>) {
    let stream = StreamId::named(stream);
    let before = hotel.store().read_stream(&stream, Version::START, 1_000).await.unwrap();
    let append = Append {
        expected_version: before.last().map_or(Version::START, |last| last.version),
        stream,
        time: Timestamp::from_micros(0),
        metadata: Metadata::from_outside(Uuid::new_v4()),
        events: vec![event.into()],
        snapshot: snapshot.map(Into::into),
        expected_end: ExpectedEnd::ANY,
    };
    hotel.store().append(vec![append]).await.unwrap().remove(0).unwrap();
}

fn arrived(guest: &str, room: &str) -> GuestEvent {
    GuestEvent::GuestArrived { guest: guest.to_owned(), room: room.to_owned() }
}

fn left(guest: &str, room: &str) -> GuestEvent {
    GuestEvent::GuestLeft { guest: guest.to_owned(), room: room.to_owned() }
}

fn freed(guest: &str) -> RoomEvent {
    RoomEvent::RoomFreed { guest: guest.to_owned() }
}

fn occupied(guest: &str) -> RoomEvent {
    RoomEvent::RoomOccupied { guest: guest.to_owned() }
}

#[tokio::test]
async fn a_log_is_the_same_in_every_store() {
    let (directory, stores) = both_stores();
    let (path, first) = exported(&directory).await;
    let whole = verified(&first).await;
    assert_eq!(whole, Verified { events: 10, streams: 4, snapshots: 4 });
    for store in stores {
        let other = hotel(store).start().await.unwrap();
        assert_eq!(other.import(&path, |_, _, _| {}).await, Ok(10));
        assert_eq!(log(&other).await, log(&first).await);
        assert_eq!(verified(&other).await, whole);
        let head = first.head().await.unwrap();
        assert_eq!(other.verify_head(head, |_, _| {}).await.unwrap(), Verification::Whole(whole));
        leave(&other, "Ann").await;
        assert_eq!(verified(&other).await, Verified { events: 12, streams: 4, snapshots: 6 });
        let again = other.import(&path, |_, _, _| {}).await;
        assert_eq!(again, Err(ImportError::NotEmpty { events: 12 }));
        other.close().await;
    }
}

#[tokio::test]
async fn a_log_that_cannot_have_happened_is_refused_with_its_line() {
    let (directory, stores) = both_stores();
    let (path, _first) = exported(&directory).await;
    let text = fs::read_to_string(&path).unwrap();
    let changed = directory.path().join("changed.jsonl");
    for store in stores {
        for (from, to, line, problem) in [
            // Invariants of the domain.
            (r#""data":{"guest":"Ben"}"#, r#""data":{"guest":"Eve"}"#, 4, "Eve has a room and has never arrived"),
            (
                r#"{"guest":"Ben","room":"8"}"#,
                r#"{"guest":"Eve","room":"8"}"#,
                3,
                "it is about another guest than guest-Ben",
            ),
            ("Ben", "Nobody", 3, "nobody is called Nobody"),
            // Invariants of every log.
            (r#""version":2"#, r#""version":3"#, 5, "version 3 of its stream follows version 1"),
            (r#""position":4"#, r#""position":3"#, 4, "its position does not come after 3"),
            (r#""room-7""#, r#""guest-Cas""#, 2, "it stands in the stream guest-Cas, and is none of guest"),
            ("guest_left", "guest_lost", 5, "of the type \"guest_lost\", which this program does not know"),
        ] {
            let text = text.replace(from, to);
            fs::write(&changed, text).unwrap();
            let other = hotel(store.clone()).start().await.unwrap();
            match other.import(&changed, |_, _, _| {}).await {
                Err(ImportError::Broken { line: at, problem: said, .. }) => {
                    assert_eq!(at, line, "{said}");
                    assert!(said.contains(problem), "{said}");
                }
                other => panic!("{problem}: {other:?}"),
            }
            assert_eq!(log(&other).await, []);
            other.close().await;
        }
    }
}

#[tokio::test]
async fn a_snapshot_that_was_forged_is_named_whatever_its_kind() {
    for (stream, first, second, snapshot) in [
        ("guest-Ann", arrived("Ann", "7").into(), left("Ann", "7").into(), r#"{"room":"7"}"#),
        ("room-7", HotelEvent::from(occupied("Ann")), HotelEvent::from(freed("Ann")), r#"{"guest":"Ben"}"#),
    ] {
        let (_directory, stores) = both_stores();
        for store in stores {
            let forged = without_reception(store).start().await.unwrap();
            arrive(&forged, "Ann", "9").await;
            leave(&forged, "Ann").await;
            forge(&forged, stream, first.clone(), None).await;
            forge(&forged, stream, second.clone(), Some(snapshot)).await;
            let problem = format!("the snapshot of {stream} is not what its events make of it");
            assert_eq!(broken(&forged).await, (Some(4), problem));
            forged.close().await;
        }
    }
}

#[tokio::test]
async fn what_no_aggregate_has_decided_is_named() {
    for (stream, event, problem) in [
        ("room-7", HotelEvent::from(occupied("Eve")), "Eve has a room and has never arrived"),
        ("guest-Eve", arrived("Ben", "7").into(), "it is about another guest than guest-Eve"),
        ("guest-Eve", occupied("Ann").into(), "it stands in the stream guest-Eve, and is none of guest"),
    ] {
        let (_directory, stores) = both_stores();
        for store in stores {
            let forged = without_reception(store).start().await.unwrap();
            arrive(&forged, "Ann", "7").await;
            forge(&forged, stream, event.clone(), None).await;
            assert_eq!(broken(&forged).await, (Some(2), problem.to_owned()));
            forged.close().await;
        }
    }
}

/// Stored events skip the check for imports.
#[tokio::test]
async fn what_was_stored_before_stays_whole() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let old = without_reception(store).start().await.unwrap();
        arrive(&old, "Nobody", "7").await;
        assert_eq!(verified(&old).await.events, 1);
        old.close().await;
    }
}

/// For a projection given to the builder, and for one added later.
#[tokio::test]
async fn stored_rows_that_tell_something_else_are_named() {
    for comes_later in [false, true] {
        let (_directory, [_, file]) = both_stores();
        let filled = without_reception(file.clone()).start().await.unwrap();
        arrive(&filled, "Ann", "7").await;
        filled.close().await;
        let forging = Application::<HotelEvent>::builder(file.clone()).start().await.unwrap();
        let rows = ProjectionUpdate {
            projection: "guest list 1".to_owned(),
            after: Position::new(1),
            checkpoint: Position::new(1),
            rows: vec![("Ann".into(), Some("\"8\"".into()))],
            replace_all: true,
        };
        forging.store().write_projections(vec![rows]).await.unwrap();
        // An application without the projection does not check its rows.
        assert_eq!(verified(&forging).await.events, 1);
        if comes_later {
            forging.add_projection::<GuestList>().await.unwrap();
        }
        let asked = match comes_later {
            true => forging,
            false => {
                forging.close().await;
                without_reception(file).start().await.unwrap()
            }
        };
        let problem = "the stored row \"Ann\" of guest list is \"8\", but the log up to position 1 makes it \"7\"";
        assert_eq!(broken(&asked).await, (None, problem.to_owned()));
        asked.close().await;
    }
}

#[tokio::test]
async fn a_backup_is_a_store_that_goes_on() {
    let (directory, stores) = both_stores();
    let (exported, _first) = exported(&directory).await;
    for (number, store) in stores.into_iter().enumerate() {
        let first = hotel(store).start().await.unwrap();
        first.import(&exported, |_, _, _| {}).await.unwrap();
        leave(&first, "Ann").await;
        let path = directory.path().join(format!("{number}.db"));
        let copied = first.backup(&path, |_, _, _| {}).await.unwrap();
        assert_eq!((copied.events, copied.streams), (12, 4));
        let backup = hotel(StoreUrl::Sqlite(path)).start().await.unwrap();
        assert_eq!(log(&backup).await, log(&first).await);
        assert_eq!(verified(&backup).await, verified(&first).await);
        arrive(&backup, "Ben", "7").await;
        assert_eq!(log(&backup).await.len(), 14, "the reception goes on where it was");
        backup.close().await;
        first.close().await;
    }
}

#[tokio::test]
async fn what_was_behind_an_event_is_told() {
    let (_directory, stores) = both_stores();
    for store in stores {
        let hotel = hotel(store).start().await.unwrap();
        arrive(&hotel, "Ann", "7").await;
        let events = log(&hotel).await;
        assert_eq!(hotel.cause(&events[0]).await, Ok(Cause::Request));
        assert_eq!(hotel.cause(&events[1]).await, Ok(Cause::Event(Box::new(events[0].clone()))));
        let mut of_nobody = events[1].clone();
        let Metadata { command_id, .. } = of_nobody.metadata;
        of_nobody.metadata = Metadata::new(command_id, of_nobody.metadata.correlation_id(), Uuid::nil());
        assert_eq!(hotel.cause(&of_nobody).await, Ok(Cause::Unknown));
        hotel.close().await;
    }
}

/// Panics at every event.
#[derive(Default)]
struct Panics;

impl Invariants<HotelEvent> for Panics {
    fn take(&mut self, _: &RecordedEvent<HotelEvent>) -> Result<(), String> {
        panic!("over a guest")
    }
}

#[tokio::test]
async fn a_domain_that_panics_over_its_log_is_told_so_and_goes_on() {
    let hotel = hotel(StoreUrl::Memory).invariants::<Panics>().start().await.unwrap();
    arrive(&hotel, "Ann", "7").await;
    let verified = hotel.verify(|_, _| {}).await;
    assert_eq!(verified, Err(Unavailable::Defect("over a guest".to_owned())));
    arrive(&hotel, "Ben", "8").await;
    hotel.close().await;
}
