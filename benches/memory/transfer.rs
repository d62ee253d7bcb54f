//! What a transfer costs, which is three commands and a process between them, against a deposit.

use std::num::NonZeroU32;

use crate::bank_deposits::{Handlers, Pace};
use crate::contender::{Contender, Run};
use crate::report::{Bar, Unit, grouped, per_second, print_table};

/// Both run so often, in turn, and the best time counts.
const ROUNDS: usize = 5;

/// The numbers of accounts that money is moved between.
const SIZES: [NonZeroU32; 2] = [NonZeroU32::new(2).unwrap(), NonZeroU32::new(1_000).unwrap()];

/// Transfers and deposits in a run.
const COMMANDS: usize = 100_000;

/// A transfer may cost so many times as much as a deposit.
const LIMIT: f64 = 8.0;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    SIZES.into_iter().map(measure).collect()
}

fn measure(accounts: NonZeroU32) -> Bar {
    let run = |contender| Run { contender, accounts, history: 0, commands: COMMANDS };
    let (deposits, transfers) = (run(Contender::Deposits(Pace::Sequential, Handlers::None)), run(Contender::Transfers));
    let rounds = (0..ROUNDS).map(|_| (deposits.nanoseconds_each(), transfers.nanoseconds_each()));
    let (deposit, transfer) = rounds.reduce(|best, round| (best.0.min(round.0), best.1.min(round.1))).unwrap();

    let row = |run: Run, nanoseconds: f64| {
        let ratio = format!("{:.2}", nanoseconds / deposit);
        [run.contender.to_string(), grouped(nanoseconds), grouped(per_second(nanoseconds)), ratio]
    };
    let title = format!("{} accounts, {} commands", grouped(accounts.get().into()), grouped(COMMANDS as f64));
    print_table([&title, "ns/command", "commands/s", "x deposit"], &[row(deposits, deposit), row(transfers, transfer)]);
    let subject = format!("a transfer against a deposit, {} accounts", grouped(accounts.get().into()));
    Bar::at_most(subject, LIMIT, transfer / deposit, Unit::Times)
}
