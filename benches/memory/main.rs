//! How fast the bank is in memory, against a plain loop, against a peer, and as a program.
//!
//! `cargo bench --bench memory` runs everything in about two minutes and ends with the bars that
//! were set. `cargo bench --bench memory -- flat script` runs some parts only: `throughput`, `history`,
//! `flat`, `transfer`, `handlers`, `seams`, `script`; `--commands 100000` makes `throughput` and `script` shorter.
//!
//! All figures that are compared come from one run, the contenders taking turns. Absolute figures move from
//! machine to machine, and the ratios much less.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints, and stops where it cannot measure"
)]

mod arguments;
mod bank_deposits;
mod bank_in_flight;
mod bank_sequential;
mod bank_transfers;
mod bank_with_seams;
mod bare_actors;
mod contender;
mod cqrs_es_peer;
mod flat;
mod handlers;
mod history;
mod plain_loop;
mod prepared_bank;
mod report;
mod script;
mod seams;
mod throughput;
mod transfer;
mod workload;

use std::process::ExitCode;

use arguments::{Part, Task};

fn main() -> ExitCode {
    match Task::from_arguments() {
        Ok(Task::Explain) => println!("nothing is measured here; `cargo bench --bench memory` does"),
        Ok(Task::Measure { parts, commands }) => measure(&parts, commands),
        Ok(Task::Run(run)) => run.run_here(),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn measure(parts: &[Part], commands: usize) {
    let mut bars = Vec::new();
    for part in parts {
        bars.extend(match part {
            Part::Throughput => throughput::run(commands),
            Part::History => history::run(),
            Part::Flat => flat::run(),
            Part::Transfer => transfer::run(),
            Part::Handlers => handlers::run(),
            Part::Seams => seams::run(),
            Part::Script => script::run(commands),
        });
    }
    report::print_bars(bars);
}
