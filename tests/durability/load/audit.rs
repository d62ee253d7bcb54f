//! What the log must hold of what was said.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use cqrs_bank::bank::{AccountEvent, Bank, Movement, StoreUrl};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::runtime::{StopReason, Supervisor};
use cqrs_bank::engine::store::codec::DataOf;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use cqrs_bank::engine::store::{EventStore as _, Verification};
use serde_json::{Value, json};

use super::shell::Sent;
use super::{NOBODY, Statement, TOO_MUCH};
use crate::accounts::all_balances;

pub(crate) type Event = RecordedEvent<AccountEvent>;
pub(crate) type Balances = BTreeMap<String, u64>;

/// Opens the file, verifies it and reads its log.
pub(crate) async fn verified_log(path: &Path) -> Vec<Event> {
    let supervisor = Supervisor::new();
    let store = SqliteStore::<AccountEvent>::open(path, SqliteOptions::default(), &supervisor).unwrap();
    let verified = store.verify(|_, _| {}).await.unwrap();
    let mut events = Vec::new();
    let mut position = Position::START;
    loop {
        let read = store.read_all(position, usize::MAX).await.unwrap();
        let Some(last) = read.last() else { break };
        position = last.position;
        events.extend_from_slice(&read);
    }
    supervisor.stop(StopReason::Closed);
    assert!(matches!(verified, Verification::Whole(found) if found.events == events.len() as u64), "{verified:?}");
    events
}

/// What is in a file in which nothing is under way.
pub(crate) struct Settled {
    pub(crate) log: Vec<Event>,
    /// What the bank says that accounts hold.
    pub(crate) balances: Balances,
}

/// Opens a bank on the file, lets it finish what was begun, and closes it; verifies what it has left.
/// Closing waits for some seconds and no longer, which on a busy machine is too short for many transfers: as long as
/// there are fewer each time, it is opened again.
pub(crate) async fn settled(path: &Path) -> Settled {
    let mut before = usize::MAX;
    loop {
        let bank = Bank::open(StoreUrl::Sqlite(path.to_owned())).await.unwrap();
        bank.close().await;
        assert_eq!(bank.failure(), None);
        let log = verified_log(path).await;
        let under_way = under_way(&log);
        assert!(under_way < before, "{under_way} transfers do not come to their end");
        if under_way == 0 {
            return Settled { log, balances: bank.balances().read(all_balances) };
        }
        before = under_way;
    }
}

/// How many transfers have begun and not ended.
fn under_way(log: &[Event]) -> usize {
    let mut under_way = HashSet::new();
    for event in log {
        match &event.data {
            AccountEvent::MoneyReserved(transfer) => under_way.insert(transfer.transfer_id),
            AccountEvent::TransferSettled(transfer) => under_way.remove(&transfer.transfer_id),
            AccountEvent::TransferReleased(released) => under_way.remove(&released.outgoing.transfer_id),
            _ => false,
        };
    }
    under_way.len()
}

/// What the log holds of a script.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// How many transfers have begun and not ended.
    pub(crate) half_done: usize,
    pub(crate) balances: Balances,
}

/// Holds the log against everything that was ever said to programs on this file. Each of them has done a beginning of
/// what was said to it, at least as far as it has answered; all of that is there once, and nothing else is.
pub(crate) fn audit(log: &[Event], programs: &[Vec<Sent>]) -> Audit {
    let mut found: HashMap<Key, Vec<&Event>> = HashMap::new();
    for event in log {
        found.entry(Key::of(&event.data)).or_default().push(event);
    }
    let mut half_done = 0;
    for program in programs {
        let mut not_done = None;
        for Sent { statement, answer } in program {
            let events = found.remove(&statement.key()).unwrap_or_default();
            let expected = statement.events();
            let steps: Vec<_> = events.iter().map(|event| step(&event.data)).collect();
            let begun = &expected[..steps.len().min(expected.len())];
            assert_eq!(steps, begun, "{statement}");
            half_done += usize::from(!steps.is_empty() && steps.len() < expected.len());
            if let Some(answer) = answer {
                let printed = answer["events"].as_array().unwrap();
                let stored: Vec<_> = events.iter().map(|event| record(event)).collect();
                if lags(answer) {
                    assert!(
                        !printed.is_empty() && stored.starts_with(printed),
                        "{statement}: {printed:?} of {stored:?}"
                    );
                } else {
                    assert_eq!(answer["reply"], statement.reply(), "{statement}");
                    assert_eq!(*printed, stored, "{statement}");
                    assert_eq!(steps.len(), expected.len(), "{statement} was answered");
                }
            }
            match &not_done {
                None if steps.is_empty() && !expected.is_empty() => not_done = Some(statement),
                Some(earlier) => assert!(steps.is_empty(), "{statement} was done, and {earlier} before it was not"),
                None => {}
            }
        }
    }
    assert!(found.is_empty(), "nobody has asked for {found:?}");
    Audit { half_done, balances: balances(log) }
}

