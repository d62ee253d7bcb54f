//! A reversal that takes money out obeys overdraft limit, freezing and closing; one that brings money in obeys closing.

use cqrs_bank::bank::{
    Account, AccountChange, AccountCommand, AccountEvent, Bank, Change, NewAccount, Opening, Options, Outgoing,
    OverdraftLimit, Pin, PinCost, PinOptions, PinSecret, Refusal, ReleaseReason, Released, ReverseError,
};
use cqrs_bank::engine::domain::Aggregate as _;
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::testing::given;
use uuid::Uuid;

use crate::accounts::{account, money};
use crate::rest::log;

async fn open(names: &[&str]) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    let bank = Bank::open(Options { pins, ..Options::default() }).await.unwrap();
    for name in names {
        bank.create(&account(name)).await.unwrap();
        bank.deposit(&account(name), money(100)).await.unwrap();
    }
    bank
}

async fn balance(bank: &Bank, name: &str) -> i64 {
    bank.check_balance(&account(name)).await.unwrap().minor_units()
}

async fn reverse(bank: &Bank, position: u64) -> Result<(), ReverseError> {
    bank.reverse(Position::new(position), None).await.map(|_| ())
}

fn limit(minor_units: u64) -> OverdraftLimit {
    OverdraftLimit::new(minor_units).unwrap()
}

