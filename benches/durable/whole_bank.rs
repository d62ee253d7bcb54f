//! The whole bank on its file, through its public API: a command counts when the projections have seen its event.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountCommand, AccountId, Bank, Money, StoreUrl};

use crate::moved::stream_name;

/// Deposits go to so many accounts in turn, as the store's events to its streams.
pub(crate) const ACCOUNTS: usize = 1_000;

/// Deposits into a new bank, so many of them on their way; answers with the time that they took.
pub(crate) fn run(directory: &Path, in_flight: usize, deposits: usize) -> Duration {
    on_current_thread(
        async move |path| {
            let bank = Bank::open(StoreUrl::Sqlite(path)).await.unwrap();
            let accounts = create_accounts(&bank).await;
            let start = Instant::now();
            deposit(&bank, &accounts, in_flight, deposits).await;
            let elapsed = start.elapsed();
            assert_eq!(bank.total_deposits(None).await.unwrap(), deposits as i128);
            bank.close().await;
            elapsed
        },
        directory.join("bank.db"),
    )
}

/// As a task among the bank's own: that is how a caller within a program runs.
pub(crate) fn on_current_thread<A, R, F>(work: impl FnOnce(A) -> F, argument: A) -> R
where
    F: Future<Output = R> + Send + 'static,
    R: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let work = work(argument);
    runtime.block_on(async { tokio::spawn(work).await.unwrap() })
}

pub(crate) async fn create_accounts(bank: &Bank) -> Vec<AccountId> {
    let accounts: Vec<_> = (0..ACCOUNTS).map(|account| AccountId::new(&stream_name(account)).unwrap()).collect();
    let creating: Vec<_> = accounts
        .iter()
        .map(|account| {
            let (bank, account) = (bank.clone(), account.clone());
            tokio::spawn(async move { bank.create(&account).await.map(drop) })
        })
        .collect();
    for created in creating {
        created.await.unwrap().unwrap();
    }
    accounts
}

/// Deposits 1 so many times, over the accounts in turn.
pub(crate) async fn deposit(bank: &Bank, accounts: &[AccountId], in_flight: usize, deposits: usize) {
    let amount = Money::new(1).unwrap();
    let mut on_their_way = VecDeque::with_capacity(in_flight);
    for deposit in 0..deposits {
        if on_their_way.len() == in_flight
            && let Some(oldest) = on_their_way.pop_front()
        {
            seen(oldest).await;
        }
        let account_id = accounts[deposit % accounts.len()].clone();
        let command = AccountCommand::deposit(account_id, amount);
        on_their_way.push_back(bank.send(command, bank.start_conversation()).await.unwrap());
    }
    for pending in on_their_way {
        seen(pending).await;
    }
}

async fn seen(pending: cqrs_bank::bank::PendingCommand) {
    assert!(pending.outcome().await.unwrap().lagging().is_empty());
}
