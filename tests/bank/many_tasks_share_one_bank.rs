//! However many tasks share a bank, no money appears or vanishes, no balance falls below its limit, and one order of events
//! explains every answer.

use std::collections::BTreeMap;
use std::sync::mpsc::{TryRecvError, channel};

use cqrs_bank::bank::{Bank, Options, StoreUrl, Withdrawal};
use cqrs_bank::engine::feed::checkpoints::Consistency;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::accounts::{account, all_balances, money};
use crate::model::comparison::call;
use crate::model::{Command, Event, ModelBank, Reply};

const NAMES: [&str; 3] = ["Ada", "Grace", "Wolfman"];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        // A failing interleaving cannot be reproduced, so shrinking is useless.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn one_order_of_events_explains_every_answer(tasks in vec(vec(any_command(), 1..60), 2..9)) {
        Runtime::new().unwrap().block_on(async {
            let bank = Bank::open(Options::default()).await.unwrap();
            let answers = all_at_once(&bank, tasks).await;
            bank.close().await;

            let mut model = ModelBank::default();
            for (position, (command, reply, event)) in handled(&answers) {
                assert_eq!(position, model.events.len() as u64 + 1, "positions have no gap and no repeat");
                assert_eq!(model.handle(command), (*reply, Some(event.clone())), "{command:?} at {position}");
            }
            assert_eq!(bank.balances().read(all_balances), model.balances);

            for (command, reply, event) in &answers {
                if event.is_none() {
                    assert_eq!(Some(*reply), only_possible_refusal(command), "{command:?}");
                }
            }
            for name in NAMES {
                let created = answers.iter().filter(|(command, reply, _)| {
                    matches!(command, Command::Create(created) if *created == name) && *reply == Reply::Done
                });
                assert_eq!(created.count(), usize::from(model.balances.contains_key(name)));
            }
            assert_eq!(money_in(&answers) - money_out(&answers), model.balances.values().sum::<u64>());
        });
    }
}

type Answer = (Command, Reply, Option<Event>);

/// One task per list, half of them under strong consistency and half under eventual.
async fn all_at_once(bank: &Bank, tasks: Vec<Vec<Command>>) -> Vec<Answer> {
    let mut running = JoinSet::new();
    for (number, commands) in tasks.into_iter().enumerate() {
        let consistency = if number % 2 == 0 { Consistency::Strong } else { Consistency::Eventual };
        let bank = bank.with_consistency(consistency);
        running.spawn(async move {
            let mut answers = Vec::new();
            for command in commands {
                let (reply, event) = call(&bank, &command).await;
                answers.push((command, reply, event));
            }
            let positions = answers.iter().filter_map(|(_, _, event)| Some(event.as_ref()?.position));
            assert!(positions.is_sorted(), "a task's own commands keep their order");
            answers
        });
    }
    running.join_all().await.concat()
}

/// The commands that led to events, in commit order.
fn handled(answers: &[Answer]) -> BTreeMap<u64, (&Command, &Reply, &Event)> {
    let handled: Vec<_> =
        answers.iter().filter_map(|(command, reply, event)| Some((command, reply, event.as_ref()?))).collect();
    let by_position: BTreeMap<_, _> = handled.iter().map(|answer| (answer.2.position, *answer)).collect();
    assert_eq!(by_position.len(), handled.len(), "no two receipts show the same event");
    by_position
}

/// Amounts in this file are far from the limit.
fn only_possible_refusal(command: &Command) -> Option<Reply> {
    match command {
        Command::Create(_) | Command::CreateWithPin(..) => Some(Reply::AccountExists),
        Command::Deposit(..) | Command::Withdraw(..) | Command::WithdrawWith(..) | Command::Unlock(..) => {
            Some(Reply::NoAccount)
        }
    }
}

fn money_in(answers: &[Answer]) -> u64 {
    let amount = |(command, reply, _): &Answer| match command {
        Command::Deposit(_, amount) if *reply == Reply::Done => *amount,
        _ => 0,
    };
    answers.iter().map(amount).sum()
}

