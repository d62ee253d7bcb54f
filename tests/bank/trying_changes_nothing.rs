//! Whatever is tried on a bank, and whatever is done in its forks: its log is the same to the byte, with the ids and times
//! of what is done after that, and so are the checkpoints of its handlers and the e-mails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cqrs_bank::bank::{
    AccountId, Bank, EmailAddress, HolderName, Money, NewAccount, Opening, Options, OverdraftLimit, Pin, PinCost,
    PinOptions, PinSecret, StoreUrl,
};
use cqrs_bank::engine::command_handler::{Decided, Decisions};
use cqrs_bank::engine::log::Position;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime;

/// What is done, or only tried.
#[derive(Clone, Debug)]
enum Act {
    Create(usize, Option<u64>, bool),
    Deposit(usize, u64),
    Withdraw(usize, u64),
    WithdrawWithPin(usize, u64, bool),
    Transfer(usize, usize, u64),
    Freeze(usize),
    Unfreeze(usize),
    Limit(usize, u64),
    Reverse(u64),
    Close(usize),
}

const NAMES: [&str; 4] = ["CEO", "Wolfman", "Mummy", "Dracula"];

fn act() -> impl Strategy<Value = Act> {
    let (who, amount) = (0..NAMES.len(), 1_u64..2_000);
    prop_oneof![
        3 => (who.clone(), proptest::option::of(amount.clone()), any::<bool>())
            .prop_map(|(who, deposit, pin)| Act::Create(who, deposit, pin)),
        4 => (who.clone(), amount.clone()).prop_map(|(who, amount)| Act::Deposit(who, amount)),
        2 => (who.clone(), amount.clone()).prop_map(|(who, amount)| Act::Withdraw(who, amount)),
        1 => (who.clone(), amount.clone(), any::<bool>())
            .prop_map(|(who, amount, is_right)| Act::WithdrawWithPin(who, amount, is_right)),
        4 => (who.clone(), who.clone(), amount.clone()).prop_map(|(payer, payee, amount)| Act::Transfer(payer, payee, amount)),
        1 => who.clone().prop_map(Act::Freeze),
        1 => who.clone().prop_map(Act::Unfreeze),
        1 => (who.clone(), amount).prop_map(|(who, limit)| Act::Limit(who, limit)),
        1 => (1_u64..20).prop_map(Act::Reverse),
        1 => who.prop_map(Act::Close),
    ]
}

/// Does it, whatever comes of it.
async fn carry_out(bank: &Bank, act: &Act) {
    let id = |who: &usize| AccountId::new(NAMES[*who]).unwrap();
    let money = |amount: &u64| Money::new(*amount).unwrap();
    match act {
        Act::Create(who, deposit, has_pin) => {
            let account = NewAccount {
                account_id: id(who),
                holder: HolderName::new("Josh").unwrap(),
                email: Some(EmailAddress::new("josh@example.org").unwrap()),
                pin: has_pin.then(|| Pin::new("1234").unwrap()),
                opening: Opening { deposit: deposit.as_ref().map(money), ..Opening::default() },
            };
            let _ = bank.create_account(account).await;
        }
        Act::Deposit(who, amount) => drop(bank.deposit(&id(who), money(amount)).await),
        Act::Withdraw(who, amount) => drop(bank.withdraw(&id(who), money(amount)).await),
        Act::WithdrawWithPin(who, amount, is_right) => {
            let pin = Pin::new(if *is_right { "1234" } else { "4321" }).unwrap();
            drop(bank.withdraw_with_pin(&id(who), money(amount), pin).await);
        }
        Act::Transfer(payer, payee, amount) => {
            drop(bank.transfer(&id(payer), &id(payee), money(amount), None).await);
        }
        Act::Freeze(who) => drop(bank.freeze(&id(who), None).await),
        Act::Unfreeze(who) => drop(bank.unfreeze(&id(who)).await),
        Act::Limit(who, limit) => {
            drop(bank.set_overdraft_limit(&id(who), OverdraftLimit::new(*limit).unwrap()).await);
        }
        Act::Reverse(position) => drop(bank.reverse(Position::new(*position), None).await),
        Act::Close(who) => drop(bank.close_account(&id(who), None, None).await),
    }
}

fn options(directory: &Path) -> Options {
    let secret = PinSecret::new("a secret for tests").unwrap().into();
    Options {
        store: StoreUrl::Sqlite(directory.join("bank.db")),
        seed: Some(7),
        pins: PinOptions { secret, cost: PinCost::CHEAPEST },
        ceo_bonus: Some(AccountId::new("CEO").unwrap()),
        email: Some(directory.join("outbox/").to_str().unwrap().parse().unwrap()),
        ..Options::default()
    }
}

