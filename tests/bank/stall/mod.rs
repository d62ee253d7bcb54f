//! Stalls the balance projection.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use cqrs_bank::bank::Balances;
use cqrs_bank::engine::projection::ReadModel;
use tokio::runtime::Handle;

/// A reader that holds on to the read model, so that updates wait.
pub(crate) struct Stall {
    end: Sender<()>,
    reader: JoinHandle<()>,
}

impl Stall {
    /// Must be called outside of the runtime's workers, when no event is under way.
    ///
    /// The projection blocks its worker. If it were still reading from the store, the store's task could be queued on
    /// that same worker, from where no other worker can steal it.
    pub(crate) fn begin(balances: ReadModel<Balances>) -> Self {
        wait_for_idle_workers();
        let (reading, is_reading) = channel();
        let (end, ended) = channel();
        let reader = std::thread::spawn(move || {
            balances.read(|_| {
                reading.send(()).unwrap();
                // An error means that the test has failed, which ends the stall as well.
                let _ = ended.recv();
            });
        });
        is_reading.recv().unwrap();
        Self { end, reader }
    }

    pub(crate) fn end(self) {
        self.end.send(()).unwrap();
        self.reader.join().unwrap();
    }
}

/// Waits until all workers of the runtime are parked, twice in a row.
fn wait_for_idle_workers() {
    let metrics = Handle::current().metrics();
    let parked = || {
        let counts = (0..metrics.num_workers()).map(|worker| metrics.worker_park_unpark_count(worker));
        let counts: Vec<_> = counts.collect();
        // A worker with an odd count is parked.
        counts.iter().all(|count| count % 2 == 1).then_some(counts)
    };
    loop {
        let (before, after) = (parked(), parked());
        if before.is_some() && before == after && metrics.global_queue_depth() == 0 {
            return;
        }
        std::thread::yield_now();
    }
}
