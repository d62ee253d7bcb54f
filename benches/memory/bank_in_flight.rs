//! This bank through its public API with 256 commands in flight, done when the projection has seen the last.

use std::time::{Duration, Instant};

use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::workload::Workload;

/// Runs the workload; answers with the time that its commands took.
pub(crate) fn run(workload: Workload) -> Duration {
    on_current_thread(async move {
        let bank = PreparedBank::for_workload(&workload).await;
        let start = Instant::now();
        bank.handle_in_flight(workload.commands.iter().copied()).await;
        let elapsed = start.elapsed();
        bank.assert_balances("bank with commands in flight", &workload);
        elapsed
    })
}
