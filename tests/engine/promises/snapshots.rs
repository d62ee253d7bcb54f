//! A stream is read from its last snapshot before a moment, and its snapshots are listed.

use cqrs_bank::engine::log::{Moment, Position, Version};
use cqrs_bank::engine::store::{Append, ArcStr, EventStore, MAX_READ, Snapshot, SnapshotEntry};

use super::{answer_to, append, seconds, stored, stream, with_snapshot};
use crate::happened::Happened;

/// The snapshot's version and state, and the versions of the events read after it.
async fn read(store: &impl EventStore<Happened>, name: &str, until: Moment) -> (Option<(u64, ArcStr)>, Vec<u64>) {
    let (snapshot, events) = store.read_from_snapshot(&stream(name), until, usize::MAX).await.unwrap();
    let versions = events.iter().map(|event| event.version.get()).collect();
    (snapshot.map(|snapshot| (snapshot.version.get(), snapshot.state)), versions)
}

/// Six events, one per second from second 1 on, with snapshots after the second and the fifth. Events of another stream
/// lie between them.
async fn two_snapshots(store: &impl EventStore<Happened>) {
    for version in 0..6 {
        let number = version + 1;
        let mut append = Append { time: seconds(number as i64), ..append("a", version, &[number]) };
        if number == 2 || number == 5 {
            append = with_snapshot(append, &format!("state {number}"));
        }
        stored(store, append).await;
        stored(store, Append { time: seconds(number as i64), ..super::append("b", version, &[0]) }).await;
    }
}

fn state(version: u64) -> Option<(u64, ArcStr)> {
    Some((version, format!("state {version}").into()))
}

pub(crate) async fn a_stream_without_snapshot_is_read_from_the_beginning(store: impl EventStore<Happened>) {
    assert_eq!(read(&store, "a", Moment::NOW).await, (None, vec![]));
    stored(&store, append("a", 0, &[1, 2, 3])).await;
    assert_eq!(read(&store, "a", Moment::NOW).await, (None, vec![1, 2, 3]));
}

pub(crate) async fn a_snapshot_is_read_with_what_follows_it(store: impl EventStore<Happened>) {
    stored(&store, append("b", 0, &[1])).await;
    let append = Append { time: seconds(7), ..append("a", 0, &[1, 2]) };
    stored(&store, with_snapshot(append, "after two")).await;
    let (snapshot, events) = store.read_from_snapshot(&stream("a"), Moment::NOW, 9).await.unwrap();
    let (version, position) = (Version::new(2), Position::new(3));
    assert_eq!(snapshot, Some(Snapshot { version, position, time: seconds(7), state: "after two".into() }));
    assert!(events.is_empty());
    stored(&store, super::append("a", 2, &[3, 4])).await;
    assert_eq!(read(&store, "a", Moment::NOW).await, (Some((2, "after two".into())), vec![3, 4]));
}

pub(crate) async fn of_several_snapshots_the_last_one_counts(store: impl EventStore<Happened>) {
    two_snapshots(&store).await;
    assert_eq!(read(&store, "a", Moment::NOW).await, (state(5), vec![6]));
}

