//! After a crash at any time, a handler continues where it was: no event is missed, no acknowledged event is
//! redelivered, and earlier attempts count.

use std::sync::Arc;
use std::time::Duration;

use cqrs_bank::engine::event_handler::{Failure, NackAction, ParkedError};
use cqrs_bank::engine::feed::checkpoints::HandlerState;
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::handler_records::{HandlerRecords, ParkedEvent, Progress};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::happened::Happened;
use crate::scripted::{AWAITED, Act, Engine, POLICY, Script, UNAWAITED, append, nothing_left_to_do};
use crate::watched_store::WatchedStore;

type Durable = Engine<WatchedStore<Happened>>;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn attempts_and_memory_survive() {
    let (engine, script) = start().await;
    script.say(AWAITED, 3, fails(3));
    append(&engine.store, 1..=3).await;
    nothing_left_to_do().await;
    let engine = engine.restart(&script).await;
    let engine = engine.restart(&script).await;
    assert_eq!(engine.status(AWAITED).condition.attempts, 3);
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 1), (3, 2), (3, 2), (3, 2), (3, 2)]);
    assert_eq!(script.calls(UNAWAITED), [(1, 0), (2, 1), (3, 2)], "what was acknowledged does not come again");
    assert_eq!(engine.parked().await, []);
}

/// An attempt is counted before it is made: otherwise a handler that crashes the process would do so for ever.
#[tokio::test(start_paused = true)]
async fn an_event_that_ends_the_process_each_time_is_parked() {
    let (mut engine, script) = start().await;
    script.say(AWAITED, 2, vec![Act::Hang; 100]);
    append(&engine.store, 1..=3).await;
    for attempts in 1..=POLICY.attempts {
        nothing_left_to_do().await;
        let written = engine.store.read_progress(AWAITED).await.unwrap().unwrap();
        assert_eq!(written, Progress { checkpoint: Position::new(1), attempts, state: Some("1".into()) });
        engine = engine.restart(&script).await;
    }
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 1), (2, 1), (2, 1), (2, 1), (3, 1)]);
    let [ParkedEvent { number: 1, position, attempts: 4, reason, .. }] = &engine.parked().await[..] else {
        panic!("it is parked");
    };
    assert_eq!((position.get(), reason.as_str()), (2, "the handler never came back"));
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_stays_so_and_can_be_tried_again() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail(NackAction::Park), Act::Hang]);
    script.say(AWAITED, 2, [fail(NackAction::Park)]);
    append(&engine.store, 1..=3).await;
    nothing_left_to_do().await;
    let hanging = tokio::spawn({
        let control = engine.awaited.clone();
        async move { control.retry(1).await }
    });
    nothing_left_to_do().await;
    let engine = engine.restart(&script).await;
    assert_eq!(hanging.await.unwrap(), Err(ParkedError::NotRunning));
    assert_eq!(engine.parked().await.len(), 2);
    assert_eq!(engine.awaited.retry(1).await, Ok(()));
    assert_eq!(engine.awaited.skip(2).await, Ok(()));
    let engine = engine.restart(&script).await;
    assert_eq!(engine.parked().await, []);
    append(&engine.store, [4]).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 0), (3, 0), (1, 1), (1, 1), (4, 2)]);
}

/// Attempts belong to one event. If the handler's filter no longer selects that event, they do not count for the next.
#[tokio::test(start_paused = true)]
async fn attempts_are_those_of_the_event_that_was_tried() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail(NackAction::Retry), fail(NackAction::Retry), Act::Hang]);
    script.say(AWAITED, 3, fails(3));
    append(&engine.store, [1]).await;
    assert_eq!(engine.checkpoints.wait_until_seen(Position::new(1), HOUR).await, [AWAITED]);
    assert_eq!(script.calls(AWAITED).len(), 3);
    script.unwanted.lock().unwrap().extend(1..=2);
    append(&engine.store, 2..=3).await;
    let engine = engine.restart(&script).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED)[3..], [(3, 0); 4]);
    assert_eq!(engine.parked().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_has_stopped_is_asked_again_and_again() {
    let (mut engine, script) = start().await;
    let times = 2 * POLICY.attempts as usize;
    script.say(AWAITED, 1, vec![fail(NackAction::Stop); times]);
    append(&engine.store, 1..=2).await;
    nothing_left_to_do().await;
    for calls in 1..=times {
        assert_eq!(engine.status(AWAITED).condition.state, HandlerState::Stopped);
        assert_eq!(script.calls(AWAITED), vec![(1, 0); calls]);
        engine = engine.restart(&script).await;
    }
    engine.handled_by_all().await;
    assert_eq!(engine.parked().await, [], "to stop is not to fail at the event");
    assert_eq!(script.calls(AWAITED).last(), Some(&(2, 1)));
}

#[tokio::test(start_paused = true)]
async fn people_see_the_attempts_from_before() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail(NackAction::Retry), Act::Hang]);
    append(&engine.store, [1]).await;
    nothing_left_to_do().await;
    let engine = engine.restart(&script).await;
    assert_eq!(script.calls(AWAITED).len(), 2);
    assert_eq!(engine.status(AWAITED).condition.attempts, 1, "and the second is under way");
}

