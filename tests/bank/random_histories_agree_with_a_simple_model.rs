//! For any sequence of commands, the bank answers like a simple model.

use std::future::Future;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use cqrs_bank::bank::{Bank, CheckBalanceError, CommandFailure};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;

use crate::accounts::{account, all_balances};
use crate::model::comparison::{call, open, outcome, send};
use crate::model::{Command, LIMIT, ModelBank};

const NAMES: [&str; 4] = ["Ada", "Grace", "Wolfman", "account-Ada"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_command_after_the_other(commands in vec(any_command(), 1..80), limits in any_limits()) {
        run(async {
            let bank = open(limits).await;
            let mut model = ModelBank::default();
            for command in &commands {
                assert_eq!(call(&bank, command).await, model.handle(command), "{command:?}");
                assert_eq!(bank.balances().read(all_balances), model.balances, "after {command:?}");
                let total: u64 = model.balances.values().sum();
                assert_eq!(bank.total_deposits(None).await, Ok(total.into()), "after {command:?}");
                for name in NAMES {
                    let expected = model.balances.get(name).copied().ok_or(CheckBalanceError::NoAccount);
                    let balance = bank.check_balance(&account(name)).await;
                    assert_eq!(balance.map(|balance| u64::try_from(balance.minor_units()).unwrap()), expected, "{name} after {command:?}");
                }
            }
        });
    }

    #[test]
    fn all_commands_sent_before_the_first_answer(commands in vec(any_command(), 1..80), limits in any_limits()) {
        run(async {
            let bank = open(limits).await;
            let model = send_all(&bank.with_consistency(Consistency::Eventual), &commands).await;
            bank.close().await;
            assert_eq!(bank.balances().read(all_balances), model.balances, "once it is closed");
        });
    }

    #[test]
    fn one_strong_command_waits_for_the_eventual_ones_before_it(commands in vec(any_command(), 1..80)) {
        run(async {
            let bank = open(Limits::default()).await;
            let mut model = send_all(&bank.with_consistency(Consistency::Eventual), &commands).await;
            let last = Command::Create("the last one");
            assert_eq!(call(&bank, &last).await, model.handle(&last));
            assert_eq!(bank.balances().read(all_balances), model.balances);
        });
    }
}

/// Sends the commands without waiting, compares the replies with the model's, and returns the model.
async fn send_all(bank: &Bank, commands: &[Command]) -> ModelBank {
    let mut pending = Vec::new();
    for command in commands {
        pending.push(send(bank, command).await);
    }
    let mut model = ModelBank::default();
    for (command, pending) in commands.iter().zip(pending) {
        let answer = match &pending.outcome().await {
            Ok(receipt) => outcome(Ok(receipt.events())),
            Err(CommandFailure::Refused(refusal)) => outcome(Err(*refusal)),
            Err(failure) => panic!("{command:?}: {failure}"),
        };
        assert_eq!(answer, model.handle(command), "{command:?}");
    }
    model
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = || proptest::sample::select(&NAMES);
    prop_oneof![
        1 => name().prop_map(Command::Create),
        2 => (name(), any_pin()).prop_map(|(name, pin)| Command::CreateWithPin(name, pin)),
        6 => (name(), any_amount(), any_pin()).prop_map(|(name, amount, pin)| Command::WithdrawWith(name, amount, pin)),
        1 => name().prop_map(Command::Unlock),
        3 => (name(), any_amount()).prop_map(|(name, amount)| Command::Deposit(name, amount)),
        3 => (name(), any_amount()).prop_map(|(name, amount)| Command::Withdraw(name, amount)),
    ]
}

/// Few PINs, so that the right one is often tried.
fn any_pin() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&["1234", "0000"])
}

/// Small amounts, near typical balances, and large ones, near the limit.
fn any_amount() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 1..=20_u64, 1 => LIMIT / 2 - 20..=LIMIT / 2 + 20, 1 => LIMIT - 20..=LIMIT, 1 => 1..=LIMIT]
}

/// Low limits, so that queues fill up, batches end and accounts are reloaded.
fn any_limits() -> impl Strategy<Value = Limits> {
    (1..10_usize, 1..10_usize, 1..5_usize, 1..5_u64).prop_map(|(queue, batch, cached_aggregates, snapshot_every)| {
        Limits {
            queue,
            batch,
            cached_aggregates: NonZeroUsize::new(cached_aggregates).unwrap(),
            snapshot_every: NonZeroU64::new(snapshot_every).unwrap(),
        }
    })
}

/// A paused clock advances only when all tasks are idle, so a missing answer fails at once.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await }).unwrap();
}
