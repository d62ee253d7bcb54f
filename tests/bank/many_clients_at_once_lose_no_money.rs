//! Concurrent clients with transfers, bonuses and failing e-mails: money is conserved, every transfer ends once, every
//! bonus is paid exactly once, and every e-mail is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use cqrs_bank::bank::{AccountEvent, Bank, Moment, Options, PinCost, PinOptions, PinSecret, StoreUrl, TransferState};
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::timeout;

use crate::accounts::{account, signed_balances};
use crate::answers::{CEO, Fold, NAMES, ask};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};
use crate::whole_bank::comparison::call;
use crate::whole_bank::{Command, ENOUGH, Pin, Reply};

type Event = RecordedEvent<AccountEvent>;

/// Longer than any case takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(120);

/// A client's consistency and its commands in order.
type Client = (bool, Vec<Command>);

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory(clients in vec(any_client(), 2..12)) {
        run(StoreUrl::Memory, clients);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_a_file(clients in vec(any_client(), 2..12)) {
        let folder = tempfile::tempdir().unwrap();
        run(StoreUrl::Sqlite(folder.path().join("bank.db")), clients);
    }
}

async fn share_a_bank(store: StoreUrl, clients: Vec<Client>) {
    let outbox = Outbox::new();
    let options = Options {
        store,
        pins: PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST },
        ceo_bonus: Some(account(CEO)),
        email: Some(outbox.target()),
        retry: RetryPolicy { first: Duration::ZERO, longest: Duration::ZERO, attempts: 2 },
        ..Options::default()
    };
    let bank = Bank::open(options).await.unwrap();
    let mut running = Vec::new();
    for (number, (strong, commands)) in clients.into_iter().enumerate() {
        let consistency = if strong { Consistency::Strong } else { Consistency::Eventual };
        let bank = bank.with_consistency(consistency);
        outbox.works(number % 3 > 0);
        running.push(tokio::spawn(async move {
            let mut replies = Vec::new();
            for command in commands {
                replies.push((command, call(&bank, command).await));
            }
            replies
        }));
    }
    let mut replies = Vec::new();
    for client in running {
        replies.extend(client.await.unwrap());
    }
    at_rest(&bank).await;

    let log = log(&bank).await;
    each_reply_is_true(&replies, &log);
    versions_have_no_gaps(&log);
    each_bonus_is_paid_once(&log);
    let mut fold = Fold::default();
    for event in &log {
        fold.take(event);
        if event.position.get() % 7 == 0 {
            fold.agrees_with(&ask(&bank, Some(Moment::Position(event.position))).await);
        }
    }
    assert!(fold.transfers.values().all(|(_, state)| matches!(state, TransferState::Ended(_))), "{fold:?}");
    let now = ask(&bank, None).await;
    fold.agrees_with(&now);
    assert_eq!(fold.balances, bank.balances().read(signed_balances));
    let end = log.last().map_or(Position::START, |event| event.position);
    assert_eq!(ask(&bank, Some(Moment::Position(end))).await, now);
    everybody_is_thanked(&bank, &outbox, &log).await;
    bank.close().await;
}

/// The replies match the events, also in number.
fn each_reply_is_true(replies: &[(Command, Reply)], log: &[Event]) {
    let count = |counted: &dyn Fn(&Command, &Reply) -> bool| {
        replies.iter().filter(|(command, reply)| counted(command, reply)).count()
    };
    let happened = |counted: &dyn Fn(&AccountEvent) -> bool| {
        let asked_for = log.iter().filter(|event| event.metadata.causation_id() == event.metadata.command_id);
        asked_for.filter(|event| counted(&event.data)).count()
    };
    let done = |reply: &Reply| *reply == Reply::Done;
    assert_eq!(
        count(&|command, reply| matches!(command, Command::Create { .. }) && done(reply)),
        happened(&|event| matches!(event, AccountEvent::AccountCreated { .. }))
    );
    assert_eq!(
        count(&|command, reply| matches!(command, Command::Deposit(..)) && done(reply)),
        happened(&|event| matches!(event, AccountEvent::MoneyDeposited { .. }))
    );
    assert_eq!(
        count(&|command, reply| matches!(command, Command::Withdraw(..)) && done(reply)),
        happened(&|event| matches!(event, AccountEvent::MoneyWithdrawn { .. }))
    );
    // Under eventual consistency, a reply may come before the end of the transfer and report that it began.
    let begun = |reply: &Reply| matches!(reply, Reply::Done | Reply::NoPayee);
    assert_eq!(
        count(&|command, reply| matches!(command, Command::Transfer { .. }) && begun(reply)),
        happened(&|event| matches!(event, AccountEvent::MoneyReserved(_)))
    );
    assert_eq!(
        count(&|_, reply| *reply == Reply::WrongPin),
        happened(&|event| matches!(event, AccountEvent::InvalidPin { .. }))
    );
    assert_eq!(
        count(&|_, reply| matches!(reply, Reply::Declined { .. })),
        happened(&|event| matches!(event, AccountEvent::AccountOverdrawn { .. }))
    );
}

