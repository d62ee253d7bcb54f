//! Many clients use the HTTP service while it is killed and restarted. Each repeats unanswered requests under the same
//! key, and in the end every request has happened once.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use cqrs_bank::bank::{AccountEvent, Bank, StoreUrl};
use cqrs_bank::engine::log::Position;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};
use uuid::Uuid;

use crate::accounts::all_balances;
use crate::http_service::{Answer, Request, Service, ask, in_time};

const ACCOUNTS: [&str; 4] = ["Wolfman", "Dracula", "Mummy", "Igor"];
const CLIENTS: usize = 64;
const REQUESTS: usize = 12;
/// More than the sum of all transfers.
const ENOUGH: u64 = 1_000_000;

/// The address of the service, and the number of its starts.
type Place = (SocketAddr, usize);

/// A client's request, and the response.
struct Done {
    key: Uuid,
    request: Request,
    change: Change,
    answer: Answer,
    /// The number of attempts without a response.
    repeated: usize,
}

#[derive(Clone, Copy)]
enum Change {
    Deposit { account: usize, amount: u64 },
    Transfer { from: usize, to: usize, amount: u64 },
}

impl Change {
    /// Every fourth request is a transfer, and all amounts of a client differ.
    fn of(client: usize, number: usize) -> Self {
        let (account, amount) = ((client + number) % ACCOUNTS.len(), 1 + number as u64);
        match number % 4 {
            3 => Self::Transfer { from: account, to: (account + 1) % ACCOUNTS.len(), amount },
            _ => Self::Deposit { account, amount },
        }
    }

    fn request(self) -> Request {
        match self {
            Self::Deposit { account, amount } => Request::deposit(ACCOUNTS[account], amount),
            Self::Transfer { from, to, amount } => Request::transfer(ACCOUNTS[from], ACCOUNTS[to], amount),
        }
    }
}

/// Repeats a request until there is a response. A broken connection means that the service was killed.
async fn until_answered(place: &mut watch::Receiver<Place>, request: &Request) -> (Answer, usize) {
    let mut repeated = 0;
    loop {
        let (address, start) = *place.borrow_and_update();
        match ask(address, request).await {
            Ok(answer) => return (answer, repeated),
            Err(_) => drop(in_time(place.wait_for(|now| now.1 > start)).await.unwrap()),
        }
        repeated += 1;
    }
}

async fn client(number: usize, mut place: watch::Receiver<Place>, answered: watch::Sender<usize>) -> Vec<Done> {
    let mut all = Vec::new();
    for request in 0..REQUESTS {
        let (change, key) = (Change::of(number, request), Uuid::new_v4());
        let request = change.request().key(key);
        let (answer, repeated) = until_answered(&mut place, &request).await;
        answered.send_modify(|answered| *answered += 1);
        all.push(Done { key, request, change, answer, repeated });
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_clients_have_sent_has_happened_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    let mut service = Service::on_file(&file);
    for account in ACCOUNTS {
        assert_eq!(service.ask(&Request::create(account)).await.status, 201);
        assert_eq!(service.ask(&Request::deposit(account, ENOUGH)).await.status, 200);
    }

    let (place, answered) = (watch::Sender::new((service.address, 0)), watch::Sender::new(0));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(number, place.subscribe(), answered.clone()));
    }
    let mut count = answered.subscribe();
    for start in 1..=2 {
        in_time(count.wait_for(|count| *count >= CLIENTS * REQUESTS * start / 3)).await.unwrap();
        service = block_in_place(|| {
            service.kill();
            Service::on_file(&file)
        });
        place.send_replace((service.address, start));
    }
    let done: Vec<Done> = clients.join_all().await.into_iter().flatten().collect();
    assert_eq!(done.len(), CLIENTS * REQUESTS);
    assert!(done.iter().any(|done| done.repeated > 0), "it was killed between two requests");

    // A repeated request has the first response, even from another process.
    for Done { request, answer, .. } in &done {
        let again = service.ask(request).await;
        match answer.status {
            // The service was killed or restarted while the transfer was under way.
            202 => assert!([200, 202].contains(&again.status), "{request:?}: {again:?}"),
            _ => assert_eq!(again.outcome(), answer.outcome(), "{request:?}"),
        }
    }
    service.asked_to_end();
    assert_eq!(block_in_place(|| service.ended()), Some(0));
    everything_happened_once(&Bank::open(StoreUrl::Sqlite(file)).await.unwrap(), &done).await;
}

async fn everything_happened_once(bank: &Bank, done: &[Done]) {
    let mut balances = BTreeMap::from(ACCOUNTS.map(|account| (account.to_owned(), ENOUGH)));
    let mut move_by = |account: usize, amount: i64| {
        let balance = balances.get_mut(ACCOUNTS[account]).unwrap();
        *balance = balance.checked_add_signed(amount).unwrap();
    };
    for done in done {
        match done.change {
            Change::Deposit { account, amount } => move_by(account, amount as i64),
            Change::Transfer { from, to, amount } => {
                move_by(from, -(amount as i64));
                move_by(to, amount as i64);
            }
        }
    }
    assert_eq!(bank.balances().read(all_balances), balances);

    let mut by_command = HashMap::<Uuid, Vec<AccountEvent>>::new();
    let log = bank.events(Position::new(1), usize::MAX).await.unwrap();
    for event in log.iter().filter(|event| event.metadata.process().is_none()) {
        by_command.entry(event.metadata.command_id).or_default().push(event.data.clone());
    }
    for Done { key, change, request, .. } in done {
        let events = &by_command[key];
        assert_eq!(events.len(), 1, "{request:?}: {events:?}");
        match (change, &events[0]) {
            (Change::Deposit { account, amount }, AccountEvent::MoneyDeposited { account_id, amount: paid, .. }) => {
                assert_eq!((account_id.as_str(), paid.minor_units()), (ACCOUNTS[*account], *amount));
            }
            (Change::Transfer { from, to, amount }, AccountEvent::MoneyReserved(outgoing)) => {
                let transfer = (outgoing.account_id.as_str(), outgoing.payee.as_str(), outgoing.amount.minor_units());
                assert_eq!(transfer, (ACCOUNTS[*from], ACCOUNTS[*to], *amount));
            }
            other => panic!("{request:?}: {:?}", other.1),
        }
    }
    assert_eq!(by_command.len(), done.len() + 2 * ACCOUNTS.len(), "there are events that nobody has asked for");
}