pub(crate) async fn a_snapshot_before_a_position_is_found(store: impl EventStore<Happened>) {
    two_snapshots(&store).await;
    for (position, expected) in [(3, 2), (4, 2), (8, 2), (9, 5), (10, 5), (99, 5)] {
        let (snapshot, versions) = read(&store, "a", Moment::Position(Position::new(position))).await;
        assert_eq!(snapshot, state(expected), "at {position}");
        assert_eq!(versions, (expected + 1..=6).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_snapshot_before_a_time_is_found(store: impl EventStore<Happened>) {
    two_snapshots(&store).await;
    for (second, expected) in [(2, 2), (3, 2), (4, 2), (5, 5), (6, 5), (99, 5)] {
        let (snapshot, versions) = read(&store, "a", Moment::Time(seconds(second))).await;
        assert_eq!(snapshot, state(expected), "at second {second}");
        assert_eq!(versions, (expected + 1..=6).collect::<Vec<_>>());
    }
}

pub(crate) async fn before_the_first_snapshot_the_events_are_read(store: impl EventStore<Happened>) {
    two_snapshots(&store).await;
    let all: Vec<_> = (1..=6).collect();
    for moment in [Moment::Position(Position::START), Moment::Position(Position::new(2)), Moment::Time(seconds(1))] {
        assert_eq!(read(&store, "a", moment).await, (None, all.clone()));
    }
}

pub(crate) async fn a_snapshot_of_an_append_that_was_rejected_is_not_there(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1])).await;
    answer_to(&store, with_snapshot(append("a", 0, &[2]), "never")).await.unwrap_err();
    assert_eq!(read(&store, "a", Moment::NOW).await, (None, vec![1]));
}

pub(crate) async fn snapshots_of_streams_are_kept_apart(store: impl EventStore<Happened>) {
    for name in ["a", "b", "c"] {
        stored(&store, with_snapshot(append(name, 0, &[1, 2]), name)).await;
    }
    for name in ["a", "b", "c"] {
        assert_eq!(read(&store, name, Moment::NOW).await, (Some((2, name.into())), vec![]));
    }
}

pub(crate) async fn after_a_snapshot_no_more_than_the_limit_is_read(store: impl EventStore<Happened>) {
    stored(&store, with_snapshot(append("a", 0, &[1, 2]), "two")).await;
    stored(&store, append("a", 2, &[3, 4, 5])).await;
    for limit in 0..5 {
        let (snapshot, events) = store.read_from_snapshot(&stream("a"), Moment::NOW, limit).await.unwrap();
        assert_eq!(snapshot.unwrap().version, Version::new(2));
        let versions: Vec<_> = events.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, (3..=5).take(limit).collect::<Vec<_>>());
    }
}

/// The versions of the snapshots after a position.
async fn listed(store: &impl EventStore<Happened>, name: &str, after: u64, limit: usize) -> Vec<u64> {
    let listed = store.list_snapshots(&stream(name), Position::new(after), limit).await.unwrap();
    listed.iter().map(|snapshot| snapshot.version.get()).collect()
}

pub(crate) async fn snapshots_are_listed_first_to_last_from_a_position_on(store: impl EventStore<Happened>) {
    two_snapshots(&store).await;
    for (after, limit, versions) in [
        (0, 9, vec![2, 5]),
        (2, usize::MAX, vec![2, 5]),
        (3, 9, vec![5]),
        (8, 9, vec![5]),
        (9, 9, vec![]),
        (0, 1, vec![2]),
        (3, 1, vec![5]),
        (0, 0, vec![]),
    ] {
        assert_eq!(listed(&store, "a", after, limit).await, versions, "{limit} after {after}");
    }
    assert_eq!(listed(&store, "b", 0, 9).await, [0_u64; 0]);
    assert_eq!(listed(&store, "c", 0, 9).await, [0_u64; 0]);
    let first = store.list_snapshots(&stream("a"), Position::START, 1).await.unwrap();
    let (position, version) = (Position::new(3), Version::new(2));
    assert_eq!(first, [SnapshotEntry { position, version, time: seconds(2) }]);
}

pub(crate) async fn a_list_of_snapshots_is_as_long_as_a_read(store: impl EventStore<Happened>) {
    let count = MAX_READ as u64 + 2;
    let appends = (0..count).map(|version| with_snapshot(append("a", version, &[1]), "state")).collect();
    assert!(store.append(appends).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(listed(&store, "a", 0, usize::MAX).await, (1..=MAX_READ as u64).collect::<Vec<_>>());
    assert_eq!(listed(&store, "a", MAX_READ as u64, usize::MAX).await, [count - 1, count]);
}
