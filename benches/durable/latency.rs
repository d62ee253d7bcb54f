//! How long an append takes at the worst, with 16 in flight.

use std::time::Duration;

use crate::report::{Bar, Unit, print_table};
use crate::{directory, store};

const EVENTS: usize = 16 * 20_000;

const LIMIT: Duration = Duration::from_millis(2);

/// Measures, prints, and answers with the bar.
pub(crate) fn run() -> Vec<Bar> {
    let directory = directory();
    let mut times = store::on_current_thread(async {
        let opened = store::open(&directory.path().join("store.db"));
        store::fill(&opened.store, 16, EVENTS).await
    });
    times.sort_unstable();
    let at = |part: f64| times[(part * (times.len() - 1) as f64) as usize];
    let row = |name: &str, time: Duration| [name.to_owned(), format!("{time:.2?}")];
    print_table(
        ["an append, 16 in flight", "time"],
        &[row("median", at(0.5)), row("p99", at(0.99)), row("p99.9", at(0.999)), row("longest", at(1.0))],
    );
    let share = at(0.99).as_secs_f64() / LIMIT.as_secs_f64();
    vec![Bar::at_most("p99 of an append at 16 in flight against 2 ms", 1.0, share, Unit::Times)]
}
