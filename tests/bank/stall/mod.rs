//! A balance projection that stands still.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use cqrs_bank::bank::Balances;
use cqrs_bank::engine::projection::ReadModel;
use tokio::runtime::Handle;

/// Somebody who asks the read model a question and takes long over it: updates wait meanwhile.
pub(crate) struct Stall {
    end: Sender<()>,
    reader: JoinHandle<()>,
}

impl Stall {
    /// To be called from outside the runtime's workers, when nothing is on its way.
    ///
    /// The projection takes the worker that it runs on to a standstill. Were it still asking the store for what
    /// it has missed, the store's task could be next on that very worker, where no other can fetch it.
    pub(crate) fn begin(balances: ReadModel<Balances>) -> Self {
        wait_for_idle_workers();
        let (reading, is_reading) = channel();
        let (end, ended) = channel();
        let reader = std::thread::spawn(move || {
            balances.read(|_| {
                reading.send(()).unwrap();
                // An error says that the test has failed, which ends the stall as well.
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

/// Until all workers of the runtime are parked, seen twice in a row.
fn wait_for_idle_workers() {
    let metrics = Handle::current().metrics();
    let parked = || {
        let counts = (0..metrics.num_workers()).map(|worker| metrics.worker_park_unpark_count(worker));
        let counts: Vec<_> = counts.collect();
        // An odd count says that the worker is parked.
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
