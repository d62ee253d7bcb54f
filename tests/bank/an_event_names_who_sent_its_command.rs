//! The events of a command from outside name the user who sent it, whoever chose the command's id. What a process manager
//! sends names none.

use cqrs_bank::bank::{AccountCommand, AccountEvent, Bank, Options, StoreUrl};
use cqrs_bank::engine::log::{Metadata, Position, RecordedEvent};
use uuid::Uuid;

use crate::accounts::{account, money};

async fn bank_of(user: Option<&str>, store: StoreUrl) -> Bank {
    let user = user.map(str::to_owned);
    Bank::open(Options { user, ..Options::from(store) }).await.unwrap()
}

fn users(events: &[RecordedEvent<AccountEvent>]) -> Vec<Option<&str>> {
    events.iter().map(|event| event.metadata.user()).collect()
}

fn deposit(amount: u64) -> AccountCommand {
    AccountCommand::deposit(account("A"), money(amount))
}

#[tokio::test]
async fn a_process_manager_is_no_user() {
    let bank = bank_of(Some("Josh"), StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    bank.create(&account("B")).await.unwrap();
    bank.deposit(&account("A"), money(100)).await.unwrap();
    bank.transfer(&account("A"), &account("B"), money(25), None).await.unwrap();
    let events = bank.events(Position::START, 9).await.unwrap();
    let josh = Some("Josh");
    assert_eq!(users(&events), [josh, josh, josh, josh, None, None], "two steps of the transfer are the process's");
    assert_eq!(events[4].metadata.process(), events[5].metadata.process());
}

#[tokio::test]
async fn nobody_is_named_without_a_user() {
    let bank = bank_of(None, StoreUrl::Memory).await;
    bank.create(&account("A")).await.unwrap();
    let events = bank.events(Position::START, 9).await.unwrap();
    let metadata = &events[0].metadata;
    assert_eq!(*metadata, Metadata::from_outside(metadata.command_id), "there are no details");
}

#[tokio::test]
async fn an_id_from_outside_keeps_the_user_and_its_fingerprint() {
    let bank = bank_of(Some("Josh"), StoreUrl::Memory).await;
    bank.create(&account("A")).command_id(Uuid::from_u128(1)).await.unwrap();
    bank.deposit(&account("A"), money(1)).command_id(Uuid::from_u128(2)).await.unwrap();
    let id = |number| Metadata::from_outside(Uuid::from_u128(number));
    for metadata in [id(3), id(4).with_user("Zoë")] {
        bank.send(deposit(1), metadata).await.unwrap().outcome().await.unwrap();
    }
    let events = bank.events(Position::START, 9).await.unwrap();
    assert_eq!(users(&events), [Some("Josh"), Some("Josh"), Some("Josh"), Some("Zoë")]);
    assert!(events.iter().all(|event| event.metadata.fingerprint().is_some()));
}

#[tokio::test]
async fn another_user_who_repeats_a_command_gets_its_first_outcome() {
    let directory = tempfile::tempdir().unwrap();
    let store = || StoreUrl::Sqlite(directory.path().join("bank.db"));
    let id = Uuid::from_u128(7);
    for user in [Some("Josh"), Some("Zoë"), None] {
        let bank = bank_of(user, store()).await;
        if user == Some("Josh") {
            bank.create(&account("A")).await.unwrap();
        }
        let receipt = bank.deposit(&account("A"), money(5)).command_id(id).await.unwrap();
        assert_eq!(users(receipt.events()), [Some("Josh")], "{user:?}");
        assert!(
            bank.deposit(&account("A"), money(6)).command_id(id).await.is_err(),
            "other content is another command"
        );
        bank.close().await;
    }
}
