//! An append is stored whole, in order and at the version it was decided on, or not at all; and what was stored
//! can be read from any place on.

mod happened;

use cqrs_bank::engine::clock::Timestamp;
use cqrs_bank::engine::event::{Metadata, Position, RecordedEvent, StreamId, Version};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::{Append, Conflict, EventStore, MAX_READ, Rejected};
use cqrs_bank::engine::supervisor::Supervisor;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::happened::Happened;

#[tokio::test]
async fn versions_count_in_the_stream_and_positions_in_the_whole_store() {
    let store = new_store();
    for append in [append("a", 0, &[10, 11]), append("b", 0, &[20]), append("a", 2, &[12])] {
        store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
    let expected = [(1, "a", 1, 10), (2, "a", 2, 11), (3, "b", 1, 20), (4, "a", 3, 12)];
    assert_eq!(in_short(&store.read_all(Position::START, 9).await.unwrap()), expected);
    assert_eq!(in_short(&store.read_stream(&stream("b"), Version::START, 9).await.unwrap()), expected[2..3]);
    assert_eq!(store.end().await.unwrap(), Position::new(4));
}

#[tokio::test]
async fn an_event_is_stored_as_it_was_given_and_answered() {
    let store = new_store();
    let append = append("a", 0, &[1, 2]);
    let (time, metadata) = (append.time, append.metadata);
    let committed = store.append(vec![append]).await.unwrap().remove(0).unwrap();
    let expected = [1, 2].map(|number| RecordedEvent {
        position: Position::new(number),
        stream: stream("a"),
        version: Version::new(number),
        time,
        metadata,
        data: Happened(number),
    });
    assert_eq!(committed[..], expected);
    assert_eq!(store.read_all(Position::START, 9).await.unwrap()[..], expected);
    assert_eq!(store.read_stream(&stream("a"), Version::START, 9).await.unwrap()[..], expected);
}

#[tokio::test]
async fn at_another_version_nothing_is_stored_and_nobody_hears_of_it() {
    let store = new_store();
    store.append(vec![append("a", 0, &[1, 2])]).await.unwrap().remove(0).unwrap();
    let mut published = store.published();
    for (name, expected, actual) in [("a", 0, 2), ("a", 1, 2), ("a", 3, 2), ("new", 1, 0), ("new", 7, 0)] {
        let answer = store.append(vec![append(name, expected, &[8, 9])]).await.unwrap().remove(0);
        let conflict = Conflict { expected: Version::new(expected), actual: Version::new(actual) };
        assert!(matches!(answer, Err(Rejected::Conflict(met)) if met == conflict), "{name}: {answer:?}");
    }
    assert_eq!(in_short(&store.read_all(Position::START, 9).await.unwrap()), [(1, "a", 1, 1), (2, "a", 2, 2)]);
    assert!(store.read_stream(&stream("new"), Version::START, 9).await.unwrap().is_empty());
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
}

#[tokio::test]
async fn appends_in_one_call_are_one_commit_and_see_those_before_them() {
    let store = new_store();
    let mut published = store.published();
    let calls = vec![append("a", 0, &[1, 2]), append("b", 0, &[3]), append("a", 2, &[4])];
    let answers = store.append(calls).await.unwrap();
    let answers: Vec<_> = answers.iter().map(|answer| in_short(answer.as_ref().unwrap())).collect();
    assert_eq!(answers, [vec![(1, "a", 1, 1), (2, "a", 2, 2)], vec![(3, "b", 1, 3)], vec![(4, "a", 3, 4)]]);

    let commit = published.try_recv().unwrap();
    assert_eq!(commit.after, Position::START);
    assert_eq!(in_short(&commit.events), answers.concat());
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
}

#[tokio::test]
async fn a_conflict_spares_other_streams_and_what_came_before_it() {
    let store = new_store();
    let calls = vec![append("a", 0, &[1]), append("a", 0, &[2]), append("b", 0, &[3]), append("b", 1, &[4])];
    let answers = store.append(calls).await.unwrap();
    let stored: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(stored, [true, false, true, true]);
    let expected = [(1, "a", 1, 1), (2, "b", 1, 3), (3, "b", 2, 4)];
    assert_eq!(in_short(&store.read_all(Position::START, 9).await.unwrap()), expected);
}

/// The second was decided on the first. That another writer has left the stream at the version it expects is
/// chance.
#[tokio::test]
async fn what_follows_a_conflict_in_its_stream_is_not_stored_either() {
    let store = new_store();
    store.append(vec![append("a", 0, &[1])]).await.unwrap().remove(0).unwrap();
    let answers = store.append(vec![append("a", 0, &[2]), append("a", 1, &[3])]).await.unwrap();
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(store.end().await.unwrap(), Position::new(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_expect_the_same_version_one_is_stored() {
    let store = new_store();
    for version in 0..50 {
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let store = store.clone();
            writers.spawn(async move { store.append(vec![append("a", version, &[writer])]).await.unwrap().remove(0) });
        }
        let stored: Vec<_> = writers.join_all().await.into_iter().filter_map(Result::ok).collect();
        let [committed] = &stored[..] else { panic!("one of eight, not {stored:?}") };
        let read = store.read_stream(&stream("a"), Version::new(version), 9).await.unwrap();
        assert_eq!(in_short(&read), in_short(committed));
    }
}

#[tokio::test]
async fn events_are_read_from_any_place_and_as_many_as_wanted() {
    let store = new_store();
    let mut model = Vec::new();
    for (name, version, numbers) in
        [("a", 0, &[1, 2][..]), ("b", 0, &[3]), ("a", 2, &[4, 5, 6]), ("b", 1, &[7]), ("c", 0, &[8, 9])]
    {
        let committed = store.append(vec![append(name, version, numbers)]).await.unwrap().remove(0).unwrap();
        model.extend(
            in_short(&committed).into_iter().map(|(position, _, version, number)| (position, name, version, number)),
        );
    }
    for after in 0..12 {
        for limit in [0, 1, 2, 3, 100, usize::MAX] {
            let expected: Vec<_> = model.iter().filter(|event| event.0 > after).take(limit).copied().collect();
            assert_eq!(in_short(&store.read_all(Position::new(after), limit).await.unwrap()), expected);
            for name in ["a", "b", "c", "none"] {
                let of_stream = model.iter().filter(|event| event.1 == name && event.2 > after);
                let expected: Vec<_> = of_stream.take(limit).copied().collect();
                let read = store.read_stream(&stream(name), Version::new(after), limit).await.unwrap();
                assert_eq!(in_short(&read), expected, "{name} after {after}, at most {limit}");
            }
        }
    }
}

#[tokio::test]
async fn one_read_never_returns_more_than_the_bound() {
    let store = new_store();
    let numbers: Vec<_> = (0..MAX_READ as u64 + 10).collect();
    store.append(vec![append("a", 0, &numbers)]).await.unwrap().remove(0).unwrap();
    assert_eq!(store.read_all(Position::START, usize::MAX).await.unwrap().len(), MAX_READ);
    assert_eq!(store.read_all(Position::new(MAX_READ as u64), usize::MAX).await.unwrap().len(), 10);
    assert_eq!(store.read_stream(&stream("a"), Version::START, usize::MAX).await.unwrap().len(), MAX_READ);
    let rest = store.read_stream(&stream("a"), Version::new(MAX_READ as u64), usize::MAX).await.unwrap();
    assert_eq!(rest.len(), 10);
}

fn new_store() -> MemoryStore<Happened> {
    MemoryStore::start(&Supervisor::new())
}

fn stream(name: &str) -> StreamId {
    StreamId::new("test", &name)
}

fn append(name: &str, expected_version: u64, numbers: &[u64]) -> Append<Happened> {
    Append {
        stream: stream(name),
        expected_version: Version::new(expected_version),
        time: Timestamp::from_micros(1_767_225_600_000_000),
        metadata: Metadata::from_outside(Uuid::new_v4()),
        events: numbers.iter().copied().map(Happened).collect(),
        snapshot: None,
    }
}

/// Position, the stream's name, version and what happened.
fn in_short(events: &[RecordedEvent<Happened>]) -> Vec<(u64, &str, u64, u64)> {
    events
        .iter()
        .map(|event| {
            let name = event.stream.as_str().trim_start_matches("test-");
            (event.position.get(), name, event.version.get(), event.data.0)
        })
        .collect()
}
