//! Many tasks share a bank in one program: one order of operations explains every answer that any of them heard, and
//! keeps to the order in which it was asked and answered. What a refusal has told, the next question knows.
//!
//! `BANK_LINEARIZABLE_SECONDS` and `BANK_LINEARIZABLE_SEED` are those of `several_programs_answer_as_one`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cqrs_bank::bank::{
    Bank, CheckBalanceError, CreateError, DepositError, Ending, HolderName, NewAccount, Receipt, StoreUrl,
    TransferError, TransferRecord, TransferState, WithdrawError, Withdrawal,
};
use cqrs_bank::engine::log::{Moment, Position};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::accounts::{account, money};
use crate::judge::Ticks;
use crate::judge::bank::{Call, Heard, Said, judge_bank};
use crate::judge::bank_log::{BankLog, Transfer};
use crate::load::setting;
use crate::random::Random;
use crate::speaker::asked_behind;

const TASKS: u64 = 24;

/// So many operations each of them asks for.
const OPERATIONS: usize = 40;

/// In an ordinary run.
const SECONDS: u64 = 2;

/// So many accounts are in use at a time.
const ACCOUNTS: u64 = 4;

/// So many operations later a new account comes into use, and an old one is left.
const NEW_ACCOUNT: u64 = 60;

#[test]
fn one_order_explains_every_answer_of_a_bank_in_memory() {
    judge_banks(|_| StoreUrl::Memory);
}

#[test]
fn one_order_explains_every_answer_of_a_bank_in_a_file() {
    judge_banks(|directory| StoreUrl::Sqlite(directory.join("bank.db")));
}

fn judge_banks(store: impl Fn(&Path) -> StoreUrl) {
    let until = Instant::now() + Duration::from_secs(setting("BANK_LINEARIZABLE_SECONDS", SECONDS));
    let mut seed = setting("BANK_LINEARIZABLE_SEED", 1);
    while Instant::now() < until {
        let directory = tempfile::tempdir().unwrap();
        let exported = directory.path().join("events.jsonl");
        let mut calls = Runtime::new().unwrap().block_on(async {
            let bank = Bank::open(store(directory.path())).await.unwrap();
            let calls = all_at_once(&bank, seed).await;
            bank.export(&exported, |_, _| {}).await.unwrap();
            bank.close().await;
            calls
        });
        let judged = BankLog::exported(&exported).and_then(|log| {
            // Everything was answered, and what has come of it by then is in the log.
            calls.iter_mut().for_each(|call| call.positions = call.said.positions(&log));
            judge_bank(&calls, &log)
        });
        judged.unwrap_or_else(|fault| panic!("BANK_LINEARIZABLE_SEED={seed}, {} operations: {fault}", calls.len()));
        seed += 1;
    }
}

async fn all_at_once(bank: &Bank, seed: u64) -> Vec<Call> {
    let (ticks, numbers) = (Arc::new(Ticks::default()), Arc::new(AtomicU64::new(1)));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (bank, ticks, numbers) = (bank.clone(), ticks.clone(), numbers.clone());
        let mut random = Random::new(seed * TASKS + task);
        tasks.spawn(async move {
            let mut calls = Vec::<Call>::new();
            let mut behind = None;
            while calls.len() < OPERATIONS {
                let said = behind.take().unwrap_or_else(|| next(&mut random, &numbers));
                let called = ticks.next();
                let heard = answer(&bank, &said).await;
                let returned = ticks.next();
                behind = asked_behind(&said, &heard);
                calls.push(Call { client: task as usize, called, returned, said, heard, positions: Vec::new() });
            }
            calls
        });
    }
    tasks.join_all().await.concat()
}

