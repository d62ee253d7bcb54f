//! A booking may have a memo and a booking date: both accounts of a transfer have them, and a release too. What has neither is
//! stored as before there were any.

use std::num::{NonZeroU64, NonZeroUsize};

use cqrs_bank::bank::{
    AccountEvent, Bank, BookingDate, BookingDetails, CommandFailure, FutureDate, Memo, Options, StoreUrl, TransferError,
};
use cqrs_bank::engine::command_handler::Limits;
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::{Position, RecordedEvent};
use cqrs_bank::engine::store::codec::{StoredEvent as _, UnreadableEvent};
use uuid::Uuid;

use crate::accounts::{account, money};
use crate::rest::log;

const DAY: &str = "2024-01-17";

fn date(text: &str) -> BookingDate {
    text.parse().unwrap()
}

fn rent(bank: &Bank) -> BookingDetails {
    BookingDetails::new(Some(Memo::new("Rent").unwrap()), Some(date(DAY)), bank.today()).unwrap()
}

async fn bank_with_accounts(options: Options) -> Bank {
    let bank = Bank::open(options).await.unwrap();
    for name in ["A", "B"] {
        bank.create(&account(name)).await.unwrap();
    }
    bank.deposit(&account("A"), money(100)).await.unwrap();
    bank
}

fn data(event: &RecordedEvent<AccountEvent>) -> (u16, String) {
    (event.data.schema_version(), event.data.to_json().unwrap())
}

#[tokio::test]
async fn deposits_and_withdrawals_keep_what_they_were_given() {
    let bank = bank_with_accounts(StoreUrl::Memory.into()).await;
    bank.deposit(&account("A"), money(5)).details(rent(&bank)).await.unwrap();
    bank.withdraw(&account("A"), money(6)).details(Memo::new("Bread").unwrap().into()).await.unwrap();
    let on_the_day = BookingDetails::new(None, Some(date(DAY)), bank.today()).unwrap();
    bank.withdraw(&account("A"), money(7)).details(on_the_day).await.unwrap();
    let stored: Vec<_> = log(&bank).await[2..].iter().map(data).collect();
    assert_eq!(
        stored,
        [
            (1, r#"{"account_id":"A","amount":100}"#.to_owned()),
            (2, r#"{"account_id":"A","amount":5,"memo":"Rent","booking_date":"2024-01-17"}"#.to_owned()),
            (2, r#"{"account_id":"A","amount":6,"memo":"Bread"}"#.to_owned()),
            (2, r#"{"account_id":"A","amount":7,"booking_date":"2024-01-17"}"#.to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_transfer_has_them_at_both_accounts_and_where_it_is_released() {
    // A snapshot after each event, and no account in memory: the reservation passes through a snapshot.
    let one = NonZeroUsize::new(1).unwrap();
    let limits = Limits { cached_aggregates: one, snapshot_every: NonZeroU64::new(1).unwrap(), ..Limits::default() };
    let bank = bank_with_accounts(Options { limits, ..Options::default() }).await;
    bank.transfer(&account("A"), &account("B"), money(25), None).details(rent(&bank)).await.unwrap();
    let nobody = bank.transfer(&account("A"), &account("Nobody"), money(5), None).details(rent(&bank)).await;
    assert!(matches!(nobody, Err(TransferError::NoPayee)), "{nobody:?}");
    let log = log(&bank).await;
    assert_eq!(log.len(), 8);
    for event in &log[3..] {
        assert_eq!(event.data.details(), Some(&rent(&bank)), "{event:?}");
        let (version, json) = data(event);
        assert!(version == 2 && json.contains(r#""memo":"Rent","booking_date":"2024-01-17""#), "{json}");
        let read = AccountEvent::from_stored(event.data.event_type(), version, &json);
        assert_eq!(read.as_ref(), Ok(&event.data));
    }
}

#[tokio::test]
async fn nothing_is_booked_in_the_future_of_the_banks_clock() {
    let bank = Bank::open(Options { seed: Some(1), ..Options::default() }).await.unwrap();
    assert_eq!(bank.today(), date("2026-01-01"));
    assert!(BookingDetails::new(None, Some(date("2026-01-01")), bank.today()).is_ok());
    let refused = BookingDetails::new(None, Some(date("2026-01-02")), bank.today());
    assert_eq!(refused, Err(FutureDate { date: date("2026-01-02"), today: date("2026-01-01") }));
}

/// Memo and date are part of a command's content.
#[tokio::test]
async fn a_command_id_stands_for_one_memo_and_one_date() {
    let bank = bank_with_accounts(StoreUrl::Memory.into()).await;
    let id = Uuid::from_u128(7);
    let deposit = || bank.deposit(&account("A"), money(5)).command_id(id);
    let first = deposit().details(rent(&bank)).await.unwrap();
    assert_eq!(deposit().details(rent(&bank)).await.unwrap().events(), first.events());
    for other in [BookingDetails::NONE, Memo::new("Rent").unwrap().into()] {
        let sent = deposit().details(other).send().await.unwrap();
        let refused = sent.receipt().await;
        assert!(matches!(refused, Err(CommandFailure::IdTaken { .. })), "{refused:?}");
    }
    assert_eq!(bank.events(Position::START, 99).await.unwrap().len(), 4);
}

#[test]
fn what_no_version_has_written_is_not_read() {
    let read = |version, json| AccountEvent::from_stored("money_deposited_into_bank_account", version, json);
    assert!(read(1, r#"{"account_id":"A","amount":5}"#).is_ok());
    assert!(read(2, r#"{"account_id":"A","amount":5,"memo":"Rent"}"#).is_ok());
    for (version, json, reason) in [
        (1, r#"{"account_id":"A","amount":5,"memo":"Rent"}"#, "not of version 1 but of 2"),
        (2, r#"{"account_id":"A","amount":5}"#, "not of version 2 but of 1"),
        (2, r#"{"account_id":"A","amount":5,"memo":""}"#, "a memo has 1 to 140 characters"),
        (2, r#"{"account_id":"A","amount":5,"booking_date":"2024-02-30"}"#, "a date looks like 2024-01-17"),
        (2, r#"{"account_id":"A","amount":5,"note":"Rent"}"#, "unknown field `note`"),
    ] {
        let said = read(version, json).unwrap_err().to_string();
        assert!(said.contains(reason), "{said}");
    }
    let newer = read(3, r#"{"account_id":"A","amount":5}"#);
    assert!(matches!(newer, Err(UnreadableEvent::UnknownVersion { schema_version: 3, .. })), "{newer:?}");
}
