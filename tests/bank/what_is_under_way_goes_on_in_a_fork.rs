//! At whatever position a fork begins, in memory as in a file: what process managers had under way there goes on once, with
//! the commands that they sent in the bank itself, and what they had dealt with is left alone.

use std::time::Duration;

use cqrs_bank::bank::{AccountEvent, AccountId, Bank, Money, Options, StoreUrl};
use cqrs_bank::engine::RecordedEvent;
use cqrs_bank::engine::log::Position;
use uuid::Uuid;

fn account(name: &str) -> AccountId {
    AccountId::new(name).unwrap()
}

fn money(amount: u64) -> Money {
    Money::new(amount).unwrap()
}

async fn events(bank: &Bank) -> Vec<RecordedEvent<AccountEvent>> {
    bank.events(Position::new(1), 1_000).await.unwrap()
}

/// The commands of process managers.
fn answers(events: &[RecordedEvent<AccountEvent>]) -> Vec<Uuid> {
    let mut ids: Vec<_> = events
        .iter()
        .filter(|event| event.metadata.process().is_some())
        .map(|event| event.metadata.command_id)
        .collect();
    ids.sort_unstable();
    ids
}

async fn forks_finish_what_the_bank_has_finished(store: StoreUrl) {
    let ceo = account("CEO");
    let options = Options { store, ceo_bonus: Some(ceo.clone()), ..Options::default() };
    let bank = Bank::open(options).await.unwrap();
    let (wolfman, mummy) = (account("Wolfman"), account("Mummy"));
    for id in [&ceo, &wolfman, &mummy] {
        bank.create(id).await.unwrap();
    }
    bank.deposit(&wolfman, money(1_000)).await.unwrap();
    bank.transfer(&wolfman, &mummy, money(50), None).await.unwrap();
    bank.transfer(&wolfman, &account("Nobody"), money(50), None).await.unwrap_err();
    bank.deposit(&mummy, money(200)).await.unwrap();
    let all = events(&bank).await;
    for at in 0..=all.len() {
        let before = &all[..at];
        let fork = bank.fork(Some(Position::new(at as u64)), Some(ceo.clone())).await.unwrap();
        fork.finish_what_is_under_way(Duration::from_secs(5)).await.unwrap();
        let here = events(&fork).await;
        assert_eq!(here[..at], *before, "at {at}");
        // Every answer that is due to what happened before, and none besides.
        let due: Vec<_> = all
            .iter()
            .filter(|event| {
                let begun_by = event.metadata.correlation_id();
                before.iter().any(|before| before.metadata.command_id == begun_by)
            })
            .cloned()
            .collect();
        assert_eq!(answers(&here), answers(&due), "at {at}");
        let again = bank.fork(Some(Position::new(at as u64)), Some(ceo.clone())).await.unwrap();
        again.finish_what_is_under_way(Duration::from_secs(5)).await.unwrap();
        let deeper = again.fork(None, Some(ceo.clone())).await.unwrap();
        deeper.finish_what_is_under_way(Duration::from_secs(5)).await.unwrap();
        assert_eq!(events(&deeper).await.len(), here.len(), "nothing is left to a fork of the fork at {at}");
        deeper.close().await;
        again.close().await;
        fork.close().await;
    }
    bank.close().await;
}

#[tokio::test]
async fn of_a_bank_in_memory() {
    forks_finish_what_the_bank_has_finished(StoreUrl::Memory).await;
}

#[tokio::test]
async fn of_a_bank_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    forks_finish_what_the_bank_has_finished(StoreUrl::Sqlite(directory.path().join("bank.db"))).await;
}
