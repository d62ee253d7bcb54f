//! A command that was being stored when the bank stopped has an unknown outcome, whatever the cause. The error says so
//! and has the command's id, to ask again. A command reported as not stored is not stored.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cqrs_bank::bank::{Account, AccountCommand, AccountEvent, Bank, NewAccount, StoreUrl};
use cqrs_bank::engine::command_handler::{CommandError, CommandHandler, Limits, Unanswered};
use cqrs_bank::engine::domain::{Aggregate, Command};
use cqrs_bank::engine::feed;
use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::log::{Metadata, RecordedEvent};
use cqrs_bank::engine::projection::Projection;
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, StoreError};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::accounts::{account, money};
use crate::happened::Happened;
use crate::watched_store::{Step, WatchedStore};

/// Stops the bank at an amount.
#[derive(Default)]
struct CannotTake<const AMOUNT: u64>;

impl<const AMOUNT: u64> Projection<AccountEvent> for CannotTake<AMOUNT> {
    const NAME: &'static str = "cannot take it";

    fn project(&mut self, event: &RecordedEvent<AccountEvent>) {
        if let AccountEvent::MoneyDeposited { amount, .. } = &event.data {
            assert!(amount.minor_units() != AMOUNT, "cannot take {AMOUNT}");
        }
    }
}

async fn stored(path: &Path, command_id: Uuid) -> bool {
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &Supervisor::new()).unwrap();
    store.read_command(command_id).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_deposits_under_way_as_everything_stops_each_is_told_the_truth() {
    for _ in 0..20 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bank.db");
        let bank = Bank::open(StoreUrl::Sqlite(path.clone())).await.unwrap();
        bank.create_account(NewAccount::from(&account("Wolfman"))).await.unwrap();
        bank.close().await;

        let supervisor = Supervisor::new();
        let store = SqliteStore::open(&path, SqliteOptions::default(), &supervisor).unwrap();
        feed::start::<_, CannotTake<20>, _>(store.clone(), &Checkpoints::new(), &supervisor).await.unwrap();
        let commands =
            CommandHandler::<Account>::start(store, Arc::new(Clock::simulated(0)), Limits::default(), &supervisor);
        let mut deposits = JoinSet::new();
        for amount in 1..=40 {
            let commands = commands.clone();
            let command_id = Uuid::new_v4();
            let metadata = Metadata::from_outside(command_id);
            deposits.spawn(async move {
                let deposit = AccountCommand::deposit(account("Wolfman"), money(amount));
                let outcome = match commands.send(deposit, metadata).await {
                    Ok(pending) => pending.outcome().await.map(drop),
                    Err(stopped) => Err(stopped),
                };
                (command_id, outcome)
            });
        }
        let outcomes = deposits.join_all().await;
        assert_eq!(supervisor.stopped().await.to_string(), "task cannot take it panicked: cannot take 20");
        supervisor.ended().await;
        for (id, outcome) in outcomes {
            match outcome {
                Ok(()) => assert!(stored(&path, id).await, "{id} is not there"),
                Err(CommandError::OutcomeUnknown { command_id, reason: Unanswered::Stopped }) => {
                    assert_eq!(command_id, id);
                }
                Err(CommandError::Stopped | CommandError::Store(StoreError::Closed)) => {
                    assert!(!stored(&path, id).await, "{id} is there");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[derive(Debug, Default)]
struct Anything;

#[derive(Debug)]
struct Happen(u64);

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Command for Happen {
    type Aggregate = Anything;
    type Id = u64;

    fn target(&self) -> &u64 {
        &self.0
    }
}

impl Aggregate for Anything {
    const CATEGORY: &'static str = "anything";
    type Command = Happen;
    type Event = Happened;
    type Refusal = Never;

    fn execute(&self, command: &Happen) -> Result<Vec<Happened>, Never> {
        Ok(vec![Happened(command.0)])
    }

    fn apply(&mut self, _: &Happened) {}
}

/// The first command has reached the store without an answer; the second waits behind it.
#[tokio::test]
async fn what_reached_the_store_is_unknown_and_what_did_not_is_not_stored() {
    for step in [Step::Before("append"), Step::After("append", 0)] {
        let reached = Arc::new(AtomicBool::new(false));
        let watched = reached.clone();
        let store = WatchedStore::<Happened>::start(move |now| {
            let is_it = now == step;
            watched.fetch_or(is_it, Ordering::Relaxed);
            async move {
                if is_it {
                    pending().await
                }
            }
        });
        let supervisor = Supervisor::new();
        let commands =
            CommandHandler::<Anything>::start(store, Arc::new(Clock::System), Limits::default(), &supervisor);
        let first = Metadata::from_outside(Uuid::new_v4());
        let sent = commands.send(Happen(1), first.clone()).await.unwrap();
        while !reached.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        let waits = commands.send(Happen(2), Metadata::from_outside(Uuid::new_v4())).await.unwrap();
        supervisor.stop(StopReason::Closed);
        let unknown = sent.outcome().await.unwrap_err();
        let command_id = first.command_id;
        assert!(matches!(
            &unknown,
            CommandError::OutcomeUnknown { command_id: id, reason: Unanswered::Stopped } if *id == command_id
        ));
        assert!(unknown.to_string().contains(&command_id.to_string()), "{unknown}");
        assert!(matches!(waits.outcome().await, Err(CommandError::Stopped)));
    }
}
