//! A deposit, a withdrawal or a transfer is booked the other way, once, by an event that names the command it reverses. With
//! too little money nothing is stored. What is reversed at once by two is reversed once.

use cqrs_bank::bank::{
    AccountEvent, Bank, CommandFailure, Memo, NewAccount, Options, Pin, PinCost, PinOptions, PinSecret, ReverseError,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::codec::StoredEvent as _;
use cqrs_bank::engine::testing::assert_stored;
use uuid::Uuid;

use crate::accounts::{account, money};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};

/// A has no PIN, B has one, and both have 100.
async fn bank_with_accounts(options: Options) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    let bank = Bank::open(Options { pins, ..options }).await.unwrap();
    bank.create(&account("A")).await.unwrap();
    let with_pin = NewAccount { pin: Some(Pin::new("1234").unwrap()), ..NewAccount::from(&account("B")) };
    bank.create_account(with_pin).await.unwrap();
    for name in ["A", "B"] {
        bank.deposit(&account(name), money(100)).await.unwrap();
    }
    bank
}

async fn balances(bank: &Bank) -> (i64, i64) {
    let balance = async |name| bank.check_balance(&account(name)).await.unwrap().minor_units();
    (balance("A").await, balance("B").await)
}

async fn reverse(bank: &Bank, position: u64) -> Result<(), ReverseError> {
    bank.reverse(Position::new(position), None).await.map(|_| ())
}

#[tokio::test]
async fn a_deposit_and_a_withdrawal_are_reversed_and_name_the_command() {
    let bank = bank_with_accounts(Options::default()).await;
    bank.withdraw(&account("A"), money(30)).await.unwrap();
    let memo = Memo::new("A mistake").unwrap();
    for (position, event_type, after) in [(5, "withdrawal_reversed", 100), (3, "deposit_reversed", 0)] {
        let receipt = bank.reverse(Position::new(position), Some(memo.clone())).await.unwrap();
        let reversed = log(&bank).await[position as usize - 1].clone();
        let event = &receipt.events()[0];
        assert_eq!((event.data.event_type(), event.data.schema_version()), (event_type, 1));
        assert_eq!(event.data.reversed_command(), Some(reversed.metadata.command_id));
        assert_eq!((event.data.amount(), event.data.details().unwrap().memo()), (reversed.data.amount(), Some(&memo)));
        assert_stored([event.data.clone()]);
        assert_eq!(balances(&bank).await.0, after);
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::AlreadyReversed));
        assert_eq!(reverse(&bank, event.position.get()).await, Err(ReverseError::IsReversal));
    }
    bank.verify(|_, _| {}).await.unwrap();
}

/// It needs no PIN of the payee.
#[tokio::test]
async fn a_transfer_is_reversed_whichever_of_its_positions_is_named() {
    for position in 5..=7 {
        let bank = bank_with_accounts(Options::default()).await;
        bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
        assert_eq!(balances(&bank).await, (75, 125));
        reverse(&bank, position).await.unwrap();
        assert_eq!(balances(&bank).await, (100, 100));
        for again in 5..=7 {
            assert_eq!(reverse(&bank, again).await, Err(ReverseError::AlreadyReversed));
        }
        for back in 8..=10 {
            assert_eq!(reverse(&bank, back).await, Err(ReverseError::IsReversal));
        }
        assert_eq!(log(&bank).await.len(), 10);
    }
}

#[tokio::test]
async fn with_too_little_money_nothing_is_stored_and_it_may_be_tried_again() {
    let bank = bank_with_accounts(Options::default()).await;
    bank.transfer(&account("A"), &account("B"), money(60), None).await.unwrap();
    let pin = || Pin::new("1234").unwrap();
    bank.withdraw_with_pin(&account("B"), money(150), pin()).await.unwrap();
    bank.withdraw(&account("A"), money(1)).await.unwrap();
    let before = log(&bank).await;
    for position in [3, 4, 5, 6, 7] {
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::Overdrawn), "{position}");
    }
    assert_eq!(log(&bank).await, before);
    bank.deposit(&account("B"), money(50)).await.unwrap();
    reverse(&bank, 5).await.unwrap();
    reverse(&bank, 3).await.unwrap_err();
    assert_eq!(balances(&bank).await, (99, 0));
}