/// Everything that stays of a bank: its files but the database, which the head stands for.
#[derive(Debug, PartialEq)]
struct Left {
    head: String,
    checkpoints: Vec<(&'static str, Position)>,
    files: BTreeMap<String, Vec<u8>>,
}

async fn left(bank: &Bank, directory: &TempDir) -> Left {
    let handlers = bank.handlers().await.unwrap();
    let checkpoints = handlers.iter().map(|handler| (handler.status.name, handler.status.checkpoint)).collect();
    let head = bank.head().await.unwrap().to_string();
    bank.close().await;
    let mut files = BTreeMap::new();
    for folder in [directory.path().to_owned(), directory.path().join("outbox")] {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_file() && path.extension().is_none_or(|extension| extension != "db") {
                files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    Left { head, checkpoints, files }
}

/// Waits until the e-mails of everything so far are sent, which nobody else waits for.
async fn mailed(bank: &Bank) {
    let end = bank.head().await.unwrap().position();
    loop {
        let handlers = bank.handlers().await.unwrap();
        if handlers.iter().all(|handler| handler.status.checkpoint >= end) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bank_where_things_are_tried_is_the_same_as_one_where_they_are_not(
        acts in proptest::collection::vec((any::<bool>(), act()), 1..16),
        forked in 0_u64..6,
    ) {
        run(async move {
            let [quiet_directory, directory] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
            let quiet = Bank::open(options(quiet_directory.path())).await.unwrap();
            let bank = Bank::open(options(directory.path())).await.unwrap();
            let mut forks = Vec::new();
            for (index, (is_done, act)) in acts.iter().enumerate() {
                if *is_done {
                    carry_out(&quiet, act).await;
                    carry_out(&bank, act).await;
                } else {
                    let decisions = Decisions::new(|_| None);
                    let rehearsal = bank.rehearsal(decisions.clone()).await.unwrap();
                    carry_out(&rehearsal, act).await;
                    let before = bank.head().await.unwrap().position();
                    let events = rehearsal.events(before.next(), 100).await.unwrap().len();
                    let noted: usize = decisions.so_far().0.iter().map(|decision| match &decision.outcome {
                        Decided::Events(positions) => positions.len(),
                        Decided::Refused(_) | Decided::Failed(_) => 0,
                    }).sum();
                    assert_eq!(noted, events, "every event is one that was noted");
                    rehearsal.close().await;
                }
                let end = bank.head().await.unwrap().position();
                // From the same seed, what is done first anywhere has the same ids and times.
                if index as u64 == forked && end.get() > 1 {
                    let at = Position::new(end.get() / 2);
                    let fork = bank.fork(Some(at), None).await.unwrap();
                    assert_eq!(fork.head().await.unwrap(), bank.head_at(at).await.unwrap().unwrap());
                    forks.push((at, fork));
                }
                for (_, fork) in &forks {
                    carry_out(fork, act).await;
                }
            }
            for (at, fork) in forks {
                let (here, there) = (fork.events(Position::new(1), 999).await.unwrap(), bank.events(Position::new(1), 999).await.unwrap());
                let common = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
                let is_different = here.len().min(there.len()) > common;
                assert!(common as u64 == at.get() || !is_different, "it parts from {at} on, not after {common}");
                fork.close().await;
            }
            mailed(&quiet).await;
            mailed(&bank).await;
            let (quiet, bank) = (left(&quiet, &quiet_directory).await, left(&bank, &directory).await);
            assert_eq!(bank, quiet);
        });
    }
}

#[tokio::test]
async fn a_first_pin_that_is_tried_makes_no_secret() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cqrs_bank::bank::{PinSecretError, PinSecretSource, StoredPins};

    let made = Arc::new(AtomicUsize::new(0));
    let counted = made.clone();
    let secret = PinSecretSource::new(move |stored| match stored {
        StoredPins::None => {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(PinSecret::new("a secret for tests").unwrap())
        }
        StoredPins::Some => Err(PinSecretError("there is none".to_owned())),
    });
    let pins = PinOptions { secret, cost: PinCost::CHEAPEST };
    let bank = Bank::open(Options { pins, ..Options::default() }).await.unwrap();
    let account = || NewAccount { pin: Some(Pin::new("1234").unwrap()), ..(&AccountId::new("1").unwrap()).into() };
    let rehearsal = bank.rehearsal(Decisions::new(|_| None)).await.unwrap();
    assert_eq!(rehearsal.create_account(account()).await.unwrap().events().len(), 1);
    let (one, pin) = (AccountId::new("1").unwrap(), Pin::new("1234").unwrap());
    rehearsal.deposit(&one, Money::new(5).unwrap()).await.unwrap();
    rehearsal.withdraw_with_pin(&one, Money::new(5).unwrap(), pin).await.unwrap();
    rehearsal.close().await;
    assert_eq!(made.load(Ordering::Relaxed), 0);
    bank.create_account(account()).await.unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 1);
}
