//! A client without an answer sends its command again under the same id: it gets the outcome of the first time, and an
//! error if it uses the id for another command.

use std::fs;

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, AccountHolder, AccountId, Bank, BookingDetails, CommandFailure, Money, NewAccount,
    Opening, Options, Outgoing, Pin, PinCost, PinOptions, PinSecret, Receipt, Refusal, StoreUrl,
};
use cqrs_bank::engine::domain::Command as _;
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent, StreamId};
use tempfile::TempDir;
use uuid::Uuid;

use crate::accounts::{account, money};

async fn open(store: StoreUrl) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Bank::open(Options { store, pins, ..Options::default() }).await.unwrap()
}

/// A bank in memory, and one in a file.
async fn banks() -> (TempDir, [Bank; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    (directory, [open(StoreUrl::Memory).await, open(file).await])
}

fn id(number: u128) -> Metadata {
    Metadata::from_outside(Uuid::from_u128(number << 80))
}

fn deposit(name: &str, amount: Money) -> AccountCommand {
    AccountCommand::deposit(account(name), amount)
}

fn withdraw(name: &str, amount: u64) -> AccountCommand {
    AccountCommand::withdrawal(account(name), money(amount))
}

fn create(name: &str) -> AccountCommand {
    let account_id = account(name);
    let account_holder = AccountHolder::new((&account_id).into(), None, None);
    AccountCommand::create(account_id, account_holder)
}

async fn outcome(bank: &Bank, command: AccountCommand, metadata: Metadata) -> Result<Receipt, CommandFailure> {
    bank.send(command, metadata).await.unwrap().outcome().await
}

async fn position(bank: &Bank, command: AccountCommand, metadata: Metadata) -> u64 {
    outcome(bank, command, metadata).await.unwrap().position().get()
}

fn taken_by(name: &str) -> CommandFailure {
    CommandFailure::IdTaken { stream: StreamId::named(&format!("account-{name}")) }
}

async fn log(bank: &Bank) -> Vec<RecordedEvent<AccountEvent>> {
    bank.events(Position::new(1), usize::MAX).await.unwrap()
}

async fn balance(bank: &Bank, name: &str) -> i64 {
    bank.check_balance(&account(name)).await.unwrap().minor_units()
}

#[tokio::test]
async fn what_would_be_refused_by_now_has_its_first_outcome() {
    let (_directory, banks) = banks().await;
    for bank in banks {
        assert_eq!(position(&bank, create("Wolfman"), id(1)).await, 1);
        assert_eq!(position(&bank, deposit("Wolfman", Money::MAX), id(2)).await, 2);
        for _ in 0..2 {
            assert_eq!(position(&bank, create("Wolfman"), id(1)).await, 1);
            assert_eq!(position(&bank, deposit("Wolfman", Money::MAX), id(2)).await, 2);
        }
        let exists = outcome(&bank, create("Wolfman"), id(3)).await.unwrap_err();
        assert_eq!(exists, CommandFailure::Refused(Refusal::AccountExists));
        let limit = outcome(&bank, deposit("Wolfman", Money::MAX), id(3)).await.unwrap_err();
        assert_eq!(limit, CommandFailure::Refused(Refusal::BalanceLimit), "a refusal has left no trace of its id");
        assert_eq!(log(&bank).await.len(), 2);
    }
}

#[tokio::test]
async fn an_id_that_was_used_for_another_command_is_an_error_of_its_own() {
    let (_directory, banks) = banks().await;
    for bank in banks {
        for (number, name) in [(1, "Wolfman"), (2, "Dracula")] {
            outcome(&bank, create(name), id(number)).await.unwrap();
        }
        outcome(&bank, deposit("Wolfman", money(100)), id(3)).await.unwrap();
        for other in [
            withdraw("Wolfman", 100),
            deposit("Wolfman", money(101)),
            deposit("Dracula", money(100)),
            create("Wolfman"),
            withdraw("Wolfman", 1_000),
            AccountCommand::UnlockAccount { account_id: account("Wolfman") },
        ] {
            assert_eq!(outcome(&bank, other.clone(), id(3)).await.unwrap_err(), taken_by("Wolfman"), "{other:?}");
        }
        let account_holder = AccountHolder::new((&account("Vlad")).into(), None, None);
        let named = AccountCommand::create(account("Dracula"), account_holder);
        let opening = Some(Box::new(Opening { deposit: Some(money(1)), ..Opening::default() }));
        let account_holder = AccountHolder::from(&account("Dracula"));
        let with_deposit = AccountCommand::CreateAccount { account_id: account("Dracula"), account_holder, opening };
        for other in [named, with_deposit] {
            assert_eq!(outcome(&bank, other, id(2)).await.unwrap_err(), taken_by("Dracula"));
        }
        assert_eq!((balance(&bank, "Wolfman").await, log(&bank).await.len()), (100, 3));
    }
}

#[tokio::test]
async fn a_transfer_that_is_asked_for_again_moves_money_once() {
    let (_directory, banks) = banks().await;
    for bank in banks {
        for name in ["Wolfman", "Dracula"] {
            bank.create(&account(name)).await.unwrap();
        }
        bank.deposit(&account("Wolfman"), money(100)).await.unwrap();
        let transfer = |metadata: &Metadata, amount| {
            let (account_id, payee, transfer_id) = (account("Wolfman"), account("Dracula"), metadata.command_id.into());
            let outgoing =
                Outgoing { account_id, transfer_id, payee, amount: money(amount), details: BookingDetails::NONE };
            AccountCommand::ReserveMoney { outgoing: Box::new(outgoing), pin: None }
        };
        let first = outcome(&bank, transfer(&id(9), 60), id(9)).await.unwrap();
        let again = outcome(&bank, transfer(&id(9), 60), id(9)).await.unwrap();
        assert_eq!((again.events(), balance(&bank, "Wolfman").await), (first.events(), 40));
        bank.transfer_outcome(again).unwrap();
        assert_eq!(outcome(&bank, transfer(&id(9), 6), id(9)).await.unwrap_err(), taken_by("Wolfman"));
        assert_eq!((balance(&bank, "Wolfman").await, balance(&bank, "Dracula").await), (40, 60));
    }
}

/// The stored fingerprint of a command must not help to guess a PIN, so a PIN does not distinguish commands.
#[tokio::test]
async fn a_pin_is_no_part_of_what_a_command_is_known_by() {
    let bank = open(StoreUrl::Memory).await;
    let pin = |digits| Some(Pin::new(digits).unwrap());
    let with_pin = |digits| NewAccount { pin: pin(digits), ..NewAccount::from(&account("1")) };
    let first = bank.creation(with_pin("1234")).await.unwrap();
    let again = bank.creation(with_pin("9876")).await.unwrap();
    assert_eq!(first.fingerprint(), again.fingerprint());
    assert_ne!(first.fingerprint(), create("1").fingerprint());
    assert_eq!((position(&bank, first, id(1)).await, position(&bank, again, id(1)).await), (1, 1));
    bank.deposit(&account("1"), money(100)).await.unwrap();

    let pay = async |digits: &str, metadata| {
        let pin = Pin::new(digits).unwrap();
        let pending = bank.send_with_pin(withdraw("1", 30), Some(pin), metadata).await.unwrap();
        pending.outcome().await.unwrap().events()[0].clone()
    };
    let paid = pay("1234", id(2)).await;
    assert!(matches!(paid.data, AccountEvent::MoneyWithdrawn { .. }), "{paid:?}");
    assert_eq!(pay("0000", id(2)).await, paid);
    let wrong = pay("0000", id(3)).await;
    assert!(matches!(wrong.data, AccountEvent::InvalidPin { .. }), "{wrong:?}");
    assert_eq!(pay("1234", id(3)).await, wrong, "another attempt is another command");
    assert_eq!(paid.metadata.fingerprint(), wrong.metadata.fingerprint());
    assert_eq!(balance(&bank, "1").await, 70);
}

#[tokio::test]
async fn the_outcome_is_known_after_a_restart_and_in_a_copy_of_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = open(file.clone()).await;
    outcome(&bank, create("Wolfman"), id(1)).await.unwrap();
    outcome(&bank, deposit("Wolfman", money(100)), id(2)).await.unwrap();
    bank.close().await;
    let reopened = open(file).await;
    let exported = directory.path().join("events.jsonl");
    reopened.export(&exported, |_, _| {}).await.unwrap();
    let copy = open(StoreUrl::Memory).await;
    copy.import(&exported, |_, _, _| {}).await.unwrap();
    for bank in [reopened, copy] {
        assert_eq!(position(&bank, create("Wolfman"), id(1)).await, 1);
        assert_eq!(position(&bank, deposit("Wolfman", money(100)), id(2)).await, 2);
        assert_eq!(outcome(&bank, withdraw("Wolfman", 100), id(2)).await.unwrap_err(), taken_by("Wolfman"));
    }
}

/// Commands in a new conversation are stored without a fingerprint.
#[tokio::test]
async fn a_command_whose_id_was_made_here_says_no_more_than_its_ids() {
    let (directory, banks) = banks().await;
    for (number, bank) in banks.into_iter().enumerate() {
        let wolfman: AccountId = account("Wolfman");
        bank.create(&wolfman).await.unwrap();
        let pending = bank.send(deposit("Wolfman", money(100)), bank.start_conversation()).await.unwrap();
        pending.outcome().await.unwrap();
        bank.withdraw_with_pin(&wolfman, money(1), Pin::new("1234").unwrap()).await.unwrap();
        bank.transfer(&wolfman, &account("Nobody"), money(5), None).await.unwrap_err();
        assert!(log(&bank).await.iter().all(|event| event.metadata.fingerprint().is_none()));
        let exported = directory.path().join(format!("{number}.jsonl"));
        bank.export(&exported, |_, _| {}).await.unwrap();
        assert!(!fs::read_to_string(exported).unwrap().contains("fingerprint"));
    }
}