fn next(random: &mut Random, numbers: &AtomicU64) -> Said {
    let number = numbers.fetch_add(1, Ordering::Relaxed);
    let newest = number / NEW_ACCOUNT + ACCOUNTS;
    let mut account = || format!("account {}", newest - random.below(ACCOUNTS));
    let (account, payee) = (account(), account());
    match random.below(100) {
        0..=19 => Said::Create { account, holder: format!("holder {number}") },
        20..=34 => Said::Deposit { account, amount: number },
        35..=49 => Said::Withdraw { account, amount: number },
        50..=64 => Said::Transfer { payer: account, payee, amount: number },
        65..=89 => Said::Balance { account },
        90..=93 => Said::Total,
        94..=96 => Said::List,
        _ => Said::Transfers { from: 1, limit: 1_000 },
    }
}

fn refused(refusal: &str) -> Heard {
    Heard::Refused(refusal.to_owned())
}

fn done(receipt: &Receipt) -> Heard {
    if receipt.lagging().is_empty() { Heard::Done } else { Heard::Lagging }
}

async fn answer(bank: &Bank, said: &Said) -> Heard {
    match said {
        Said::Create { account: name, holder } => {
            let holder = HolderName::new(holder).unwrap();
            match bank.create_account(NewAccount { holder, ..NewAccount::from(&account(name)) }).await {
                Ok(receipt) => done(&receipt),
                Err(CreateError::AccountExists) => refused("account_exists"),
                Err(error) => panic!("{said}: {error}"),
            }
        }
        Said::Deposit { account: name, amount } => match bank.deposit(&account(name), money(*amount)).await {
            Ok(receipt) => done(&receipt),
            Err(DepositError::NoAccount) => refused("no_account"),
            Err(error) => panic!("{said}: {error}"),
        },
        Said::Withdraw { account: name, amount } => match bank.withdraw(&account(name), money(*amount)).await {
            Ok(Withdrawal::Paid(receipt) | Withdrawal::Declined { receipt, .. }) => done(&receipt),
            Err(WithdrawError::NoAccount) => refused("no_account"),
            wrong => panic!("{said}: {wrong:?}"),
        },
        Said::Transfer { payer, payee, amount } => {
            match bank.transfer(&account(payer), &account(payee), money(*amount), None).await {
                Ok(outcome) => done(&outcome.receipt),
                Err(TransferError::NoPayee) => refused("no_payee"),
                Err(TransferError::Overdrawn { .. }) => refused("account_overdrawn"),
                Err(TransferError::NoAccount) => refused("no_account"),
                Err(TransferError::SameAccount) => refused("same_account"),
                Err(error) => panic!("{said}: {error}"),
            }
        }
        Said::Balance { account: name } => match bank.check_balance(&account(name)).await {
            Ok(balance) => Heard::Balance(u64::try_from(balance.minor_units()).unwrap()),
            Err(CheckBalanceError::NoAccount) => Heard::NoAccount,
            Err(error) => panic!("{said}: {error}"),
        },
        Said::Total => Heard::Total(bank.total_deposits(None).await.unwrap().try_into().unwrap()),
        Said::List => {
            let accounts = bank.accounts(None).await.unwrap();
            let names = accounts.iter().map(|entry| (entry.account_id.to_string(), entry.holder.to_string()));
            Heard::List(names.collect())
        }
        Said::Transfers { from, limit } => {
            let transfers = bank.transfers(Position::new(*from), *limit, None).await.unwrap();
            Heard::Transfers(transfers.iter().map(shown).collect())
        }
    }
}

fn shown(record: &TransferRecord) -> Transfer {
    let state = match record.state_at(Moment::NOW).unwrap() {
        TransferState::Reserved => "reserved",
        TransferState::Credited => "credited",
        TransferState::Ended(Ending::Settled) => "settled",
        TransferState::Ended(Ending::Released(_)) => "released",
    };
    Transfer {
        position: record.reserved.position.get(),
        amount: record.outgoing.amount.minor_units(),
        state: state.to_owned(),
        ended: record.ended.map(|(ended, _)| ended.position.get()),
    }
}
