//! A subscription delivers every event once, in order.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::EventStore;
use cqrs_bank::engine::store::subscription::Subscription;

use super::{PUBLISHED_CAPACITY, append, log, stored};
use crate::happened::Happened;

async fn write(store: &impl EventStore<Happened>, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        stored(store, append("a", number - 1, &[number])).await;
    }
}

/// The events that the subscription delivers up to a number, which is also the position.
async fn numbers_until<S: EventStore<Happened>>(subscription: &mut Subscription<Happened, S>, last: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    while subscription.position() < Position::new(last) {
        let events = subscription.next().await.unwrap();
        assert!(!events.is_empty());
        for event in events.iter() {
            assert_eq!(event.position.get(), event.data.0);
            numbers.push(event.data.0);
        }
    }
    numbers
}

pub(crate) async fn a_subscription_hands_out_the_past_and_then_what_happens(store: impl EventStore<Happened>) {
    write(&store, 1..=10).await;
    let mut subscription = Subscription::after(store.clone(), Position::START);
    assert_eq!(numbers_until(&mut subscription, 10).await, (1..=10).collect::<Vec<_>>());
    write(&store, 11..=15).await;
    assert_eq!(numbers_until(&mut subscription, 15).await, (11..=15).collect::<Vec<_>>());
}

pub(crate) async fn a_subscription_starts_after_its_checkpoint(store: impl EventStore<Happened>) {
    write(&store, 1..=10).await;
    for checkpoint in 0..10 {
        let mut subscription = Subscription::after(store.clone(), Position::new(checkpoint));
        let numbers = numbers_until(&mut subscription, 10).await;
        assert_eq!(numbers, (checkpoint + 1..=10).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_subscriber_that_lags_misses_nothing(store: impl EventStore<Happened>) {
    let mut subscription = Subscription::after(store.clone(), Position::START);
    let last = 10 * PUBLISHED_CAPACITY as u64;
    write(&store, 1..=last).await;
    assert_eq!(numbers_until(&mut subscription, last).await, (1..=last).collect::<Vec<_>>());
    write(&store, last + 1..=3 * last).await;
    assert_eq!(numbers_until(&mut subscription, 3 * last).await, (last + 1..=3 * last).collect::<Vec<_>>());
}

pub(crate) async fn a_subscription_waits_until_something_happens(store: impl EventStore<Happened>) {
    let mut subscription = Subscription::after(store.clone(), Position::START);
    let mut waiting = pin!(subscription.next());
    for _ in 0..10 {
        let polled = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_pending())).await;
        assert!(polled);
        tokio::task::yield_now().await;
    }
    write(&store, 1..=1).await;
    assert_eq!(waiting.await.unwrap()[..], log(&store).await[..]);
}

pub(crate) async fn two_subscriptions_see_the_same(store: impl EventStore<Happened>) {
    let mut one = Subscription::after(store.clone(), Position::START);
    write(&store, 1..=20).await;
    let mut other = Subscription::after(store.clone(), Position::START);
    write(&store, 21..=40).await;
    let (one, other) = tokio::join!(numbers_until(&mut one, 40), numbers_until(&mut other, 40));
    assert_eq!(one, other);
    assert_eq!(one, (1..=40).collect::<Vec<_>>());
}

pub(crate) async fn a_subscription_dropped_while_it_waits_loses_nothing(store: impl EventStore<Happened>) {
    let mut subscription = Subscription::after(store.clone(), Position::START);
    let mut numbers = Vec::new();
    for number in 1..=30 {
        for _ in 0..number % 5 {
            let mut asked = pin!(subscription.next());
            let polled = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await;
            if let Poll::Ready(events) = polled {
                numbers.extend(events.unwrap().iter().map(|event| event.data.0));
            }
        }
        write(&store, number..=number).await;
    }
    numbers.extend(numbers_until(&mut subscription, 30).await);
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
}

pub(crate) async fn commits_are_heard_of_in_order_without_gap_or_repeat(store: impl EventStore<Happened>) {
    let mut published = store.published();
    let mut end = Position::START;
    for number in 1..=5 * PUBLISHED_CAPACITY as u64 {
        write(&store, number..=number).await;
        let commit = published.recv().await.unwrap();
        assert_eq!(commit.after, end);
        assert_eq!(commit.events.len(), 1);
        end = commit.events[0].position;
        assert_eq!(end, Position::new(number));
    }
}

pub(crate) async fn what_is_heard_of_can_be_read(store: impl EventStore<Happened>) {
    let mut published = store.published();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { write(&store, 1..=50).await }
    });
    while let Ok(commit) = published.recv().await {
        let read = store.read_all(commit.after, commit.events.len()).await.unwrap();
        assert_eq!(read[..], commit.events[..]);
        if commit.events.last().unwrap().data == Happened(50) {
            break;
        }
    }
    writing.await.unwrap();
}
