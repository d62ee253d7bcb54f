//! However slow a subscriber is, it gets every event once, in order, up to the end of the log.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use cqrs_bank::bank::{AccountEvent, Balances, Bank, StoreUrl};
use cqrs_bank::engine::domain::DomainEvent;
use cqrs_bank::engine::feed;
use cqrs_bank::engine::feed::checkpoints::{Checkpoints, Consistency, MAX_WAIT};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId, Timestamp, Version};
use cqrs_bank::engine::runtime::Supervisor;
use cqrs_bank::engine::store::memory::MemoryStore;
use cqrs_bank::engine::store::subscription::Subscription;
use cqrs_bank::engine::store::{Append, EventStore, ExpectedEnd, MAX_READ, PUBLISHED_CAPACITY};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};
use crate::happened::Happened;
use crate::stall::Stall;

const CAPACITY: usize = 8;

/// The balance projection of a real bank stalls during commits of more than ten times the channel's capacity.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn balances_are_right_after_a_stall_of_ten_times_the_capacity() {
    const COMMITS: usize = 10 * PUBLISHED_CAPACITY + 100;
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let names = ["Ada", "Grace", "Wolfman"];
    for name in names {
        bank.create(&account(name)).await.unwrap();
    }
    let stall = Stall::begin(bank.balances().clone());
    let eventual = bank.with_consistency(Consistency::Eventual);
    let mut expected = BTreeMap::new();
    for number in 0..COMMITS {
        let (name, amount) = (names[number % names.len()], number as u64 + 1);
        eventual.deposit(&account(name), money(amount)).await.unwrap();
        *expected.entry(name.to_owned()).or_default() += amount;
    }
    stall.end();
    let last = bank.deposit(&account("Ada"), money(1)).await.unwrap();
    *expected.get_mut("Ada").unwrap() += 1;
    assert!(last.lagging().is_empty());
    assert_eq!(last.position(), Position::new((names.len() + COMMITS + 1) as u64));
    assert_eq!(bank.balances().read(all_balances), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_projection_behind_a_small_channel_equals_a_fold_of_the_log() {
    let supervisor = Supervisor::new();
    let checkpoints = Checkpoints::new();
    let store = MemoryStore::start_with_capacity(&supervisor, CAPACITY);
    let balances = feed::start::<_, Balances, _>(store.clone(), &checkpoints, &supervisor).await.unwrap();
    let mut ada = Writer::new(&store, "Ada");
    let mut grace = Writer::new(&store, "Grace");
    ada.commit([created("Ada")]).await;
    grace.commit([created("Grace")]).await;
    for round in 1..=5 {
        let before = store.end().await.unwrap();
        assert_eq!(checkpoints.wait_until_seen(before, MAX_WAIT).await, Vec::<&str>::new());
        let stall = Stall::begin(balances.clone());
        for number in 1..=10 * CAPACITY as u64 {
            ada.commit([deposited("Ada", number)]).await;
            grace.commit([deposited("Grace", number * round)]).await;
        }
        assert_eq!(checkpoints.handlers()[0].checkpoint, before, "it stands still in round {round}");
        stall.end();
    }
    let end = store.end().await.unwrap();
    assert_eq!(checkpoints.wait_until_seen(end, MAX_WAIT).await, Vec::<&str>::new());
    assert_eq!(checkpoints.handlers()[0].checkpoint, end);
    assert_eq!(balances.read(all_balances), fold(&store).await);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_subscription_polled_at_any_moment_hands_out_each_event_once(
        capacity in 1..CAPACITY,
        checkpoint in 0..20_usize,
        steps in vec(any_step(), 1..100),
    ) {
        run(async {
            let store = MemoryStore::start_with_capacity(&Supervisor::new(), capacity);
            let mut writer = Writer::new(&store, "stream");
            writer.commit((1..=20).map(Happened)).await;
            let mut stored = 20_u64;
            let mut subscription = Subscription::after(store.clone(), Position::new(checkpoint as u64));
            let mut seen = Vec::new();
            for step in steps {
                match step {
                    Step::Commit { events } => {
                        writer.commit((stored + 1..=stored + events).map(Happened)).await;
                        stored += events;
                    }
                    Step::Ask { times } => {
                        if let Some(events) = ask(subscription.next(), times).await {
                            take(&mut seen, &events.unwrap());
                        }
                    }
                    Step::Take if subscription.position().get() < stored => {
                        take(&mut seen, &subscription.next().await.unwrap());
                    }
                    Step::Take => {}
                }
            }
            while subscription.position().get() < stored {
                take(&mut seen, &subscription.next().await.unwrap());
            }
            assert!(ask(subscription.next(), 5).await.is_none(), "nothing comes after the last event");
            assert_eq!(seen, (checkpoint as u64 + 1..=stored).collect::<Vec<_>>());
        });
    }
}

#[derive(Clone, Debug)]
enum Step {
    Commit {
        events: u64,
    },
    /// Waits for the next events, if any.
    Take,
    /// Asks for the next events a few times and drops the future wherever it is: before the read, during the read, or
    /// waiting for the next commit.
    Ask {
        times: u32,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..4_u64).prop_map(|events| Step::Commit { events }),
        1 => Just(Step::Take),
        1 => (1..5_u32).prop_map(|times| Step::Ask { times }),
    ]
}

