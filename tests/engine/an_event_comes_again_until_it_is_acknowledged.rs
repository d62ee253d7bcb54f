//! A handler gets each selected event, in order, until it acknowledges, skips or parks it. No handler holds up another.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{
    self, EventHandler, Failure, HandlerContext, NackAction, ParkedError, StartFrom,
};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, Condition, HandlerState, MAX_WAIT};
use cqrs_bank::engine::log::{Position, RecordedEvent, Timestamp};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::handler_records::{HandlerRecords, ParkedEvent};
use cqrs_bank::engine::store::memory::MemoryStore;

use crate::happened::Happened;
use crate::scripted::{AWAITED, Act, Engine, POLICY, Script, UNAWAITED, append, nothing_left_to_do};

const NOBODY: [&str; 0] = [];
/// The clock of the runtime counts in milliseconds.
const TICK: Duration = Duration::from_millis(2);

#[tokio::test(start_paused = true)]
async fn it_comes_again_after_growing_delays() {
    let (engine, script) = start().await;
    script.say(AWAITED, 2, fails(3));
    append(&engine.store, 1..=3).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 1), (2, 1), (2, 1), (2, 1), (3, 2)]);
    let delays = script.delays(AWAITED, 2);
    for (attempt, delay) in (1..).zip(&delays) {
        let expected = POLICY.delay(AWAITED, Position::new(2), attempt);
        assert!((expected..expected + TICK).contains(delay), "{delay:?} instead of {expected:?}");
    }
    assert!(delays.is_sorted() && delays[2] > delays[0] * 2, "{delays:?} grow");
    assert_eq!(engine.parked().await, []);
    assert_eq!(engine.status(AWAITED).condition, Condition::default(), "all is well again");
}

#[tokio::test(start_paused = true)]
async fn people_see_how_often_it_was_tried_what_went_wrong_and_when_it_comes_again() {
    let (engine, script) = start().await;
    script.say(AWAITED, 2, fails(2));
    append(&engine.store, 1..=3).await;
    nothing_left_to_do().await;
    for attempt in 1..=2 {
        let status = engine.status(AWAITED);
        assert_eq!(status.checkpoint, Position::new(1));
        let delay = POLICY.delay(AWAITED, Position::new(2), attempt);
        let now = 1_767_225_600_000_000 + i64::from(attempt) * 1_000;
        let expected = Condition {
            attempts: attempt,
            last_error: Some(format!("failure {attempt}")),
            state: HandlerState::WaitingToRetry {
                at: Timestamp::from_micros(now + i64::try_from(delay.as_micros()).unwrap()),
            },
        };
        assert_eq!(status.condition, expected);
        assert_eq!(engine.checkpoints.wait_until_seen(Position::new(2), delay - 5 * TICK).await, [AWAITED]);
        assert_eq!(script.calls(AWAITED).len(), 1 + attempt as usize, "not before its time");
        let _ = engine.checkpoints.wait_until_seen(Position::new(2), 6 * TICK).await;
    }
    assert_eq!(engine.status(AWAITED).condition, Condition::default());
    assert_eq!(engine.status(AWAITED).checkpoint, Position::new(3));
}

#[tokio::test(start_paused = true)]
async fn it_comes_again_when_the_handler_says() {
    let (engine, script) = start().await;
    let delay = Duration::from_secs(7);
    script.say(
        AWAITED,
        1,
        [fail("later", NackAction::RetryAfter(delay)), fail("sooner", NackAction::RetryAfter(Duration::ZERO))],
    );
    append(&engine.store, 1..=2).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (1, 0), (1, 0), (2, 1)]);
    let delays = script.delays(AWAITED, 1);
    assert!((delay..delay + TICK).contains(&delays[0]) && delays[1] < TICK, "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_parked_after_too_many_attempts_whatever_the_delays() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, vec![fail("later", NackAction::RetryAfter(Duration::from_secs(1))); 100]);
    append(&engine.store, [1]).await;
    engine.handled_by_all().await;
    let [parked] = &engine.parked().await[..] else { panic!("one is parked") };
    assert_eq!((parked.attempts, &*parked.reason), (POLICY.attempts, "later"));
}

