//! This bank and the peer on an account with a history of 10,000 events.

use std::num::NonZeroU32;

use crate::contender::{Contender, Run};
use crate::report::{Bar, Unit, grouped, per_second, print_table};

/// Both run so often, in turn, and the best time counts.
const ROUNDS: usize = 5;

/// The events on the account before the clock starts, besides the one that opened it.
const HISTORY: usize = 10_000;

/// Few, so that the history stays about as long as it is.
const BANK_COMMANDS: usize = 1_000;

/// Fewer: each takes the better part of a millisecond.
const PEER_COMMANDS: usize = 50;

/// This bank must be so many times as fast.
const TIMES_AS_FAST: f64 = 200.0;

/// Measures, prints, and answers with the bar.
pub(crate) fn run() -> Vec<Bar> {
    let run = |contender, commands| Run { contender, accounts: NonZeroU32::MIN, history: HISTORY, commands };
    let bank_run = run(Contender::BankSequential, BANK_COMMANDS);
    let peer_run = run(Contender::CqrsEs, PEER_COMMANDS);
    let rounds = (0..ROUNDS).map(|_| (bank_run.nanoseconds_each(), peer_run.nanoseconds_each()));
    let (bank, peer) = rounds.reduce(|best, round| (best.0.min(round.0), best.1.min(round.1))).unwrap();

    let row = |run: Run, nanoseconds: f64| {
        let name = format!("{}, {} commands", run.contender, grouped(run.commands as f64));
        [name, grouped(nanoseconds), grouped(per_second(nanoseconds)), format!("{:.2}", nanoseconds / bank)]
    };
    let title = format!("1 account with {} events", grouped(HISTORY as f64));
    print_table([&title, "ns/command", "commands/s", "x bank"], &[row(bank_run, bank), row(peer_run, peer)]);
    vec![Bar::at_least(format!("cqrs-es against sequential, {title}"), TIMES_AS_FAST, peer / bank, Unit::Times)]
}
