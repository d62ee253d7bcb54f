//! An account may be created together with its first deposit: by one command, in one commit.

use cqrs_bank::bank::{
    AccountCommand, AccountEvent, Bank, Cause, CreateError, EmailAddress, Moment, NewAccount, Opening, Options,
};
use cqrs_bank::engine::domain::DomainEvent as _;
use cqrs_bank::engine::log::Position;

use crate::accounts::{account, balance, money};
use crate::answers::CEO;
use crate::outbox::Outbox;
use crate::rest::{at_rest, log};

fn with_deposit(name: &str, amount: u64) -> NewAccount {
    NewAccount {
        opening: Opening { deposit: Some(money(amount)), ..Opening::default() },
        ..NewAccount::from(&account(name))
    }
}

#[tokio::test]
async fn one_command_leads_to_both_events_or_to_neither() {
    let bank = Bank::open(Options::default()).await.unwrap();
    let receipt = bank.create_account(with_deposit("Ada", 1_000)).await.unwrap();
    let [created, deposited] = receipt.events() else { panic!("{receipt:?}") };
    assert_eq!((created.data.title(), deposited.data.title()), ("Account Created", "Money Deposited"));
    assert_eq!((created.metadata.command_id, created.time), (deposited.metadata.command_id, deposited.time));
    assert_eq!(bank.check_balance(&account("Ada")).await, Ok(balance(1_000)));
    assert_eq!(bank.create_account(with_deposit("Ada", 1)).await.unwrap_err(), CreateError::AccountExists);
    assert_eq!(log(&bank).await.len(), 2);
    bank.verify(|_, _| ()).await.unwrap();
}

#[tokio::test]
async fn the_deposit_earns_and_is_thanked_for_like_any() {
    let outbox = Outbox::new();
    let options = Options { ceo_bonus: Some(account(CEO)), email: Some(outbox.target()), ..Options::default() };
    let bank = Bank::open(options).await.unwrap();
    bank.create(&account(CEO)).await.unwrap();
    let email = Some(EmailAddress::new("ada@example.org").unwrap());
    bank.create_account(NewAccount { email, ..with_deposit("Ada", 1_000) }).await.unwrap();
    assert_eq!(bank.check_balance(&account(CEO)).await, Ok(balance(10)));
    at_rest(&bank).await;
    assert_eq!(outbox.sent().len(), 1);
    let reasons = bank.why(&account(CEO), None, 10).await.unwrap();
    match &reasons[0].cause {
        Cause::Event(cause) => assert!(matches!(cause.data, AccountEvent::MoneyDeposited { .. }), "{cause:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(bank.why(&account("Ada"), None, 10).await.unwrap()[0].command, "Create Account");
    let at_creation = Moment::Position(Position::new(2));
    assert_eq!(bank.check_balance_at(&account("Ada"), at_creation).await.unwrap().minor_units(), 0);
}

#[tokio::test]
async fn only_a_creation_whose_deposit_may_earn_a_bonus_waits_for_its_answer() {
    let bank = Bank::open(Options { ceo_bonus: Some(account(CEO)), ..Options::default() }).await.unwrap();
    let may_be_answered = async |name, amount| {
        let creation = bank.creation(with_deposit(name, amount)).await.unwrap();
        bank.may_be_answered(&creation)
    };
    assert!(may_be_answered("Ada", 100).await);
    assert!(!may_be_answered("Ada", 99).await);
    assert!(!may_be_answered(CEO, 100).await);
    assert!(!bank.may_be_answered(&AccountCommand::create(account("Ada"), (&account("Ada")).into())));
}
