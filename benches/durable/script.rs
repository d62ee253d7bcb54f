//! The program itself on a file, fed a script: with many commands in flight, with one, and beside the whole bank.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::moved::stream_name;
use crate::report::{Bar, Unit, grouped, nanoseconds_each, per_second, print_table};
use crate::{directory, whole_bank};

/// The program that this package builds.
const PROGRAM: &str = env!("CARGO_BIN_EXE_bank");

/// In turn, so often, and the best time counts.
const ROUNDS: usize = 3;

const STATEMENTS: usize = 50_000;

/// With one in flight: each waits for the disk.
const FEW_STATEMENTS: usize = 5_000;

/// The events a second that a script must reach, against the whole bank with as many in flight.
const OF_THE_BANK: f64 = 0.5;

/// The same against a script with one command in flight.
const AGAINST_ONE: f64 = 20.0;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    let mut best = [f64::INFINITY; 3];
    for _ in 0..ROUNDS {
        let directory = directory();
        let bank = whole_bank::run(directory.path(), 256, STATEMENTS);
        let times = [
            nanoseconds_each(script(directory.path(), "256", STATEMENTS), STATEMENTS),
            nanoseconds_each(script(directory.path(), "1", FEW_STATEMENTS), FEW_STATEMENTS),
            nanoseconds_each(bank, STATEMENTS),
        ];
        best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(time));
    }
    let [many, one, bank] = best.map(per_second);
    let row = |name: &str, rate: f64| [name.to_owned(), grouped(rate), format!("{:.1}", rate / one)];
    print_table(
        ["a script into a file", "statements/s", "of one in flight"],
        &[row("256 in flight", many), row("one in flight", one), row("the whole bank, 256 in flight", bank)],
    );
    vec![
        Bar::at_least("a script into a file, of the whole bank", OF_THE_BANK, many / bank, Unit::Times),
        Bar::at_least("a script into a file, of one in flight", AGAINST_ONE, many / one, Unit::Times),
    ]
}

/// The time that so many deposits and withdrawals take, over the accounts in turn. Each has its reply when it is stored.
fn script(directory: &Path, in_flight: &str, statements: usize) -> Duration {
    let (store, path) = (directory.join(format!("script-{in_flight}.db")), directory.join("script.bank"));
    let accounts: String = (0..whole_bank::ACCOUNTS).fold(String::new(), |mut text, account| {
        let _ = writeln!(text, "Bank.create {:?}", stream_name(account));
        text
    });
    run_script(&store, &path, &format!("Bank.open\n{accounts}"), "256");
    let movements = (0..statements).fold(String::from("Bank.open\n"), |mut text, number| {
        let function = if number % 2 == 0 { "deposit" } else { "withdraw" };
        let _ = writeln!(text, "Bank.{function} {:?}, 1", stream_name(number % whole_bank::ACCOUNTS));
        text
    });
    run_script(&store, &path, &movements, in_flight)
}

fn run_script(store: &Path, path: &Path, script: &str, in_flight: &str) -> Duration {
    fs::write(path, script).unwrap();
    let start = Instant::now();
    let output = Command::new(PROGRAM)
        .args(["--quiet", "--in-flight", in_flight, "--store", store.to_str().unwrap()])
        .stdin(File::open(path).unwrap())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let elapsed = start.elapsed();
    let replies = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert!(output.status.success() && replies == script.lines().count(), "{}: {replies} replies", output.status);
    elapsed
}
