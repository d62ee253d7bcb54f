//! The events of a command are stored once, however often it is sent.

use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::store::{AppendAnswer, EventStore, Rejected};
use tokio::sync::broadcast::error::TryRecvError;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{answer_to, append, append_as, in_short, log, new_id, stored};
use crate::happened::Happened;

fn repeat_of(answer: &AppendAnswer<Happened>) -> &[RecordedEvent<Happened>] {
    match answer {
        Err(Rejected::Repeated(committed)) => committed,
        answer => panic!("no repeat: {answer:?}"),
    }
}

pub(crate) async fn a_repeated_command_is_answered_with_its_first_events(store: impl EventStore<Happened>) {
    let id = new_id();
    let first = stored(&store, append_as(id, "a", 0, &[1])).await;
    stored(&store, append("a", 1, &[2])).await;
    let answer = answer_to(&store, append_as(id, "a", 0, &[1])).await;
    assert_eq!(repeat_of(&answer), &first[..]);
}

pub(crate) async fn a_repeated_command_stores_nothing_and_nobody_hears_of_it(store: impl EventStore<Happened>) {
    let id = new_id();
    stored(&store, append_as(id, "a", 0, &[1])).await;
    let mut published = store.published();
    repeat_of(&answer_to(&store, append_as(id, "a", 1, &[1])).await);
    repeat_of(&answer_to(&store, append_as(id, "b", 0, &[1])).await);
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 1)]);
    assert_eq!(published.try_recv().unwrap_err(), TryRecvError::Empty);
    // The stream of the repeated command is still empty.
    stored(&store, append("b", 0, &[2])).await;
}

pub(crate) async fn a_command_repeated_on_another_stream_is_answered_with_its_first_events(
    store: impl EventStore<Happened>,
) {
    let id = new_id();
    let first = stored(&store, append_as(id, "a", 0, &[1])).await;
    stored(&store, append("b", 0, &[5])).await;
    for version in [0, 1, 2] {
        assert_eq!(repeat_of(&answer_to(&store, append_as(id, "b", version, &[9])).await), &first[..]);
    }
}

pub(crate) async fn a_command_repeated_at_another_version_is_still_a_repeat(store: impl EventStore<Happened>) {
    let id = new_id();
    let first = stored(&store, append_as(id, "a", 0, &[1])).await;
    for version in [0, 1, 2, 100] {
        assert_eq!(repeat_of(&answer_to(&store, append_as(id, "a", version, &[1])).await), &first[..]);
    }
}

pub(crate) async fn a_command_repeated_within_one_call_is_stored_once(store: impl EventStore<Happened>) {
    let id = new_id();
    let calls = vec![append_as(id, "a", 0, &[1, 2]), append_as(id, "b", 0, &[3]), append("c", 0, &[4])];
    let answers = store.append(calls).await.unwrap();
    assert_eq!(in_short(repeat_of(&answers[1])), [(1, "a", 1, 1), (2, "a", 2, 2)]);
    assert_eq!(in_short(&log(&store).await), [(1, "a", 1, 1), (2, "a", 2, 2), (3, "c", 1, 4)]);
}

pub(crate) async fn what_follows_a_repeat_in_its_stream_is_a_conflict(store: impl EventStore<Happened>) {
    let id = new_id();
    stored(&store, append_as(id, "a", 0, &[1])).await;
    let answers = store.append(vec![append_as(id, "a", 0, &[1]), append("a", 1, &[2])]).await.unwrap();
    repeat_of(&answers[0]);
    assert!(matches!(answers[1], Err(Rejected::Conflict(_))), "{answers:?}");
    assert_eq!(store.end().await.unwrap(), Position::new(1));
}

pub(crate) async fn a_command_that_met_a_conflict_may_come_again(store: impl EventStore<Happened>) {
    let id = new_id();
    stored(&store, append("a", 0, &[1])).await;
    assert!(matches!(answer_to(&store, append_as(id, "a", 0, &[2])).await, Err(Rejected::Conflict(_))));
    assert_eq!(in_short(&stored(&store, append_as(id, "a", 1, &[2])).await), [(2, "a", 2, 2)]);
}

pub(crate) async fn ids_may_come_in_any_order(store: impl EventStore<Happened>) {
    let numbers: Vec<u64> = (0..200).map(|number| (number * 7_919) % 1_009).collect();
    for (version, number) in numbers.iter().enumerate() {
        let id = Uuid::from_u128(u128::from(*number) << 64);
        stored(&store, append_as(id, "a", version as u64, &[*number])).await;
    }
    for (version, number) in numbers.iter().enumerate() {
        let id = Uuid::from_u128(u128::from(*number) << 64);
        let answer = answer_to(&store, append_as(id, "a", 0, &[0])).await;
        let place = version as u64 + 1;
        assert_eq!(in_short(repeat_of(&answer)), [(place, "a", place, *number)]);
    }
}

