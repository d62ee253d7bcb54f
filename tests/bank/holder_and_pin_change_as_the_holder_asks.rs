//! Holder, e-mail address and PIN of an account change as its holder asks, who needs the PIN.

use cqrs_bank::bank::{
    AccountFilter, AccountId, Bank, ChangeAccountError, ChangePinError, EmailAddress, HolderName, Moment, NewAccount,
    Options, Pin, PinCost, PinOptions, PinSecret, StoreUrl, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::Position;
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::outbox::Outbox;
use crate::rest::at_rest;

fn options(store: StoreUrl) -> Options {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Options { store, pins, ..Options::default() }
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

fn email(address: &str) -> EmailAddress {
    EmailAddress::new(address).unwrap()
}

fn holder(name: &str) -> HolderName {
    HolderName::new(name).unwrap()
}

async fn with_pin(bank: &Bank, name: &AccountId) {
    bank.create_account(NewAccount { pin: Some(pin("1234")), ..NewAccount::from(name) }).await.unwrap();
    bank.deposit(name, money(100)).await.unwrap();
}

#[tokio::test]
async fn the_list_shows_the_holder_of_the_time_that_is_asked_about() {
    let directory = tempfile::tempdir().unwrap();
    let file = || options(StoreUrl::Sqlite(directory.path().join("bank.db")));
    let mut bank = Bank::open(file()).await.unwrap();
    let ada = account("Ada");
    bank.create(&ada).await.unwrap();
    for name in ["Grace", "Ada"] {
        bank.change_holder(&ada, holder(name), None).await.unwrap();
    }
    for _ in 0..2 {
        for (position, expected) in [(1, "Ada"), (2, "Grace"), (3, "Ada")] {
            let moment = Some(Moment::Position(Position::new(position)));
            assert_eq!(&*bank.accounts(moment).await.unwrap()[0].holder, expected);
            let filter = AccountFilter { holder: Some("Grace".to_owned()), ..AccountFilter::default() };
            let listed = bank.filtered_accounts(&filter, moment).await.unwrap().len();
            assert_eq!(listed, usize::from(expected == "Grace"));
        }
        bank.close().await;
        bank = Bank::open(file()).await.unwrap();
    }
}

#[tokio::test]
async fn who_gets_an_address_later_is_thanked_from_then_on() {
    let outbox = Outbox::new();
    let bank = Bank::open(Options { email: Some(outbox.target()), ..Options::default() }).await.unwrap();
    let ada = account("Ada");
    bank.create(&ada).await.unwrap();
    bank.deposit(&ada, money(1)).await.unwrap();
    bank.change_email(&ada, email("ada@example.org"), None).await.unwrap();
    bank.deposit(&ada, money(2)).await.unwrap();
    bank.change_holder(&ada, holder("Grace"), None).await.unwrap();
    bank.change_email(&ada, email("grace@example.org"), None).await.unwrap();
    bank.deposit(&ada, money(3)).await.unwrap();
    bank.change_email(&ada, None, None).await.unwrap();
    bank.deposit(&ada, money(4)).await.unwrap();
    at_rest(&bank).await;
    assert_eq!(outbox.sent().len(), 2);
    // Delivered again, an e-mail is the same: each deposit has the recipient of its time.
    let recipient = |position| {
        let moment = Moment::Position(Position::new(position));
        let recipient = bank.account_list().read(|accounts| accounts.recipient("Ada", moment))?;
        Some(format!("{} <{}>", recipient.holder, recipient.address.as_str()))
    };
    assert_eq!(recipient(2), None);
    assert_eq!(recipient(4).as_deref(), Some("Ada <ada@example.org>"));
    assert_eq!(recipient(7).as_deref(), Some("Grace <grace@example.org>"));
    assert_eq!(recipient(9), None);
}

#[tokio::test]
async fn each_change_needs_the_pin_and_wrong_ones_count() {
    let bank = Bank::open(options(StoreUrl::Memory)).await.unwrap();
    let ada = account("Ada");
    with_pin(&bank, &ada).await;
    let name = |digits: Option<&str>| bank.change_holder(&ada, holder("Grace"), digits.map(pin));
    assert_eq!(name(None).await.unwrap_err(), ChangeAccountError::PinRequired);
    assert_eq!(name(Some("0000")).await.unwrap_err(), ChangeAccountError::WrongPin);
    let address = bank.change_email(&ada, email("ada@example.org"), Some(pin("0000"))).await;
    assert_eq!(address.unwrap_err(), ChangeAccountError::WrongPin);
    name(Some("1234")).await.unwrap();
    for _ in 0..2 {
        let changed = bank.change_pin(&ada, Some(pin("0000")), pin("5678")).await;
        assert_eq!(changed.unwrap_err(), ChangePinError::WrongPin);
    }
    assert_eq!(bank.change_pin(&ada, None, pin("5678")).await.unwrap_err(), ChangePinError::PinRequired);
    let paid = bank.withdraw_with_pin(&ada, money(1), pin("0000")).await.unwrap();
    assert!(matches!(paid, Withdrawal::WrongPin(_)), "{paid:?}");
    let changed = bank.change_pin(&ada, Some(pin("1234")), pin("5678")).await;
    assert_eq!(changed.unwrap_err(), ChangePinError::AccountLocked);
    assert_eq!(name(Some("1234")).await.unwrap_err(), ChangeAccountError::AccountLocked);
    bank.unlock(&ada).await.unwrap();
    bank.freeze(&ada, None).await.unwrap();
    bank.change_pin(&ada, Some(pin("1234")), pin("5678")).await.unwrap();
    bank.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn the_new_pin_pays_at_once_in_every_program_and_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let (one, other) =
        (Bank::open(options(file.clone())).await.unwrap(), Bank::open(options(file.clone())).await.unwrap());
    let ada = account("Ada");
    with_pin(&one, &ada).await;
    for (old, new) in [("1234", "5678"), ("5678", "1234"), ("1234", "1234"), ("1234", "0001")] {
        one.change_pin(&ada, Some(pin(old)), pin(new)).await.unwrap();
        let paid = other.withdraw_with_pin(&ada, money(1), pin(new)).await.unwrap();
        assert!(matches!(paid, Withdrawal::Paid(_)), "{old} {new} {paid:?}");
    }
    other.close().await;
    one.close().await;
    let again = Bank::open(options(file)).await.unwrap();
    let wrong = again.withdraw_with_pin(&ada, money(1), pin("1234")).await.unwrap();
    assert!(matches!(wrong, Withdrawal::WrongPin(_)), "{wrong:?}");
    let paid = again.withdraw_with_pin(&ada, money(1), pin("0001")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    again.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn an_account_without_a_pin_gets_none() {
    let bank = Bank::open(options(StoreUrl::Memory)).await.unwrap();
    let change = async |name: &str, old: Option<&str>| {
        bank.change_pin(&account(name), old.map(pin), pin("5678")).await.map(|_| ())
    };
    bank.create(&account("Ada")).await.unwrap();
    assert_eq!(change("Ada", None).await, Err(ChangePinError::NoPin));
    assert_eq!(change("Ada", Some("1234")).await, Err(ChangePinError::NoPin));
    assert_eq!(change("Nobody", Some("1234")).await, Err(ChangePinError::NoAccount));
    bank.close_account(&account("Ada"), None, None).await.unwrap();
    assert_eq!(change("Ada", None).await, Err(ChangePinError::AccountClosed));
}

/// A PIN that was checked while it was being changed is checked again.
#[tokio::test]
async fn a_payment_and_a_change_at_once_have_outcomes_of_one_after_the_other() {
    let directory: TempDir = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    let banks = [Bank::open(options(file.clone())).await.unwrap(), Bank::open(options(file)).await.unwrap()];
    let banks = banks.map(|bank| bank.with_consistency(Consistency::Eventual));
    let ada = account("Ada");
    with_pin(&banks[0], &ada).await;
    let (mut old, mut new) = ("1234", "5678");
    for round in 0..20 {
        let (changer, payer) = (&banks[round % 2], &banks[(round + 1) % 2]);
        let change = changer.change_pin(&ada, Some(pin(old)), pin(new));
        let (changed, paid) = tokio::join!(change, payer.withdraw_with_pin(&ada, money(1), pin(old)));
        changed.unwrap();
        match paid {
            Ok(Withdrawal::Paid(_) | Withdrawal::WrongPin(_)) => {}
            other => panic!("{other:?}"),
        }
        std::mem::swap(&mut old, &mut new);
    }
    let required = banks[0].withdraw(&ada, money(1)).await;
    assert_eq!(required.unwrap_err(), WithdrawError::PinRequired);
}