#[tokio::test(start_paused = true)]
async fn it_does_not_come_again_when_it_is_skipped() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail("not for me", NackAction::Skip)]);
    append(&engine.store, [1]).await;
    nothing_left_to_do().await;
    let condition = Condition { last_error: Some("not for me".into()), ..Condition::default() };
    assert_eq!(engine.status(AWAITED).condition, condition);
    append(&engine.store, [2]).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 1)], "as if it had been handled");
    assert_eq!(engine.parked().await, []);
    assert_eq!(engine.status(AWAITED).condition, Condition::default());
}

#[tokio::test(start_paused = true)]
async fn it_is_parked_at_once_or_after_too_many_attempts_and_blocks_nobody() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail("poison", NackAction::Park)]);
    script.say(UNAWAITED, 2, fails(100));
    let end = append(&engine.store, 1..=3).await;
    assert_eq!(engine.checkpoints.wait_until_seen(end, Duration::from_millis(1)).await, NOBODY);
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 0), (3, 1)]);
    assert_eq!(script.calls(UNAWAITED), [(1, 0), (2, 1), (2, 1), (2, 1), (2, 1), (3, 1)]);
    let parked = engine.parked().await;
    let expected = |number, handler: &str, position, attempts, reason: &str| ParkedEvent {
        number,
        handler: handler.to_owned(),
        position: Position::new(position),
        attempts,
        reason: reason.to_owned(),
        time: parked[usize::try_from(number).unwrap() - 1].time,
    };
    assert_eq!(parked, [expected(1, AWAITED, 1, 1, "poison"), expected(2, UNAWAITED, 2, 4, "failure 4")]);
    assert!(parked[0].time < parked[1].time);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_stops_gets_no_more_events_and_nobody_waits_for_it() {
    let (engine, script) = start().await;
    script.say(AWAITED, 2, [fail("no more", NackAction::Stop)]);
    append(&engine.store, 1..=2).await;
    nothing_left_to_do().await;
    let status = engine.status(AWAITED);
    let condition = Condition { attempts: 1, last_error: Some("no more".into()), state: HandlerState::Stopped };
    assert_eq!((status.checkpoint, status.condition), (Position::new(1), condition));

    let end = append(&engine.store, 3..=4).await;
    assert!(engine.checkpoints.is_seen_by_all(end));
    engine.checkpoints.wait_until_settled(end, MAX_WAIT).await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 1)]);
    assert_eq!(script.calls(UNAWAITED).len(), 4, "the other one goes on");
    assert_eq!(engine.supervisor.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_handler_go_on_when_it_stops() {
    let (engine, script) = start().await;
    script.say(
        AWAITED,
        1,
        [fail("busy", NackAction::RetryAfter(Duration::from_secs(1))), fail("no more", NackAction::Stop)],
    );
    let end = append(&engine.store, [1]).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(engine.checkpoints.wait_until_seen(end, MAX_WAIT).await, NOBODY);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_attempt_and_the_handler_is_made_anew_as_it_was() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [Act::Panic]);
    script.say(AWAITED, 3, vec![Act::Panic; 100]);
    append(&engine.store, 1..=2).await;
    nothing_left_to_do().await;
    let condition = engine.status(AWAITED).condition;
    assert_eq!((condition.attempts, condition.last_error.as_deref()), (1, Some("it panicked: over 1")));
    append(&engine.store, 3..=4).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED), [(1, 0), (1, 0), (2, 1), (3, 2), (3, 2), (3, 2), (3, 2), (4, 2)]);
    let [parked] = &engine.parked().await[..] else { panic!("one is parked") };
    assert_eq!((parked.attempts, &*parked.reason), (POLICY.attempts, "it panicked: over 3"));
    assert_eq!(engine.supervisor.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_parked_event_can_be_tried_again_or_given_up() {
    let (engine, script) = start().await;
    let poison = || fail("poison", NackAction::Park);
    script.say(AWAITED, 1, [poison(), fail("still", NackAction::Retry), Act::Panic]);
    script.say(AWAITED, 2, [poison()]);
    script.say(UNAWAITED, 3, [poison()]);
    append(&engine.store, 1..=3).await;
    engine.handled_by_all().await;
    let numbers = |parked: Vec<ParkedEvent>| parked.iter().map(|event| event.number).collect::<Vec<_>>();
    let before = engine.parked().await;
    let number_of = |handler: &str, position| {
        let position = Position::new(position);
        before.iter().find(|event| event.handler == handler && event.position == position).unwrap().number
    };
    let (first, second, other) = (number_of(AWAITED, 1), number_of(AWAITED, 2), number_of(UNAWAITED, 3));
    for number in [0, 4, 99, u64::MAX, other] {
        assert_eq!(engine.awaited.retry(number).await, Err(ParkedError::NotParked), "{number}");
        assert_eq!(engine.awaited.skip(number).await, Err(ParkedError::NotParked), "{number}");
    }
    for (attempts, reason) in [(2, "still"), (3, "it panicked: over 1")] {
        let failed = ParkedError::FailedAgain { reason: reason.into() };
        assert_eq!(engine.awaited.retry(first).await, Err(failed));
        let parked = engine.parked().await.into_iter().find(|event| event.number == first).unwrap();
        assert_eq!((parked.attempts, &*parked.reason), (attempts, reason));
    }
    assert_eq!(engine.awaited.retry(first).await, Ok(()));
    assert_eq!(script.calls(AWAITED)[3..], [(1, 1), (1, 1), (1, 1)]);
    assert_eq!(numbers(engine.parked().await), [second.min(other), second.max(other)]);
    assert_eq!(engine.awaited.skip(second).await, Ok(()));
    assert_eq!(engine.unawaited.skip(other).await, Ok(()));
    for number in [first, second] {
        assert_eq!(engine.awaited.retry(number).await, Err(ParkedError::NotParked), "once is enough");
    }
    assert_eq!(engine.parked().await, []);

    append(&engine.store, [4]).await;
    engine.handled_by_all().await;
    assert_eq!(script.calls(AWAITED).last(), Some(&(4, 2)), "3 and 1 were handled, 2 never was");
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_or_has_stopped_answers_about_parked_events() {
    let (engine, script) = start().await;
    let later = NackAction::RetryAfter(Duration::from_secs(60));
    script.say(AWAITED, 1, [fail("poison", NackAction::Park)]);
    script.say(AWAITED, 2, [fail("poison", NackAction::Park)]);
    script.say(AWAITED, 3, [fail("later", later), fail("no more", NackAction::Stop)]);
    append(&engine.store, 1..=4).await;
    nothing_left_to_do().await;
    let condition = engine.status(AWAITED).condition;
    let begun = tokio::time::Instant::now();
    assert_eq!(engine.awaited.retry(1).await, Ok(()));
    assert!(begun.elapsed() < TICK, "not only after the wait");
    assert_eq!(engine.status(AWAITED).condition, condition, "it still waits");
    engine.checkpoints.wait_until_settled(Position::new(4), Duration::from_secs(100)).await;
    assert!((Duration::from_secs(60) - TICK..=Duration::from_secs(60)).contains(&script.delays(AWAITED, 3)[0]));
    assert_eq!(engine.status(AWAITED).condition.state, HandlerState::Stopped);
    assert_eq!(engine.awaited.retry(2).await, Ok(()));
    assert_eq!(engine.parked().await, []);
    assert_eq!(script.calls(AWAITED), [(1, 0), (2, 0), (3, 0), (1, 0), (3, 1), (2, 1)]);

    engine.supervisor.stop(StopReason::Closed);
    assert_eq!(engine.awaited.retry(1).await, Err(ParkedError::NotRunning));
}

/// A handler that is not an `async fn` can panic before it returns a future.
#[tokio::test(start_paused = true)]
async fn a_panic_is_an_attempt_wherever_it_comes_from() {
    struct PanicsAtOnce;

    impl EventHandler<Happened> for PanicsAtOnce {
        const NAME: &'static str = "panics at once";
        const AWAITED: bool = true;
        const START: StartFrom = StartFrom::Origin;

        fn filter(&self) -> impl Fn(&RecordedEvent<Happened>) -> bool + Send + Sync + 'static {
            |_| true
        }

        fn handle(&mut self, event: &RecordedEvent<Happened>) -> impl Future<Output = Result<(), Failure>> + Send {
            assert!(event.data.0 != 1, "at once");
            ready(Ok(()))
        }
    }

    let supervisor = Supervisor::new();
    let store = MemoryStore::start(&supervisor);
    let checkpoints = Checkpoints::new();
    let context = HandlerContext {
        store: store.clone().into(),
        checkpoints: checkpoints.clone(),
        clock: Arc::new(Clock::System),
        lease: Lease::unshared(),
        retry: POLICY,
        supervisor: supervisor.clone(),
    };
    let mut feed = Feed::new(checkpoints.clone());
    event_handler::start(|| PanicsAtOnce, &context, &mut feed).await.unwrap();
    feed.start(store.clone(), &supervisor);
    let end = append(&store, 1..=2).await;
    assert_eq!(checkpoints.wait_until_seen(end, MAX_WAIT).await, NOBODY);
    assert_eq!(store.read_parked(0, 9).await.unwrap()[0].reason, "it panicked: at once");
    assert_eq!(supervisor.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_delay_may_be_as_long_as_one_likes() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail("never", NackAction::RetryAfter(Duration::MAX))]);
    append(&engine.store, [1]).await;
    nothing_left_to_do().await;
    assert_eq!(engine.status(AWAITED).condition.attempts, 1);
    assert_eq!(engine.awaited.skip(1).await, Err(ParkedError::NotParked), "it still answers");
    assert_eq!(engine.supervisor.reason(), None);
}

