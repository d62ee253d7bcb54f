//! Wherever a handler's code panics, its event is retried and parked like any failed event, and nothing else stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cqrs_bank::bank::{AccountCommand, AccountEvent, Bank, HandlerReport, Options, StoreUrl, Verification};
use cqrs_bank::engine::event_handler::{EventHandler, Failure, RetryPolicy, StartFrom};
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Answer, Noted, ProcessManager, Reaction};
use tokio::task::JoinSet;

use crate::accounts::{account, money};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Filter,
    Handle,
    State,
    Restore,
    Note,
    Clone,
}

/// Panics in one place at events of this amount.
const BAD: u64 = 13;
const RETRY: RetryPolicy = RetryPolicy { first: Duration::ZERO, longest: Duration::ZERO, attempts: 3 };

#[derive(Debug)]
struct Fragile {
    place: Place,
    handled: Arc<AtomicU64>,
    /// Whether the last amount handled was bad.
    is_bad: bool,
    made: Arc<AtomicU64>,
}

impl Fragile {
    fn new(place: Place) -> Self {
        Self { place, handled: Arc::default(), is_bad: false, made: Arc::default() }
    }
}

impl Clone for Fragile {
    fn clone(&self) -> Self {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        // The first is from the opening of the bank.
        assert!(self.place != Place::Clone || made == 0, "in make");
        Self { place: self.place, handled: self.handled.clone(), is_bad: false, made: self.made.clone() }
    }
}

fn is_bad(event: &RecordedEvent<AccountEvent>) -> bool {
    matches!(&event.data, AccountEvent::MoneyDeposited { amount, .. } if amount.minor_units() == BAD)
}

impl EventHandler<AccountEvent> for Fragile {
    const NAME: &'static str = "fragile";
    const AWAITED: bool = true;
    const TRACE_TITLE: Option<&'static str> = Some("Fragile");

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        let place = self.place;
        move |event| {
            assert!(place != Place::Filter || !is_bad(event), "in the filter");
            matches!(event.data, AccountEvent::MoneyDeposited { .. })
        }
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        self.is_bad = is_bad(event);
        let panics = matches!(self.place, Place::Handle | Place::Restore | Place::Clone);
        assert!(!panics || !self.is_bad, "in handle");
        self.handled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn state(&self) -> Option<Box<str>> {
        assert!(self.place != Place::State || !self.is_bad, "in state");
        Some(self.handled.load(Ordering::Relaxed).to_string().into())
    }

    fn restore(&mut self, _: &str) {
        assert!(self.place != Place::Restore, "in restore");
    }

    fn note(&self) -> Option<String> {
        assert!(self.place != Place::Note || !self.is_bad, "in note");
        None
    }
}

async fn bank() -> Bank {
    let bank = Bank::open(Options { retry: RETRY, ..Options::from(StoreUrl::Memory) }).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    bank
}

async fn report(bank: &Bank, name: &str) -> HandlerReport {
    bank.handlers().await.unwrap().into_iter().find(|handler| handler.status.name == name).unwrap()
}

async fn deposit(bank: &Bank, amount: u64) {
    let receipt = bank.deposit(&account("Wolfman"), money(amount)).await.unwrap();
    assert_eq!(receipt.lagging(), [""; 0]);
}

#[tokio::test]
async fn its_event_is_parked_and_the_next_comes() {
    for (place, said) in [
        (Place::Filter, "it panicked: in the filter"),
        (Place::Handle, "it panicked: in handle"),
        (Place::State, "it panicked: in state"),
    ] {
        let bank = bank().await;
        let fragile = Fragile::new(place);
        bank.add_event_handler(fragile.clone()).await.unwrap();
        for amount in [1, BAD, 2] {
            deposit(&bank, amount).await;
        }
        assert_eq!(bank.failure(), None, "{place:?}");
        let parked = bank.parked().await.unwrap();
        let [(parked, _)] = &parked[..] else { panic!("{place:?}: {parked:?}") };
        assert_eq!((parked.position, parked.attempts, &*parked.reason), (Position::new(3), 3, said), "{place:?}");
        let HandlerReport { behind, .. } = report(&bank, "fragile").await;
        assert_eq!(behind, 0, "{place:?}");
        let again = bank.retry_parked(parked.number).await.unwrap_err().to_string();
        assert_eq!(again, format!("it failed again: {said}"), "{place:?}");
        assert_eq!(bank.check_balance(&account("Wolfman")).await.unwrap(), crate::accounts::balance(3 + BAD));
        bank.close().await;
    }
}

