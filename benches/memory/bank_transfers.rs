//! This bank through its public API, one transfer after the other, each waited for until it has ended.

use std::time::{Duration, Instant};

use cqrs_bank::bank::Money;

use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::workload::Workload;

/// What each account has before the clock starts: more than it can be asked for.
const FUNDS: u64 = 1_000_000_000;

/// Moves the amount of each of the workload's commands from its account to the next one; answers with the time that
/// took.
pub(crate) fn run(workload: Workload) -> Duration {
    on_current_thread(async move {
        let prepared = PreparedBank::for_workload(&workload).await;
        let PreparedBank { bank, accounts } = &prepared;
        let mut expected = vec![FUNDS; accounts.len()];
        for account in accounts {
            bank.deposit(account, Money::new(FUNDS).unwrap()).await.unwrap();
        }
        let start = Instant::now();
        for request in &workload.commands {
            let (payer, payee) = (request.account(), (request.account() + 1) % accounts.len());
            let amount = Money::new(request.amount).unwrap();
            bank.transfer(&accounts[payer], &accounts[payee], amount, None).await.unwrap();
        }
        let elapsed = start.elapsed();
        for request in &workload.commands {
            expected[request.account()] -= u64::from(request.amount);
            expected[(request.account() + 1) % accounts.len()] += u64::from(request.amount);
        }
        for (account, expected) in accounts.iter().zip(expected) {
            assert_eq!(bank.check_balance(account).await.unwrap().minor_units(), expected as i64, "{account:?}");
        }
        elapsed
    })
}
