//! After a refusal, the caller's next query includes the events that the command was refused for.

use cqrs_bank::bank::{AccountId, Balance, Bank, CreateError, DepositError, Money, StoreUrl, TransferError};

use crate::accounts::{account, money};

const ROUNDS: usize = 40;
const TASKS: usize = 24;

/// A bank in memory, one in a file, and two on one file.
async fn banks(directory: &tempfile::TempDir) -> [Vec<Bank>; 3] {
    let file = |name: &str| StoreUrl::Sqlite(directory.path().join(name));
    let open = async |store: StoreUrl| Bank::open(store).await.unwrap();
    [
        vec![open(StoreUrl::Memory).await],
        vec![open(file("one.db")).await],
        vec![open(file("two.db")).await, open(file("two.db")).await],
    ]
}

/// Runs `TASKS` at once, spread over the banks.
async fn at_once<F: Future<Output = ()> + Send + 'static>(
    banks: &[Bank],
    task: impl Fn(Bank, AccountId) -> F,
    of: &AccountId,
) {
    let tasks: Vec<_> =
        banks.iter().cycle().take(TASKS).map(|bank| tokio::spawn(task(bank.clone(), of.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_account_that_exists_already_is_there() {
    let directory = tempfile::tempdir().unwrap();
    for banks in banks(&directory).await {
        for round in 0..ROUNDS {
            let create = async |bank: Bank, name: AccountId| {
                match bank.create(&name).await {
                    Ok(_) | Err(CreateError::AccountExists) => {}
                    Err(error) => panic!("{error}"),
                }
                assert_eq!(bank.check_balance(&name).await, Ok(Balance::ZERO));
            };
            let task = move |bank, name| create(bank, name);
            at_once(&banks, task, &account(&round.to_string())).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_balance_that_cannot_take_more_is_what_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    for banks in banks(&directory).await {
        for round in 0..ROUNDS {
            let name = account(&format!("full {round}"));
            banks[0].create(&name).await.unwrap();
            let deposit = async |bank: Bank, name: AccountId| match bank.deposit(&name, Money::MAX).await {
                Ok(_) | Err(DepositError::BalanceLimit) => {
                    assert_eq!(bank.check_balance(&name).await, Ok(Money::MAX.into()))
                }
                Err(error) => panic!("{error}"),
            };
            at_once(&banks, deposit, &name).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_balance_that_is_too_low_is_what_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    for banks in banks(&directory).await {
        let other = account("other");
        banks[0].create(&other).await.unwrap();
        for round in 0..ROUNDS / 4 {
            let name = account(&format!("low {round}"));
            banks[0].create(&name).await.unwrap();
            banks[0].deposit(&name, money(5)).await.unwrap();
            let transfer = async |bank: Bank, name: AccountId| {
                match bank.transfer(&name, &account("other"), money(5), None).await {
                    Ok(_) => {}
                    Err(TransferError::Overdrawn { balance }) => assert_eq!(balance, Balance::ZERO),
                    Err(error) => panic!("{error}"),
                }
                assert_eq!(bank.check_balance(&name).await, Ok(Balance::ZERO));
            };
            at_once(&banks, transfer, &name).await;
        }
    }
}
