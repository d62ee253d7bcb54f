//! What deposits cost where seams were used, against a bank where none ever was.

use std::fmt;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use cqrs_bank::engine::seams::{EVENT_STORE, Fault};

use crate::bank_deposits::Pace;
use crate::contender::{Contender, Run};
use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::report::{Bar, Unit, grouped, per_second, print_table};
use crate::workload::Workload;

/// Each runs so often, in turn with the other, and the best time counts.
const ROUNDS: usize = 9;

const ACCOUNTS: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

const COMMANDS: usize = 300_000;

/// A deposit may take so many times as long where every seam was used and mended.
const LIMIT: f64 = 1.05;

/// What was done at the seams of a bank before the clock starts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seams {
    /// Nothing: there are none.
    Unused,
    /// Each handler was held and released, each place was broken, and all was mended.
    Mended,
}

impl Seams {
    pub(crate) const ALL: [Self; 2] = [Self::Unused, Self::Mended];
}

impl fmt::Display for Seams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unused => "no seam was ever used",
            Self::Mended => "each was used once, and mended",
        })
    }
}

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

/// Runs the workload's deposits; answers with the time that they took.
pub(crate) fn deposits(workload: Workload, pace: Pace, seams: Seams) -> Duration {
    let workload = workload.into_deposits();
    on_current_thread(async move {
        let prepared = PreparedBank::for_workload(&workload).await;
        if seams == Seams::Mended {
            use_every_seam(&prepared).await;
        }
        let start = Instant::now();
        match pace {
            Pace::InFlight => prepared.handle_in_flight(workload.commands.iter().copied()).await,
            Pace::Sequential => {
                for request in &workload.commands {
                    prepared.handle(*request).await;
                }
            }
        }
        let elapsed = start.elapsed();
        prepared.assert_balances("bank with seams", &workload);
        elapsed
    })
}

async fn use_every_seam(PreparedBank { bank, .. }: &PreparedBank) {
    let delay = Fault::Delay(Duration::from_millis(1));
    for handler in bank.handler_names() {
        bank.hold(handler).await.unwrap();
        bank.release(handler).await.unwrap();
        bank.break_(handler, delay).await.unwrap();
    }
    bank.break_(EVENT_STORE, delay).await.unwrap();
    bank.mend().await;
    assert_eq!(bank.breaks(), []);
}