/// An id like those derived from the ids of events.
pub(crate) async fn ids_that_begin_with_the_same_time_are_told_apart(store: impl EventStore<Happened>) {
    let time = new_id().as_u128() >> 80 << 80;
    let ids = [5_u128, 1, 9, 0, 7].map(|rest| Uuid::from_u128(time | rest));
    for (number, id) in ids.into_iter().enumerate() {
        stored(&store, append_as(id, &number.to_string(), 0, &[number as u64])).await;
    }
    for (number, id) in ids.into_iter().enumerate() {
        let found = store.read_command(id).await.unwrap().unwrap();
        let numbers: Vec<_> = found.iter().map(|event| event.data.0).collect();
        assert_eq!(numbers, [number as u64]);
    }
}

pub(crate) async fn a_command_is_read_by_its_id(store: impl EventStore<Happened>) {
    let ids = [new_id(), new_id(), new_id()];
    for (number, id) in ids.into_iter().enumerate() {
        let committed = stored(&store, append_as(id, "a", 2 * number as u64, &[1, 2])).await;
        assert_eq!(store.read_command(id).await.unwrap().unwrap()[..], committed[..]);
    }
    let first = store.read_command(ids[0]).await.unwrap().unwrap();
    assert_eq!(in_short(&first), [(1, "a", 1, 1), (2, "a", 2, 2)]);
}

pub(crate) async fn many_commands_are_read_in_the_order_of_the_question(store: impl EventStore<Happened>) {
    let ids: Vec<_> = (0..50).map(|_| new_id()).collect();
    for (number, id) in (0..).zip(&ids).step_by(2) {
        stored(&store, append_as(*id, "a", number, &[number, number])).await;
    }
    let asked: Vec<_> = ids.iter().rev().chain(&ids).copied().collect();
    let found = store.read_commands(asked.clone()).await.unwrap();
    assert_eq!(found.len(), asked.len());
    for (id, found) in asked.into_iter().zip(found) {
        assert_eq!(found.as_deref(), store.read_command(id).await.unwrap().as_deref());
        let number = ids.iter().position(|known| *known == id).unwrap();
        let numbers = found.map(|events| events.iter().map(|event| event.data.0).collect::<Vec<_>>());
        assert_eq!(numbers, number.is_multiple_of(2).then(|| vec![number as u64; 2]));
    }
    assert!(store.read_commands(Vec::new()).await.unwrap().is_empty());
}

pub(crate) async fn a_command_that_is_not_stored_is_not_found(store: impl EventStore<Happened>) {
    assert!(store.read_command(Uuid::nil()).await.unwrap().is_none());
    let id = new_id();
    stored(&store, append("a", 0, &[1])).await;
    answer_to(&store, append_as(id, "a", 0, &[2])).await.unwrap_err();
    assert!(store.read_command(id).await.unwrap().is_none());
    assert!(store.read_command(new_id()).await.unwrap().is_none());
}

pub(crate) async fn of_a_command_sent_many_times_at_once_one_is_stored(store: impl EventStore<Happened>) {
    for round in 0..20 {
        let id = new_id();
        let mut senders = JoinSet::new();
        for sender in 0..8 {
            let store = store.clone();
            let name = format!("{round} {sender}");
            senders.spawn(async move { answer_to(&store, append_as(id, &name, 0, &[sender])).await });
        }
        let answers = senders.join_all().await;
        let first: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(first.len(), 1);
        for answer in answers.iter().filter(|answer| answer.is_err()) {
            assert_eq!(repeat_of(answer), &first[0][..]);
        }
    }
    assert_eq!(store.end().await.unwrap(), Position::new(20));
}

pub(crate) async fn a_repeat_of_several_events_is_answered_with_all_of_them(store: impl EventStore<Happened>) {
    let id = new_id();
    let numbers: Vec<_> = (0..2_000).collect();
    let first = stored(&store, append_as(id, "a", 0, &numbers)).await;
    stored(&store, append("a", 2_000, &[1])).await;
    assert_eq!(repeat_of(&answer_to(&store, append_as(id, "a", 0, &[1])).await), &first[..]);
    assert_eq!(store.read_command(id).await.unwrap().unwrap()[..], first[..]);
}
