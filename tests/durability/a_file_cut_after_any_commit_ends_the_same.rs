//! A bank in a file ends the same whichever commit was its last: a process that dies leaves the commits that were
//! done, and the file is opened again with the first of them, the first two, and so on.
//!
//! The write-ahead log holds every commit of a whole run, one after the other; cut after each, it is what a crash
//! leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, AccountHolder, Bank, BookingDetails, EmailAddress, HolderName, Moment, Money,
    Options, Outgoing, StoreUrl, TransferState,
};
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::log::Metadata;
use rusqlite::Connection;
use uuid::Uuid;

use crate::accounts::{account, money, signed_balances};
use crate::answers::{Fold, ask};
use crate::files::Copy;
use crate::files::write_ahead_log::commits_since;
use crate::in_memory::directory_in_memory;
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};

const WRITE_AHEAD_LOG: usize = 1;
const LIMIT: u64 = Money::MAX.minor_units();

/// What clients ask for, one after the other.
fn story() -> Vec<AccountCommand> {
    vec![
        create("Ada"),
        deposit("Ada", 10_000),
        create("CEO"),
        create("Grace"),
        deposit("Ada", 9_999_000),
        transfer(6, "Ada", "Grace", 25),
        transfer(7, "Ada", "Nobody", 5),
        deposit("Grace", 5_000_000),
        deposit("Ada", 7_000),
        create("Full"),
        deposit("Full", LIMIT),
        transfer(12, "Grace", "Full", 100),
        transfer(13, "Grace", "Ada", 9_000_000),
        transfer(14, "CEO", "Ada", 100_000),
    ]
}

/// The log but for times, as its readers see it, and the balances it leads to.
type Ending = (Vec<(u64, Uuid, AccountEvent)>, BTreeMap<String, i64>);

#[tokio::test]
async fn cut_after_any_commit_all_ends_the_same() {
    let uncut = run(&Copy([None, None, None])).await;
    let expected = uncut.ending;
    assert_eq!(
        expected.1,
        [("Ada", 10_115_975), ("Grace", 5_000_025), ("CEO", 49_990), ("Full", LIMIT as i64)].map(named).into()
    );
    assert!(uncut.copies.len() > 40, "{} commits", uncut.copies.len());

    let mut to_be_thanked = uncut.sent;
    assert_eq!(to_be_thanked, 3);
    for (number, copy) in uncut.copies.iter().enumerate() {
        let again = run(copy).await;
        assert_eq!(again.ending, expected, "after {number} commits");
        // A commit acknowledges one e-mail at the most; until then it comes again.
        assert!((to_be_thanked - again.sent) <= 1, "after {number} commits {} e-mails were sent", again.sent);
        to_be_thanked = again.sent;
        // What puts things right is cut off too.
        for copy in again.copies.iter().skip(number % 40).step_by(40) {
            assert_eq!(run(copy).await.ending, expected, "after {number} commits, and some more");
        }
    }
    assert_eq!(to_be_thanked, 0);
}

/// What came of a run.
struct Run {
    /// What a crash would have left, after each commit.
    copies: Vec<Copy>,
    /// How all ended.
    ending: Ending,
    /// How many e-mails it sent.
    sent: usize,
}

/// Opens the bank on what a crash has left, and tells the rest of the story.
async fn run(left: &Copy) -> Run {
    let (folder, outbox) = (directory_in_memory(), Outbox::new());
    let path = folder.path().join("bank.db");
    left.put_back(&path);
    let bank = open(&path, &outbox).await;
    let (reading, before) = kept_from_moving(&path);
    // What was under way goes on by itself, before anybody asks for more.
    at_rest(&bank).await;
    let stored = log(&bank).await.iter().map(|event| event.metadata.command_id).collect::<Vec<_>>();
    for (number, command) in (1..).zip(story()) {
        // Whoever has asked and got no answer finds out whether that was stored.
        if !stored.contains(&id_of(number)) {
            let pending = bank.send(command, Metadata::from_outside(id_of(number))).await.unwrap();
            pending.outcome().await.unwrap();
        }
    }
    at_rest(&bank).await;
    let copies = commits_since(&before, &Copy::of(&path));
    drop(reading);
    let ending = ending(&bank).await;
    assert_eq!(bank.parked().await.unwrap(), []);
    bank.close().await;
    Run { copies, ending, sent: outbox.sent().len() }
}

/// As long as somebody reads a state that stands in the file alone, all that is written stays in the write-ahead log.
fn kept_from_moving(path: &Path) -> (Connection, Copy) {
    loop {
        let reading = Connection::open(path).unwrap();
        reading.busy_timeout(Duration::from_secs(10)).unwrap();
        reading.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); BEGIN; SELECT count(*) FROM events").unwrap();
        let before = Copy::of(path);
        if before.0[WRITE_AHEAD_LOG].as_ref().is_some_and(Vec::is_empty) {
            return (reading, before);
        }
    }
}

async fn open(path: &Path, outbox: &Outbox) -> Bank {
    let options = Options {
        store: StoreUrl::Sqlite(path.into()),
        ceo_bonus: Some(account("CEO")),
        email: Some(outbox.target()),
        retry: RetryPolicy { first: Duration::ZERO, longest: Duration::ZERO, attempts: 3 },
        ..Options::default()
    };
    Bank::open(options).await.unwrap()
}

/// The log and the balances, after a look at whether they agree.
async fn ending(bank: &Bank) -> Ending {
    let log = log(bank).await;
    let mut fold = Fold::default();
    for event in &log {
        fold.take(event);
        fold.agrees_with(&ask(bank, Some(Moment::Position(event.position))).await);
    }
    fold.agrees_with(&ask(bank, None).await);
    assert!(fold.transfers.values().all(|(_, state)| matches!(state, TransferState::Ended(_))), "{fold:?}");
    let balances = bank.balances().read(signed_balances);
    assert_eq!(fold.balances, balances);
    let events = log.into_iter().map(|event| (event.position.get(), event.metadata.command_id, event.data));
    (events.collect(), balances)
}

fn create(name: &str) -> AccountCommand {
    let email = (name == "Ada").then(|| EmailAddress::new("ada@example.org").unwrap());
    let account_holder = AccountHolder::new(HolderName::new(name).unwrap(), email, None);
    AccountCommand::create(account(name), account_holder)
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

fn named((name, balance): (&str, i64)) -> (String, i64) {
    (name.to_owned(), balance)
}

fn id_of(number: u128) -> Uuid {
    Uuid::from_u128(number << 80)
}
