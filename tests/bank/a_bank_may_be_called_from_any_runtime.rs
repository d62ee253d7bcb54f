//! A bank runs on the runtime it was opened on, and serves callers from any other runtime or none, also for PIN checks,
//! backups and imports. After its runtime has ended, every call fails with that reason.

use std::path::PathBuf;

use cqrs_bank::bank::{
    AccountEvent, Bank, HolderName, NewAccount, Options, Pin, PinCost, PinOptions, PinSecret, StoreUrl, TransferState,
    Unavailable, Withdrawal,
};
use cqrs_bank::engine::log::RecordedEvent;
use cqrs_bank::engine::runtime::StopReason;
use tempfile::TempDir;

use crate::accounts::{account, money};
use crate::callers::{CALLERS, Caller, new_runtime};

fn options(store: StoreUrl) -> Options {
    let pins = PinOptions { secret: PinSecret::new("a secret for tests").unwrap().into(), cost: PinCost::CHEAPEST };
    Options { pins, ..Options::from(store) }
}

fn both_stores() -> (TempDir, [StoreUrl; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let file = StoreUrl::Sqlite(directory.path().join("bank.db"));
    (directory, [StoreUrl::Memory, file])
}

fn pin() -> Pin {
    Pin::new("1234").unwrap()
}

fn with_pin(name: &str) -> NewAccount {
    let holder = HolderName::from(&account(name));
    NewAccount { account_id: account(name), holder, email: None, pin: Some(pin()), opening: Default::default() }
}

/// Calls everything that a bank does on its own threads or tasks. Returns the exported log.
async fn everything(bank: Bank, caller: Caller, folder: PathBuf) -> Vec<RecordedEvent<AccountEvent>> {
    let (payer, payee) = (format!("payer {caller:?}"), format!("payee {caller:?}"));
    bank.create_account(with_pin(&payer)).await.unwrap();
    bank.create(&account(&payee)).await.unwrap();
    bank.deposit(&account(&payer), money(10)).await.unwrap();
    let paid = bank.withdraw_with_pin(&account(&payer), money(1), pin()).await.unwrap();
    assert!(matches!(paid, Withdrawal::Paid(_)), "{paid:?}");
    let transferred = bank.transfer(&account(&payer), &account(&payee), money(2), Some(pin())).await.unwrap();
    assert!(matches!(transferred.state, TransferState::Ended(_)), "{transferred:?}");

    bank.verify(|_, _| {}).await.unwrap();
    bank.backup(&folder.join("copy.db"), |_, _, _| {}).await.unwrap();
    let log = folder.join("log.jsonl");
    let count = bank.export(&log, |_, _| {}).await.unwrap();
    assert_eq!(bank.rebuild(|_, _| {}).await.unwrap().get(), count);
    let events = bank.events(cqrs_bank::engine::log::Position::START, usize::MAX).await.unwrap();
    assert_eq!(events.len() as u64, count);
    events
}

#[test]
fn and_does_all_it_can() {
    let (_directory, stores) = both_stores();
    for url in stores {
        let runtime = new_runtime();
        let bank = runtime.block_on(Bank::open(options(url))).unwrap();
        for caller in CALLERS {
            let folder = tempfile::tempdir().unwrap();
            let log = caller.call(everything(bank.clone(), caller, folder.path().to_owned()));
            let empty = runtime.block_on(Bank::open(StoreUrl::Memory)).unwrap();
            let path = folder.path().join("log.jsonl");
            let importing = empty.clone();
            let imported = caller.call(async move { importing.import(&path, |_, _, _| {}).await });
            assert_eq!(imported, Ok(log.len() as u64));
        }
    }
}

#[test]
fn and_says_so_when_it_cannot() {
    let ended = Unavailable::Stopped(StopReason::RuntimeEnded);
    let (directory, stores) = both_stores();
    for url in stores {
        let runtime = new_runtime();
        let bank = runtime.block_on(Bank::open(options(url))).unwrap();
        runtime.block_on(bank.create_account(with_pin("payer")).into_future()).unwrap();
        drop(runtime);
        for caller in CALLERS {
            let (bank, folder) = (bank.clone(), directory.path().to_owned());
            let said = caller.call(async move {
                [
                    bank.create_account(with_pin("payee")).await.unwrap_err().to_string(),
                    bank.withdraw_with_pin(&account("payer"), money(1), pin()).await.unwrap_err().to_string(),
                    bank.transfer(&account("payer"), &account("payee"), money(1), None).await.unwrap_err().to_string(),
                    bank.check_balance(&account("payer")).await.unwrap_err().to_string(),
                    bank.verify(|_, _| {}).await.unwrap_err().to_string(),
                    bank.backup(&folder.join("copy.db"), |_, _, _| {}).await.unwrap_err().to_string(),
                    bank.import(&folder.join("log.jsonl"), |_, _, _| {}).await.unwrap_err().to_string(),
                ]
            });
            assert_eq!(said, [(); 7].map(|()| ended.to_string()));
        }
        assert_eq!(bank.failure(), Some(ended.clone()));
    }
}
