//! What deposits cost with all handlers on, against a bank that has none but its own.

use std::num::NonZeroU32;

use crate::bank_deposits::{ENOUGH, Handlers, Pace};
use crate::contender::{Contender, Run};
use crate::report::{Bar, Unit, grouped, per_second, print_table};

/// Each runs so often, in turn with the others, and the best time counts.
const ROUNDS: usize = 5;

const ACCOUNTS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

/// Deposits in a run: fewer than earn bonuses, so that all of them may.
const COMMANDS: usize = ENOUGH as usize * 9 / 10;

/// A deposit may take so many times as long when all handlers are on and none has anything to do.
const LIMIT: f64 = 1.2;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    Pace::ALL.into_iter().map(measure).collect()
}

fn measure(pace: Pace) -> Bar {
    let run = |handlers| Run {
        contender: Contender::Deposits(pace, handlers),
        accounts: ACCOUNTS,
        history: 0,
        commands: COMMANDS,
    };
    let runs = Handlers::ALL.map(run);
    let rounds = (0..ROUNDS).map(|_| runs.map(Run::nanoseconds_each));
    let times = rounds.reduce(|best, round| std::array::from_fn(|run| best[run].min(round[run]))).unwrap();
    let [plain, idle, _] = times;

    let rows: Vec<_> = runs
        .into_iter()
        .zip(times)
        .map(|(run, nanoseconds)| {
            let ratio = format!("{:.2}", nanoseconds / plain);
            [run.contender.to_string(), grouped(nanoseconds), grouped(per_second(nanoseconds)), ratio]
        })
        .collect();
    let title = format!("{} accounts, {} commands", grouped(ACCOUNTS.get().into()), grouped(COMMANDS as f64));
    print_table([&title, "ns/command", "commands/s", "x without"], &rows);
    Bar::at_most(format!("all handlers on, with nothing to do, {pace}"), LIMIT, idle / plain, Unit::Times)
}