fn money_out(answers: &[Answer]) -> u64 {
    let amount = |(command, reply, _): &Answer| match command {
        Command::Withdraw(_, amount) if *reply == Reply::Done => *amount,
        _ => 0,
    };
    answers.iter().map(amount).sum()
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = || proptest::sample::select(&NAMES);
    prop_oneof![
        1 => name().prop_map(Command::Create),
        4 => (name(), 1..=50_u64).prop_map(|(name, amount)| Command::Deposit(name, amount)),
        4 => (name(), 1..=50_u64).prop_map(|(name, amount)| Command::Withdraw(name, amount)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_that_together_exceed_the_balance_pay_out_the_balance_and_no_more() {
    for _ in 0..20 {
        let bank = bank_with_accounts(&["Wolfman"]).await;
        bank.deposit(&account("Wolfman"), money(100)).await.unwrap();
        let mut withdrawals = JoinSet::new();
        for _ in 0..64 {
            let bank = bank.clone();
            withdrawals.spawn(async move { bank.withdraw(&account("Wolfman"), money(7)).await.unwrap() });
        }
        let withdrawals = withdrawals.join_all().await;
        let paid = withdrawals.iter().filter(|withdrawal| matches!(withdrawal, Withdrawal::Paid(_)));
        assert_eq!(paid.count(), 14, "14 times 7 is 98");
        assert_eq!(balance(&bank, "Wolfman").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_updated_at_once_lose_no_update() {
    const ROUNDS: u64 = 1_000;
    let bank = bank_with_accounts(&["Ada", "Grace"]).await;
    let mut tasks = JoinSet::new();
    for name in ["Ada", "Grace"] {
        let bank = bank.clone();
        tasks.spawn(async move {
            for round in 1..=ROUNDS {
                bank.deposit(&account(name), money(round)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    for name in ["Ada", "Grace"] {
        assert_eq!(balance(&bank, name).await, (ROUNDS * (ROUNDS + 1) / 2) as i64, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_strong_consistency_a_task_reads_what_it_has_just_written() {
    let names = ["Ada", "Grace", "Josh", "Luke", "Wolfman"];
    let bank = bank_with_accounts(&names).await;
    let mut tasks = JoinSet::new();
    for name in names {
        let bank = bank.clone();
        tasks.spawn(async move {
            for deposits in 1..=200 {
                bank.deposit(&account(name), money(1)).await.unwrap();
                assert_eq!(balance(&bank, name).await, deposits, "{name}");
            }
        });
    }
    tasks.join_all().await;
}

/// Money moves from Ada to Grace in single units, withdrawn first. A reader of both balances finds at most one unit on
/// the way.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_never_sees_a_moment_that_was_not() {
    const UNITS: u64 = 500;
    let bank = bank_with_accounts(&["Ada", "Grace"]).await;
    bank.deposit(&account("Ada"), money(UNITS)).await.unwrap();
    let (writing, still_writing) = channel::<()>();
    let reader = tokio::task::spawn_blocking({
        let bank = bank.clone();
        move || {
            while still_writing.try_recv() == Err(TryRecvError::Empty) {
                let total: u64 = bank.balances().read(all_balances).values().sum();
                assert!(total == UNITS || total == UNITS - 1, "{total}");
            }
        }
    });
    let eventual = bank.with_consistency(Consistency::Eventual);
    for _ in 0..UNITS {
        eventual.withdraw(&account("Ada"), money(1)).await.unwrap();
        eventual.deposit(&account("Grace"), money(1)).await.unwrap();
    }
    drop(writing);
    reader.await.unwrap();
    bank.close().await;
    let expected = BTreeMap::from([("Ada".to_owned(), 0), ("Grace".to_owned(), UNITS)]);
    assert_eq!(bank.balances().read(all_balances), expected);
}

async fn bank_with_accounts(names: &[&str]) -> Bank {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    for name in names {
        bank.create(&account(name)).await.unwrap();
    }
    bank
}

async fn balance(bank: &Bank, name: &str) -> i64 {
    bank.check_balance(&account(name)).await.unwrap().minor_units()
}
