//! How fast a bank on a cluster is, against what a client can do by itself on the same three nodes, which sync each write.
//!
//! `cargo bench --features nats --bench cluster` runs everything in about five minutes and ends with the bars that were
//! set; `cargo bench --features nats --bench cluster -- append seen` runs some parts only: `append`, `programs`, `replay`,
//! `seen`, `cold`, `leader`, `latency`; of `append`, also one number in flight, as in `append-256`. It needs `nats-server`,
//! as the tests do.
//!
//! All figures that are compared come from one run, the contenders taking turns. Absolute figures move from
//! machine to machine, and the ratios much less.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints, and stops where it cannot measure"
)]

mod append;
mod cold;
mod latency;
mod leader;
mod programs;
mod raw;

mod replay;
mod seen;
mod store;

#[path = "../durable/moved.rs"]
mod moved;
#[path = "../memory/report.rs"]
#[expect(dead_code, reason = "the other benchmark prints more")]
mod report;
#[path = "../durable/whole_bank.rs"]
#[expect(dead_code, reason = "the other benchmark has a file each time")]
mod whole_bank;

#[path = "../../tests/support/nats_server.rs"]
mod nats_server;
#[path = "../../tests/support/nats_servers.rs"]
mod nats_servers;
#[path = "../../tests/cluster/nodes/mod.rs"]
mod nodes;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use nats_server::{NO_NATS_SERVER, found_nats_server};

const PARTS: [&str; 7] = ["append", "programs", "replay", "seen", "cold", "leader", "latency"];

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    // `cargo bench` says so, `cargo test` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing is measured here; `cargo bench --features nats --bench cluster` does");
        return ExitCode::SUCCESS;
    }
    let mut parts: Vec<_> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench").collect();
    let is_known = |part: &str| PARTS.contains(&part) || append::load(part).is_some();
    if let Some(unknown) = parts.iter().find(|part| !is_known(part)) {
        eprintln!("there is no part {unknown:?}; the parts are {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    if found_nats_server().is_none() {
        eprintln!("nothing is measured without nats-server: {NO_NATS_SERVER}");
        return ExitCode::from(2);
    }
    if parts.is_empty() {
        parts.extend(PARTS);
    }
    // The nodes keep what they store on the disk of the build, as temporary directories may be in memory.
    let _ = tempfile::env::override_temp_dir(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut bars = Vec::new();
    for part in parts {
        bars.extend(runtime.block_on(async {
            match part {
                "append" => append::run(&append::LOADS).await,
                "programs" => programs::run().await,
                "replay" => replay::run().await,
                "seen" => seen::run().await,
                "cold" => cold::run().await,
                "leader" => leader::run().await,
                "latency" => latency::run().await,
                append => append::run(&append::load(append).into_iter().collect::<Vec<_>>()).await,
            }
        }));
    }
    if !bars.is_empty() {
        report::print_bars(bars);
    }
    ExitCode::SUCCESS
}

/// The time that this part of all took at most.
fn quantile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[(part * (times.len() - 1) as f64) as usize]
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
