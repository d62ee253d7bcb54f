//! A bank on a file that is closed, or just dropped, and opened again goes on where it was.

use std::fs;
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;

use cqrs_bank::bank::{
    Account, AccountCommand, AccountEvent, Bank, BookingDetails, CheckBalanceError, EmailAddress, EmailTarget,
    HolderName, Moment, NewAccount, Options, Outgoing, Pin, PinCost, PinOptions, PinSecret, StoreUrl, UnlockError,
    WithdrawError, Withdrawal,
};
use cqrs_bank::engine::command_handler::{CommandHandler, Limits};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::event_handler::RetryPolicy;
use cqrs_bank::engine::log::{Metadata, Position, StreamId, Version};
use cqrs_bank::engine::runtime::{Clock, StopReason, Supervisor};
use cqrs_bank::engine::store::EventStore as _;
use cqrs_bank::engine::store::sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::accounts::{account, all_balances, money};

fn new_directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options(directory: &TempDir) -> Options {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    let retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let store = StoreUrl::Sqlite(directory.path().join("bank.db"));
    Options { store, pins, retry, ..Options::default() }
}

async fn open(directory: &TempDir) -> Bank {
    Bank::open(options(directory)).await.unwrap()
}

async fn deposit(bank: &Bank, name: &str, amount: u64) {
    bank.deposit(&account(name), money(amount)).await.unwrap();
}

async fn titles(bank: &Bank, from: u64) -> Vec<String> {
    let events = bank.events(Position::new(from), 100).await.unwrap();
    events.iter().map(|event| format!("{} {}", event.data.account_id().unwrap(), event.data.title())).collect()
}

#[tokio::test]
async fn balances_accounts_and_the_past_are_there() {
    let directory = new_directory();
    let bank = open(&directory).await;
    for name in ["Josh", "Luke"] {
        bank.create(&account(name)).await.unwrap();
    }
    deposit(&bank, "Luke", 10).await;
    deposit(&bank, "Josh", 50).await;
    bank.withdraw(&account("Josh"), money(5)).await.unwrap();
    bank.transfer(&account("Josh"), &account("Luke"), money(1), None).await.unwrap();
    let log = bank.events(Position::START, 99).await.unwrap();
    let transfers = bank.transfers(Position::START, 99, None).await.unwrap();
    let list = bank.accounts(None).await.unwrap();
    bank.close().await;
    // The second time, the projections have nothing to catch up with.
    for _ in 0..2 {
        let bank = open(&directory).await;
        assert_eq!(bank.balances().read(all_balances), [("Josh".into(), 44), ("Luke".into(), 11)].into());
        assert_eq!(bank.accounts(None).await.unwrap(), list);
        assert_eq!(bank.total_deposits(None).await.unwrap(), 55);
        assert_eq!(bank.transfers(Position::START, 99, None).await.unwrap(), transfers);
        assert_eq!(bank.events(Position::START, 99).await.unwrap(), log);
        let then = bank.check_balance_at(&account("Josh"), Moment::Position(Position::new(4))).await;
        assert_eq!(then.unwrap(), money(50).into());
        let nobody = bank.check_balance(&account("Nobody")).await;
        assert_eq!(nobody, Err(CheckBalanceError::NoAccount));
        bank.close().await;
    }
    let bank = open(&directory).await;
    deposit(&bank, "Josh", 1).await;
    assert_eq!(bank.check_balance(&account("Josh")).await.unwrap(), money(45).into());
    assert_eq!(titles(&bank, log.len() as u64 + 1).await, ["Josh Money Deposited"]);
}

#[tokio::test]
async fn the_first_answer_knows_what_no_projection_has_kept() {
    let directory = new_directory();
    let bank = open(&directory).await;
    bank.create(&account("1")).await.unwrap();
    for amount in 1..=2_000 {
        bank.send(AccountCommand::deposit(account("1"), money(amount)), bank.start_conversation()).await.unwrap();
    }
    deposit(&bank, "1", 1).await;
    // As in a crash, nothing is written any more.
    drop(bank);
    let bank = open(&directory).await;
    assert_eq!(bank.balances().read(all_balances), [("1".into(), 2_001_001)].into());
    assert_eq!(bank.total_deposits(None).await.unwrap(), 2_001_001);
    assert_eq!(bank.accounts(None).await.unwrap().len(), 1);
}