/// Otherwise each start would read the whole log.
#[tokio::test(start_paused = true)]
async fn a_handler_that_sleeps_does_not_start_from_far_behind() {
    let (engine, script) = start().await;
    script.unwanted.lock().unwrap().extend(1..=10_000);
    for number in 1..=10_000 {
        append(&engine.store, [number]).await;
    }
    engine.handled_by_all().await;
    let written = engine.store.read_progress(AWAITED).await.unwrap().unwrap();
    assert!(written.checkpoint.get() > 8_000, "{written:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// The result is the same whatever fails and whenever the process crashes.
    #[test]
    fn each_wanted_event_comes_in_order_until_it_is_acknowledged(
        unwanted in btree_set(1..=40_u64, 0..30),
        acts in vec(vec(any_act(), 0..6), 0..41),
        moments in vec(any_moment(), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut engine, script) = start().await;
            script.unwanted.lock().unwrap().clone_from(&unwanted);
            for (number, acts) in (1..).zip(&acts) {
                script.say(AWAITED, number, acts.clone());
            }
            let mut end = 0;
            for moment in moments {
                match moment {
                    Moment::Append(count) => {
                        append(&engine.store, end + 1..=end + count).await;
                        end += count;
                    }
                    Moment::Restart => engine = engine.restart(&script).await,
                    Moment::Wait(wait) => drop(engine.checkpoints.wait_until_seen(Position::new(end), wait).await),
                }
            }
            while !engine.checkpoints.wait_until_seen(Position::new(end), HOUR).await.is_empty() {
                engine = engine.restart(&script).await;
            }

            let (mut calls, mut parked, mut handled) = (Vec::new(), Vec::new(), 0);
            for number in (1..=end).filter(|number| !unwanted.contains(number)) {
                let mut acts = usize::try_from(number - 1).ok().and_then(|index| acts.get(index)).into_iter().flatten();
                for attempt in 1..=POLICY.attempts {
                    calls.push((number, handled));
                    let action = match acts.next() {
                        None => NackAction::Skip,
                        Some(Act::Fail(failure)) => failure.action,
                        Some(Act::Panic | Act::Hang) => NackAction::Retry,
                    };
                    match action {
                        NackAction::Skip => handled += 1,
                        NackAction::Retry | NackAction::RetryAfter(_) if attempt < POLICY.attempts => continue,
                        _ => parked.push((number, attempt)),
                    }
                    break;
                }
            }
            assert_eq!(script.calls(AWAITED), calls);
            let stored = engine.parked().await;
            let stored: Vec<_> = stored.iter().map(|event| (event.position.get(), event.attempts)).collect();
            assert_eq!(stored, parked);
            nothing_left_to_do().await;
            engine = engine.restart(&script).await;
            engine.handled_by_all().await;
            assert_eq!(script.calls(AWAITED), calls, "nothing comes again");
        });
    }
}

#[derive(Clone, Debug)]
enum Moment {
    Append(u64),
    Restart,
    Wait(Duration),
}

fn any_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        3 => (1..4_u64).prop_map(Moment::Append),
        2 => Just(Moment::Restart),
        2 => (0..2_000_u64).prop_map(|millis| Moment::Wait(Duration::from_millis(millis))),
    ]
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(fail(NackAction::Retry)),
        2 => (0..5_000_u64).prop_map(|millis| fail(NackAction::RetryAfter(Duration::from_millis(millis)))),
        1 => Just(fail(NackAction::Skip)),
        1 => Just(fail(NackAction::Park)),
        2 => Just(Act::Panic),
        1 => Just(Act::Hang),
    ]
}

async fn start() -> (Durable, Arc<Script>) {
    let script = Arc::new(Script::default());
    let engine = Engine::start(&WatchedStore::start(|_| std::future::ready(())), &script).await;
    nothing_left_to_do().await;
    (engine, script)
}

fn fail(action: NackAction) -> Act {
    Act::Fail(Failure::retry("failure").with_action(action))
}

fn fails(count: usize) -> Vec<Act> {
    vec![fail(NackAction::Retry); count]
}
