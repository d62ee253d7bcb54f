//! Closing a bank loses no command sent before, and leaves no caller waiting.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use cqrs_bank::bank::{
    AccountCommand, Bank, CheckBalanceError, CommandFailure, CreateError, DepositError, StoreUrl, Unavailable,
    WithdrawError,
};
use cqrs_bank::engine::command_handler::{CommandHandler, Limits};
use cqrs_bank::engine::domain::{Aggregate, Command, DomainEvent};
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::{Metadata, Position};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::subscription::Subscription;
use cqrs_bank::engine::store::{EventStore, StoreError};
use tokio::runtime::Handle;
use tokio::time::timeout;
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};

const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn everything_sent_before_is_handled_and_seen() {
    for consistency in [Consistency::Strong, Consistency::Eventual] {
        let bank = bank_with_account("Wolfman").await.with_consistency(consistency);
        let mut sent = Vec::new();
        for _ in 0..10_000 {
            sent.push(bank.send(deposit("Wolfman"), bank.start_conversation()).await.unwrap());
        }
        bank.close().await;
        assert_eq!(bank.balances().read(all_balances)["Wolfman"], 10_000);
        for pending in sent {
            assert!(pending.outcome().await.unwrap().lagging().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_bank_says_so_through_every_handle() {
    let bank = bank_with_account("Wolfman").await;
    let other = bank.with_consistency(Consistency::Eventual);
    bank.close().await;
    let wolfman = account("Wolfman");
    for bank in [bank, other] {
        assert_eq!(
            soon(bank.create(&account("Ada"))).await.unwrap_err(),
            CreateError::Unavailable(Unavailable::Closed)
        );
        assert_eq!(
            soon(bank.deposit(&wolfman, money(1))).await.unwrap_err(),
            DepositError::Unavailable(Unavailable::Closed)
        );
        assert_eq!(
            soon(bank.withdraw(&wolfman, money(1))).await.unwrap_err(),
            WithdrawError::Unavailable(Unavailable::Closed)
        );
        let balance = soon(bank.check_balance(&wolfman)).await;
        assert_eq!(balance, Err(CheckBalanceError::Unavailable(Unavailable::Closed)));
        let sent = soon(bank.send(deposit("Wolfman"), bank.start_conversation())).await;
        assert_eq!(sent.unwrap_err(), Unavailable::Closed);
        soon(bank.close()).await;
    }
}

/// Another task sends commands while the bank closes: each is handled or refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_meanwhile_is_handled_or_refused() {
    for _ in 0..50 {
        let bank = bank_with_account("Wolfman").await;
        let depositing = tokio::spawn({
            let bank = bank.clone();
            async move {
                let mut deposited = 0;
                loop {
                    match bank.deposit(&account("Wolfman"), money(1)).await {
                        Ok(_) => deposited += 1,
                        Err(error) => {
                            assert_eq!(error, DepositError::Unavailable(Unavailable::Closed));
                            return deposited;
                        }
                    }
                }
            }
        });
        bank.deposit(&account("Wolfman"), money(1)).await.unwrap();
        tokio::join!(bank.close(), bank.close());
        let deposited: u64 = depositing.await.unwrap();
        assert_eq!(bank.balances().read(all_balances)["Wolfman"], deposited + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_given_up_closes_all_the_same() {
    let bank = bank_with_account("Wolfman").await;
    let pending = bank.send(deposit("Wolfman"), bank.start_conversation()).await.unwrap();
    assert!(once(pin!(bank.close())).await.is_none(), "a close takes a while");
    let outcome = soon(pending.outcome()).await;
    assert!(matches!(outcome, Ok(_) | Err(CommandFailure::Unavailable(Unavailable::Closed))), "{outcome:?}");
    let balance = soon(bank.check_balance(&account("Wolfman"))).await;
    assert_eq!(balance, Err(CheckBalanceError::Unavailable(Unavailable::Closed)));
}

#[tokio::test]
async fn the_last_handle_dropped_ends_all_tasks() {
    let bank = bank_with_account("Wolfman").await;
    let other = bank.clone();
    let pending = bank.send(deposit("Wolfman"), bank.start_conversation()).await.unwrap();
    drop(bank);
    other.deposit(&account("Wolfman"), money(1)).await.unwrap();
    drop(other);
    assert_eq!(pending.outcome().await.unwrap().position(), Position::new(2), "a command on its way is a handle too");
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_hears_that_the_store_is_closed() {
    let supervisor = Supervisor::new();
    let store = MemoryStore::<Opened>::start(&supervisor);
    let mut waiting = Subscription::after(store.clone(), Position::START);
    let mut next = pin!(waiting.next());
    assert!(once(next.as_mut()).await.is_none());
    tokio::task::yield_now().await;
    assert!(once(next.as_mut()).await.is_none());
    supervisor.stop(StopReason::Closed);
    assert_eq!(soon(next).await.unwrap_err(), StoreError::Closed);

    let mut late = Subscription::after(store.clone(), Position::START);
    assert_eq!(soon(late.next()).await.unwrap_err(), StoreError::Closed);
    assert_eq!(soon(store.end()).await.unwrap_err(), StoreError::Closed);
}

/// The first close arrives together with a slow command, and the second one meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_second_waits_as_well() {
    let supervisor = Supervisor::new();
    let store = MemoryStore::start(&supervisor);
    let doors = CommandHandler::<Door>::start(store, Arc::new(Clock::System), Limits::default(), &supervisor);
    let (busy, busy_door) = SlowCommand::new("keeps the command handler busy");
    let (slow, slow_door) = SlowCommand::new("handled together with the close");
    let busy = doors.send(busy, metadata()).await.unwrap();
    busy_door.started();
    let slow = doors.send(slow, metadata()).await.unwrap();
    let mut first = pin!(doors.close());
    assert!(once(first.as_mut()).await.is_none());
    busy_door.open();
    slow_door.started();

    let mut second = pin!(doors.close());
    assert!(once(second.as_mut()).await.is_none(), "the slow command is not handled yet");
    slow_door.open();
    second.await;
    assert!(once(pin!(slow.outcome())).await.unwrap().is_ok());
    busy.outcome().await.unwrap();
    first.await;
}

async fn bank_with_account(name: &str) -> Bank {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    bank.create(&account(name)).await.unwrap();
    bank
}

fn deposit(name: &str) -> AccountCommand {
    AccountCommand::deposit(account(name), money(1))
}

async fn soon<F: IntoFuture>(future: F) -> F::Output {
    timeout(SOON, future).await.unwrap()
}

/// Polls a future once.
async fn once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// An aggregate that keeps the command handler busy until the test opens the door.
#[derive(Debug, Default)]
struct Door;

#[derive(Debug)]
struct SlowCommand {
    name: String,
    started: Sender<()>,
    open: Mutex<Receiver<()>>,
}

struct OtherSide {
    started: Receiver<()>,
    open: Sender<()>,
}

#[derive(Clone, Debug)]
struct Opened;

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl SlowCommand {
    fn new(name: &str) -> (Self, OtherSide) {
        let (start, started) = channel();
        let (open, opened) = channel();
        (Self { name: name.to_owned(), started: start, open: Mutex::new(opened) }, OtherSide { started, open })
    }
}

impl OtherSide {
    fn started(&self) {
        self.started.recv().unwrap();
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

impl Command for SlowCommand {
    type Aggregate = Door;
    type Id = String;

    fn target(&self) -> &String {
        &self.name
    }
}

impl DomainEvent for Opened {
    fn event_type(&self) -> &'static str {
        "opened"
    }

    fn title(&self) -> &'static str {
        "Opened"
    }
}

impl Aggregate for Door {
    const CATEGORY: &'static str = "door";
    type Command = SlowCommand;
    type Event = Opened;
    type Refusal = Never;

    fn execute(&self, command: &SlowCommand) -> Result<Vec<Opened>, Never> {
        command.started.send(()).unwrap();
        // An error means that the test has failed, which opens the door as well.
        let _ = command.open.lock().unwrap().recv();
        Ok(vec![Opened])
    }

    fn apply(&mut self, _: &Opened) {}
}

fn metadata() -> Metadata {
    Metadata::from_outside(Uuid::new_v4())
}
