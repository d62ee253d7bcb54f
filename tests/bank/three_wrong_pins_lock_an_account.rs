//! A PIN protects payments: wrong PINs are counted for withdrawals and transfers alike, and three in a row lock the
//! account.

use cqrs_bank::bank::{
    AccountEvent, AccountId, Bank, CreateError, EmailAddress, HolderName, NewAccount, Options, PIN_SECRET, Pin,
    PinCost, PinOptions, PinSecret, StoreUrl, Unavailable, UnlockError, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::feed::checkpoints::Consistency;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, balance, money};

async fn open() -> Bank {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Bank::open(Options { pins, ..Options::default() }).await.unwrap()
}

fn pin(digits: &str) -> Pin {
    Pin::new(digits).unwrap()
}

fn josh(name: &str) -> NewAccount {
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    NewAccount {
        account_id: account(name),
        holder: HolderName::new("Josh").unwrap(),
        email,
        pin: Some(pin("1234")),
        opening: Default::default(),
    }
}

async fn with_money(bank: &Bank) -> AccountId {
    let one = account("1");
    bank.create_account(josh("1")).await.unwrap();
    bank.deposit(&one, money(100)).await.unwrap();
    one
}

async fn wrong_pins(bank: &Bank) -> usize {
    let events = bank.events(Position::START, usize::MAX).await.unwrap();
    events.iter().filter(|event| matches!(event.data, AccountEvent::InvalidPin { .. })).count()
}

#[tokio::test]
async fn the_right_pin_pays_and_a_wrong_one_is_an_event() {
    let bank = open().await;
    let one = with_money(&bank).await;
    let paid = bank.withdraw_with_pin(&one, money(30), pin("1234")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    let declined = bank.withdraw_with_pin(&one, money(300), pin("1234")).await.unwrap();
    assert!(matches!(declined, Withdrawal::Declined { .. }), "{declined:?}");
    let wrong = bank.withdraw_with_pin(&one, money(30), pin("12345")).await.unwrap();
    assert!(matches!(wrong, Withdrawal::WrongPin(_)), "{wrong:?}");
    assert_eq!(bank.withdraw(&one, money(30)).await.unwrap_err(), WithdrawError::PinRequired);
    assert_eq!(bank.check_balance(&one).await, Ok(balance(70)));
}

#[tokio::test]
async fn a_locked_account_pays_nobody_until_it_is_unlocked() {
    let bank = open().await;
    let one = with_money(&bank).await;
    assert_eq!(bank.unlock(&one).await.unwrap_err(), UnlockError::NotLocked);
    for _ in 0..3 {
        bank.withdraw_with_pin(&one, money(30), pin("0000")).await.unwrap();
    }
    for digits in ["1234", "0000"] {
        let refused = bank.withdraw_with_pin(&one, money(30), pin(digits)).await.unwrap_err();
        assert_eq!(refused, WithdrawError::AccountLocked);
    }
    bank.unlock(&one).await.unwrap();
    bank.withdraw_with_pin(&one, money(30), pin("1234")).await.unwrap();
    assert_eq!(bank.check_balance(&one).await, Ok(balance(70)));
    assert_eq!(bank.unlock(&account("nobody")).await.unwrap_err(), UnlockError::NoAccount);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wrong_pins_that_come_at_once_are_all_counted() {
    let bank = open().await;
    let one = with_money(&bank).await;
    let mut tries = Vec::new();
    for _ in 0..20 {
        let (bank, one) = (bank.clone(), one.clone());
        tries.push(tokio::spawn(async move { bank.withdraw_with_pin(&one, money(1), pin("0000")).await }));
    }
    let mut locked = 0;
    for tried in tries {
        match tried.await.unwrap() {
            Ok(Withdrawal::WrongPin(_)) => {}
            Err(WithdrawError::AccountLocked) => locked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((wrong_pins(&bank).await, locked), (3, 17));
}

#[tokio::test]
async fn as_much_is_checked_for_an_account_that_has_no_pin_or_does_not_exist() {
    let bank = open().await;
    let one = with_money(&bank).await;
    bank.create(&account("plain")).await.unwrap();
    assert_eq!(bank.pin_checks(), 0);
    bank.withdraw_with_pin(&one, money(1), pin("1234")).await.unwrap();
    assert_eq!(bank.pin_checks(), 1);
    let paid = bank.withdraw_with_pin(&account("plain"), money(1), pin("1234")).await.unwrap();
    assert!(matches!(paid, Withdrawal::Declined { .. }), "its PIN does not matter: {paid:?}");
    assert_eq!(bank.pin_checks(), 2);
    let refused = bank.withdraw_with_pin(&account("nobody"), money(1), pin("1234")).await.unwrap_err();
    assert_eq!((refused, bank.pin_checks()), (WithdrawError::NoAccount, 3));
}

/// A PIN sent right after the creation is checked before the account exists, and again once it does.
#[tokio::test]
async fn a_pin_counts_for_an_account_that_is_created_meanwhile() {
    for (digits, expected) in [("1234", "account_overdrawn"), ("0000", "invalid_pin")] {
        let bank = open().await;
        let creation = bank.creation(josh("1")).await.unwrap();
        let command = cqrs_bank::bank::AccountCommand::withdrawal(account("1"), money(5));
        let eventual = bank.with_consistency(Consistency::Eventual);
        let pending = {
            // On a single thread, the account is created only when the test awaits something: the first check has no
            // verifier.
            let pending = eventual.send_with_pin(command, Some(pin(digits)), bank.start_conversation());
            let creating = eventual.send(creation, bank.start_conversation());
            let (pending, creating) = tokio::join!(pending, creating);
            creating.unwrap().outcome().await.unwrap();
            pending.unwrap()
        };
        let receipt = pending.outcome().await.unwrap();
        let types: Vec<_> = receipt
            .events()
            .iter()
            .map(|event| cqrs_bank::engine::domain::DomainEvent::event_type(&event.data))
            .collect();
        assert_eq!((types, bank.pin_checks()), (vec![expected], 2));
    }
}

#[tokio::test]
async fn a_bank_without_a_secret_takes_no_pin_and_everything_else() {
    let bank = Bank::open(StoreUrl::Memory).await.unwrap();
    let refused = bank.create_account(josh("1")).await.unwrap_err();
    let CreateError::Unavailable(Unavailable::Lacking { what: PIN_SECRET, reason }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(reason.to_string(), "there is no secret for PINs: the bank was opened without one");
    bank.create_account(NewAccount { pin: None, ..josh("1") }).await.unwrap();
    bank.withdraw(&account("1"), money(1)).await.unwrap();
}
