//! Transfers, bonuses and reversals end the same after a crash at any step: the bank is cut off at every call of its store and
//! restarted on the stored events, and clients without an answer repeat their commands.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use cqrs_bank::bank::{
    Account, AccountChange, AccountCommand, AccountEvent, Balances, BookingDetails, CeoBonus, Change, Ending, Moment,
    Money, Opening, Outgoing, OverdraftLimit, ReleaseReason, Reversal, TransferProcess, TransferState, Transfers,
};
use cqrs_bank::engine::command_handler::{CommandHandler, Limits};
use cqrs_bank::engine::event_handler::lease::Lease;
use cqrs_bank::engine::event_handler::{self, HandlerContext, RetryPolicy};
use cqrs_bank::engine::feed::Feed;
use cqrs_bank::engine::feed::checkpoints::Checkpoints;
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Process, ProcessManager};
use cqrs_bank::engine::projection::ReadModel;
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::codec::StoredEvent as _;
use cqrs_bank::engine::store::handler_records::HandlerRecords as _;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::accounts::{account, money, signed_balances};
use crate::watched_store::WatchedStore;
use crate::watched_store::cut::{Cut, NEVER};

type Store = WatchedStore<AccountEvent>;
type Event = RecordedEvent<AccountEvent>;

const HOUR: Duration = Duration::from_secs(3_600);
const LIMIT: u64 = Money::MAX.minor_units();

/// The clients' commands, one after the other.
fn story() -> Vec<AccountCommand> {
    vec![
        create("A"),
        // There is no account for bonuses yet.
        deposit("A", 10_000),
        create("CEO"),
        create("B"),
        deposit("A", 9_999_000),
        transfer(6, "A", "B", 25),
        transfer(7, "A", "Nobody", 5),
        // This deposit reaches the bonus limit.
        deposit("B", 1_000),
        deposit("B", 5_000),
        deposit("CEO", 700),
        create("Full"),
        deposit("Full", LIMIT),
        transfer(13, "B", "Full", 100),
        transfer(14, "B", "A", 1_000_000),
        transfer(15, "CEO", "A", 100_000),
        create_with(
            "Overdrawn",
            Opening { deposit: Some(money(1_000)), overdraft_limit: limit(200), ..Opening::default() },
        ),
        create("Frozen"),
        AccountCommand::FreezeAccount { account_id: account("Frozen"), reason: None },
        transfer(19, "Overdrawn", "Frozen", 1_150),
        create("Closed"),
        close("Closed"),
        // It comes back as from nobody.
        transfer(22, "Overdrawn", "Closed", 50),
        transfer(23, "Overdrawn", "Frozen", 51),
        transfer_back(24, "B", "A", 25, 6),
        reverse_deposit("CEO", 700, 10),
    ]
}

/// The expected result.
fn ending() -> (BTreeMap<String, i64>, Vec<Ending>) {
    let balances = [
        ("A", 10_109_000),
        ("B", 6_000),
        ("CEO", 0),
        ("Full", LIMIT as i64),
        ("Overdrawn", -150),
        ("Frozen", 1_150),
        ("Closed", 0),
    ];
    let released = |reason| Ending::Released(reason);
    let endings = [
        Ending::Settled,
        released(ReleaseReason::NoPayee),
        released(ReleaseReason::BalanceLimit),
        Ending::Settled,
        Ending::Settled,
        released(ReleaseReason::NoPayee),
        Ending::Settled,
    ];
    (balances.map(|(name, balance)| (name.to_owned(), balance)).into(), endings.into())
}

#[tokio::test(start_paused = true)]
async fn cut_off_at_any_step_all_ends_the_same() {
    let uncut = Engine::start(&Cut::at(NEVER)).await.unwrap();
    assert!(uncut.run().await);
    assert_eq!(uncut.ending(), ending());
    let expected = uncut.log().await;
    let bonuses = expected.iter().filter_map(|event| match &event.data {
        AccountEvent::MoneyDeposited { account_id, amount, .. } if *account_id == account("CEO") => Some(*amount),
        _ => None,
    });
    assert_eq!(bonuses.collect::<Vec<_>>(), [99_990, 10, 700].map(money));

    let mut steps = 0;
    loop {
        let cut = Cut::at(steps);
        let whole = Engine::start_and_run(&cut).await;
        // The recovery is cut off too, early or late.
        cut.again(steps * 31 % 211);
        Engine::start_and_run(&cut).await;
        cut.again(NEVER);
        let engine = Engine::start(&cut).await.unwrap();
        assert!(engine.run().await, "cut off at step {steps}");
        assert_eq!(engine.log().await, expected, "cut off at step {steps}");
        assert_eq!(engine.ending(), ending(), "cut off at step {steps}");
        assert_eq!(engine.store.read_parked(0, 9).await.unwrap(), [], "cut off at step {steps}");
        engine.end().await;
        if whole {
            break;
        }
        steps += 1;
    }
    assert!(steps > 140, "it was cut off at {steps} steps");
}

/// The parts of a bank, on a store that can be cut off.
struct Engine {
    store: Store,
    supervisor: Supervisor,
    checkpoints: Checkpoints,
    commands: CommandHandler<Account>,
    balances: ReadModel<Balances>,
    transfers: ReadModel<Transfers>,
}

