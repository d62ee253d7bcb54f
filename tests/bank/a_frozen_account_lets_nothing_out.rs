//! Nothing goes out of a frozen account, and everything comes in.

use cqrs_bank::bank::{
    Account, AccountCommand, AccountEvent, Bank, BookingDetails, FreezeError, NewAccount, Options, Pin, PinCheck,
    PinCost, PinOptions, PinSecret, Refusal, StatedReason, TransferError, UnfreezeError, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::domain::Aggregate as _;
use cqrs_bank::engine::testing::given;

use crate::accounts::{account, balance, money};
use crate::rest::log;

async fn with_money(names: &[&str]) -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    let bank = Bank::open(Options { pins, ..Options::default() }).await.unwrap();
    for name in names {
        bank.create(&account(name)).await.unwrap();
        bank.deposit(&account(name), money(100)).await.unwrap();
    }
    bank
}

#[tokio::test]
async fn nothing_goes_out_and_everything_comes_in() {
    let bank = with_money(&["Ada", "Grace"]).await;
    let (ada, grace) = (account("Ada"), account("Grace"));
    let reason = StatedReason::new("a court order").unwrap();
    bank.freeze(&ada, Some(reason.clone())).await.unwrap();
    assert_eq!(bank.freeze(&ada, None).await.unwrap_err(), FreezeError::AlreadyFrozen);
    assert_eq!(bank.withdraw(&ada, money(1_000)).await.unwrap_err(), WithdrawError::AccountFrozen);
    let transfer = bank.transfer(&ada, &grace, money(1), None).await;
    assert_eq!(transfer.unwrap_err(), TransferError::AccountFrozen);
    bank.deposit(&ada, money(1)).await.unwrap();
    bank.transfer(&grace, &ada, money(20), None).await.unwrap();
    assert_eq!(bank.check_balance(&ada).await, Ok(balance(121)));
    bank.unfreeze(&ada).await.unwrap();
    assert_eq!(bank.unfreeze(&ada).await.unwrap_err(), UnfreezeError::NotFrozen);
    bank.withdraw(&ada, money(121)).await.unwrap();
    let frozen = AccountEvent::AccountFrozen { account_id: ada.clone(), reason: Some(reason) };
    assert_eq!(log(&bank).await.iter().filter(|event| event.data == frozen).count(), 1);
    bank.verify(|_, _| ()).await.unwrap();
    assert_eq!(bank.freeze(&account("Nobody"), None).await.unwrap_err(), FreezeError::NoAccount);
    assert_eq!(bank.unfreeze(&account("Nobody")).await.unwrap_err(), UnfreezeError::NoAccount);
}

#[tokio::test]
async fn a_frozen_account_counts_no_wrong_pins() {
    let bank = with_money(&[]).await;
    let (ada, pin) = (account("Ada"), |digits| Pin::new(digits).unwrap());
    bank.create_account(NewAccount { pin: Some(pin("1234")), ..NewAccount::from(&ada) }).await.unwrap();
    bank.deposit(&ada, money(100)).await.unwrap();
    bank.freeze(&ada, None).await.unwrap();
    for digits in ["0000", "0000", "0000", "1234"] {
        let refused = bank.withdraw_with_pin(&ada, money(1), pin(digits)).await.unwrap_err();
        assert_eq!(refused, WithdrawError::AccountFrozen);
    }
    bank.unfreeze(&ada).await.unwrap();
    let paid = bank.withdraw_with_pin(&ada, money(1), pin("1234")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
}

/// The answers to a transfer come to a payer that was frozen meanwhile.
#[test]
fn a_transfer_that_was_reserved_before_is_settled_or_comes_back() {
    let (ada, grace, transfer_id) = (account("Ada"), account("Grace"), uuid::Uuid::nil().into());
    let (account_id, details) = (ada.clone(), BookingDetails::NONE);
    let outgoing = cqrs_bank::bank::Outgoing { account_id, transfer_id, payee: grace, amount: money(5), details };
    let history = [
        AccountEvent::AccountCreated { account_id: ada.clone(), account_holder: (&ada).into() },
        AccountEvent::deposited(ada.clone(), money(5)),
        AccountEvent::MoneyReserved(Box::new(outgoing.clone())),
        AccountEvent::AccountFrozen { account_id: ada.clone(), reason: None },
    ];
    let settle = AccountCommand::SettleTransfer { account_id: ada.clone(), transfer_id };
    given::<Account>(history.clone()).when(&settle).then([AccountEvent::TransferSettled(Box::new(outgoing.clone()))]);
    let reason = cqrs_bank::bank::ReleaseReason::NoPayee;
    let release = AccountCommand::ReleaseTransfer { account_id: ada.clone(), transfer_id, reason };
    let released = cqrs_bank::bank::Released { outgoing, reason };
    let account = given::<Account>(history).when(&release).then([AccountEvent::TransferReleased(Box::new(released))]);
    let withdraw = AccountCommand::withdrawal(ada, money(5));
    account.when(&withdraw).then_refused(&Refusal::AccountFrozen);
}

#[test]
fn a_frozen_account_shows_nothing_and_is_restored_as_it_was() {
    let ada = account("Ada");
    let history = [
        AccountEvent::AccountCreated { account_id: ada.clone(), account_holder: (&ada).into() },
        AccountEvent::AccountFrozen { account_id: ada.clone(), reason: None },
    ];
    let state = given::<Account>(history).state();
    let pin = Some(Box::new(PinCheck::Checked { verifier: None, matches: false }));
    let details = BookingDetails::NONE;
    let withdraw = AccountCommand::WithdrawMoney { account_id: ada, amount: money(5), details, pin };
    assert_eq!(state.trace_value(&withdraw), None);
    let snapshot = state.snapshot().unwrap();
    assert_eq!(
        snapshot,
        r#"{"form":1,"account_id":"Ada","balance":0,"standing":"frozen","lock":{"wrong_pins":0},"reservations":[]}"#
    );
    assert_eq!(Account::restore(&snapshot), Some(state));
    let of_before = r#"{"form":1,"account_id":"Ada","balance":7,"lock":{"wrong_pins":0},"reservations":[]}"#;
    assert_eq!(Account::restore(of_before).unwrap().snapshot().as_deref(), Some(of_before));
}
