//! Several programs have one bank open on a cluster, each with a replica of its own: all read what any of them was answered,
//! nothing is lost or done twice, and money is conserved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cqrs_bank::bank::{
    Balances, Bank, ClusterOptions, EmailAddress, EmailTarget, Moment, NewAccount, OpenError, Options, StoreUrl,
    TransferState,
};
use cqrs_bank::engine::log::Position;
use cqrs_bank::engine::store::commit_log::LogError;
use cqrs_bank::engine::store::{OpenClusterError, OpenStoreError};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::accounts::{account, balance, money, signed_balances};
use crate::nats_servers::new_log_url;
use crate::rest::log;

/// Longer than any case takes on a busy machine, so that a hang fails the test.
const HANG: Duration = Duration::from_secs(120);

fn options(url: &str, directory: &Path) -> Options {
    let cluster = ClusterOptions { create: true, directory: Some(directory.to_owned()), ..ClusterOptions::default() };
    Options { store: url.parse::<StoreUrl>().unwrap(), cluster, ..Options::default() }
}

/// A bank as another program has it open: nothing is shared but the cluster.
async fn program(url: &str) -> (Bank, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Bank::open(options(url, directory.path())).await.unwrap(), directory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_question_knows_what_another_program_was_answered() {
    let url = new_log_url();
    let ((one, _of_one), (other, _of_other)) = (program(&url).await, program(&url).await);
    let wolfman = account("Wolfman");
    one.create(&wolfman).await.unwrap();
    let mut expected = 0;
    for round in 1..=50 {
        let (writer, reader) = if round % 2 == 0 { (&one, &other) } else { (&other, &one) };
        writer.deposit(&wolfman, money(round)).await.unwrap();
        expected += round;
        assert_eq!(reader.check_balance(&wolfman).await.unwrap(), balance(expected));
        // What a refusal rests on is as new as an answer.
        assert!(reader.create(&wolfman).await.is_err());
        reader.withdraw(&wolfman, money(expected)).await.unwrap();
        writer.deposit(&wolfman, money(expected)).await.unwrap();
    }
    assert_eq!(one.head().await.unwrap(), other.head().await.unwrap());
    assert_eq!(one.url().to_string(), url);
}

/// Whoever writes all the time is first again and again, unless it gives others a turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_program_that_writes_without_a_pause_keeps_nobody_waiting() {
    const TASKS: u64 = 64;
    const DEPOSITS: u64 = 30;
    const WITHIN: Duration = Duration::from_secs(20);
    let url = new_log_url();
    let ((busy, _of_busy), (other, _of_other)) = (program(&url).await, program(&url).await);
    let (wolfman, dracula) = (account("Wolfman"), account("Dracula"));
    busy.create(&wolfman).await.unwrap();
    busy.create(&dracula).await.unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writing: Vec<_> = (0..TASKS)
        .map(|_| {
            let (busy, wolfman, is_over) = (busy.clone(), wolfman.clone(), is_over.clone());
            tokio::spawn(async move {
                let mut deposits = 0;
                while !is_over.load(Ordering::Relaxed) {
                    busy.deposit(&wolfman, money(1)).await.unwrap();
                    deposits += 1;
                }
                deposits
            })
        })
        .collect();
    let depositing = async {
        for _ in 0..DEPOSITS {
            other.deposit(&dracula, money(1)).await.unwrap();
        }
    };
    timeout(WITHIN, depositing).await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    let mut deposits = 0;
    for task in writing {
        deposits += task.await.unwrap();
    }
    assert!(deposits > DEPOSITS, "{deposits}");
    assert_eq!(other.check_balance(&wolfman).await.unwrap(), balance(deposits));
    assert_eq!(busy.check_balance(&dracula).await.unwrap(), balance(DEPOSITS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn programs_that_transfer_at_once_conserve_money() {
    const NAMES: [&str; 4] = ["A", "B", "C", "D"];
    const TRANSFERS: usize = 60;
    let url = new_log_url();
    let ((one, _of_one), (other, _of_other)) = (program(&url).await, program(&url).await);
    for name in NAMES {
        one.create(&account(name)).await.unwrap();
        one.deposit(&account(name), money(1_000)).await.unwrap();
    }
    let transferring = [&one, &other].into_iter().enumerate().map(|(number, bank)| {
        let bank = bank.clone();
        tokio::spawn(async move {
            for transfer in 0..TRANSFERS {
                let (from, to) = (NAMES[(transfer + number) % 4], NAMES[(transfer + 2 * number + 1) % 4]);
                if from != to {
                    // Another one may be first with the money.
                    let _ = bank.transfer(&account(from), &account(to), money(7), None).await;
                }
            }
        })
    });
    for task in transferring.collect::<Vec<_>>() {
        timeout(HANG, task).await.unwrap().unwrap();
    }
    let all_ended = async {
        loop {
            let transfers = one.transfers(Position::START, usize::MAX, None).await.unwrap();
            if transfers.iter().all(|transfer| matches!(transfer.state_at(Moment::NOW), Some(TransferState::Ended(_))))
            {
                return transfers.len();
            }
            tokio::task::yield_now().await;
        }
    };
    let ended = timeout(HANG, all_ended).await.unwrap();
    assert!(ended > TRANSFERS, "{ended}");
    for bank in [&one, &other] {
        bank.check_balance(&account("A")).await.unwrap();
        let balances: BTreeMap<String, i64> = bank.read_model::<Balances>().unwrap().read(signed_balances);
        assert_eq!(balances.values().sum::<i64>(), 4_000, "{balances:?}");
        bank.verify(|_, _| {}).await.unwrap();
    }
    let (of_one, of_other) = (log(&one).await, log(&other).await);
    let commands: BTreeSet<_> = of_one.iter().map(|event| event.metadata.command_id).collect();
    assert!(commands.len() > ended, "{} {ended}", commands.len());
    let short = |log: &[_]| format!("{log:?}");
    assert_eq!(short(&of_one), short(&of_other));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn each_deposit_is_thanked_for_once_whoever_runs_the_handlers() {
    let (url, outbox) = (new_log_url(), tempfile::tempdir().unwrap());
    let open = async || {
        let directory = tempfile::tempdir().unwrap();
        let email: EmailTarget = format!("{}/", outbox.path().display()).parse().unwrap();
        let options = Options { email: Some(email), ..options(&url, directory.path()) };
        (Bank::open(options).await.unwrap(), directory)
    };
    let (one, _of_one) = open().await;
    let (other, _of_other) = open().await;
    let email = Some(EmailAddress::new("josh@example.org").unwrap());
    one.create_account(NewAccount { email, ..NewAccount::from(&account("1")) }).await.unwrap();
    for _ in 0..5 {
        one.deposit(&account("1"), money(1)).await.unwrap();
        other.deposit(&account("1"), money(1)).await.unwrap();
    }
    // The other one takes over at once: who closes gives up the lease.
    one.close().await;
    for _ in 0..5 {
        other.deposit(&account("1"), money(1)).await.unwrap();
    }
    let all_sent = async {
        loop {
            let sent = std::fs::read_dir(outbox.path()).unwrap().count();
            if sent >= 15 {
                return sent;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(timeout(HANG, all_sent).await.unwrap(), 15);
    assert!(other.parked().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_log_is_made_only_where_that_is_asked_for() {
    let (url, directory) = (new_log_url(), tempfile::tempdir().unwrap());
    let mut unasked = options(&url, directory.path());
    unasked.cluster.create = false;
    let refused = Bank::open(unasked.clone()).await.map(drop);
    assert!(matches!(&refused, Err(OpenError::Cluster(OpenClusterError::NoLog { .. }))), "{refused:?}");
    let bank = Bank::open(options(&url, directory.path())).await.unwrap();
    bank.create(&account("A")).await.unwrap();
    bank.close().await;
    // The replica goes on where it ended, and another directory begins anew.
    let bank = Bank::open(unasked.clone()).await.unwrap();
    assert_eq!(bank.check_balance(&account("A")).await.unwrap(), balance(0));
    bank.close().await;
    let elsewhere = tempfile::tempdir().unwrap();
    unasked.cluster.directory = Some(elsewhere.path().to_owned());
    let bank = Bank::open(unasked).await.unwrap();
    assert_eq!(bank.check_balance(&account("A")).await.unwrap(), balance(0));
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_log_that_has_lost_what_was_seen_is_refused() {
    let (url, directory) = (new_log_url(), tempfile::tempdir().unwrap());
    let bank = Bank::open(options(&url, directory.path())).await.unwrap();
    bank.create(&account("A")).await.unwrap();
    bank.deposit(&account("A"), money(1)).await.unwrap();
    delete_log(&url).await;
    bank.close().await;
    let seen = Position::new(2);
    // It is not made anew either.
    let gone = Bank::open(options(&url, directory.path())).await.map(drop);
    assert!(
        matches!(&gone, Err(OpenError::Cluster(OpenClusterError::LogGone { seen: known, .. })) if *known == seen),
        "{gone:?}"
    );
    // Whoever has never seen it sees a valid, shorter one.
    let (other, _of_other) = program(&url).await;
    other.create(&account("B")).await.unwrap();
    let refused = Bank::open(options(&url, directory.path())).await.unwrap_err();
    match &refused {
        OpenError::Cluster(OpenClusterError::Replica(OpenStoreError::Log(LogError::WentBack {
            seen, end, ..
        }))) => {
            assert_eq!((seen.get(), end.get()), (2, 1));
        }
        refused => panic!("{refused:?}"),
    }
    assert!(
        refused.to_string().contains("events up to position 2 were seen, but the log ends at position 1"),
        "{refused}"
    );
    let accepted = Options { accept_loss: true, ..options(&url, directory.path()) };
    let bank = Bank::open(accepted).await.unwrap();
    assert_eq!(bank.check_balance(&account("B")).await.unwrap(), balance(0));
    bank.create(&account("C")).await.unwrap();
    assert_eq!(other.head().await.unwrap(), bank.head().await.unwrap());
    let aside = std::fs::read_dir(directory.path().join("clusters")).unwrap();
    assert!(
        aside.flatten().any(|file| file.file_name().to_string_lossy().ends_with(".until-2")),
        "the replica is kept"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server"]
async fn a_program_stops_whose_log_has_lost_what_it_has_seen() {
    let url = new_log_url();
    let (one, _of_one) = program(&url).await;
    one.create(&account("A")).await.unwrap();
    one.deposit(&account("A"), money(1)).await.unwrap();
    delete_log(&url).await;
    let (other, _of_other) = program(&url).await;
    other.create(&account("B")).await.unwrap();
    let stops = async {
        loop {
            let answer = one.check_balance(&account("A")).await;
            if let Err(error) = answer
                && error.to_string().contains("events up to position 2 were seen, but the log")
            {
                return;
            }
        }
    };
    timeout(HANG, stops).await.unwrap();
}

/// As servers do that lose the files of most of them.
async fn delete_log(url: &str) {
    let (servers, name) = url.rsplit_once('/').unwrap();
    let client = async_nats::connect(servers.split(',').next().unwrap()).await.unwrap();
    let answer = client.request(format!("$JS.API.STREAM.DELETE.{name}"), "".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer.payload).contains("\"success\":true"));
}