impl Engine {
    /// `None` if the store does not answer.
    async fn start(cut: &Cut<AccountEvent>) -> Option<Self> {
        let store = cut.store.clone();
        let (supervisor, checkpoints) = (Supervisor::new(), Checkpoints::new());
        let clock = Arc::new(Clock::simulated(0));
        let limits = Limits { snapshot_every: 3.try_into().unwrap(), ..Limits::default() };
        let commands = CommandHandler::start(store.clone(), clock.clone(), limits, &supervisor);
        let context = HandlerContext {
            store: cqrs_bank::engine::store::Store::new(store.clone()),
            checkpoints: checkpoints.clone(),
            clock,
            lease: Lease::unshared(),
            retry: RetryPolicy::default(),
            supervisor: supervisor.clone(),
        };
        let mut feed = Feed::new(checkpoints.clone());
        let (balances, transfers) = (feed.add(), feed.add());
        let engine = Self { store, supervisor, checkpoints, commands, balances, transfers };
        let starting = async {
            engine.start_process(TransferProcess, &context, &mut feed).await;
            engine.start_process(CeoBonus::new(account("CEO")), &context, &mut feed).await;
        };
        if timeout(HOUR, starting).await.is_err() {
            engine.end().await;
            return None;
        }
        feed.start(engine.store.clone(), &engine.supervisor);
        Some(engine)
    }

    async fn start_process<P: ProcessManager<Event = AccountEvent>>(
        &self,
        policy: P,
        context: &HandlerContext<AccountEvent>,
        feed: &mut Feed<AccountEvent>,
    ) {
        let process = Process::new(policy, self.commands.clone(), context.store.clone(), self.checkpoints.clone());
        event_handler::start(move || process.clone(), context, feed).await.unwrap();
    }

    async fn start_and_run(cut: &Cut<AccountEvent>) -> bool {
        let Some(engine) = Self::start(cut).await else { return false };
        let whole = engine.run().await;
        engine.end().await;
        whole
    }

    /// Sends the commands, each after everything that the previous one led to. Returns whether all were handled before
    /// the store stopped answering.
    async fn run(&self) -> bool {
        let run = async {
            for (number, command) in (1..).zip(story()) {
                let pending_command = self.commands.resend(command, Metadata::from_outside(id_of(number))).await;
                let events = pending_command.unwrap().outcome().await.unwrap();
                let mut end = events.last().unwrap().position;
                loop {
                    if !self.checkpoints.wait_until_seen(end, HOUR).await.is_empty() {
                        return pending().await;
                    }
                    match self.checkpoints.end_of_conversation(id_of(number)) {
                        Some(further) if further > end => end = further,
                        _ => break,
                    }
                }
            }
        };
        timeout(2 * HOUR, run).await.is_ok()
    }

    /// Ends at once, in the middle of any work.
    async fn end(&self) {
        self.supervisor.stop(StopReason::Closed);
        let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
    }

    /// The balances, and the ending of each transfer.
    fn ending(&self) -> (BTreeMap<String, i64>, Vec<Ending>) {
        let endings = self.transfers.read(|transfers| {
            let records = transfers.between(Position::START, Moment::NOW).iter();
            let ending = records.map(|record| match record.state_at(Moment::NOW) {
                Some(TransferState::Ended(ending)) => ending,
                other => panic!("{other:?}: {record:?}"),
            });
            ending.collect()
        });
        (self.balances.read(signed_balances), endings)
    }

    /// All events without their times.
    async fn log(&self) -> Vec<Event> {
        let mut log = self.store.read_all(Position::START, usize::MAX).await.unwrap().to_vec();
        let Some(time) = log.first().map(|event| event.time) else { return log };
        log.iter_mut().for_each(|event| event.time = time);
        log
    }
}

fn create(name: &str) -> AccountCommand {
    AccountCommand::create(account(name), name.into())
}

fn create_with(name: &str, opening: Opening) -> AccountCommand {
    let opening = Some(Box::new(opening));
    AccountCommand::CreateAccount { account_id: account(name), account_holder: name.into(), opening }
}

fn limit(minor_units: u64) -> OverdraftLimit {
    OverdraftLimit::new(minor_units).unwrap()
}

fn close(name: &str) -> AccountCommand {
    let change = Change::Close { reason: None };
    AccountCommand::ChangeAccount(Box::new(AccountChange { account_id: account(name), change, pin: None }))
}

fn deposit(name: &str, amount: u64) -> AccountCommand {
    AccountCommand::deposit(account(name), money(amount))
}

fn transfer(number: u128, payer: &str, payee: &str, amount: u64) -> AccountCommand {
    let (account_id, payee, amount) = (account(payer), account(payee), money(amount));
    let outgoing =
        Outgoing { account_id, transfer_id: id_of(number).into(), payee, amount, details: BookingDetails::NONE };
    AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
}

/// Made from text, since no caller but the bank itself makes a transfer back.
fn transfer_back(number: u128, payer: &str, payee: &str, amount: u64, reversed: u128) -> AccountCommand {
    let (id, reversed) = (id_of(number), id_of(reversed));
    let data = json!({
        "account_id": payer, "transfer_id": id, "payee": payee, "amount": amount, "reverses": reversed,
    });
    match AccountEvent::from_stored("money_reserved_for_transfer", 2, &data.to_string()) {
        Ok(AccountEvent::MoneyReserved(outgoing)) => AccountCommand::ReserveMoney { outgoing, pin: None },
        other => panic!("{other:?}"),
    }
}

fn reverse_deposit(name: &str, amount: u64, reversed: u128) -> AccountCommand {
    let (account_id, reverses, amount) = (account(name), id_of(reversed), money(amount));
    AccountCommand::ReverseDeposit(Box::new(Reversal::new(account_id, reverses, amount, None)))
}

fn id_of(number: u128) -> Uuid {
    Uuid::from_u128(number << 80)
}
