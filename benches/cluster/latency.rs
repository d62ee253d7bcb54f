//! Deposits into the whole bank while the nodes are some way apart.

use std::time::{Duration, Instant};

use cqrs_bank::bank::{AccountId, Bank, ClusterOptions, Money, Options, StoreUrl};
use tempfile::TempDir;

use crate::nodes::{Cluster, NODES};
use crate::quantile;
use crate::report::{Bar, grouped, print_table};
use crate::whole_bank::{create_accounts, deposit};

/// From one node to another and back, in milliseconds, and how many deposits are then made with many in flight.
const DISTANCES: [(u64, usize); 4] = [(0, 256 * 100), (1, 256 * 100), (10, 256 * 40), (50, 256 * 20)];

const IN_FLIGHT: usize = 256;

/// For so long, one deposit is made after the other.
const ONE_AFTER_THE_OTHER: Duration = Duration::from_secs(3);

const OPEN_WITHIN: Duration = Duration::from_secs(30);

/// Measures and prints; there is no bar.
pub(crate) async fn run() -> Vec<Bar> {
    let cluster = Cluster::start();
    let mut rows = Vec::new();
    for (distance, deposits) in DISTANCES {
        cluster.delay_between_nodes(Duration::from_micros(distance * 500));
        let stream = cluster.stream_name();
        let state = tempfile::tempdir().unwrap();
        let bank = open(&cluster.servers(), &stream, &state).await;
        let accounts = create_accounts(&bank).await;
        bank.close().await;
        let leader = cluster.leader_of(&stream);
        for (node, place) in [(leader, "at the leader"), ((leader + 1) % NODES, "at another node")] {
            let state = tempfile::tempdir().unwrap();
            let bank = open(&format!("127.0.0.1:{}", cluster.client_port(node)), &stream, &state).await;
            let mut times = one_after_the_other(&bank, &accounts).await;
            let start = Instant::now();
            deposit(&bank, &accounts, IN_FLIGHT, deposits).await;
            let rate = deposits as f64 / start.elapsed().as_secs_f64();
            bank.close().await;
            let [p50, p99] = [0.5, 0.99].map(|part| quantile(&mut times, part).as_secs_f64() * 1e3);
            let (distance, times) = (format!("{distance} ms, {place}"), format!("{p50:.1} / {p99:.1}"));
            rows.push([distance, times, grouped(1e3 / p50), grouped(rate)]);
        }
    }
    print_table(
        ["between nodes and back, the program", "p50 / p99 ms", "deposits/s, 1 in flight", "256 in flight"],
        &rows,
    );
    Vec::new()
}

/// Opens the bank, again where the log has no leader yet.
async fn open(servers: &str, stream: &str, state: &TempDir) -> Bank {
    let store: StoreUrl = format!("nats://{servers}/{stream}").parse().unwrap();
    let directory = Some(state.path().to_owned());
    let cluster = ClusterOptions { create: true, directory, ..ClusterOptions::default() };
    let options = Options { store, cluster, ..Options::default() };
    let begun = Instant::now();
    loop {
        match Bank::open(options.clone()).await {
            Ok(bank) => return bank,
            Err(error) => assert!(begun.elapsed() < OPEN_WITHIN, "{error}"),
        }
    }
}

/// The time that each deposit takes.
async fn one_after_the_other(bank: &Bank, accounts: &[AccountId]) -> Vec<Duration> {
    let (begun, amount, mut times) = (Instant::now(), Money::new(1).unwrap(), Vec::new());
    for account in accounts.iter().cycle() {
        if begun.elapsed() > ONE_AFTER_THE_OTHER {
            break;
        }
        let start = Instant::now();
        bank.deposit(account, amount).await.unwrap();
        times.push(start.elapsed());
    }
    times
}
