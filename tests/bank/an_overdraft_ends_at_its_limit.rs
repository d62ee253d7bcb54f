//! A balance falls below zero as far as the account's overdraft limit allows, and no further.

use cqrs_bank::bank::{
    Account, Balance, Bank, CloseAccountError, Moment, Money, NewAccount, Opening, Options, OverdraftLimit,
    OverdraftLimitError, StoreUrl, TransferError, Withdrawal,
};
use cqrs_bank::engine::domain::Aggregate as _;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, balance, money};

fn limit(minor_units: u64) -> OverdraftLimit {
    OverdraftLimit::new(minor_units).unwrap()
}

fn owed(amount: u64) -> Balance {
    Balance::ZERO.checked_sub(money(amount)).unwrap()
}

fn with_limit(name: &str, minor_units: u64) -> NewAccount {
    let opening = Opening { overdraft_limit: limit(minor_units), ..Opening::default() };
    NewAccount { opening, ..NewAccount::from(&account(name)) }
}

#[tokio::test]
async fn a_payment_goes_down_to_the_limit_and_not_below() {
    let directory = tempfile::tempdir().unwrap();
    let file = || StoreUrl::Sqlite(directory.path().join("bank.db"));
    let bank = Bank::open(file()).await.unwrap();
    let (ada, grace) = (account("Ada"), account("Grace"));
    bank.create_account(with_limit("Ada", 500)).await.unwrap();
    bank.create(&grace).await.unwrap();
    bank.withdraw(&ada, money(400)).await.unwrap();
    match bank.withdraw(&ada, money(101)).await.unwrap() {
        Withdrawal::Declined { balance, .. } => assert_eq!(balance, owed(400)),
        other => panic!("{other:?}"),
    }
    let declined = bank.transfer(&ada, &grace, money(101), None).await.unwrap_err();
    assert_eq!(declined, TransferError::Overdrawn { balance: owed(400) });
    bank.transfer(&ada, &grace, money(100), None).await.unwrap();
    assert_eq!(bank.check_balance(&ada).await, Ok(owed(500)));
    assert_eq!(bank.check_balance(&grace).await, Ok(balance(100)));
    assert_eq!(bank.total_deposits(None).await, Ok(-400));
    assert_eq!(bank.close_account(&ada, None, None).await.unwrap_err(), CloseAccountError::BalanceNotZero);
    let set = bank.set_overdraft_limit(&ada, limit(499)).await;
    assert_eq!(set.unwrap_err(), OverdraftLimitError::OverdraftInUse);
    bank.deposit(&ada, money(700)).await.unwrap();
    bank.set_overdraft_limit(&ada, OverdraftLimit::NONE).await.unwrap();
    let again = bank.set_overdraft_limit(&ada, OverdraftLimit::NONE).await.unwrap();
    assert!(again.events().is_empty(), "a limit that is set already is not stored again");
    bank.withdraw(&ada, money(200)).await.unwrap();
    match bank.withdraw(&ada, money(1)).await.unwrap() {
        Withdrawal::Declined { balance, .. } => assert_eq!(balance, Balance::ZERO),
        other => panic!("{other:?}"),
    }
    let third = Moment::Position(Position::new(4));
    assert_eq!(bank.check_balance_at(&ada, third).await, Ok(owed(400)));
    assert_eq!(bank.total_deposits(Some(third)).await, Ok(-400));
    bank.verify(|_, _| ()).await.unwrap();
    bank.close().await;
    let again = Bank::open(file()).await.unwrap();
    assert_eq!(again.check_balance(&ada).await, Ok(Balance::ZERO));
    assert_eq!(again.total_deposits(None).await, Ok(100));
}

#[tokio::test]
async fn an_overdrawn_account_holds_what_it_may_again() {
    let bank = Bank::open(Options::default()).await.unwrap();
    let (ada, grace, max) = (account("Ada"), account("Grace"), Money::MAX);
    for name in ["Ada", "Grace"] {
        bank.create_account(with_limit(name, max.minor_units())).await.unwrap();
    }
    bank.withdraw(&ada, max).await.unwrap();
    bank.deposit(&ada, max).await.unwrap();
    bank.transfer(&ada, &grace, max, None).await.unwrap();
    bank.transfer(&grace, &ada, max, None).await.unwrap();
    bank.deposit(&ada, max).await.unwrap();
    bank.deposit(&ada, money(1)).await.unwrap_err();
    bank.transfer(&ada, &grace, max, None).await.unwrap();
    bank.verify(|_, _| ()).await.unwrap();
    assert_eq!(bank.check_balance(&grace).await, Ok(max.into()));
}

#[test]
fn a_snapshot_of_before_is_read_and_written_as_before() {
    let of_before = r#"{"form":1,"account_id":"Ada","balance":7,"lock":{"wrong_pins":0},"reservations":[]}"#;
    assert_eq!(Account::restore(of_before).unwrap().snapshot().as_deref(), Some(of_before));
    let overdrawn =
        r#"{"form":1,"account_id":"Ada","balance":-7,"overdraft_limit":9,"lock":{"wrong_pins":0},"reservations":[]}"#;
    assert_eq!(Account::restore(overdrawn).unwrap().snapshot().as_deref(), Some(overdrawn));
}
