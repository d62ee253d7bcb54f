//! Several programs on one log.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::nats_servers::new_log_url;
use crate::report::{Bar, Unit, grouped, print_table};
use crate::store::{Program, Replica, append_while};

const IN_FLIGHT: usize = 256;

/// For so long they write, all at the same time.
const WRITE_FOR: Duration = Duration::from_secs(5);

const NAMES: [&str; 4] = ["one", "two", "three", "four"];

/// Measures, prints, and answers with the bars.
pub(crate) async fn run() -> Vec<Bar> {
    let (one, two, four) = (rates(1).await, rates(2).await, rates(4).await);
    let together = |rates: &[f64]| rates.iter().sum::<f64>();
    let row = |name: &str, rates: &[f64]| {
        let share = format!("{:.2}", together(rates) / together(&one));
        let (slowest, quickest) = (rates[0], rates[rates.len() - 1]);
        let each = format!("{} to {}", grouped(slowest), grouped(quickest));
        [name.to_owned(), grouped(together(rates)), share, each]
    };
    print_table(
        ["256 in flight each", "events/s together", "of one", "events/s each"],
        &[row("one program", &one), row("two programs", &two), row("four programs", &four)],
    );
    let share = together(&four) / together(&one);
    vec![
        Bar::at_least("four programs together against one", 0.4, share, Unit::Times),
        Bar::at_most("the quickest of four programs against the slowest", 2.0, four[3] / four[0], Unit::Times),
    ]
}

/// How many events each program stores in a second, the slowest first.
async fn rates(programs: usize) -> Vec<f64> {
    let url = new_log_url();
    let mut opened = Vec::new();
    for name in &NAMES[..programs] {
        opened.push((name, Program::open(&url, Replica::File).await));
    }
    let start = Instant::now();
    let mut running = JoinSet::new();
    for (name, program) in opened {
        running.spawn(async move {
            let stored = append_while(&program.store, name, IN_FLIGHT, move |_| start.elapsed() < WRITE_FOR).await;
            let rate = stored.len() as f64 / start.elapsed().as_secs_f64();
            (rate, program)
        });
    }
    // Each goes on as a replica until all have ended.
    let mut rates: Vec<_> = running.join_all().await.iter().map(|(rate, _)| *rate).collect();
    rates.sort_unstable_by(f64::total_cmp);
    rates
}
