//! A handler whose filter selects none of the new events stays asleep: its checkpoint advances, nobody waits for it,
//! and it does not read the store.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use cqrs_bank::engine::event_handler::{Failure, NackAction, ParkedError};
use cqrs_bank::engine::feed::checkpoints::MAX_WAIT;
use cqrs_bank::engine::store::EventStore;
use tokio::sync::Notify;

use crate::scripted::{AWAITED, Act, Engine, Script, UNAWAITED, append, nothing_left_to_do};
use crate::watched_store::{Step, WatchedStore};

#[tokio::test(start_paused = true)]
async fn it_is_moved_along_without_a_question_to_the_store() {
    let (asked, read) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counter, events_read) = (asked.clone(), read.clone());
    let store = WatchedStore::start(move |step| {
        match step {
            Step::Before("append") => {}
            Step::Before(_) => {
                counter.fetch_add(1, Ordering::Relaxed);
            }
            Step::After(_, events) => {
                events_read.fetch_add(events as u64, Ordering::Relaxed);
            }
        }
        std::future::ready(())
    });
    let script = Arc::new(Script::default());
    script.unwanted.lock().unwrap().extend(1..=300);
    let engine = Engine::start(&store, &script).await;
    nothing_left_to_do().await;
    let before = asked.load(Ordering::Relaxed);
    for number in 1..=100 {
        let end = append(&store, [number * 3 - 2, number * 3 - 1, number * 3]).await;
        assert_eq!(engine.checkpoints.wait_until_seen(end, Duration::from_millis(1)).await, Vec::<&str>::new());
        for handler in [AWAITED, UNAWAITED] {
            assert_eq!(engine.status(handler).checkpoint, end);
        }
    }
    assert_eq!(asked.load(Ordering::Relaxed), before, "it slept");
    assert_eq!(read.load(Ordering::Relaxed), 0);

    let end = append(&store, 301..=302).await;
    assert_eq!(engine.checkpoints.wait_until_seen(end, Duration::from_millis(1)).await, Vec::<&str>::new());
    assert_eq!(script.calls(AWAITED), [(301, 0), (302, 1)], "it was woken");
    nothing_left_to_do().await;
    assert_eq!(read.load(Ordering::Relaxed), 0, "and was given what it need not read");
}

/// A filter is its author's, who may ask in it what a caller may ask.
#[test]
fn its_filter_may_ask_who_lags() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (answer, answered) = mpsc::channel();
    runtime.spawn(async move {
        let store = WatchedStore::start(|_| std::future::ready(()));
        let script = Arc::new(Script::default());
        script.unwanted.lock().unwrap().extend(1..=3);
        let engine = Engine::start(&store, &script).await;
        script.asked.set(engine.checkpoints.clone()).unwrap();
        let end = append(&store, 1..=3).await;
        answer.send(engine.checkpoints.wait_until_seen(end, MAX_WAIT).await).unwrap();
    });
    // Here and not in the runtime, all of whose threads may wait for one that waits for itself.
    let lagging = answered.recv_timeout(2 * MAX_WAIT);
    runtime.shutdown_background();
    assert_eq!(lagging, Ok(Vec::new()));
}

/// A request about a parked event wakes the handler. Meanwhile no event must be lost, and the checkpoint must not go
/// back.
#[tokio::test(start_paused = true)]
async fn it_can_be_asked_about_a_parked_event_at_any_moment() {
    let asleep = Arc::new(Mutex::new(None::<Arc<Notify>>));
    let held_up = asleep.clone();
    let store = WatchedStore::start(move |step| {
        let held_up = held_up.lock().unwrap().clone().filter(|_| step == Step::After("read_all", 1));
        async move {
            if let Some(held_up) = held_up {
                held_up.notified().await;
            }
        }
    });
    let script = Arc::new(Script::default());
    script.unwanted.lock().unwrap().extend(2..=9);
    script.say(AWAITED, 1, [Act::Fail(Failure::retry("poison").with_action(NackAction::Park))]);
    let engine = Engine::start(&store, &script).await;
    append(&store, [1]).await;
    nothing_left_to_do().await;
    append(&store, [2]).await;
    nothing_left_to_do().await;

    let go_on = Arc::new(Notify::new());
    *asleep.lock().unwrap() = Some(go_on.clone());
    let retry = tokio::spawn({
        let control = engine.awaited.clone();
        async move { control.retry(1).await }
    });
    nothing_left_to_do().await;
    go_on.notify_one();
    nothing_left_to_do().await;
    append(&store, [3]).await;
    nothing_left_to_do().await;
    *asleep.lock().unwrap() = None;
    go_on.notify_one();
    assert_eq!(retry.await.unwrap(), Ok(()));
    append(&store, 10..=11).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (1, 0), (10, 1), (11, 2)]);
    assert_eq!(engine.supervisor.reason(), None);
}

/// On several threads, sleeping, advancing, waking and requests interleave in every order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_event_is_lost_between_sleep_and_work() {
    let store = WatchedStore::start(|_| std::future::ready(()));
    let script = Arc::new(Script::default());
    let wanted = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 == 0;
    script.unwanted.lock().unwrap().extend((1..=4_000).filter(|number| !wanted(*number)));
    let engine = Engine::start(&store, &script).await;
    let asking = tokio::spawn({
        let control = engine.awaited.clone();
        async move {
            loop {
                assert_eq!(control.skip(1).await, Err(ParkedError::NotParked));
            }
        }
    });
    for number in 1..=4_000 {
        let end = append(&store, [number]).await;
        if number % 3 == 0 {
            assert_eq!(engine.checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
        }
    }
    let end = store.end().await.unwrap();
    assert_eq!(engine.checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
    engine.checkpoints.wait_until_settled(end, MAX_WAIT).await;
    assert!(!asking.is_finished(), "no answer was another");
    asking.abort();
    let expected: Vec<_> = (1..=4_000).filter(|number| wanted(*number)).zip(0..).collect();
    for handler in [AWAITED, UNAWAITED] {
        assert_eq!(script.calls(handler), expected);
        assert_eq!(engine.status(handler).checkpoint, end);
    }
    assert_eq!(engine.supervisor.reason(), None);
}