fn file(directory: &TempDir) -> (Supervisor, SqliteStore<AccountEvent>) {
    let supervisor = Supervisor::new();
    let path = directory.path().join("bank.db");
    let store = SqliteStore::open(&path, SqliteOptions::default(), &supervisor).unwrap();
    (supervisor, store)
}

/// A command handler alone reserves the money, and nobody goes on with it.
#[tokio::test]
async fn transfers_half_done_end() {
    let directory = new_directory();
    let bank = open(&directory).await;
    for name in ["A", "B"] {
        bank.create(&account(name)).await.unwrap();
    }
    deposit(&bank, "A", 100).await;
    bank.close().await;

    let (supervisor, store) = file(&directory);
    let commands = CommandHandler::<Account>::start(store, Arc::new(Clock::System), Limits::default(), &supervisor);
    for (payee, amount) in [("B", 30), ("Nobody", 50)] {
        let id = Uuid::new_v4();
        let (account_id, payee, amount) = (account("A"), account(payee), money(amount));
        let outgoing =
            Box::new(Outgoing { account_id, transfer_id: id.into(), payee, amount, details: BookingDetails::NONE });
        let reserve = AccountCommand::ReserveMoney { outgoing, pin: None };
        commands.send(reserve, Metadata::from_outside(id)).await.unwrap().outcome().await.unwrap();
    }
    supervisor.stop(StopReason::Closed);

    let bank = open(&directory).await;
    // A command that comes now waits for what stands before it, and the next one for what that has led to.
    deposit(&bank, "B", 1).await;
    deposit(&bank, "B", 1).await;
    let mut after = titles(&bank, 4).await;
    assert_eq!(after[..2], ["A Money Reserved", "A Money Reserved"]);
    after.sort();
    let deposited = "B Money Deposited";
    let ended = ["A Transfer Released", "A Transfer Settled", deposited, deposited, "B Transfer Credited"];
    assert_eq!(after[2..], ended);
    assert_eq!(bank.balances().read(all_balances), [("A".into(), 70), ("B".into(), 32)].into());
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

fn josh() -> NewAccount {
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    NewAccount {
        account_id: account("1"),
        holder: HolderName::new("Josh").unwrap(),
        email,
        pin: Some(pin("1234")),
        opening: Default::default(),
    }
}

#[tokio::test]
async fn pins_are_known_and_wrong_ones_were_counted() {
    let directory = new_directory();
    let one = account("1");
    let bank = open(&directory).await;
    bank.create_account(josh()).await.unwrap();
    deposit(&bank, "1", 100).await;
    bank.close().await;

    let bank = open(&directory).await;
    let paid = bank.withdraw_with_pin(&one, money(30), pin("1234")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    assert_eq!(bank.withdraw(&one, money(30)).await.unwrap_err(), WithdrawError::PinRequired);
    for _ in 0..2 {
        let wrong = bank.withdraw_with_pin(&one, money(30), pin("0000")).await.unwrap();
        assert!(matches!(wrong, Withdrawal::WrongPin(_)), "{wrong:?}");
    }
    bank.close().await;

    let bank = open(&directory).await;
    let third = bank.withdraw_with_pin(&one, money(30), pin("0000")).await.unwrap();
    assert!(matches!(third, Withdrawal::WrongPin(_)), "{third:?}");
    bank.close().await;

    let bank = open(&directory).await;
    let locked = bank.withdraw_with_pin(&one, money(30), pin("1234")).await.unwrap_err();
    assert_eq!(locked, WithdrawError::AccountLocked);
    bank.unlock(&one).await.unwrap();
    bank.close().await;

    let bank = open(&directory).await;
    assert_eq!(bank.unlock(&one).await.unwrap_err(), UnlockError::NotLocked);
    let paid = bank.withdraw_with_pin(&one, money(30), pin("1234")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    assert_eq!(bank.check_balance(&one).await, Ok(money(40).into()));
}

fn e_mails(outbox: &Path) -> Vec<String> {
    let files = fs::read_dir(outbox).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut e_mails: Vec<_> = files.collect();
    e_mails.sort();
    e_mails
}

#[tokio::test]
async fn handlers_go_on_where_they_have_stopped() {
    let directory = new_directory();
    let outbox = directory.path().join("outbox");
    let email: EmailTarget = outbox.to_str().unwrap().parse().unwrap();
    let open = async || {
        let ceo_bonus = Some(account("CEO"));
        Bank::open(Options { email: Some(email.clone()), ceo_bonus, ..options(&directory) }).await.unwrap()
    };
    let bank = open().await;
    bank.create(&account("CEO")).await.unwrap();
    bank.create_account(josh()).await.unwrap();
    deposit(&bank, "1", 500).await;
    bank.close().await;
    assert_eq!(e_mails(&outbox).len(), 1);
    // What comes a second time would be written a second time.
    fs::remove_dir_all(&outbox).unwrap();

    let bank = open().await;
    bank.close().await;
    assert!(!outbox.exists());

    let bank = open().await;
    deposit(&bank, "1", 700).await;
    bank.close().await;
    let [e_mail] = &e_mails(&outbox)[..] else { panic!("one e-mail") };
    assert!(e_mail.contains("deposit of 700 into"), "{e_mail}");
    assert_eq!(bank.balances().read(all_balances), [("1".into(), 1_200), ("CEO".into(), 12)].into());
    let (_supervisor, store) = file(&directory);
    let bonuses = store.read_stream(&StreamId::new("account", &"CEO"), Version::new(1), 99).await.unwrap();
    assert_eq!(bonuses.iter().map(|event| event.data.amount()).collect::<Vec<_>>(), [Some(money(5)), Some(money(7))]);
}

#[tokio::test]
async fn parked_events_stay_parked_until_somebody_decides() {
    let directory = new_directory();
    let outbox = directory.path().join("outbox");
    fs::write(&outbox, "a file where the directory should be").unwrap();
    let email: EmailTarget = outbox.to_str().unwrap().parse().unwrap();
    let open = async || Bank::open(Options { email: Some(email.clone()), ..options(&directory) }).await.unwrap();
    let bank = open().await;
    bank.create_account(josh()).await.unwrap();
    for amount in [500, 700] {
        deposit(&bank, "1", amount).await;
    }
    bank.close().await;

    let bank = open().await;
    let parked = bank.parked().await.unwrap();
    let positions: Vec<_> = parked.iter().map(|(parked, _)| (parked.number, parked.position.get())).collect();
    assert_eq!(positions, [(1, 2), (2, 3)]);
    fs::remove_file(&outbox).unwrap();
    bank.retry_parked(1).await.unwrap();
    bank.close().await;

    let bank = open().await;
    assert_eq!(bank.parked().await.unwrap(), parked[1..]);
    bank.skip_parked(2).await.unwrap();
    bank.close().await;
    let bank = open().await;
    assert_eq!(bank.parked().await.unwrap(), []);
    let [e_mail] = &e_mails(&outbox)[..] else { panic!("one e-mail") };
    assert!(e_mail.contains("deposit of 500 into"), "{e_mail}");
}

#[tokio::test]
async fn accounts_are_loaded_from_their_snapshots() {
    let directory = new_directory();
    let limits = Limits { snapshot_every: NonZeroU64::new(4).unwrap(), ..Limits::default() };
    let bank = Bank::open(Options { limits, ..options(&directory) }).await.unwrap();
    bank.create(&account("1")).await.unwrap();
    for _ in 0..9 {
        deposit(&bank, "1", 10).await;
    }
    bank.close().await;

    let (supervisor, store) = file(&directory);
    let stream = StreamId::new("account", &"1");
    let (snapshot, events) = store.read_from_snapshot(&stream, Moment::NOW, 99).await.unwrap();
    assert_eq!((snapshot.unwrap().version.get(), events.len()), (8, 2));
    supervisor.stop(StopReason::Closed);

    let bank = Bank::open(Options { limits, ..options(&directory) }).await.unwrap();
    let declined = bank.withdraw(&account("1"), money(91)).await.unwrap();
    assert!(matches!(declined, Withdrawal::Declined { balance, .. } if balance == money(90).into()), "{declined:?}");
    let paid = bank.withdraw(&account("1"), money(90)).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
}
