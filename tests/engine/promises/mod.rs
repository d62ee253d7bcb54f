//! The promises of every store, and the functions that the cases share.

pub(crate) mod appends;
pub(crate) mod command_ids;
pub(crate) mod conflicts;
pub(crate) mod parked;
pub(crate) mod progress;
pub(crate) mod reads;
pub(crate) mod snapshots;
pub(crate) mod subscriptions;
pub(crate) mod times;

use std::sync::{Arc, LazyLock};

use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::{Clock, IdSource};
use cqrs_bank::engine::store::{Append, AppendAnswer, Committed, EventStore, ExpectedEnd};
use uuid::Uuid;

use crate::happened::Happened;

/// The capacity of the broadcast channel in commits, small so that subscribers fall behind.
pub(crate) const PUBLISHED_CAPACITY: usize = 8;

/// Position, stream name, version and event.
pub(crate) type InShort<'a> = (u64, &'a str, u64, u64);

pub(crate) fn in_short(events: &[RecordedEvent<Happened>]) -> Vec<InShort<'_>> {
    events
        .iter()
        .map(|event| {
            let name = event.stream.as_str().strip_prefix("test-").unwrap();
            (event.position.get(), name, event.version.get(), event.data.0)
        })
        .collect()
}

pub(crate) fn stream(name: &str) -> StreamId {
    StreamId::new("test", &name)
}

/// The time of the appends in these tests plus some seconds.
pub(crate) fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000 + seconds * 1_000_000)
}

/// An append of a command with a unique id.
pub(crate) fn append(name: &str, expected_version: u64, numbers: &[u64]) -> Append<Happened> {
    append_as(new_id(), name, expected_version, numbers)
}

/// An id like those of the engine.
pub(crate) fn new_id() -> Uuid {
    static IDS: LazyLock<IdSource> = LazyLock::new(|| IdSource::random(Arc::new(Clock::System)));
    IDS.next()
}

pub(crate) fn append_as(command_id: Uuid, name: &str, expected_version: u64, numbers: &[u64]) -> Append<Happened> {
    Append {
        stream: stream(name),
        expected_version: Version::new(expected_version),
        time: seconds(0),
        metadata: Metadata::from_outside(command_id),
        events: numbers.iter().copied().map(Happened).collect(),
        snapshot: None,
        expected_end: ExpectedEnd::ANY,
    }
}

pub(crate) fn with_snapshot(mut append: Append<Happened>, state: &str) -> Append<Happened> {
    append.snapshot = Some(state.into());
    append
}

pub(crate) async fn answer_to(store: &impl EventStore<Happened>, append: Append<Happened>) -> AppendAnswer<Happened> {
    let mut answers = store.append(vec![append]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

pub(crate) async fn stored(store: &impl EventStore<Happened>, append: Append<Happened>) -> Committed<Happened> {
    answer_to(store, append).await.unwrap()
}

/// The whole log.
pub(crate) async fn log(store: &impl EventStore<Happened>) -> Vec<RecordedEvent<Happened>> {
    let mut events = Vec::new();
    let mut position = Position::START;
    loop {
        let read = store.read_all(position, usize::MAX).await.unwrap();
        let Some(last) = read.last() else { return events };
        position = last.position;
        events.extend_from_slice(&read);
    }
}