#[tokio::test]
async fn what_was_missed_may_be_more_than_one_read_returns() {
    let store = MemoryStore::start_with_capacity(&Supervisor::new(), CAPACITY);
    let mut subscription = Subscription::after(store.clone(), Position::START);
    let mut writer = Writer::new(&store, "stream");
    let commits = 3 * MAX_READ as u64 + 5;
    for number in 1..=commits {
        writer.commit([Happened(number)]).await;
    }
    let mut seen = Vec::new();
    while subscription.position().get() < commits {
        take(&mut seen, &subscription.next().await.unwrap());
    }
    assert_eq!(seen, (1..=commits).collect::<Vec<_>>());
}

/// Writes one stream, one commit at a time.
struct Writer<E> {
    store: MemoryStore<E>,
    stream: StreamId,
    version: Version,
}

impl<E: DomainEvent> Writer<E> {
    fn new(store: &MemoryStore<E>, name: &str) -> Self {
        Self { store: store.clone(), stream: StreamId::new("test", &name), version: Version::START }
    }

    async fn commit(&mut self, events: impl IntoIterator<Item = E>) {
        let append = Append {
            stream: self.stream.clone(),
            expected_version: self.version,
            time: Timestamp::from_micros(0),
            metadata: Metadata::from_outside(Uuid::new_v4()),
            events: events.into_iter().collect(),
            snapshot: None,
            expected_end: ExpectedEnd::ANY,
        };
        self.version = self.version.plus(append.events.len());
        self.store.append(vec![append]).await.unwrap().remove(0).unwrap();
    }
}

/// In the tests above, the numbers of events equal their positions.
fn take(seen: &mut Vec<u64>, events: &[RecordedEvent<Happened>]) {
    assert!(!events.is_empty());
    for event in events {
        assert_eq!(event.position, Position::new(event.data.0));
        seen.push(event.data.0);
    }
}

fn created(name: &str) -> AccountEvent {
    AccountEvent::AccountCreated { account_id: account(name), account_holder: name.into() }
}

fn deposited(name: &str, amount: u64) -> AccountEvent {
    AccountEvent::deposited(account(name), money(amount))
}

async fn fold(store: &MemoryStore<AccountEvent>) -> BTreeMap<String, u64> {
    let mut balances = BTreeMap::new();
    let mut position = Position::START;
    loop {
        let events = store.read_all(position, 7).await.unwrap();
        let Some(last) = events.last() else { return balances };
        position = last.position;
        for event in events.iter() {
            let balance: &mut u64 = balances.entry(event.data.account_id().unwrap().to_string()).or_default();
            if let AccountEvent::MoneyDeposited { amount, .. } = event.data {
                *balance += amount.minor_units();
            }
        }
    }
}

/// Polls a future a few times, while other tasks run, and drops it.
async fn ask<F: Future>(future: F, times: u32) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// A paused clock advances only when all tasks are idle, so a subscription that waits in vain fails at once.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await }).unwrap();
}
