//! Parked events.

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::handler_records::{ParkedChange, ParkedEvent, Progress};

use super::seconds;
use crate::happened::Happened;

fn event(position: u64) -> ParkedEvent {
    ParkedEvent {
        number: 0,
        handler: "e-mail".to_owned(),
        position: Position::new(position),
        attempts: 5,
        reason: format!("no answer to {position}"),
        time: seconds(position as i64),
    }
}

async fn write(store: &impl EventStore<Happened>, change: ParkedChange) {
    store.write_progress("e-mail", Progress::default(), change).await.unwrap();
}

/// Parks events at the positions 1, 2, …, so that the numbers of the parked events equal their positions.
async fn park(store: &impl EventStore<Happened>, count: u64) {
    for position in 1..=count {
        write(store, ParkedChange::Park(event(position))).await;
    }
}

async fn numbers(store: &impl EventStore<Happened>) -> Vec<u64> {
    store.read_parked(0, usize::MAX).await.unwrap().iter().map(|parked| parked.number).collect()
}

pub(crate) async fn nothing_is_parked_at_first(store: impl EventStore<Happened>) {
    assert!(store.read_parked(0, 9).await.unwrap().is_empty());
    write(&store, ParkedChange::None).await;
    assert!(store.read_parked(0, 9).await.unwrap().is_empty());
}

pub(crate) async fn parked_events_are_numbered_from_1(store: impl EventStore<Happened>) {
    park(&store, 3).await;
    assert_eq!(numbers(&store).await, [1, 2, 3]);
}

pub(crate) async fn a_parked_event_is_read_as_it_was_parked(store: impl EventStore<Happened>) {
    let parked = ParkedEvent { number: 99, reason: "'\u{0}ü🐺\n".to_owned(), ..event(7) };
    write(&store, ParkedChange::Park(parked.clone())).await;
    assert_eq!(store.read_parked(0, 9).await.unwrap(), [ParkedEvent { number: 1, ..parked }]);
}

pub(crate) async fn a_number_is_never_given_twice(store: impl EventStore<Happened>) {
    park(&store, 3).await;
    for number in [3, 2, 1] {
        write(&store, ParkedChange::Remove { number }).await;
    }
    assert!(numbers(&store).await.is_empty());
    write(&store, ParkedChange::Park(event(9))).await;
    assert_eq!(numbers(&store).await, [4]);
}

pub(crate) async fn an_event_that_stays_parked_keeps_its_number(store: impl EventStore<Happened>) {
    park(&store, 3).await;
    let tried = ParkedEvent { number: 2, attempts: 6, reason: "still nothing".to_owned(), ..event(2) };
    write(&store, ParkedChange::Keep(tried.clone())).await;
    let parked = store.read_parked(0, 9).await.unwrap();
    assert_eq!(numbers(&store).await, [1, 2, 3]);
    assert_eq!(parked[1], tried);
    assert_eq!(parked[0], ParkedEvent { number: 1, ..event(1) });
}

pub(crate) async fn parked_events_are_read_from_any_number_and_as_many_as_wanted(store: impl EventStore<Happened>) {
    park(&store, 70).await;
    let is_removed = |number: u64| number == 2 || (30..66).contains(&number);
    for number in (1..=70).filter(|number| is_removed(*number)) {
        write(&store, ParkedChange::Remove { number }).await;
    }
    let left: Vec<_> = (1..=70).filter(|number| !is_removed(*number)).collect();
    for after in [0, 1, 2, 29, 31, 32, 63, 64, 66, 69, 70, u64::MAX] {
        for limit in [0, 1, 29, 30, usize::MAX] {
            let read = store.read_parked(after, limit).await.unwrap();
            let read: Vec<_> = read.iter().map(|parked| parked.number).collect();
            let expected: Vec<_> = left.iter().copied().filter(|number| *number > after).take(limit).collect();
            assert_eq!(read, expected, "after {after}, at most {limit}");
        }
    }
}

pub(crate) async fn parking_and_progress_are_written_together(store: impl EventStore<Happened>) {
    let progress = Progress { checkpoint: Position::new(7), attempts: 0, state: Some("seven".into()) };
    store.write_progress("bonus", progress.clone(), ParkedChange::Park(event(7))).await.unwrap();
    assert_eq!(store.read_progress("bonus").await.unwrap(), Some(progress));
    assert_eq!(numbers(&store).await, [1]);
}

pub(crate) async fn removing_what_is_not_parked_changes_nothing(store: impl EventStore<Happened>) {
    park(&store, 2).await;
    write(&store, ParkedChange::Remove { number: 7 }).await;
    assert_eq!(numbers(&store).await, [1, 2]);
}
