//! However handlers are held and stepped, whatever is broken and mended, and whenever the bank is closed meanwhile: once all
//! is released and mended, the bank is as if nothing had been.

use std::collections::BTreeMap;
use std::time::Duration;

use cqrs_bank::bank::{Bank, EmailAddress, NewAccount, Opening, Options, StoreUrl, TransferError, Verification};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::seams::{EVENT_STORE, Fault};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tempfile::TempDir;

use crate::accounts::{account, money, signed_balances};
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};

const NAMES: [&str; 3] = ["CEO", "Mummy", "Wolfman"];
/// So much that no command is declined, in whatever order the amounts move.
const PLENTY: u64 = 1_000_000;

/// Handlers that change nothing in the log by being late.
const READERS: [&str; 4] = ["balances", "total deposits", "transfers", "thank-you e-mail"];
/// Handlers that send commands, and the projection that one of them reads.
const SENDERS: [&str; 3] = ["accounts", "transfer", "CEO bonus"];

#[derive(Clone, Debug)]
enum Act {
    Deposit(&'static str, u64),
    Withdraw(&'static str, u64),
    Transfer(&'static str, &'static str, u64),
    Hold(&'static str),
    Step(&'static str, u64),
    Release(&'static str),
    Break(&'static str, Fault),
    Mend,
    Reopen,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_memory_the_log_is_the_same_to_the_position(acts in vec(any_act(READERS.to_vec(), waited_for()), 1..40)) {
        let acts: Vec<_> = acts.into_iter().filter(|act| !matches!(act, Act::Reopen)).collect();
        run(async { assert_eq!(Stored::by(&acts, &Place::Memory).await, Stored::by(&commands(&acts), &Place::Memory).await) });
    }

    #[test]
    fn in_a_file_the_log_is_the_same_to_the_position(acts in vec(any_act(READERS.to_vec(), waited_for()), 1..24)) {
        run(async { assert_eq!(Stored::by(&acts, &Place::file()).await, Stored::by(&commands(&acts), &Place::Memory).await) });
    }

    /// Who sends commands late sends the same ones.
    #[test]
    fn in_a_file_each_account_comes_to_the_same(
        acts in vec(any_act([&READERS[..], &SENDERS].concat(), [waited_for(), not_waited_for()].concat()), 1..24)
    ) {
        run(async {
            let disturbed = Stored::by(&acts, &Place::file()).await.in_any_order();
            assert_eq!(disturbed, Stored::by(&commands(&acts), &Place::Memory).await.in_any_order());
        });
    }
}

/// What is stored in the end.
#[derive(Debug, PartialEq)]
struct Stored {
    /// Stream and title of each event, in order.
    events: Vec<(String, &'static str)>,
    balances: BTreeMap<String, i64>,
    total: i128,
    e_mails: usize,
}

impl Stored {
    async fn by(acts: &[Act], place: &Place) -> Self {
        let outbox = Outbox::new();
        let open = || async { Bank::open(place.options(&outbox)).await.unwrap() };
        let mut bank = open().await;
        for name in NAMES {
            let opening = Opening { deposit: Some(money(PLENTY)), ..Opening::default() };
            let email = Some(EmailAddress::new("josh@example.org").unwrap());
            bank.create_account(NewAccount { email, opening, ..(&account(name)).into() }).await.unwrap();
        }
        let mut is_full = false;
        for act in acts {
            match act {
                // A handler would wait for the disk as long as a step, or closing, waits for it.
                Act::Step(..) | Act::Reopen if is_full => {}
                Act::Hold(handler) => drop(bank.hold(handler).await),
                Act::Step(handler, events) => drop(bank.step(handler, *events).await),
                Act::Release(handler) => drop(bank.release(handler).await),
                Act::Break(place, fault) => {
                    let broken = bank.break_(place, *fault).await;
                    is_full = if broken.is_ok() && *place == EVENT_STORE { *fault == Fault::DiskFull } else { is_full };
                }
                Act::Mend => {
                    bank.mend().await;
                    is_full = false;
                }
                Act::Reopen => {
                    bank.close().await;
                    bank = open().await;
                }
                command => {
                    if !command.carry_out(&bank).await {
                        assert!(is_full, "{command:?}");
                        bank.mend().await;
                        is_full = false;
                        assert!(command.carry_out(&bank).await, "{command:?}");
                    }
                }
            }
        }
        bank.mend().await;
        for held in bank.seams().held() {
            bank.release(held.name).await.unwrap();
        }
        at_rest(&bank).await;
        assert_eq!((bank.breaks(), bank.seams().held()), (Vec::new(), Vec::new()));
        let verification = bank.verify(|_, _| {}).await.unwrap();
        assert!(matches!(verification, Verification::Whole(_)), "{verification:?}");
        let events = log(&bank).await.iter().map(|event| (event.stream.to_string(), event.data.title())).collect();
        let balances = bank.balances().read(signed_balances);
        let total = bank.total_deposits(None).await.unwrap();
        let parked = bank.parked().await.unwrap();
        assert!(parked.is_empty(), "{parked:?}");
        bank.close().await;
        Self { events, balances, total, e_mails: outbox.sent().len() }
    }

    fn in_any_order(mut self) -> Self {
        self.events.sort();
        self
    }
}

impl Act {
    /// Whether a command was stored.
    async fn carry_out(&self, bank: &Bank) -> bool {
        match self {
            Self::Deposit(name, amount) => bank.deposit(&account(name), money(*amount)).await.is_ok(),
            Self::Withdraw(name, amount) => bank.withdraw(&account(name), money(*amount)).await.is_ok(),
            Self::Transfer(payer, payee, amount) => {
                let transferred = bank.transfer(&account(payer), &account(payee), money(*amount), None).await;
                !matches!(transferred, Err(TransferError::Unavailable(_)))
            }
            other => panic!("{other:?} is no command"),
        }
    }
}

enum Place {
    Memory,
    File(TempDir),
}

impl Place {
    fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    fn options(&self, outbox: &Outbox) -> Options {
        let store = match self {
            Self::Memory => StoreUrl::Memory,
            Self::File(folder) => StoreUrl::Sqlite(folder.path().join("bank.db")),
        };
        let retry =
            RetryPolicy { first: Duration::from_millis(1), longest: Duration::from_millis(2), attempts: u32::MAX };
        Options { store, retry, ceo_bonus: Some(account("CEO")), email: Some(outbox.target()), ..Options::default() }
    }
}

fn commands(acts: &[Act]) -> Vec<Act> {
    let is_command = |act: &&Act| matches!(act, Act::Deposit(..) | Act::Withdraw(..) | Act::Transfer(..));
    acts.iter().filter(is_command).cloned().collect()
}

/// Faults that a command under strong consistency has behind it.
fn waited_for() -> Vec<(&'static str, Fault)> {
    let projection = [Fault::Panic, Fault::Duplicate, Fault::Delay(Duration::from_millis(1))];
    let handler = [&projection[..], &[Fault::Fail { times: 1 }, Fault::Fail { times: 3 }]].concat();
    let mut faults: Vec<_> =
        ["balances", "accounts"].into_iter().flat_map(|name| projection.map(|fault| (name, fault))).collect();
    for name in ["transfer", "CEO bonus", "thank-you e-mail"] {
        faults.extend(handler.iter().map(|fault| (name, *fault)));
    }
    faults.push(("thank-you e-mail", Fault::CrashBeforeAck));
    faults.push((EVENT_STORE, Fault::Conflict));
    faults.push((EVENT_STORE, Fault::Delay(Duration::from_millis(1))));
    faults
}

fn not_waited_for() -> Vec<(&'static str, Fault)> {
    vec![("transfer", Fault::CrashBeforeAck), ("CEO bonus", Fault::CrashBeforeAck), (EVENT_STORE, Fault::DiskFull)]
}

fn any_act(handlers: Vec<&'static str>, faults: Vec<(&'static str, Fault)>) -> impl Strategy<Value = Act> {
    let name = || select(&NAMES);
    let handler = move || select(handlers.clone());
    let amount = || 1..=500_u64;
    prop_oneof![
        3 => (name(), amount()).prop_map(|(name, amount)| Act::Deposit(name, amount)),
        1 => (name(), amount()).prop_map(|(name, amount)| Act::Withdraw(name, amount)),
        3 => (select(&[("Wolfman", "Mummy"), ("Mummy", "CEO"), ("Mummy", "Nobody")]), amount())
            .prop_map(|((payer, payee), amount)| Act::Transfer(payer, payee, amount)),
        2 => handler().prop_map(Act::Hold),
        2 => (handler(), 1..=3_u64).prop_map(|(handler, events)| Act::Step(handler, events)),
        1 => handler().prop_map(Act::Release),
        4 => select(faults).prop_map(|(place, fault)| Act::Break(place, fault)),
        1 => Just(Act::Mend),
        1 => Just(Act::Reopen),
    ]
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}
