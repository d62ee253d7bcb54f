//! This bank with its accounts open, before the clock starts.

use std::collections::VecDeque;
use std::future::Future;

use cqrs_bank::bank::{AccountCommand, AccountId, Bank, Money, Options, PendingCommand};

use crate::workload::{AccountRequest, Direction, Workload};

/// How many commands are on their way at once, where a caller does not wait for each.
pub(crate) const IN_FLIGHT: usize = 256;

/// Runs `work` as a caller of the bank would: a task among the bank's own, on a runtime of one thread.
pub(crate) fn on_current_thread<F>(work: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::spawn(work).await.unwrap() })
}

/// A bank and the accounts opened in it.
pub(crate) struct PreparedBank {
    pub(crate) bank: Bank,
    pub(crate) accounts: Vec<AccountId>,
}

impl PreparedBank {
    /// A new bank in memory, without accounts.
    pub(crate) async fn open() -> Self {
        Self::open_with(Options::default()).await
    }

    /// The same, opened in another way.
    pub(crate) async fn open_with(options: Options) -> Self {
        Self { bank: Bank::open(options).await.unwrap(), accounts: Vec::new() }
    }

    /// A new bank in memory with the workload's accounts and their history.
    pub(crate) async fn for_workload(workload: &Workload) -> Self {
        Self::for_workload_with(Options::default(), workload).await
    }

    /// The same, opened in another way.
    pub(crate) async fn for_workload_with(options: Options, workload: &Workload) -> Self {
        let mut prepared = Self::open_with(options).await;
        for name in &workload.account_names {
            prepared.create(name).await;
        }
        prepared.handle_in_flight(workload.history()).await;
        prepared
    }

    /// Opens one more account, which has one event then.
    pub(crate) async fn create(&mut self, name: &str) {
        let account = AccountId::new(name).unwrap();
        self.bank.create(&account).await.unwrap();
        self.accounts.push(account);
    }

    /// Handles one command as most callers do: waits until it is stored and the projection has seen it.
    pub(crate) async fn handle(&self, request: AccountRequest) {
        let account = &self.accounts[request.account()];
        let amount = Money::new(request.amount).unwrap();
        match request.direction {
            Direction::Deposit => drop(self.bank.deposit(account, amount).await.unwrap()),
            Direction::Withdrawal => drop(self.bank.withdraw(account, amount).await.unwrap()),
        }
    }

    /// Handles commands with [`IN_FLIGHT`] of them on their way, until the projection has seen the last.
    pub(crate) async fn handle_in_flight(&self, requests: impl Iterator<Item = AccountRequest>) {
        let mut in_flight: VecDeque<PendingCommand> = VecDeque::with_capacity(IN_FLIGHT);
        for request in requests {
            if in_flight.len() == IN_FLIGHT
                && let Some(oldest) = in_flight.pop_front()
            {
                oldest.outcome().await.unwrap();
            }
            let metadata = self.bank.start_conversation();
            in_flight.push_back(self.bank.send(self.command(request), metadata).await.unwrap());
        }
        for pending in in_flight {
            pending.outcome().await.unwrap();
        }
    }

    /// Panics unless the balance projection has come to what the workload comes to.
    pub(crate) fn assert_balances(&self, contender: &str, workload: &Workload) {
        self.bank.balances().read(|balances| {
            workload.assert_balances(contender, |name| u64::try_from(balances.balance(name)?.minor_units()).ok());
        });
    }

    fn command(&self, request: AccountRequest) -> AccountCommand {
        let account_id = self.accounts[request.account()].clone();
        let amount = Money::new(request.amount).unwrap();
        match request.direction {
            Direction::Deposit => AccountCommand::deposit(account_id, amount),
            Direction::Withdrawal => AccountCommand::withdrawal(account_id, amount),
        }
    }
}