fn versions_have_no_gaps(log: &[Event]) {
    let mut versions = BTreeMap::new();
    for (position, event) in (1..).zip(log) {
        let version = versions.entry(event.stream.to_string()).or_insert(0);
        *version += 1;
        assert_eq!((event.position.get(), event.version.get()), (position, *version));
    }
}

/// A hundredth of each deposit, in order, up to the limit; none while the bonus account does not exist.
fn each_bonus_is_paid_once(log: &[Event]) {
    let created = |event: &&Event| {
        matches!(event.data, AccountEvent::AccountCreated { .. }) && *event.data.account_id().unwrap() == account(CEO)
    };
    let created = log.iter().find(created).map(|event| event.position);
    let deposit = |event: &Event| match &event.data {
        AccountEvent::MoneyDeposited { amount, .. } => Some(amount.minor_units()),
        _ => None,
    };
    let is_bonus =
        |event: &Event| event.metadata.causation_id() != event.metadata.command_id && deposit(event).is_some();
    let (mut paid, mut found) = (0, 0);
    for event in log.iter().filter(|event| *event.data.account_id().unwrap() != account(CEO)) {
        let Some(amount) = deposit(event) else { continue };
        let caused = |other: &&Event| is_bonus(other) && other.metadata.causation_id() == event.metadata.command_id;
        let bonuses: Vec<_> = log.iter().filter(caused).filter_map(deposit).collect();
        let expected = (paid < ENOUGH && amount >= 100).then_some(amount / 100);
        match bonuses[..] {
            // The account was created later, or at about the same time.
            [] if created.is_none_or(|created| created > event.position) => {}
            _ => assert_eq!(bonuses, Vec::from_iter(expected), "{paid} was paid before {event:?}"),
        }
        paid += bonuses.iter().sum::<u64>();
        found += bonuses.len();
    }
    assert_eq!(log.iter().filter(|event| is_bonus(event)).count(), found, "nothing else earns a bonus");
}

/// Each e-mail is sent or parked. Once sending works again, the parked ones are sent.
async fn everybody_is_thanked(bank: &Bank, outbox: &Outbox, log: &[Event]) {
    let reachable = |name: &str| bank.account_list().read(|accounts| accounts.recipient(name, Moment::NOW).is_some());
    let is_thanked = |event: &&Event| {
        matches!(event.data, AccountEvent::MoneyDeposited { .. })
            && reachable(event.data.account_id().unwrap().as_str())
    };
    let thanked = log.iter().filter(is_thanked).count();
    let parked = bank.parked().await.unwrap();
    assert!(outbox.sent().len() + parked.len() >= thanked, "{:?} {parked:?}", outbox.sent());
    outbox.works(true);
    for (parked, _) in parked {
        bank.retry_parked(parked.number).await.unwrap();
    }
    assert_eq!(bank.parked().await.unwrap(), []);
    assert_eq!(outbox.sent().len(), thanked);
}

fn any_client() -> impl Strategy<Value = Client> {
    (any::<bool>(), vec(any_command(), 1..30))
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = || proptest::sample::select(&NAMES);
    prop_oneof![
        2 => (name(), any::<bool>(), any::<bool>())
            .prop_map(|(name, has_pin, email)| Command::Create { name, pin: has_pin.then_some("1234"), email, deposit: None, overdraft: 0 }),
        5 => (name(), any_amount()).prop_map(|(name, amount)| Command::Deposit(name, amount)),
        3 => (name(), any_amount(), any_pin()).prop_map(|(name, amount, pin)| Command::Withdraw(name, amount, pin)),
        2 => name().prop_map(Command::Unlock),
        1 => name().prop_map(Command::Freeze),
        2 => (name(), 0..=500_u64).prop_map(|(name, limit)| Command::SetLimit(name, limit)),
        2 => name().prop_map(Command::Unfreeze),
        8 => (name(), name(), any_amount(), any_pin())
            .prop_map(|(payer, payee, amount, pin)| Command::Transfer { payer, payee, amount, pin }),
    ]
}

fn any_pin() -> impl Strategy<Value = Pin> {
    prop_oneof![1 => Just(None), 8 => Just(Some("1234")), 1 => Just(Some("9999"))]
}

fn any_amount() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 1..=300_u64, 1 => 1..=3_000_000_u64]
}

fn run(store: StoreUrl, clients: Vec<Client>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { timeout(HANG, share_a_bank(store, clients)).await }).unwrap();
}