#[tokio::test]
async fn what_moved_nothing_cannot_be_reversed() {
    let bank = bank_with_accounts(Options::default()).await;
    bank.withdraw(&account("A"), money(500)).await.unwrap();
    bank.transfer(&account("A"), &account("Nobody"), money(5), None).await.unwrap_err();
    for position in [1, 2, 5, 6, 7] {
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::NothingToReverse), "{position}");
    }
    for position in [0, 8, u64::MAX] {
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::NoEvent), "{position}");
    }
}

/// A transfer back that the payer cannot take stores nothing.
#[tokio::test]
async fn a_transfer_back_that_is_refused_may_be_tried_again() {
    const LIMIT: i64 = 1_000_000_000_000_000;
    let bank = bank_with_accounts(Options::default()).await;
    bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    bank.deposit(&account("A"), money(LIMIT.unsigned_abs() - 75)).await.unwrap();
    let before = log(&bank).await;
    assert_eq!(reverse(&bank, 5).await, Err(ReverseError::BalanceLimit));
    assert_eq!(log(&bank).await, before);
    assert_eq!(balances(&bank).await, (LIMIT, 125));
    reverse(&bank, 8).await.unwrap();
    reverse(&bank, 5).await.unwrap();
    assert_eq!(balances(&bank).await, (100, 100));
}

#[tokio::test]
async fn a_reversal_earns_no_bonus_and_thanks_nobody_and_a_bonus_stays() {
    let outbox = Outbox::new();
    let options = Options { ceo_bonus: Some(account("B")), email: Some(outbox.target()), ..Options::default() };
    let bank = bank_with_accounts(options).await;
    assert_eq!(balances(&bank).await, (100, 101));
    bank.withdraw(&account("A"), money(100)).await.unwrap();
    reverse(&bank, 6).await.unwrap();
    reverse(&bank, 3).await.unwrap();
    at_rest(&bank).await;
    assert_eq!(balances(&bank).await, (0, 101));
    assert_eq!(outbox.sent().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_reversals_at_once_one_is_done() {
    let bank = bank_with_accounts(Options::default()).await;
    bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    for position in [4, 6] {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let bank = bank.clone();
                tokio::spawn(async move { reverse(&bank, position).await })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => done += 1,
                Err(error) => assert_eq!(error, ReverseError::AlreadyReversed),
            }
        }
        assert_eq!(done, 1, "{position}");
    }
    assert_eq!(balances(&bank).await, (100, 0));
}

/// Under an id of the caller's choice a reversal has one outcome, whatever follows.
#[tokio::test]
async fn a_reversal_sent_again_under_its_id_is_the_same() {
    let bank = bank_with_accounts(Options::default()).await;
    let sent = async || bank.reversal(Position::new(3), None).await.unwrap().command_id(Uuid::from_u128(7)).await;
    let first = sent().await.unwrap();
    assert_eq!(sent().await.unwrap().events(), first.events());
    let other = bank.reversal(Position::new(4), None).await.unwrap().command_id(Uuid::from_u128(7));
    let taken = other.send().await.unwrap().receipt().await;
    assert!(matches!(taken, Err(CommandFailure::IdTaken { .. })), "{taken:?}");
}

/// A file keeps what was reversed in snapshots too.
#[tokio::test]
async fn what_was_reversed_is_remembered_by_snapshots() {
    let one = std::num::NonZeroUsize::new(1).unwrap();
    let limits = cqrs_bank::engine::command_handler::Limits {
        cached_aggregates: one,
        snapshot_every: std::num::NonZeroU64::new(1).unwrap(),
        ..Default::default()
    };
    let bank = bank_with_accounts(Options { limits, ..Options::default() }).await;
    bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    reverse(&bank, 5).await.unwrap();
    reverse(&bank, 3).await.unwrap();
    for position in [3, 6] {
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::AlreadyReversed));
    }
    bank.verify(|_, _| {}).await.unwrap();
}

/// Eventually consistent handles know the end of a transfer too.
#[tokio::test]
async fn a_transfer_that_has_ended_is_known_to_every_handle() {
    let bank = bank_with_accounts(Options::default()).await.with_consistency(Consistency::Eventual);
    bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    at_rest(&bank).await;
    let receipt = bank.reverse(Position::new(5), None).await.unwrap();
    assert!(matches!(receipt.events()[0].data, AccountEvent::MoneyReserved(_)));
    at_rest(&bank).await;
    let ended = log(&bank).await.last().unwrap().data.clone();
    assert!(matches!(ended, AccountEvent::TransferSettled(_)), "{ended:?}");
}