#[tokio::test(start_paused = true)]
async fn a_parked_event_that_is_skipped_when_it_comes_again_is_parked_no_longer() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [fail("poison", NackAction::Park), fail("not for me", NackAction::Skip)]);
    append(&engine.store, [1]).await;
    engine.handled_by_all().await;
    assert_eq!(engine.awaited.retry(1).await, Ok(()));
    assert_eq!(engine.parked().await, []);
}

/// A handler that hangs for ever does not harm others.
#[tokio::test(start_paused = true)]
async fn a_handler_that_never_comes_back_holds_up_nobody_else() {
    let (engine, script) = start().await;
    script.say(AWAITED, 1, [Act::Hang]);
    let end = append(&engine.store, 1..=3).await;
    assert_eq!(engine.checkpoints.wait_until_seen(end, MAX_WAIT).await, [AWAITED]);
    assert_eq!(script.calls(UNAWAITED), [(1, 0), (2, 1), (3, 2)]);
}

async fn start() -> (Engine<MemoryStore<Happened>>, Arc<Script>) {
    let script = Arc::new(Script::default());
    let engine = Engine::start(&MemoryStore::start(&Supervisor::new()), &script).await;
    nothing_left_to_do().await;
    (engine, script)
}

fn fail(reason: &str, action: NackAction) -> Act {
    Act::Fail(Failure::retry(reason).with_action(action))
}

/// Numbered failures.
fn fails(count: u32) -> Vec<Act> {
    (1..=count).map(|number| fail(&format!("failure {number}"), NackAction::Retry)).collect()
}