/// A handler that cannot be recreated, or whose state cannot be restored, fails at every event; the bank continues.
#[tokio::test]
async fn one_that_cannot_be_made_anew_parks_what_comes() {
    for (place, said) in [(Place::Clone, "it panicked: in make"), (Place::Restore, "it panicked: in restore")] {
        let bank = bank().await;
        bank.add_event_handler(Fragile::new(place)).await.unwrap();
        for amount in [1, BAD, 2] {
            deposit(&bank, amount).await;
        }
        assert_eq!(bank.failure(), None, "{place:?}");
        let reasons: Vec<_> = bank.parked().await.unwrap().into_iter().map(|(parked, _)| parked.reason).collect();
        assert_eq!(reasons, [said; 2], "{place:?}");
        bank.close().await;
    }
}

#[tokio::test]
async fn a_note_that_panics_is_what_it_has_to_say() {
    let bank = bank().await;
    let fragile = Fragile::new(Place::Note);
    bank.add_event_handler(fragile.clone()).await.unwrap();
    deposit(&bank, BAD).await;
    let said = report(&bank, "fragile").await.status.condition.last_error.unwrap();
    assert!(said.ends_with("panicked: in note"), "{said}");
    deposit(&bank, 1).await;
    assert_eq!(report(&bank, "fragile").await.status.condition.last_error, None);
    assert_eq!(bank.parked().await.unwrap(), []);
}

/// A filter panics at one of many deposits under way: every deposit gets its outcome.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_a_deposit_under_way_hears_that_it_was_booked() {
    let directory = tempfile::tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = Bank::open(Options { retry: RETRY, ..Options::from(store) }).await.unwrap();
    bank.create(&account("Wolfman")).await.unwrap();
    bank.add_event_handler(Fragile::new(Place::Filter)).await.unwrap();
    let mut deposits = JoinSet::new();
    for amount in 1..=40 {
        let bank = bank.clone();
        deposits.spawn(async move { bank.deposit(&account("Wolfman"), money(amount)).await.map(drop) });
    }
    assert!(deposits.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(bank.check_balance(&account("Wolfman")).await.unwrap(), crate::accounts::balance(40 * 41 / 2));
    assert_eq!(bank.parked().await.unwrap().len(), 1);
    bank.close().await;
}

/// Answers a deposit with another one, and panics at a bad one.
#[derive(Clone, Debug)]
struct FragileProcess(&'static str);

impl ProcessManager for FragileProcess {
    const NAME: &'static str = "fragile process";
    const TITLE: &'static str = "Fragile Process";
    const START: StartFrom = StartFrom::Now;
    type Event = AccountEvent;
    type State = u64;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(&event.data, AccountEvent::MoneyDeposited { account_id, .. } if *account_id == account("Wolfman"))
    }

    fn react(&self, _: &u64, event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
        assert!(self.0 != "react" || !is_bad(event), "in react");
        let name = match self.0 {
            "refused" if is_bad(event) => "Nobody",
            "apply" => "Porcelain",
            _ => "Shadow",
        };
        let AccountEvent::MoneyDeposited { amount, .. } = &event.data else { return Reaction::none() };
        let deposit = AccountCommand::deposit(account(name), *amount);
        Answer::new(deposit).or_else(|_| panic!("in refused")).into()
    }

    fn apply(deposits: &mut u64, event: Noted<'_, Self>) {
        let Noted::Outcome(event) = event else { return };
        assert!(*event.data.account_id().unwrap() != account("Porcelain") || !is_bad(event), "in apply");
        *deposits += 1;
    }

    fn note(deposits: &u64) -> Option<String> {
        Some(format!("{deposits} deposits"))
    }
}

#[tokio::test]
async fn so_it_is_with_a_process_manager() {
    for place in ["react", "apply", "refused"] {
        let bank = bank().await;
        for name in ["Shadow", "Porcelain"] {
            bank.create(&account(name)).await.unwrap();
        }
        bank.add_process_manager(FragileProcess(place)).await.unwrap();
        for amount in [1, BAD, 2] {
            deposit(&bank, amount).await;
        }
        assert_eq!(bank.failure(), None, "{place}");
        let reasons: Vec<_> = bank.parked().await.unwrap().into_iter().map(|(parked, _)| parked.reason).collect();
        assert_eq!(reasons, [format!("it panicked: in {place}")]);
        // Its command is sent once all the same, and its state does not include the event it panicked at.
        let (name, shadowed) = if place == "apply" { ("Porcelain", 3 + BAD) } else { ("Shadow", 3) };
        assert_eq!(bank.check_balance(&account(name)).await.unwrap(), crate::accounts::balance(shadowed), "{place}");
        let said = report(&bank, FragileProcess::NAME).await.status.condition.last_error;
        assert_eq!(said.as_deref(), Some("2 deposits"), "{place}");
        assert!(matches!(bank.verify(|_, _| {}).await.unwrap(), Verification::Whole(_)), "{place}");
    }
}
