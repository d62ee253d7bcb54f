//! What breaks the Elixir bank that this one is modelled on does not break this one.

use std::num::NonZeroUsize;
use std::time::Duration;

use cqrs_bank::bank::{
    AccountCommand, Balance, Bank, CheckBalanceError, CreateError, DepositError, InvalidAmount, Money, Options,
    PendingCommand, StoreUrl, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::store::MAX_READ;
use tokio::runtime::Handle;

use crate::accounts::{account, all_balances, money};

/// There: `:ok`, the account is taken over, and the command handler is dead from then on.
#[tokio::test]
async fn a_duplicate_create_is_refused_and_the_bank_goes_on() {
    let bank = bank_with_account("Wolfman").await;
    deposit(&bank, "Wolfman", 100).await;
    assert_eq!(bank.create(&account("Wolfman")).await.unwrap_err(), CreateError::AccountExists);
    assert_eq!(balance(&bank, "Wolfman").await, Ok(100), "the account keeps what it has");
    deposit(&bank, "Wolfman", 1).await;
    assert_eq!(balance(&bank, "Wolfman").await, Ok(101));
}

/// There: `:ok`, and the command handler is dead from then on.
#[tokio::test]
async fn a_missing_account_is_refused_and_the_bank_goes_on() {
    let bank = bank_with_account("Wolfman").await;
    let nobody = account("Nobody");
    assert_eq!(bank.deposit(&nobody, money(1)).await.unwrap_err(), DepositError::NoAccount);
    assert_eq!(bank.withdraw(&nobody, money(1)).await.unwrap_err(), WithdrawError::NoAccount);
    assert_eq!(balance(&bank, "Nobody").await, Err(CheckBalanceError::NoAccount));
    deposit(&bank, "Wolfman", 1).await;
    assert_eq!(balance(&bank, "Wolfman").await, Ok(1));
    bank.create(&nobody).await.unwrap();
    deposit(&bank, "Nobody", 2).await;
    assert_eq!(balance(&bank, "Nobody").await, Ok(2), "a refusal is not remembered");
}

/// There: a withdrawal from an account without deposits succeeds.
#[tokio::test]
async fn money_that_was_never_paid_in_is_not_paid_out() {
    let bank = bank_with_account("Wolfman").await;
    let withdrawal = bank.withdraw(&account("Wolfman"), money(1_000_000)).await.unwrap();
    assert!(matches!(withdrawal, Withdrawal::Declined { balance: Balance::ZERO, .. }), "{withdrawal:?}");
    assert_eq!(balance(&bank, "Wolfman").await, Ok(0));
}

/// There: zero and negative amounts are accepted.
#[test]
fn amounts_out_of_range_cannot_be_made() {
    let limit = Money::MAX.minor_units();
    assert_eq!(Money::new(0), Err(InvalidAmount));
    assert_eq!(Money::new(-1), Err(InvalidAmount));
    assert_eq!(Money::new(i64::MIN), Err(InvalidAmount));
    assert_eq!(Money::new(limit + 1), Err(InvalidAmount));
    assert_eq!(Money::new(u64::MAX), Err(InvalidAmount));
    assert_eq!(Money::new(u128::from(u64::MAX) + 2), Err(InvalidAmount), "it does not wrap around to 1");
    assert_eq!(Money::new(limit).map(Money::minor_units), Ok(limit));
}

/// There: the deposit overtakes the account's registration, and all later commands do nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_sent_right_behind_the_create_lands() {
    for _ in 0..100 {
        let bank = Bank::open(StoreUrl::Memory).await.unwrap();
        let created = send(&bank, create_command("Wolfman")).await;
        let deposited = send(&bank, deposit_command("Wolfman", 100)).await;
        created.outcome().await.unwrap();
        deposited.outcome().await.unwrap();
        assert_eq!(balance(&bank, "Wolfman").await, Ok(100));
    }
}

