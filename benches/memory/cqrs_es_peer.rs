//! A peer: the crate `cqrs-es` with its own memory store, an account that decides as this bank's does, and a
//! query that keeps the balances.
//!
//! It gets the kinder terms: its events carry no ids, no time and no metadata, and the account's name only
//! on the envelope. For every command it reads and copies the whole history of the account; where that takes
//! too long, it is given fewer commands, and so has shorter histories to copy.
//!
//! Its memory store prints two lines for every command. They go to `/dev/null`, and what printing costs
//! there is measured and taken off.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::mem_store::MemStore;
use cqrs_es::{Aggregate, CqrsFramework, DomainEvent, EventEnvelope, EventStore, Query};
use serde::{Deserialize, Serialize};

use crate::prepared_bank::on_current_thread;
use crate::workload::{AccountRequest, Direction, Workload};

/// Runs the workload; answers with the time that its commands took, without the lines they print.
pub(crate) fn run(workload: Workload) -> Duration {
    on_current_thread(async move {
        let peer = Peer::for_workload(&workload).await;
        let start = Instant::now();
        for request in &workload.commands {
            peer.framework.execute(workload.name(*request), *request).await.unwrap();
        }
        let elapsed = start.elapsed();
        let balances = peer.balances.lock();
        workload.assert_balances("peer cqrs-es", |name| balances.get(name).copied());
        elapsed.saturating_sub(cost_of_printing(workload.commands.len()))
    })
}

/// What it costs to print the lines that the memory store prints for so many commands.
fn cost_of_printing(commands: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..commands {
        println!("loading: {commands} events for aggregate ID 'account 1'");
        println!("storing: 1 new events for aggregate ID 'account 1'");
    }
    start.elapsed()
}

struct Peer {
    framework: CqrsFramework<Account, MemStore<Account>>,
    store: MemStore<Account>,
    balances: Balances,
}

impl Peer {
    fn new() -> Self {
        let store = MemStore::default();
        let balances = Balances::default();
        let framework = CqrsFramework::new(store.clone(), vec![Box::new(balances.clone())], ());
        Self { framework, store, balances }
    }

    /// Opens the accounts and gives each its history, in one commit: by commands, a history takes the square
    /// of its length in time.
    async fn for_workload(workload: &Workload) -> Self {
        let mut streams: HashMap<&str, Vec<AccountEvent>> = HashMap::new();
        for name in &workload.account_names {
            streams.insert(name, vec![AccountEvent::Created { holder: name.clone() }]);
        }
        for request in workload.history() {
            // A history never takes out more than it has put in, so an account to decide on is not needed.
            let event = AccountEvent::moved(request.direction, request.amount.into());
            streams.entry(workload.name(request)).or_default().push(event);
        }
        let peer = Self::new();
        for (name, events) in streams {
            let empty = peer.store.load_aggregate(name).await.unwrap();
            let committed = peer.store.commit(events, empty, HashMap::new()).await.unwrap();
            peer.balances.dispatch(name, &committed).await;
        }
        peer
    }
}

/// This bank's account, as `cqrs-es` wants it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Account {
    balance: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum AccountEvent {
    Created { holder: String },
    Deposited { amount: u64 },
    Withdrawn { amount: u64 },
    Overdrawn { balance: u64, amount_requested: u64 },
}

impl AccountEvent {
    fn moved(direction: Direction, amount: u64) -> Self {
        match direction {
            Direction::Deposit => Self::Deposited { amount },
            Direction::Withdrawal => Self::Withdrawn { amount },
        }
    }
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Created { .. } => "created",
            Self::Deposited { .. } => "deposited",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Overdrawn { .. } => "overdrawn",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountRequest;
    type Event = AccountEvent;
    type Error = Infallible;
    type Services = ();

    async fn handle(&mut self, request: AccountRequest, (): &(), sink: &EventSink<Self>) -> Result<(), Infallible> {
        let amount = u64::from(request.amount);
        let event = if request.direction == Direction::Withdrawal && amount > self.balance {
            AccountEvent::Overdrawn { balance: self.balance, amount_requested: amount }
        } else {
            AccountEvent::moved(request.direction, amount)
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Deposited { amount } => self.balance += amount,
            AccountEvent::Withdrawn { amount } => self.balance -= amount,
            AccountEvent::Created { .. } | AccountEvent::Overdrawn { .. } => {}
        }
    }
}

/// The balance projection.
#[derive(Clone, Default)]
struct Balances {
    shared: Arc<Mutex<HashMap<String, u64>>>,
}

impl Balances {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Query<Account> for Balances {
    async fn dispatch(&self, account_id: &str, events: &[EventEnvelope<Account>]) {
        let mut balances = self.lock();
        for event in events {
            match event.payload {
                AccountEvent::Created { .. } => {
                    balances.insert(account_id.to_owned(), 0);
                }
                AccountEvent::Deposited { amount } => {
                    if let Some(balance) = balances.get_mut(account_id) {
                        *balance += amount;
                    }
                }
                AccountEvent::Withdrawn { amount } => {
                    if let Some(balance) = balances.get_mut(account_id) {
                        *balance -= amount;
                    }
                }
                AccountEvent::Overdrawn { .. } => {}
            }
        }
    }
}
