//! What deposits cost where seams were used, against a bank where none ever was.

use std::num::NonZeroU32;

use crate::bank_deposits::Pace;
use crate::bank_with_seams::Seams;
use crate::contender::{Contender, Run};
use crate::report::{Bar, Unit, grouped, per_second, print_table};

/// Each runs so often, in turn with the other, and the best time counts.
const ROUNDS: usize = 9;

const ACCOUNTS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

const COMMANDS: usize = 300_000;

/// A deposit may take so many times as long where every seam was used and mended.
const LIMIT: f64 = 1.05;

/// Measures, prints, and answers with the bars.
pub(crate) fn run() -> Vec<Bar> {
    Pace::ALL.into_iter().map(measure).collect()
}

fn measure(pace: Pace) -> Bar {
    let run =
        |seams| Run { contender: Contender::Seams(pace, seams), accounts: ACCOUNTS, history: 0, commands: COMMANDS };
    let runs = Seams::ALL.map(run);
    let rounds = (0..ROUNDS).map(|_| runs.map(Run::nanoseconds_each));
    let times = rounds.reduce(|best, round| std::array::from_fn(|run| best[run].min(round[run]))).unwrap();
    let [unused, mended] = times;
    let row = |(run, nanoseconds): (Run, f64)| {
        let ratio = format!("{:.3}", nanoseconds / unused);
        [run.contender.to_string(), grouped(nanoseconds), grouped(per_second(nanoseconds)), ratio]
    };
    let rows: Vec<_> = runs.into_iter().zip(times).map(row).collect();
    let title = format!("{} accounts, {} commands", grouped(ACCOUNTS.get().into()), grouped(COMMANDS as f64));
    print_table([&title, "ns/command", "commands/s", "x unused"], &rows);
    Bar::at_most(format!("every seam used and mended, {pace}"), LIMIT, mended / unused, Unit::Times)
}
