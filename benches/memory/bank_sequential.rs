//! This bank through its public API, one command after the other, each waited for under strong consistency.

use std::time::{Duration, Instant};

use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::workload::Workload;

/// Runs the workload; answers with the time that its commands took.
pub(crate) fn run(workload: Workload) -> Duration {
    on_current_thread(async move {
        let bank = PreparedBank::for_workload(&workload).await;
        let start = Instant::now();
        for request in &workload.commands {
            bank.handle(*request).await;
        }
        let elapsed = start.elapsed();
        bank.assert_balances("sequential bank", &workload);
        elapsed
    })
}
