//! After a refusal, the caller's next query shows the reason: an account that exists, a balance that is too large or
//! too small.

use std::time::Duration;

use cqrs_bank::bank::{
    Balance, Bank, CheckBalanceError, CreateError, DepositError, Money, StoreUrl, TransferError, Withdrawal,
};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::accounts::{account, money};

/// The number of contended accounts, one after the other.
const ACCOUNTS: u64 = 150;
const TASKS: u64 = 24;

/// Longer than anything takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(60);

/// Runs the same for each account on many tasks at once. Returns the wrong answers.
fn all_at_once<F>(store: StoreUrl, run: impl Fn(Bank, u64, u64) -> F + Copy + Send + 'static)
where
    F: Future<Output = Option<String>> + Send + 'static,
{
    Runtime::new().unwrap().block_on(async {
        let bank = Bank::open(store).await.unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let bank = bank.clone();
            tasks.spawn(async move {
                let mut wrong = Vec::new();
                for number in 0..ACCOUNTS {
                    wrong.extend(run(bank.clone(), number, task).await);
                }
                wrong
            });
        }
        let mut wrong = timeout(HANG, tasks.join_all()).await.unwrap().concat();
        bank.close().await;
        let found = wrong.len();
        wrong.truncate(3);
        assert_eq!(found, 0, "of {}: {wrong:#?}", ACCOUNTS * TASKS);
    });
}

/// A bank in memory, and one in a file.
fn in_both_stores<F>(run: impl Fn(Bank, u64, u64) -> F + Copy + Send + 'static)
where
    F: Future<Output = Option<String>> + Send + 'static,
{
    all_at_once(StoreUrl::Memory, run);
    let directory = tempfile::tempdir().unwrap();
    all_at_once(StoreUrl::Sqlite(directory.path().join("bank.db")), run);
}

#[test]
fn who_hears_that_an_account_exists_can_ask_for_its_balance() {
    in_both_stores(|bank: Bank, number, _| async move {
        let name = account(&format!("account {number}"));
        match bank.create(&name).await {
            Ok(_) => None,
            Err(CreateError::AccountExists) => match bank.check_balance(&name).await {
                Ok(_) => None,
                Err(CheckBalanceError::NoAccount) => Some(format!("{name} exists, and there is no such account")),
                Err(error) => panic!("{error}"),
            },
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn who_hears_that_an_account_exists_finds_it_in_the_list() {
    in_both_stores(|bank: Bank, number, _| async move {
        let name = account(&format!("account {number}"));
        match bank.create(&name).await {
            Ok(_) => None,
            Err(_) => {
                let list = bank.accounts(None).await.unwrap();
                let is_there = list.iter().any(|entry| entry.account_id == name);
                (!is_there).then(|| format!("{name} exists, and is not in the list"))
            }
        }
    });
}

#[test]
fn who_hears_that_a_balance_would_be_too_great_finds_it_great() {
    in_both_stores(|bank: Bank, number, _| async move {
        let name = account(&format!("account {number}"));
        let amount = Money::MAX.minor_units() / 2 + 1;
        let _ = bank.create(&name).await;
        match bank.deposit(&name, money(amount)).await {
            Ok(_) => None,
            Err(DepositError::BalanceLimit) => {
                let Ok(balance) = bank.check_balance(&name).await.map(Balance::minor_units) else {
                    return Some(format!("{name} has too much, and there is no such account"));
                };
                let total = bank.total_deposits(None).await.unwrap();
                (balance < amount as i64 || total < i128::from(amount) * i128::from(number + 1))
                    .then(|| format!("{name} has too much, and has {balance}, of {total}"))
            }
            Err(error) => panic!("{error}"),
        }
    });
}

#[test]
fn who_hears_a_balance_with_a_refusal_hears_it_again() {
    in_both_stores(|bank: Bank, number, task| async move {
        let (name, other) = (account(&format!("account {number}")), account("other"));
        let _ = bank.create(&name).await;
        let _ = bank.create(&other).await;
        let told = match task % 3 {
            // The balance only grows.
            0 => {
                bank.deposit(&name, money(1)).await.unwrap();
                return None;
            }
            1 => match bank.withdraw(&name, money(1_000_000)).await.unwrap() {
                Withdrawal::Declined { balance, .. } => balance,
                paid => panic!("{paid:?}"),
            },
            _ => match bank.transfer(&name, &other, money(1_000_000), None).await {
                Err(TransferError::Overdrawn { balance }) => balance,
                wrong => panic!("{wrong:?}"),
            },
        };
        let Ok(balance) = bank.check_balance(&name).await else {
            return Some(format!("{name} had {told}, and there is no such account"));
        };
        (balance < told).then(|| format!("{name} had {told}, and has {balance}"))
    });
}
