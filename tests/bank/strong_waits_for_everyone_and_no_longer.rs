//! Under strong consistency a caller waits until all awaited handlers have seen the events, and no longer. If that
//! takes too long, the receipt names the lagging handlers.

use std::time::{Duration, Instant};

use cqrs_bank::bank::{Bank, StoreUrl};
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::Position;
use tokio::time;

use crate::accounts::{account, all_balances, money};
use crate::stall::Stall;

/// The paused clock of this test advances only when all tasks are idle.
#[tokio::test(start_paused = true)]
async fn a_wait_ends_as_soon_as_the_slowest_handler_has_come_that_far() {
    let checkpoints = Checkpoints::new();
    let quick = [checkpoints.register("quick", Position::START)];
    let slow = [checkpoints.register("slow", Position::START)];
    let begun = time::Instant::now();
    let waiting: Vec<_> = (1..=3)
        .map(|position| {
            let checkpoints = checkpoints.clone();
            tokio::spawn(async move { checkpoints.wait_until_seen(Position::new(position), MAX_WAIT).await })
        })
        .collect();
    tokio::task::yield_now().await;
    checkpoints.advance(&quick, Position::new(3));
    for (position, waiting) in (1..).zip(waiting) {
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the slow one has not seen {position}");
        checkpoints.advance(&slow, Position::new(position));
        assert_eq!(waiting.await.unwrap(), Vec::<&str>::new());
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_wait_in_vain_ends_after_the_longest_time_and_names_who_lags() {
    let checkpoints = Checkpoints::new();
    let quick = [checkpoints.register("quick", Position::START)];
    let _stuck = checkpoints.register("stuck", Position::START);
    checkpoints.advance(&quick, Position::new(1));
    let begun = time::Instant::now();
    assert_eq!(checkpoints.wait_until_seen(Position::new(1), MAX_WAIT).await, ["stuck"]);
    // The runtime's clock has a resolution of one millisecond.
    assert!((MAX_WAIT..MAX_WAIT + Duration::from_millis(2)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

/// The one slow test: it stops a real projection, and so needs a real clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deposit_that_the_balances_do_not_show_yet_is_told_as_such() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let wolfman = account("Wolfman");
    bank.create(&wolfman).await.unwrap();
    let stall = Stall::begin(bank.balances().clone());
    let begun = Instant::now();
    let receipt = bank.deposit(&wolfman, money(100)).await.unwrap();
    assert!(begun.elapsed() >= MAX_WAIT);
    assert_eq!(receipt.position(), Position::new(2), "the money is in");
    // The other handlers get their events from the same task.
    assert_eq!(receipt.lagging(), ["balances", "accounts", "total deposits", "transfers", "transfer"]);
    stall.end();

    let receipt = bank.deposit(&wolfman, money(1)).await.unwrap();
    assert!(receipt.lagging().is_empty());
    assert_eq!(bank.balances().read(all_balances)["Wolfman"], 101);
}
