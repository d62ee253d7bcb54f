//! The limit of the shape: the plain loop's work, done by three tasks.
//!
//! A command handler, a store and a projection, with tokio's queues between them and nothing else: the caller asks
//! the command handler (mpsc, and oneshot for the answer), that one the store (mpsc, oneshot), which tells the
//! projection (broadcast) before it answers; and the caller goes on when the projection has seen the event. What
//! the bank takes beyond this is its own; what this takes beyond the plain loop is the price of tasks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use crate::plain_loop::{Accounts, Balances, Decided, Record};
use crate::prepared_bank::on_current_thread;
use crate::workload::{AccountRequest, Workload};

const QUEUE: usize = 256;

/// A position, or nothing when the command has led to no event.
type Answer = oneshot::Sender<Option<u64>>;

#[derive(Default)]
struct Seen {
    position: AtomicU64,
    moved: Notify,
}

/// Runs the workload; answers with the time that its commands took.
pub(crate) fn run(workload: Workload) -> Duration {
    on_current_thread(async move {
        let workload = Arc::new(workload);
        let mut accounts = Accounts::default();
        let mut log = Vec::new();
        let balances = Arc::new(Mutex::new(Balances::default()));
        for name in &workload.account_names {
            let record = accounts.create(name).record(log.len() as u64 + 1);
            balances.lock().unwrap().project(&record.data);
            log.push(Arc::new(record));
        }
        let seen = Arc::new(Seen::default());
        let (events, listener) = broadcast::channel(QUEUE);
        let (store, decided) = mpsc::channel(QUEUE);
        let (commands, requests) = mpsc::channel(QUEUE);
        tokio::spawn(project(listener, balances.clone(), seen.clone()));
        tokio::spawn(keep(decided, log, events));
        tokio::spawn(handle(requests, workload.clone(), accounts, store));

        for request in workload.history() {
            ask(&commands, &seen, request).await;
        }
        let start = Instant::now();
        for request in &workload.commands {
            ask(&commands, &seen, *request).await;
        }
        let elapsed = start.elapsed();
        let balances = balances.lock().unwrap();
        workload.assert_balances("bare actors", |name| balances.balance(name));
        elapsed
    })
}

async fn ask(commands: &mpsc::Sender<(AccountRequest, Answer)>, seen: &Seen, request: AccountRequest) {
    let (reply, answer) = oneshot::channel();
    assert!(commands.send((request, reply)).await.is_ok(), "the command handler runs");
    let Some(position) = answer.await.unwrap() else { return };
    while seen.position.load(Ordering::Acquire) < position {
        seen.moved.notified().await;
    }
}

async fn handle(
    mut requests: mpsc::Receiver<(AccountRequest, Answer)>,
    workload: Arc<Workload>,
    mut accounts: Accounts,
    store: mpsc::Sender<(Decided, oneshot::Sender<u64>)>,
) {
    while let Some((request, reply)) = requests.recv().await {
        let position = match accounts.decide(workload.name(request), request) {
            Some(decided) => {
                let (stored, position) = oneshot::channel();
                assert!(store.send((decided, stored)).await.is_ok(), "the store runs");
                Some(position.await.unwrap())
            }
            None => None,
        };
        let _ = reply.send(position);
    }
}

async fn keep(
    mut decided: mpsc::Receiver<(Decided, oneshot::Sender<u64>)>,
    mut log: Vec<Arc<Record>>,
    events: broadcast::Sender<Arc<Record>>,
) {
    while let Some((decided, reply)) = decided.recv().await {
        let position = log.len() as u64 + 1;
        let record = Arc::new(decided.record(position));
        log.push(record.clone());
        let _ = events.send(record);
        let _ = reply.send(position);
    }
}

async fn project(mut events: broadcast::Receiver<Arc<Record>>, balances: Arc<Mutex<Balances>>, seen: Arc<Seen>) {
    while let Ok(record) = events.recv().await {
        balances.lock().unwrap().project(&record.data);
        seen.position.store(record.position, Ordering::Release);
        seen.moved.notify_one();
    }
}
