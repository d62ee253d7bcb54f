//! What a handler has to do begins where a program is first told of it, whichever program runs it, and whichever of
//! them closes first.

use cqrs_bank::bank::{AccountEvent, Bank, EmailAddress, HolderName, NewAccount, Options, StoreUrl};
use cqrs_bank::engine::event_handler::{EventHandler, Failure};
use cqrs_bank::engine::log::RecordedEvent;
use std::sync::{Arc, Mutex};

use crate::accounts::{account, money};
use crate::shells::e_mails;

#[tokio::test]
async fn the_one_with_the_option_first_or_last() {
    for told_closes_first in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let (path, outbox) = (directory.path().join("bank.db"), directory.path().join("outbox"));
        let plain = || Options::from(StoreUrl::Sqlite(path.clone()));
        let told = || Options {
            ceo_bonus: Some(account("CEO")),
            email: Some(format!("{}/", outbox.display()).parse().unwrap()),
            ..plain()
        };
        let runs_handlers = Bank::open(plain()).await.unwrap();
        runs_handlers.create(&account("CEO")).await.unwrap();
        let (holder, email) = (HolderName::new("Josh").unwrap(), EmailAddress::new("josh@example.org").unwrap());
        let josh = NewAccount {
            account_id: account("Josh"),
            holder,
            email: Some(email),
            pin: None,
            opening: Default::default(),
        };
        runs_handlers.create_account(josh).await.unwrap();
        runs_handlers.deposit(&account("Josh"), money(5_000)).await.unwrap();
        let with_option = Bank::open(told()).await.unwrap();
        with_option.deposit(&account("Josh"), money(1_000)).await.unwrap();
        if told_closes_first {
            with_option.close().await;
            // What comes while nobody has the option is made up for too.
            runs_handlers.deposit(&account("Josh"), money(2_000)).await.unwrap();
            runs_handlers.close().await;
        } else {
            runs_handlers.close().await;
            with_option.deposit(&account("Josh"), money(2_000)).await.unwrap();
            with_option.close().await;
        }
        let bank = Bank::open(told()).await.unwrap();
        let before = bank.check_balance(&account("CEO")).await.unwrap();
        bank.deposit(&account("Josh"), money(4_000)).await.unwrap();
        bank.close().await;
        let bank = Bank::open(plain()).await.unwrap();
        assert_eq!(
            bank.check_balance(&account("CEO")).await.unwrap(),
            crate::accounts::balance(10 + 20 + 40),
            "from {before}"
        );
        bank.close().await;
        assert_eq!(e_mails(&outbox).len(), 3, "what came before anybody was told is not thanked for");
    }
}

/// Takes note of the amounts that are paid in.
#[derive(Clone, Debug, Default)]
struct Diary(Arc<Mutex<Vec<u64>>>);

impl EventHandler<AccountEvent> for Diary {
    const NAME: &'static str = "diary";

    fn filter(&self) -> impl Fn(&RecordedEvent<AccountEvent>) -> bool + Send + Sync + 'static {
        |event| matches!(event.data, AccountEvent::MoneyDeposited { .. })
    }

    async fn handle(&mut self, event: &RecordedEvent<AccountEvent>) -> Result<(), Failure> {
        if let AccountEvent::MoneyDeposited { amount, .. } = &event.data {
            self.0.lock().unwrap().push(amount.minor_units());
        }
        Ok(())
    }
}

#[tokio::test]
async fn so_it_is_with_a_handler_of_ones_own() {
    let directory = tempfile::tempdir().unwrap();
    let store = || StoreUrl::Sqlite(directory.path().join("bank.db"));
    let (one, other) = (Bank::open(store()).await.unwrap(), Bank::open(store()).await.unwrap());
    one.create(&account("Josh")).await.unwrap();
    one.deposit(&account("Josh"), money(1)).await.unwrap();
    other.add_event_handler(Diary::default()).await.unwrap();
    other.deposit(&account("Josh"), money(2)).await.unwrap();
    other.close().await;
    one.deposit(&account("Josh"), money(3)).await.unwrap();
    one.close().await;
    let bank = Bank::open(store()).await.unwrap();
    let diary = Diary::default();
    bank.add_event_handler(diary.clone()).await.unwrap();
    bank.close().await;
    assert_eq!(*diary.0.lock().unwrap(), [2, 3]);
}
