//! The plain loop, bare actors, this bank and the peer on the same workload, at three numbers of accounts.

use std::num::NonZeroU32;

use crate::contender::{Contender, Run};
use crate::report::{Bar, Unit, grouped, per_second, print_table};

/// Each contender runs so often, in turn with the others, and its best time counts: what else the machine
/// does can only make a run slower.
const ROUNDS: usize = 3;

/// One number of accounts, and what is promised and affordable there.
struct Size {
    accounts: NonZeroU32,
    /// How many times the plain loop's time a sequential command may take.
    sequential_limit: f64,
    /// At most so many commands for the peer: as many as it can do in a few seconds.
    peer_commands: usize,
}

const SIZES: [Size; 3] = [
    Size { accounts: NonZeroU32::new(1).unwrap(), sequential_limit: 8.0, peer_commands: 1_000 },
    Size { accounts: NonZeroU32::new(1_000).unwrap(), sequential_limit: 8.0, peer_commands: 100_000 },
    Size { accounts: NonZeroU32::new(100_000).unwrap(), sequential_limit: 4.0, peer_commands: 1_000_000 },
];

/// A command with 256 in flight may take so many times the plain loop's time.
const IN_FLIGHT_LIMIT: f64 = 4.0;

/// With 256 in flight, at 1,000 accounts, so many commands a second.
const IN_FLIGHT_PER_SECOND: f64 = 1_000_000.0;

/// Nanoseconds per command, in the order of [`Contender::WHOLE`].
type Times = [f64; Contender::WHOLE.len()];

/// Measures, prints, and answers with the bars.
pub(crate) fn run(commands: usize) -> Vec<Bar> {
    println!("{} commands, the best of {ROUNDS} rounds, each run in a new process.", grouped(commands as f64));
    println!("Where cqrs-es is given fewer, its histories are shorter and its commands cheaper.\n");
    SIZES.iter().flat_map(|size| size.measure(commands)).collect()
}

impl Size {
    fn measure(&self, commands: usize) -> Vec<Bar> {
        let runs = Contender::WHOLE.map(|contender| self.run(contender, commands));
        let rounds = (0..ROUNDS).map(|_| runs.map(Run::nanoseconds_each));
        let times: Times = rounds.reduce(|best, round| std::array::from_fn(|run| best[run].min(round[run]))).unwrap();
        let [plain_loop, ..] = times;

        let name = self.name();
        let rows: Vec<_> = runs
            .into_iter()
            .zip(times)
            .map(|(run, nanoseconds)| {
                let fewer = run.commands < commands;
                let note = if fewer { format!(", {} commands", grouped(run.commands as f64)) } else { String::new() };
                let contender = format!("{}{note}", run.contender);
                let ratio = format!("{:.2}", nanoseconds / plain_loop);
                [contender, grouped(nanoseconds), grouped(per_second(nanoseconds)), ratio]
            })
            .collect();
        print_table([&name, "ns/command", "commands/s", "x plain loop"], &rows);
        self.bars(times)
    }

    fn run(&self, contender: Contender, commands: usize) -> Run {
        let limit = if contender == Contender::CqrsEs { self.peer_commands } else { usize::MAX };
        Run { contender, accounts: self.accounts, history: 0, commands: commands.min(limit) }
    }

    fn name(&self) -> String {
        let plural = if self.accounts.get() == 1 { "" } else { "s" };
        format!("{} account{plural}", grouped(self.accounts.get().into()))
    }

    fn bars(&self, [plain_loop, _, sequential, in_flight, peer]: Times) -> Vec<Bar> {
        let name = self.name();
        let ratio = |what: &str, limit, measured| Bar::at_most(format!("{what}, {name}"), limit, measured, Unit::Times);
        let mut bars = vec![
            ratio("sequential against the plain loop", self.sequential_limit, sequential / plain_loop),
            ratio("sequential against cqrs-es", 1.0, sequential / peer),
            ratio("256 in flight against the plain loop", IN_FLIGHT_LIMIT, in_flight / plain_loop),
        ];
        if self.accounts.get() == 1_000 {
            let subject = format!("256 in flight, {name}");
            bars.push(Bar::at_least(subject, IN_FLIGHT_PER_SECOND, per_second(in_flight), Unit::PerSecond));
        }
        bars
    }
}