#[tokio::test]
async fn it_goes_down_to_the_overdraft_limit_and_not_below() {
    let bank = open(&["Ada", "Grace"]).await;
    let ada = account("Ada");
    bank.transfer(&account("Grace"), &ada, money(40), None).await.unwrap();
    bank.withdraw(&ada, money(140)).await.unwrap();
    bank.set_overdraft_limit(&ada, limit(99)).await.unwrap();
    let before = log(&bank).await;
    assert_eq!(reverse(&bank, 2).await, Err(ReverseError::Overdrawn));
    assert_eq!(log(&bank).await, before);
    bank.set_overdraft_limit(&ada, limit(100)).await.unwrap();
    reverse(&bank, 2).await.unwrap();
    assert_eq!(balance(&bank, "Ada").await, -100);
    assert_eq!(reverse(&bank, 5).await, Err(ReverseError::Overdrawn));
    bank.set_overdraft_limit(&ada, limit(140)).await.unwrap();
    reverse(&bank, 5).await.unwrap();
    assert_eq!((balance(&bank, "Ada").await, balance(&bank, "Grace").await), (-140, 100));
    bank.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn a_frozen_account_gives_nothing_back_and_takes() {
    let bank = open(&["Ada", "Grace"]).await;
    let (ada, grace) = (account("Ada"), account("Grace"));
    bank.withdraw(&ada, money(30)).await.unwrap();
    bank.transfer(&grace, &ada, money(10), None).await.unwrap();
    bank.transfer(&ada, &grace, money(20), None).await.unwrap();
    bank.freeze(&ada, None).await.unwrap();
    for outgoing in [2, 6] {
        assert_eq!(reverse(&bank, outgoing).await, Err(ReverseError::AccountFrozen), "{outgoing}");
    }
    for incoming in [5, 9] {
        reverse(&bank, incoming).await.unwrap();
        assert_eq!(reverse(&bank, incoming).await, Err(ReverseError::AlreadyReversed), "{incoming}");
    }
    assert_eq!((balance(&bank, "Ada").await, balance(&bank, "Grace").await), (110, 90));
    bank.unfreeze(&ada).await.unwrap();
    for outgoing in [2, 6] {
        reverse(&bank, outgoing).await.unwrap();
    }
    assert_eq!((balance(&bank, "Ada").await, balance(&bank, "Grace").await), (0, 100));
    bank.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn a_closed_account_neither_gives_nor_takes() {
    let bank = open(&["Ada", "Grace"]).await;
    let (ada, grace) = (account("Ada"), account("Grace"));
    bank.transfer(&grace, &ada, money(10), None).await.unwrap();
    bank.transfer(&ada, &grace, money(20), None).await.unwrap();
    bank.withdraw(&ada, money(90)).await.unwrap();
    bank.close_account(&ada, None, None).await.unwrap();
    let before = log(&bank).await;
    for position in [2, 5, 11] {
        assert_eq!(reverse(&bank, position).await, Err(ReverseError::AccountClosed), "{position}");
    }
    assert_eq!(log(&bank).await, before);
    for _ in 0..2 {
        assert_eq!(reverse(&bank, 8).await, Err(ReverseError::NoPayee), "nobody takes it back");
        assert_eq!((balance(&bank, "Ada").await, balance(&bank, "Grace").await), (0, 110));
        assert_eq!(log(&bank).await, before, "nothing is stored");
    }
    bank.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn an_opening_deposit_is_reversed_like_any() {
    let bank = open(&[]).await;
    let opening = Opening { deposit: Some(money(50)), overdraft_limit: limit(10), ..Opening::default() };
    bank.create_account(NewAccount { opening, ..NewAccount::from(&account("Ada")) }).await.unwrap();
    for nothing in [1, 2] {
        assert_eq!(reverse(&bank, nothing).await, Err(ReverseError::NothingToReverse));
    }
    bank.withdraw(&account("Ada"), money(10)).await.unwrap();
    reverse(&bank, 3).await.unwrap();
    assert_eq!(reverse(&bank, 3).await, Err(ReverseError::AlreadyReversed));
    assert_eq!(balance(&bank, "Ada").await, -10);
    bank.verify(|_, _| ()).await.unwrap();
}

/// It is the bank's own act.
#[tokio::test]
async fn a_locked_account_gives_back_without_a_pin_and_stays_locked() {
    let bank = open(&[]).await;
    let (ada, pin) = (account("Ada"), |digits| Pin::new(digits).unwrap());
    bank.create_account(NewAccount { pin: Some(pin("1234")), ..NewAccount::from(&ada) }).await.unwrap();
    bank.deposit(&ada, money(5)).await.unwrap();
    for _ in 0..3 {
        bank.withdraw_with_pin(&ada, money(1), pin("0000")).await.unwrap();
    }
    reverse(&bank, 2).await.unwrap();
    bank.withdraw_with_pin(&ada, money(1), pin("1234")).await.unwrap_err();
    assert_eq!(balance(&bank, "Ada").await, 0);
}

/// What is reserved for a transfer back is no balance, but under way.
#[test]
fn an_account_is_not_closed_while_a_transfer_back_is_under_way() {
    let (ada, transfer_id, reverses) = (account("Ada"), Uuid::from_u128(2), Uuid::from_u128(1));
    let data = format!(
        r#"{{"account_id":"Ada","transfer_id":"{transfer_id}","payee":"Grace","amount":5,"reverses":"{reverses}"}}"#
    );
    let outgoing: Outgoing = serde_json::from_str(&data).unwrap();
    let change = AccountChange { account_id: ada.clone(), change: Change::Close { reason: None }, pin: None };
    let close = AccountCommand::ChangeAccount(Box::new(change));
    let (transfer_id, reason) = (outgoing.transfer_id, ReleaseReason::NoPayee);
    let release = AccountCommand::ReleaseTransfer { account_id: ada.clone(), transfer_id, reason };
    let history = [
        AccountEvent::AccountCreated { account_id: ada.clone(), account_holder: (&ada).into() },
        AccountEvent::deposited(ada, money(5)),
        AccountEvent::MoneyReserved(Box::new(outgoing.clone())),
    ];
    let state = given::<Account>(history.clone()).state();
    assert_eq!(Account::restore(&state.snapshot().unwrap()), Some(state));
    given::<Account>(history)
        .when(&close)
        .then_refused(&Refusal::TransferUnderWay)
        .when(&release)
        .then([AccountEvent::TransferReleased(Box::new(Released { outgoing, reason }))])
        .when(&close)
        .then_refused(&Refusal::BalanceNotZero);
}
