//! This bank after its seams were used.

use std::fmt;
use std::time::Duration;

use cqrs_bank::engine::seams::{EVENT_STORE, Fault};

use crate::bank_deposits::Pace;
use crate::prepared_bank::{PreparedBank, on_current_thread};
use crate::workload::Workload;

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

/// Runs the workload's deposits; answers with the time that they took.
pub(crate) fn run(workload: Workload, pace: Pace, seams: Seams) -> Duration {
    let workload = workload.into_deposits();
    on_current_thread(async move {
        let prepared = PreparedBank::for_workload(&workload).await;
        if seams == Seams::Mended {
            use_every_seam(&prepared).await;
        }
        let elapsed = pace.handle(&prepared, &workload).await;
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