/// There: the read side loses one of the two updates in 290 of 300 rounds.
#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_deposited_back_to_back_both_show_it() {
    let bank = bank_with_account("Ada").await;
    bank.create(&account("Grace")).await.unwrap();
    for round in 1..=300 {
        let first = send(&bank, deposit_command("Ada", 1)).await;
        let second = send(&bank, deposit_command("Grace", 2)).await;
        first.outcome().await.unwrap();
        second.outcome().await.unwrap();
        assert_eq!(balance(&bank, "Ada").await, Ok(round));
        assert_eq!(balance(&bank, "Grace").await, Ok(2 * round));
    }
}

/// There: the read side has 197 to 200 of them.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_accounts_created_at_once_all_show_up() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let creating: Vec<_> = (0..200)
        .map(|number| {
            let bank = bank.with_consistency(Consistency::Eventual);
            tokio::spawn(async move { bank.create(&account(&format!("account {number}"))).await })
        })
        .collect();
    for create in creating {
        create.await.unwrap().unwrap();
    }
    bank.close().await;
    let balances = bank.balances().read(all_balances);
    for number in 0..200 {
        assert_eq!(balances.get(&format!("account {number}")), Some(&0), "account {number}");
    }
    assert_eq!(balances.len(), 200);
}

/// There: an account out of use leaves memory after a minute, replay cannot bring it back, and its balance is
/// frozen while deposits still say `:ok`.
#[tokio::test]
async fn an_account_no_longer_in_memory_is_brought_back_by_its_history() {
    const DEPOSITS: usize = 2 * MAX_READ + 100;
    let limits = Limits { cached_aggregates: NonZeroUsize::MIN, ..Limits::default() };
    let bank = Bank::open(Options { limits, ..Options::default() }).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    for _ in 0..DEPOSITS {
        deposit(&bank, "Wolfman", 3).await;
    }
    for others in ["Ada", "Grace", "Josh"] {
        bank.create(&account(others)).await.unwrap();
    }
    let all = 3 * DEPOSITS as u64;
    let too_much = bank.withdraw(&account("Wolfman"), money(all + 1)).await.unwrap();
    assert!(matches!(too_much, Withdrawal::Declined { balance, .. } if balance == money(all).into()), "{too_much:?}");
    for others in ["Ada", "Grace", "Josh"] {
        deposit(&bank, others, 1).await;
    }
    let withdrawal = bank.withdraw(&account("Wolfman"), money(all)).await.unwrap();
    assert!(matches!(withdrawal, Withdrawal::Paid(_)), "{withdrawal:?}");
    assert_eq!(balance(&bank, "Wolfman").await, Ok(0));
}

#[tokio::test(start_paused = true)]
async fn an_account_idle_for_a_day_is_as_it_was() {
    let bank = bank_with_account("Wolfman").await;
    deposit(&bank, "Wolfman", 100).await;
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    deposit(&bank, "Wolfman", 1).await;
    assert_eq!(balance(&bank, "Wolfman").await, Ok(101));
}

/// There: one process leaks for every event, and at the process limit the read side freezes.
#[tokio::test]
async fn commands_leave_no_task_behind() {
    let bank = bank_with_account("Wolfman").await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    for _ in 0..100 {
        deposit(&bank, "Wolfman", 1).await;
        bank.create(&account("Wolfman")).await.unwrap_err();
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), tasks);
}

async fn bank_with_account(name: &str) -> Bank {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    bank.create(&account(name)).await.unwrap();
    bank
}

async fn deposit(bank: &Bank, name: &str, amount: u64) {
    bank.deposit(&account(name), money(amount)).await.unwrap();
}

fn create_command(name: &str) -> AccountCommand {
    AccountCommand::create(account(name), name.into())
}

fn deposit_command(name: &str, amount: u64) -> AccountCommand {
    AccountCommand::deposit(account(name), money(amount))
}

async fn send(bank: &Bank, command: AccountCommand) -> PendingCommand {
    bank.send(command, bank.start_conversation()).await.unwrap()
}

async fn balance(bank: &Bank, name: &str) -> Result<i64, CheckBalanceError> {
    Ok(bank.check_balance(&account(name)).await?.minor_units())
}
