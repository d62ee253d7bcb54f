//! A transfer on which its process kept failing may be given up: it ends, and its money is in one of the two accounts, wherever
//! the process had come to and wherever giving up is cut off.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use cqrs_bank::bank::{
    Account, AccountCommand, AccountEvent, Balances, BookingDetails, Ending, Moment, Outgoing, ReleaseReason,
    TransferProcess, TransferState, Transfers,
};
use cqrs_bank::engine::command_handler::{CommandHandler, Limits};
use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, HandlerContext, HandlerControl, RetryPolicy};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::log::{Metadata, Position};
use cqrs_bank::engine::process_manager::Process;
use cqrs_bank::engine::projection::ReadModel;
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use tokio::time::timeout;
use uuid::Uuid;

use crate::accounts::{account, money, signed_balances};
use crate::watched_store::WatchedStore;
use crate::watched_store::cut::{Cut, NEVER};

const HOUR: Duration = Duration::from_secs(3_600);

/// What a person does with what is parked when giving up was cut off.
#[derive(Clone, Copy, Debug)]
enum Afterwards {
    GiveUp,
    Retry,
}

#[tokio::test(start_paused = true)]
async fn wherever_it_is_cut_off_the_money_is_in_one_account() {
    let (mut released, mut settled, mut step) = (0, 0, 0);
    while !cut_off(step, NEVER, Afterwards::GiveUp, &mut (0, 0)).await {
        for afterwards in [Afterwards::GiveUp, Afterwards::Retry] {
            let mut endings = (0, 0);
            for skipped_for in 0..24 {
                cut_off(step, skipped_for, afterwards, &mut endings).await;
            }
            released += endings.0;
            settled += endings.1;
        }
        step += 1;
    }
    assert!(released > 100 && settled > 100, "{released} came back, {settled} arrived");
}

/// A transfer whose process is cut off at a step, and parked at the next start; giving up is cut off too. Returns whether the
/// process was not cut off.
async fn cut_off(step: u64, skipped_for: u64, afterwards: Afterwards, endings: &mut (u32, u32)) -> bool {
    let cut = Cut::at(NEVER);
    let engine = Engine::start(&cut).await.unwrap();
    for (number, command) in (1..).zip([create("A"), create("B"), AccountCommand::deposit(account("A"), money(9))]) {
        engine.handle(number, command).await;
    }
    cut.again(step);
    let whole = timeout(HOUR, engine.handle(4, transfer("A", "B", 5))).await.is_ok();
    engine.end().await;

    // The next start is cut off too, so that several steps of the transfer may be parked.
    cut.again(step * 31 % 40);
    if let Ok(Some(engine)) = timeout(HOUR, Engine::start(&cut)).await {
        let _ = timeout(HOUR, engine.has_seen_all()).await;
        engine.end().await;
    }

    cut.again(NEVER);
    let engine = Engine::start(&cut).await.unwrap();
    engine.has_seen_all().await;
    let parked = engine.parked().await;
    cut.again(skipped_for);
    for number in parked {
        let _ = timeout(HOUR, engine.transfers_are.skip(number)).await;
    }
    engine.end().await;

    cut.again(NEVER);
    let engine = Engine::start(&cut).await.unwrap();
    engine.has_seen_all().await;
    for number in engine.parked().await {
        match afterwards {
            Afterwards::GiveUp => engine.transfers_are.skip(number).await.unwrap(),
            Afterwards::Retry => engine.transfers_are.retry(number).await.unwrap(),
        }
    }
    engine.has_seen_all().await;
    // What a retry leads to may be parked in turn, and is then given up.
    for number in engine.parked().await {
        engine.transfers_are.skip(number).await.unwrap();
    }
    engine.has_seen_all().await;
    let place = format!("cut off at step {step}, then at {skipped_for}, {afterwards:?}");
    assert_eq!(engine.parked().await, [0; 0], "{place}");
    let balances = engine.balances.read(signed_balances);
    let states = engine.transfers.read(|transfers| {
        let begun = transfers.between(Position::START, Moment::NOW);
        begun.iter().map(|transfer| transfer.state_at(Moment::NOW)).collect::<Vec<_>>()
    });
    match (&states[..], balances["A"], balances["B"]) {
        ([], 9, 0) => {}
        ([Some(TransferState::Ended(Ending::Released(ReleaseReason::GivenUp)))], 9, 0) => endings.0 += 1,
        ([Some(TransferState::Ended(Ending::Settled))], 4, 5) => endings.1 += 1,
        _ => panic!("{place}: {states:?}, {balances:?}"),
    }
    engine.end().await;
    whole
}

/// The parts of a bank whose process has one attempt.
struct Engine {
    store: WatchedStore<AccountEvent>,
    supervisor: Supervisor,
    checkpoints: Checkpoints,
    commands: CommandHandler<Account>,
    balances: ReadModel<Balances>,
    transfers: ReadModel<Transfers>,
    transfers_are: HandlerControl,
}

impl Engine {
    async fn start(cut: &Cut<AccountEvent>) -> Option<Self> {
        let store = cut.store.clone();
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let clock = Arc::new(Clock::simulated(0));
        let commands = CommandHandler::start(store.clone(), clock.clone(), Limits::default(), &supervisor);
        let context = HandlerContext {
            store: cqrs_bank::engine::store::Store::new(store.clone()),
            checkpoints: checkpoints.clone(),
            clock,
            lease: Lease::unshared(),
            retry: RetryPolicy { attempts: 1, ..RetryPolicy::default() },
            supervisor: supervisor.clone(),
        };
        let mut feed = Feed::new(checkpoints.clone());
        let (balances, transfers) = (feed.add(), feed.add());
        let process = Process::new(TransferProcess, commands.clone(), context.store.clone(), checkpoints.clone());
        let started = event_handler::start(move || process.clone(), &context, &mut feed).await;
        feed.start(store.clone(), &supervisor);
        let transfers_are = started.ok()?;
        Some(Self { store, supervisor, checkpoints, commands, balances, transfers, transfers_are })
    }

    /// Sends a command, and waits for all that it leads to.
    async fn handle(&self, number: u128, command: AccountCommand) {
        let metadata = Metadata::from_outside(Uuid::from_u128(number << 80));
        let pending_command = self.commands.resend(command, metadata).await;
        let events = pending_command.unwrap().outcome().await.unwrap();
        assert!(!events.is_empty());
        self.has_seen_all().await;
        if self.store.end().await.unwrap() != self.checkpoints.handlers()[0].checkpoint {
            pending::<()>().await;
        }
    }

    /// Waits until the process has seen the whole log, also of what it adds.
    async fn has_seen_all(&self) {
        loop {
            let end = self.store.end().await.unwrap();
            self.checkpoints.wait_until_seen(end, HOUR).await;
            if self.store.end().await.unwrap() == end {
                return;
            }
        }
    }

    async fn parked(&self) -> Vec<u64> {
        self.store.read_parked(0, 9).await.unwrap().iter().map(|parked| parked.number).collect()
    }

    /// Ends at once, in the middle of any work.
    async fn end(&self) {
        self.supervisor.stop(StopReason::Closed);
        let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
    }
}

fn create(name: &str) -> AccountCommand {
    AccountCommand::create(account(name), name.into())
}

fn transfer(payer: &str, payee: &str, amount: u64) -> AccountCommand {
    let (account_id, payee, amount) = (account(payer), account(payee), money(amount));
    let transfer_id = Uuid::from_u128(4 << 80).into();
    let outgoing = Outgoing { account_id, transfer_id, payee, amount, details: BookingDetails::NONE };
    AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
}
