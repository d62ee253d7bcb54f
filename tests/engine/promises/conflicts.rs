//! Conflicting appends.

use cqrs_bank::engine::log::{Position, Version};
use cqrs_bank::engine::store::{Append, AppendAnswer, Conflict, EventStore, ExpectedEnd, Rejected};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;

use super::{answer_to, append, in_short, log, stored, stream};
use crate::happened::Happened;

fn conflict_of(answer: &AppendAnswer<Happened>) -> (u64, u64) {
    match answer {
        Err(Rejected::Conflict(Conflict { expected, actual })) => (expected.get(), actual.get()),
        answer => panic!("no conflict: {answer:?}"),
    }
}

pub(crate) async fn at_another_version_nothing_is_stored_and_nobody_hears_of_it(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1, 2])).await;
    let mut published = store.published();
    for (name, expected, actual) in [("a", 0, 2), ("a", 1, 2), ("a", 3, 2), ("new", 1, 0), ("new", 7, 0)] {
        let answer = answer_to(&store, append(name, expected, &[8, 9])).await;
        assert_eq!(conflict_of(&answer), (expected, actual), "{name}");
    }
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 1), (2, "a", 2, 2)]);
    assert!(store.read_stream(&stream("new"), Version::START, 9).await.unwrap().is_empty());
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
}

pub(crate) async fn a_new_stream_is_at_version_0_and_at_no_other(store: impl EventStore<Happened>) {
    assert_eq!(conflict_of(&answer_to(&store, append("a", 1, &[1])).await), (1, 0));
    assert_eq!(conflict_of(&answer_to(&store, append("a", u64::MAX, &[1])).await), (u64::MAX, 0));
    stored(&store, append("a", 0, &[1])).await;
}

pub(crate) async fn a_conflict_spares_other_streams_and_what_came_before_it(store: impl EventStore<Happened>) {
    let calls = vec![append("a", 0, &[1]), append("a", 0, &[2]), append("b", 0, &[3]), append("b", 1, &[4])];
    let answers = store.append(calls).await.unwrap();
    let are_stored: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(are_stored, [true, false, true, true]);
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 1), (2, "b", 1, 3), (3, "b", 2, 4)]);
}

/// The second append was decided on top of the first. That another writer left the stream at the expected version is a
/// coincidence.
pub(crate) async fn what_follows_a_conflict_in_its_stream_is_not_stored_either(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1])).await;
    let answers = store.append(vec![append("a", 0, &[2]), append("a", 1, &[3])]).await.unwrap();
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    assert_eq!(store.end().await.unwrap(), Position::new(1));
}

pub(crate) async fn a_conflict_says_where_the_stream_stands(store: impl EventStore<Happened>) {
    for version in 0..5 {
        stored(&store, append("a", version, &[version])).await;
        stored(&store, append("b", 2 * version, &[version, version])).await;
        assert_eq!(conflict_of(&answer_to(&store, append("a", 0, &[9])).await), (0, version + 1));
        assert_eq!(conflict_of(&answer_to(&store, append("b", 1, &[9])).await), (1, 2 * version + 2));
    }
}

pub(crate) async fn a_conflict_in_one_call_does_not_touch_another_call(store: impl EventStore<Happened>) {
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        calls.spawn(async move {
            let name = number.to_string();
            let answers = store.append(vec![append(&name, 7, &[1]), append(&name, 0, &[2])]).await.unwrap();
            assert!(answers.iter().all(Result::is_err));
            stored(&store, append(&name, 0, &[3])).await;
        });
    }
    calls.join_all().await;
    let numbers: Vec<_> = log(&store).await.iter().map(|event| event.data.0).collect();
    assert_eq!(numbers, [3; 20]);
}

pub(crate) async fn of_those_who_expect_the_same_version_one_is_stored(store: impl EventStore<Happened>) {
    for version in 0..50 {
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let store = store.clone();
            writers.spawn(async move { answer_to(&store, append("a", version, &[writer])).await });
        }
        let stored: Vec<_> = writers.join_all().await.into_iter().filter_map(Result::ok).collect();
        let [committed] = &stored[..] else { panic!("one of eight, not {stored:?}") };
        let read = store.read_stream(&stream("a"), Version::new(version), 9).await.unwrap();
        assert_eq!(in_short(&read), in_short(committed));
    }
}

pub(crate) async fn after_a_conflict_the_right_version_is_stored(store: impl EventStore<Happened>) {
    stored(&store, append("a", 0, &[1])).await;
    let (expected, actual) = conflict_of(&answer_to(&store, append("a", 0, &[2])).await);
    assert_eq!((expected, actual), (0, 1));
    assert_eq!(in_short(&stored(&store, append("a", actual, &[2])).await), [(2, "a", 2, 2)]);
}

pub(crate) async fn a_conflict_sees_what_came_before_it_in_its_call(store: impl EventStore<Happened>) {
    let answers = store.append(vec![append("a", 0, &[1, 2, 3]), append("a", 1, &[4])]).await.unwrap();
    assert_eq!(conflict_of(&answers[1]), (1, 3));
}

pub(crate) async fn at_another_end_of_the_log_than_expected_nothing_is_stored(store: impl EventStore<Happened>) {
    let at_end = |name, version, end| Append {
        expected_end: ExpectedEnd::at(Position::new(end)),
        ..append(name, version, &[7])
    };
    stored(&store, at_end("a", 0, 0)).await;
    for end in [0, 2] {
        assert_eq!(conflict_of(&answer_to(&store, at_end("b", 0, end)).await), (0, 0));
        assert_eq!(conflict_of(&answer_to(&store, at_end("a", 1, end)).await), (1, 1));
    }
    let both = store.append(vec![at_end("b", 0, 1), at_end("c", 0, 1)]).await.unwrap();
    assert_eq!(both.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false], "the first has moved the end");
    stored(&store, at_end("c", 0, 2)).await;
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 7), (2, "b", 1, 7), (3, "c", 1, 7)]);
}
