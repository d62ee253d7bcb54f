//! Two process managers that answer each other's events come to an end: at the end of too long a chain of causes, the
//! event is parked with the chain, and nothing else stops. A caller waits for such a conversation no longer than for
//! any other.

use std::time::Duration;

use cqrs_bank::bank::{Account, AccountCommand, AccountEvent, Bank, HandlerReport, Options, StoreUrl};
use cqrs_bank::engine::Application;
use cqrs_bank::engine::event_handler::{EventHandler, Failure, ParkedError, StartFrom};
use cqrs_bank::engine::feed::checkpoints::MAX_WAIT;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::process_manager::{Answer, LONGEST_CHAIN, ProcessManager, Reaction};
use tokio::time::{Instant, sleep};

use crate::accounts::{account, money};

macro_rules! answers {
    ($process:ident, $name:literal, $from:literal, $to:literal) => {
        /// Answers each deposit into one account with one into the other.
        #[derive(Clone, Debug)]
        struct $process;

        impl ProcessManager for $process {
            const NAME: &'static str = $name;
            const TITLE: &'static str = $name;
            const START: StartFrom = StartFrom::Origin;
            type Event = AccountEvent;
            type State = ();

            fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
                |event| {
                    let AccountEvent::MoneyDeposited { account_id, .. } = &event.data else { return false };
                    *account_id == account($from)
                }
            }

            fn react(&self, (): &(), event: &RecordedEvent<AccountEvent>) -> Reaction<AccountEvent> {
                let AccountEvent::MoneyDeposited { amount, .. } = event.data else { return Reaction::none() };
                let deposit = AccountCommand::deposit(account($to), amount);
                Answer::new(deposit).into()
            }
        }
    };
}

answers!(Ping, "ping", "Ping", "Pong");
answers!(Pong, "pong", "Pong", "Ping");

/// Takes a second per event.
#[derive(Clone, Debug)]
struct Slow;

impl EventHandler<AccountEvent> for Slow {
    const NAME: &'static str = "slow";
    const AWAITED: bool = true;

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |_| true
    }

    async fn handle(&mut self, _: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

async fn open(store: StoreUrl) -> Bank {
    let bank = Bank::open(Options::from(store)).await.unwrap();
    for name in ["Ping", "Pong", "Wolfman"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.add_process_manager(Ping).await.unwrap();
    bank.add_process_manager(Pong).await.unwrap();
    bank
}

#[tokio::test]
async fn the_event_at_the_end_is_parked_with_what_has_led_to_it() {
    let directory = tempfile::tempdir().unwrap();
    for store in [StoreUrl::Memory, StoreUrl::Sqlite(directory.path().join("bank.db"))] {
        let bank = open(store).await;
        let receipt = bank.deposit(&account("Ping"), money(1)).await.unwrap();
        assert_eq!(receipt.lagging(), [""; 0], "all that comes of it is there");
        let conversation = bank.conversation(&receipt).await.unwrap();
        assert_eq!(conversation.len(), 1 + LONGEST_CHAIN as usize + 1);
        let last = conversation.last().unwrap().position;
        assert_eq!(receipt.seen_up_to(), last);

        let [(parked, event)] = &bank.parked().await.unwrap()[..] else { panic!("one event is parked") };
        assert_eq!((&*parked.handler, parked.position, parked.attempts), ("pong", last, 1));
        assert_eq!(event.as_ref(), conversation.last());
        let chain = "Money Deposited at 4 → ping: Money Deposited at 5 → pong: Money Deposited at 6 → … → \
                     ping: Money Deposited at 67 → pong: Money Deposited at 68 → ping: Money Deposited at 69";
        let reason = format!("more than 64 events have led to this one: {chain}");
        assert_eq!(parked.reason, reason);
        let number = parked.number;
        assert_eq!(bank.retry_parked(number).await, Err(ParkedError::FailedAgain { reason: parked.reason.clone() }));

        // Everything else still works.
        let again = bank.deposit(&account("Pong"), money(1)).await.unwrap();
        assert_eq!(bank.conversation(&again).await.unwrap().len(), conversation.len());
        let other = bank.deposit(&account("Wolfman"), money(1)).await.unwrap();
        assert_eq!(other.lagging(), [""; 0]);
        assert!(bank.handlers().await.unwrap().iter().all(|HandlerReport { behind, .. }| *behind == 0));
        let closing = Instant::now();
        bank.close().await;
        assert!(closing.elapsed() < MAX_WAIT, "there is nothing to wait for");
    }
}

#[tokio::test]
async fn an_application_may_have_another_bound() {
    let bank = Application::builder(StoreUrl::Memory).aggregate::<Account>().longest_chain(2).process_manager(Ping);
    let bank = bank.start().await.unwrap();
    bank.add_process_manager(Pong).await.unwrap();
    for name in ["Ping", "Pong"] {
        bank.dispatch(AccountCommand::create(account(name), name.into())).await.unwrap();
    }
    for (into, parked_for) in [("Ping", "pong"), ("Pong", "ping")] {
        let receipt = bank.dispatch(AccountCommand::deposit(account(into), money(1))).await.unwrap();
        assert_eq!(bank.conversation(&receipt).await.unwrap().len(), 1 + 2 + 1);
        let parked = bank.parked().await.unwrap();
        let (parked, _) = parked.last().unwrap();
        assert_eq!((&*parked.handler, parked.position), (parked_for, receipt.seen_up_to()));
        assert!(parked.reason.starts_with("more than 2 events have led to this one: "), "{}", parked.reason);
    }
    bank.close().await;
}

/// The length of a chain follows from the log, even if the bank was reopened in the middle.
#[tokio::test]
async fn a_chain_goes_on_being_counted_when_the_bank_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = Bank::open(store.clone()).await.unwrap();
    for name in ["Ping", "Pong"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.deposit(&account("Ping"), money(1)).await.unwrap();
    bank.close().await;
    for _ in 0..3 {
        // The two process managers run alternately, one at a time.
        for ping in [true, false] {
            let bank = Bank::open(store.clone()).await.unwrap();
            match ping {
                true => bank.add_process_manager(Ping).await.unwrap(),
                false => bank.add_process_manager(Pong).await.unwrap(),
            }
            bank.close().await;
        }
    }
    let bank = open_again(store).await;
    let log = bank.events(Position::START, 1_000).await.unwrap();
    assert_eq!(log.len(), 2 + 1 + LONGEST_CHAIN as usize + 1);
    assert_eq!(bank.parked().await.unwrap().len(), 1);
    bank.close().await;
}

/// With both, until their work is done.
async fn open_again(store: StoreUrl) -> Bank {
    let bank = Bank::open(store.clone()).await.unwrap();
    bank.add_process_manager(Ping).await.unwrap();
    bank.add_process_manager(Pong).await.unwrap();
    bank.close().await;
    Bank::open(store).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn there_is_one_bound_for_all_of_a_conversation() {
    let bank = open(StoreUrl::Memory).await;
    bank.add_event_handler(Slow).await.unwrap();
    let begun = Instant::now();
    let receipt = bank.deposit(&account("Ping"), money(1)).await.unwrap();
    assert!(begun.elapsed() <= MAX_WAIT + Duration::from_millis(100), "{:?}", begun.elapsed());
    assert_eq!(receipt.lagging(), ["slow"]);
    let closing = Instant::now();
    bank.close().await;
    assert!(closing.elapsed() < MAX_WAIT + Duration::from_secs(2), "{:?}", closing.elapsed());
}
