use std::time::Duration;

use super::*;
use crate::engine::log::Timestamp;

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_names_of_those_who_lag() {
    let checkpoints = Checkpoints::new();
    let quick = checkpoints.register("quick", Position::START);
    let _slow = checkpoints.register("slow", Position::START);
    checkpoints.advance(&[quick], Position::new(3));
    assert_eq!(checkpoints.wait_until_seen(Position::new(2), MAX_WAIT).await, ["slow"]);
    assert!(checkpoints.shared.lock().all.waiting.is_empty(), "a wait that ended leaves nothing behind");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_the_last_handler_has_passed() {
    let checkpoints = Checkpoints::new();
    let first = checkpoints.register("first", Position::START);
    let second = checkpoints.register("second", Position::START);
    checkpoints.advance(&[first], Position::new(9));
    let waiting = tokio::spawn({
        let checkpoints = checkpoints.clone();
        async move { checkpoints.wait_until_seen(Position::new(5), MAX_WAIT).await }
    });
    tokio::task::yield_now().await;
    let second = [second];
    checkpoints.advance(&second, Position::new(4));
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "4 is before 5");
    checkpoints.advance(&second, Position::new(5));
    assert_eq!(waiting.await.unwrap(), Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn all_have_settled_when_nobody_has_anything_to_do_at_once() {
    let checkpoints = Checkpoints::new();
    let register =
        |name, awaited| checkpoints.register_handler(name, HandlerKind::EventHandler, awaited, Position::START);
    let (first, second) = (register("awaited", true), register("not awaited", false));
    let waits =
        Condition { state: HandlerState::WaitingToRetry { at: Timestamp::from_micros(1) }, ..Condition::default() };
    let stopped = Condition { state: HandlerState::Stopped, ..Condition::default() };
    let settles = async |expected: bool| {
        let begun = tokio::time::Instant::now();
        checkpoints.wait_until_settled(Position::new(3), MAX_WAIT).await;
        assert_eq!(begun.elapsed() < MAX_WAIT, expected);
    };
    settles(false).await;
    checkpoints.advance([&first], Position::new(3));
    settles(false).await;
    checkpoints.report(&second, waits.clone());
    settles(true).await;
    checkpoints.report(&second, Condition::default());
    settles(false).await;
    checkpoints.report(&second, stopped);
    settles(true).await;

    let third = register("awaited too", true);
    checkpoints.report(&third, waits);
    settles(false).await;
    let settling = tokio::spawn({
        let checkpoints = checkpoints.clone();
        async move { checkpoints.wait_until_settled(Position::new(3), MAX_WAIT).await }
    });
    tokio::task::yield_now().await;
    assert!(!settling.is_finished());
    checkpoints.advance([&third], Position::new(4));
    let begun = tokio::time::Instant::now();
    settling.await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_handler_that_was_taken_out_and_another_may_have_its_place() {
    let checkpoints = Checkpoints::new();
    let names = || checkpoints.handlers().iter().map(|handler| handler.name).collect::<Vec<_>>();
    let first = checkpoints.register("first", Position::START);
    let second = checkpoints.register("second", Position::START);
    let third = checkpoints.register("third", Position::START);
    checkpoints.advance([&second, &third], Position::new(5));
    assert_eq!(checkpoints.wait_until_seen(Position::new(5), MAX_WAIT).await, ["first"]);
    checkpoints.deregister(&first);
    assert_eq!(checkpoints.wait_until_seen(Position::new(5), MAX_WAIT).await, Vec::<&str>::new());
    assert_eq!(names(), ["second", "third"]);

    let fourth = checkpoints.register("fourth", Position::new(2));
    assert_eq!(names(), ["second", "third", "fourth"]);
    checkpoints.advance([&first], Position::new(9));
    checkpoints.report(&first, Condition { state: HandlerState::Stopped, ..Condition::default() });
    checkpoints.deregister(&first);
    assert_eq!(checkpoints.wait_until_seen(Position::new(5), MAX_WAIT).await, ["fourth"], "what is gone says nothing");
    for checkpoint in [third, fourth, second] {
        checkpoints.deregister(&checkpoint);
    }
    assert_eq!(names(), Vec::<&str>::new());
    assert!(checkpoints.is_seen_by_all(Position::new(u64::MAX)));
}

#[tokio::test]
async fn without_handlers_there_is_nothing_to_wait_for() {
    let checkpoints = Checkpoints::new();
    assert_eq!(checkpoints.wait_until_seen(Position::new(1), MAX_WAIT).await, Vec::<&str>::new());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_what_is_held_and_everybody_is_told() {
    let (checkpoints, end) = (Checkpoints::new(), Position::new(1));
    let held = checkpoints.register("held", Position::START);
    let other = checkpoints.register("other", Position::START);
    for reason in [Hold::Held, Hold::ReadsHeld, Hold::Held] {
        checkpoints.set_hold(&held, reason, true);
    }
    checkpoints.advance([&other], end);
    assert!(!checkpoints.is_seen_by_all(end) && !checkpoints.is_seen_by_projections(end));
    checkpoints.all_have_seen(end).await;
    assert_eq!(checkpoints.held_back_from(end), ["held"]);
    assert!(checkpoints.wait_until_projections_have_seen(end, MAX_WAIT).await.is_empty());
    checkpoints.set_hold(&held, Hold::Held, false);
    assert_eq!(checkpoints.held_back_from(end), ["held"], "for another reason");
    checkpoints.set_hold(&held, Hold::ReadsHeld, false);
    assert_eq!(checkpoints.wait_until_seen(end, MAX_WAIT).await, ["held"], "it is waited for again");
    checkpoints.advance([&held], end);
    assert!(checkpoints.is_seen_by_all(end) && checkpoints.is_seen_by_projections(end));
}
