//! Under strong consistency a caller waits until everyone who is waited for has seen what was written, and not a moment
//! longer; where that takes too long, the answer says what is true.

use std::time::{Duration, Instant};

use cqrs_bank::bank::{Bank, StoreUrl};
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, MAX_WAIT};
use cqrs_bank::engine::log::Position;
use tokio::time;

use crate::accounts::{account, all_balances, money};
use crate::stall::Stall;

/// The clock of this test moves only when nothing else can happen.
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
    // The clock of the runtime counts in milliseconds.
    assert!((MAX_WAIT..MAX_WAIT + Duration::from_millis(2)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

/// The one test that takes its time: the projection it stops is a real one, so the clock is real too.
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
    // The others get their events by way of the same task.
    assert_eq!(receipt.lagging(), ["balances", "accounts", "total deposits", "transfers", "transfer"]);
    stall.end();

    let receipt = bank.deposit(&wolfman, money(1)).await.unwrap();
    assert!(receipt.lagging().is_empty());
    assert_eq!(bank.balances().read(all_balances)["Wolfman"], 101);
}