/// Whether a statement was stored, and what comes of it was not waited for any longer: as it may be on a busy machine,
/// behind the many transfers that a program before has left.
fn lags(answer: &Value) -> bool {
    answer["reply"]["ok"]["lagging"].is_array()
}

/// What the accounts hold, which together with what is on its way is what has come in and not gone out.
fn balances(log: &[Event]) -> Balances {
    let mut balances = Balances::new();
    let (mut inside, mut on_its_way) = (0, 0);
    for event in log {
        let balance = balances.entry(event.data.account_id().unwrap().to_string()).or_default();
        match event.data.movement() {
            Some(Movement::In(amount)) => *balance += amount.minor_units(),
            Some(Movement::Out(amount)) => *balance = balance.checked_sub(amount.minor_units()).unwrap(),
            None => {}
        }
        let amount = event.data.amount().map_or(0, |amount| amount.minor_units());
        match &event.data {
            AccountEvent::MoneyDeposited { .. } => inside += amount,
            AccountEvent::MoneyWithdrawn { .. } => inside -= amount,
            AccountEvent::MoneyReserved(_) => on_its_way += amount,
            AccountEvent::TransferCredited(_) | AccountEvent::TransferReleased(_) => on_its_way -= amount,
            _ => {}
        }
    }
    assert_eq!(balances.values().sum::<u64>() + on_its_way, inside);
    balances
}

/// What tells the events of one statement from those of all others.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Amount(u64),
}

impl Key {
    fn of(event: &AccountEvent) -> Self {
        match event.amount() {
            Some(amount) => Self::Amount(amount.minor_units()),
            None => Self::Account(event.account_id().unwrap().to_string()),
        }
    }
}

type Step = (&'static str, String);

fn step(event: &AccountEvent) -> Step {
    (event.title(), event.account_id().unwrap().to_string())
}

impl Statement {
    fn key(&self) -> Key {
        match self {
            Self::Create { account } => Key::Account(account.clone()),
            Self::Deposit { amount, .. } | Self::Withdraw { amount, .. } | Self::Transfer { amount, .. } => {
                Key::Amount(*amount)
            }
        }
    }

    /// What comes of it.
    pub(crate) fn events(&self) -> Vec<Step> {
        let (account, titles): (_, &[_]) = match self {
            Self::Create { account } => (account, &["Account Created"]),
            Self::Deposit { account, .. } if account == NOBODY => (account, &[]),
            Self::Deposit { account, .. } => (account, &["Money Deposited"]),
            Self::Withdraw { account, amount } if *amount > TOO_MUCH => (account, &["Payment Declined"]),
            Self::Withdraw { account, .. } => (account, &["Money Withdrawn"]),
            Self::Transfer { payer, payee, .. } if payee == NOBODY => (payer, &["Money Reserved", "Transfer Released"]),
            Self::Transfer { payer, payee, .. } => {
                return vec![
                    ("Money Reserved", payer.clone()),
                    ("Transfer Credited", payee.clone()),
                    ("Transfer Settled", payer.clone()),
                ];
            }
        };
        titles.iter().map(|title| (*title, account.clone())).collect()
    }

    /// What is answered when it has been done.
    fn reply(&self) -> Value {
        match self {
            Self::Deposit { account, .. } if account == NOBODY => json!({"error": "no_account"}),
            Self::Transfer { payee, .. } if payee == NOBODY => json!({"error": "no_payee"}),
            _ => json!("ok"),
        }
    }
}

/// As the program prints it.
fn record(event: &Event) -> Value {
    json!({
        "position": event.position.get(),
        "stream": event.stream.to_string(),
        "version": event.version.get(),
        "type": event.data.event_type(),
        "data": DataOf(&event.data),
        "time": event.time.to_string(),
        "command_id": event.metadata.command_id,
        "correlation_id": event.metadata.correlation_id(),
        "causation_id": event.metadata.causation_id(),
    })
}
