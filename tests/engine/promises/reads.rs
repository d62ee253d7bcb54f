//! Stored events can be read from any position.

use cqrs_bank::engine::log::{Moment, Position, Timestamp, Version};
use cqrs_bank::engine::store::{Append, EventStore, MAX_READ};

use super::{append, in_short, log, seconds, stored, stream};
use crate::happened::Happened;

pub(crate) async fn an_empty_store_has_no_events_and_ends_at_0(store: impl EventStore<Happened>) {
    assert_eq!(store.end().await.unwrap(), Position::START);
    assert!(store.read_all(Position::START, 9).await.unwrap().is_empty());
    assert!(store.read_all(Position::new(7), 9).await.unwrap().is_empty());
}

pub(crate) async fn events_are_read_from_any_place_and_as_many_as_wanted(store: impl EventStore<Happened>) {
    let mut model = Vec::new();
    for (name, version, numbers) in
        [("a", 0, &[1, 2][..]), ("b", 0, &[3]), ("a", 2, &[4, 5, 6]), ("b", 1, &[7]), ("c", 0, &[8, 9])]
    {
        let committed = stored(&store, append(name, version, numbers)).await;
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

pub(crate) async fn one_read_never_returns_more_than_the_bound(store: impl EventStore<Happened>) {
    let numbers: Vec<_> = (0..MAX_READ as u64 + 10).collect();
    stored(&store, append("a", 0, &numbers)).await;
    assert_eq!(store.read_all(Position::START, usize::MAX).await.unwrap().len(), MAX_READ);
    assert_eq!(store.read_all(Position::new(MAX_READ as u64), usize::MAX).await.unwrap().len(), 10);
    assert_eq!(store.read_stream(&stream("a"), Version::START, usize::MAX).await.unwrap().len(), MAX_READ);
    let rest = store.read_stream(&stream("a"), Version::new(MAX_READ as u64), usize::MAX).await.unwrap();
    assert_eq!(rest.len(), 10);
}

pub(crate) async fn a_stream_that_does_not_exist_has_no_events(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1])).await;
    for after in [0, 1, u64::MAX] {
        assert!(store.read_stream(&stream("b"), Version::new(after), 9).await.unwrap().is_empty());
    }
}

pub(crate) async fn a_long_stream_is_read_from_any_version(store: impl EventStore<Happened>) {
    for version in (0..2_000).step_by(100) {
        let numbers: Vec<_> = (version + 1..=version + 100).collect();
        stored(&store, append("a", version, &numbers)).await;
        stored(&store, append("b", version / 100, &[version])).await;
    }
    for after in [0, 1, 254, 255, 256, 257, 511, 512, 1_000, 1_790, 1_999] {
        for limit in [1, 2, 300, MAX_READ] {
            let read = store.read_stream(&stream("a"), Version::new(after), limit).await.unwrap();
            let numbers: Vec<_> = read.iter().map(|event| event.data.0).collect();
            let last = 2_000.min(after + limit as u64);
            assert_eq!(numbers, (after + 1..=last).collect::<Vec<_>>(), "after {after}, at most {limit}");
            assert!(read.iter().all(|event| event.version.get() == event.data.0));
        }
    }
}

pub(crate) async fn streams_that_cross_are_read_apart(store: impl EventStore<Happened>) {
    for round in 0..30 {
        let appends = (0..10).map(|name: u64| append(&name.to_string(), round, &[name * 100 + round])).collect();
        assert!(store.append(appends).await.unwrap().iter().all(Result::is_ok));
    }
    for name in 0..10 {
        let read = store.read_stream(&stream(&name.to_string()), Version::START, 99).await.unwrap();
        let numbers: Vec<_> = read.iter().map(|event| event.data.0).collect();
        assert_eq!(numbers, (0..30).map(|round| name * 100 + round).collect::<Vec<_>>());
    }
}

pub(crate) async fn what_was_answered_is_read_at_once(store: impl EventStore<Happened>) {
    for version in 0..200 {
        let committed = stored(&store, append("a", version, &[version])).await;
        assert_eq!(store.end().await.unwrap(), committed[0].position);
        assert_eq!(store.read_stream(&stream("a"), Version::new(version), 9).await.unwrap()[..], committed[..]);
        let before = committed[0].position.before();
        assert_eq!(store.read_all(before, 9).await.unwrap()[..], committed[..]);
    }
}

pub(crate) async fn reading_beyond_the_end_finds_nothing(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1, 2])).await;
    for after in [2, 3, 1 << 62, u64::MAX] {
        assert!(store.read_all(Position::new(after), 9).await.unwrap().is_empty());
        assert!(store.read_stream(&stream("a"), Version::new(after), 9).await.unwrap().is_empty());
    }
}

pub(crate) async fn reads_at_the_same_time_as_appends_see_whole_appends(store: impl EventStore<Happened>) {
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            for round in 0..100 {
                stored(&store, append("a", 3 * round, &[round; 3])).await;
            }
        }
    });
    while !writing.is_finished() {
        let seen = store.read_stream(&stream("a"), Version::START, usize::MAX).await.unwrap().len();
        assert_eq!(seen % 3, 0);
        assert!(log(&store).await.len() >= seen);
    }
    writing.await.unwrap();
    assert_eq!(log(&store).await.len(), 300);
}

/// Compares the version of each stream at every moment with the whole log.
async fn assert_versions(store: &impl EventStore<Happened>, names: &[&str], step: usize) {
    let log = log(store).await;
    let end = log.len() as u64;
    let positions = (0..=end + 1).step_by(step).chain([end, u64::MAX]).map(|at| Moment::Position(Position::new(at)));
    let times = log.iter().step_by(step).flat_map(|event| {
        [-1, 0, 1].map(|micros| Moment::Time(Timestamp::from_micros(event.time.as_micros() + micros)))
    });
    for moment in positions.chain(times).chain([Moment::NOW]) {
        for name in names {
            let of_stream = |event: &&_| moment.is_after(event) && event.stream == stream(name);
            let expected = log.iter().rfind(of_stream).map_or(Version::START, |event| event.version);
            let version = store.stream_version(&stream(name), moment).await.unwrap();
            assert_eq!(version, expected, "{name} at {moment:?}");
        }
    }
}

pub(crate) async fn the_version_of_a_stream_is_known_for_every_moment(store: impl EventStore<Happened>) {
    assert_eq!(store.stream_version(&stream("a"), Moment::NOW).await.unwrap(), Version::START);
    for (second, name, version, count) in
        [(1, "a", 0, 2), (2, "b", 0, 1), (2, "a", 2, 3), (5, "b", 1, 1), (5, "c", 0, 2), (4, "a", 5, 1)]
    {
        stored(&store, Append { time: seconds(second), ..append(name, version, &vec![0; count]) }).await;
    }
    assert_versions(&store, &["a", "b", "c", "none"], 1).await;
}

pub(crate) async fn the_version_of_a_long_stream_is_known_for_every_moment(store: impl EventStore<Happened>) {
    for round in 0..26 {
        let time = seconds(round as i64);
        stored(&store, Append { time, ..append("a", 97 * round, &[round; 97]) }).await;
        stored(&store, Append { time, ..append("b", round, &[round]) }).await;
        stored(&store, Append { time, ..append("c", 11 * round, &[round; 11]) }).await;
    }
    assert_versions(&store, &["a", "b", "c"], 37).await;
}
